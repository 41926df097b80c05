// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Rust programs: the crates that were linked in, from the section `.dep-v0` that `cargo auditable` writes (JSON under
 * zlib). They become `crate(name@version)`, exact for the same reason as Go's modules.
 */
import { inflateSync } from "node:zlib";
import * as v from "valibot";
import { fromUtf8 } from "#base/bytes";
import { all, elfOf, type Handler, NOTHING } from "#capabilities/file";
import { readSection } from "#formats/elf";

const PACKED_LIMIT = 1024 * 1024;
/** The most that the format's own documentation lets a reader accept. */
const PLAIN_LIMIT = 8 * 1024 * 1024;

const Audit = v.object({
  packages: v.array(v.object({ name: v.string(), version: v.string(), kind: v.optional(v.string()) })),
});

/** Crates, `name@version`, that are part of the program; those that only helped to build it are left out. */
function rustCrates(section: Uint8Array): string[] | undefined {
  let text: string | undefined;
  try {
    text = fromUtf8(inflateSync(section, { maxOutputLength: PLAIN_LIMIT }));
    const audit = v.safeParse(Audit, JSON.parse(text ?? ""));
    if (!audit.success) return undefined;
    return audit.output.packages
      .filter((item) => item.kind === undefined || item.kind === "runtime")
      .map((item) => `${item.name}@${item.version}`);
  } catch {
    return undefined;
  }
}

export const rust: Handler = {
  name: "rust",
  concerns: (file) => file.kind === "regular" && file.size > 4096 && (file.mode & 0o111) !== 0,
  decide(file) {
    const { elf } = elfOf(file);
    const bytes = elf && readSection(elf, file.readAt, file.size, ".dep-v0", PACKED_LIMIT);
    if (bytes === undefined) return NOTHING;
    const crates = rustCrates(bytes);
    return crates === undefined
      ? { problems: ["the list of crates in .dep-v0 cannot be read"] }
      : { provides: all("crate", crates) };
  },
};
