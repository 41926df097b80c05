// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Go programs: the modules that were linked in, from the build information that the Go linker writes (Go 1.18 and
 * later: section `.go.buildinfo`, debug/buildinfo in Go's own library). They become `gomod(path@version)`: exact, so that a
 * search finds the programs that carry a given version, and nothing can depend on them by mistake.
 */
import { fromUtf8 } from "#base/bytes";
import { all, elfOf, type Handler, NOTHING } from "#capabilities/file";
import { readSection } from "#formats/elf";

const MAGIC = "\xff Go buildinf:";
const LIMIT = 4 * 1024 * 1024;
const HEADER = 32;
const INLINE = 2;
const SENTINEL = 16;

/** A text with its length in front as an unsigned varint, and the offset behind it. */
function varText(bytes: Uint8Array, start: number): { text: Uint8Array; end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return undefined;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return at + length <= bytes.byteLength ? { text: bytes.subarray(at, at + length), end: at + length } : undefined;
    }
  }
  return undefined;
}

/** Modules, `path@version`, of the bytes of `.go.buildinfo`; undefined where they are not of the inline form. */
function goModules(section: Uint8Array): string[] | undefined {
  const magic = String.fromCharCode(...section.subarray(0, MAGIC.length));
  if (magic !== MAGIC || ((section[15] ?? 0) & INLINE) === 0) return undefined;
  const version = varText(section, HEADER);
  const info = version === undefined ? undefined : varText(section, version.end);
  if (info === undefined || info.text.byteLength < 2 * SENTINEL) return [];
  const text = fromUtf8(info.text.subarray(SENTINEL, info.text.byteLength - SENTINEL)) ?? "";
  const modules: string[] = [];
  for (const line of text.split("\n")) {
    const [kind, path, version] = line.split("\t");
    if (path === undefined || version === undefined) continue;
    if (kind === "=>") modules.pop();
    if (kind === "mod" || kind === "dep" || kind === "=>") modules.push(`${path}@${version}`);
  }
  return modules;
}

export const go: Handler = {
  name: "go",
  concerns: (file) => file.kind === "regular" && file.size > 4096 && (file.mode & 0o111) !== 0,
  decide(file) {
    const { elf } = elfOf(file);
    const bytes = elf && readSection(elf, file.readAt, file.size, ".go.buildinfo", LIMIT);
    return bytes === undefined ? NOTHING : { provides: all("gomod", goModules(bytes) ?? []) };
  },
};
