// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Kernels and their modules. What carries `modules.builtin` of a version is that kernel, `kernel(VERSION)`; a module needs
 * the kernel of the version in whose folder it lies, which must be the one it was compiled for.
 */
import { fromUtf8 } from "#base/bytes";
import { elfOf, type Handler } from "#capabilities/file";
import { readSection } from "#formats/elf";
import { capability } from "#model/dependency";

const LIMIT = 1024 * 1024;
const PLACE = /^\/usr\/lib\/modules\/([^/]+)\/(.+)$/;
const MODULE = /\.ko(?:\.zst|\.xz|\.gz)?$/;

/** The kernel version of a module's `vermagic`, from the bytes of its section `.modinfo`. */
function moduleVersion(modinfo: Uint8Array): string | undefined {
  const entry = fromUtf8(modinfo)
    ?.split("\0")
    .find((item) => item.startsWith("vermagic="));
  return entry?.slice("vermagic=".length).split(" ")[0];
}

export const kernel: Handler = {
  name: "kernel",
  concerns: (file) => file.kind === "regular" && PLACE.test(file.path),
  decide(file) {
    const [, version = "", rest = ""] = PLACE.exec(file.path) ?? [];
    if (rest === "modules.builtin") return { provides: [capability("kernel", version)] };
    if (!MODULE.test(rest)) return {};
    const depends = [capability("kernel", version)];
    const { elf } = elfOf(file);
    const modinfo = elf && readSection(elf, file.readAt, file.size, ".modinfo", LIMIT);
    const built = modinfo && moduleVersion(modinfo);
    return built === undefined || built === version
      ? { depends }
      : { depends, problems: [`the module was compiled for kernel ${built}, but lies with those of ${version}`] };
  },
};
