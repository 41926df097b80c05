// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Child programs: run to the end, with output captured or passed on. */

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child; the caller's where absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds after which the child is killed. */
  readonly timeout?: number;
  /** Called with pieces of stdout and stderr as they come. */
  readonly onOutput?: (chunk: Uint8Array, stream: "stdout" | "stderr") => void;
  /** False: `onOutput` gets all of stdout, and the result has none of it; for output of great size. */
  readonly keepOutput?: boolean;
}

export interface RunResult {
  /** Exit code; 128 + signal number where a signal ended it, as shells count. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  name: "stdout" | "stderr",
  { onOutput, keepOutput }: RunOptions,
): Promise<string> {
  const decoder = new TextDecoder();
  const keep = name === "stderr" || keepOutput !== false;
  let text = "";
  for await (const chunk of stream) {
    onOutput?.(chunk, name);
    if (keep) text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Runs a program to its end. Throws only where it cannot be started (ENOENT and the like). */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = Bun.spawn([...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout, killSignal: "SIGKILL" as const }),
    stdin: options.input === undefined ? "ignore" : Buffer.from(options.input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    drain(child.stdout, "stdout", options),
    drain(child.stderr, "stderr", options),
    child.exited,
  ]);
  return { code, stdout, stderr };
}
