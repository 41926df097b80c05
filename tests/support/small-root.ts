// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A root for tests of containers: one static busybox (Debian's busybox-static) under the names of its programs. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAMS =
  "sh cat ls id env pwd echo true false sleep chown chmod stat mkdir rm touch ps kill nc hostname mount ip head setsid dd tail yes find wc test seq grep poweroff reboot halt".split(
    " ",
  );

/** Path of the static busybox, or undefined where it is not installed. */
export const BUSYBOX = Bun.which("busybox") ?? undefined;

/** Makes the root. It can be read by every user. Dispose it with `using`. */
export class SmallRoot implements Disposable {
  /** A folder beside the root, for whatever a test needs. */
  readonly base: string;
  readonly path: string;

  constructor() {
    if (BUSYBOX === undefined) throw new Error("busybox is not installed: apt-get install busybox-static");
    this.base = mkdtempSync(join(tmpdir(), "moss-small-root-"));
    chmodSync(this.base, 0o755);
    this.path = join(this.base, "root");
    for (const folder of ["usr/bin", "etc", "var/lib"]) mkdirSync(join(this.path, folder), { recursive: true });
    copyFileSync(BUSYBOX, join(this.path, "usr/bin/busybox"));
    chmodSync(join(this.path, "usr/bin/busybox"), 0o755);
    for (const name of PROGRAMS) symlinkSync("busybox", join(this.path, "usr/bin", name));
    for (const name of ["bin", "sbin"]) symlinkSync("usr/bin", join(this.path, name));
    writeFileSync(join(this.path, "etc/motd"), "unchanged\n");
    writeFileSync(join(this.path, "usr/bin/not-executable"), "#!/bin/sh\necho never\n", { mode: 0o644 });
  }

  /** A new folder beside the root. */
  folder(name: string): string {
    const path = join(this.base, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
