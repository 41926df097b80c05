// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a worker process does: jobs that come by message until its parent goes away. */
import { describeError, Failure } from "#base/errors";
import { type JobFailure, type Reply, type Request, runJob } from "#deb/jobs";

function failureOf(error: unknown): JobFailure {
  if (!(error instanceof Failure))
    return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  return {
    code: error.code,
    message: describeError(error),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

async function answer({ id, job }: Request): Promise<Reply> {
  try {
    return { id, result: await runJob(job) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}

/** Serves jobs. The process ends when the channel to its parent closes. */
export function serveJobs(): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: Request) => {
    answer(request).then(
      (reply) => process.send?.(reply),
      (error: unknown) => {
        throw error;
      },
    );
  });
}
