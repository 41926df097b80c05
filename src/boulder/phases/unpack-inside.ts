// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Unpacks archives of forms that boulder does not read itself (7z, rpm, deb, lzip) by the root's own bsdtar, in a container:
 * whatever the archive says, nothing but the build folder can be written. The plan puts the tool into the root.
 */
import { Failure } from "#base/errors";
import { runInRoot } from "#container/run";
import { buildFolder, GUEST } from "../plan/guest";
import type { PlannedStage } from "../plan/plan";
import type { ArchiveUpstream } from "../recipe/model";
import { environmentOf, type PhaseContext } from "./phase";

const MAX_PIDS = 64;
const SCRIPT = `tool=$(command -v bsdtar-static || command -v bsdtar) || { echo "there is no bsdtar in the root" >&2; exit 127; }
exec "$tool" -x -f "$1" -C "$2" --strip-components "$3" --no-same-owner`;

/** Unpacks into a folder of the stage that is there. Throws `format.invalid` with what the tool says, `interrupted`. */
export async function unpackInside(
  stage: PlannedStage,
  upstream: ArchiveUpstream,
  context: PhaseContext,
): Promise<void> {
  const folder = buildFolder(stage.target);
  const { code, stderr, cancelled } = await runInRoot({
    root: context.root,
    command: [
      "/usr/bin/bash",
      "-c",
      SCRIPT,
      "unpack",
      `${GUEST.sources}/${upstream.fileName}`,
      `${folder}/${upstream.directory}`,
      String(upstream.stripDirs),
    ],
    env: { ...environmentOf(stage), LC_ALL: "C.UTF-8" },
    cwd: folder,
    fakeroot: true,
    binds: context.binds,
    limits: { pids: MAX_PIDS, ...(context.memory === undefined ? {} : { memory: context.memory }) },
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  if (cancelled) throw new Failure("interrupted", `Cannot unpack "${upstream.fileName}": it was interrupted`);
  if (code === 0) return;
  const said = stderr.trim().split("\n").slice(-3).join("; ");
  if (said.includes("No space left")) throw new Failure("disk.full", `Cannot unpack "${upstream.fileName}": ${said}`);
  throw new Failure("format.invalid", `Cannot unpack "${upstream.fileName}": ${said || `code ${code}`}`, {
    hint: "Add `unpack: false` to the upstream where it is a plain file.",
  });
}
