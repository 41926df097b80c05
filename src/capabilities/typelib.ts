// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * GObject introspection. A typelib (`Gtk-4.0.typelib`) gives `typelib(Gtk-4.0)`; its header names the typelibs and the
 * libraries that it cannot be loaded without. A `.gir` names those that it includes and its pkg-config packages.
 */
import { fromUtf8 } from "#base/bytes";
import { withMachine } from "#capabilities/elf";
import { all, baseName, bodyOf, type Handler, textOf } from "#capabilities/file";
import { type Capability, capability } from "#model/dependency";

const MAGIC = "GOBJ\nMETADATA\r\n\x1a";
const LIMIT = 64 * 1024 * 1024;
/** Places in the header of a typelib, version 4 of the format, in the machine's own byte order. */
const DEPENDENCIES = 36;
const SIZE = 40;
const SHARED_LIBRARY = 52;
const HEADER = 112;

/** What a typelib's header says; undefined where the bytes are no typelib. */
function parseTypelib(bytes: Uint8Array): { needs: string[]; libraries: string[] } | undefined {
  if (bytes.byteLength < HEADER || String.fromCharCode(...bytes.subarray(0, 16)) !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint32(SIZE, true) === bytes.byteLength;
  if (!little && view.getUint32(SIZE, false) !== bytes.byteLength) return undefined;
  const text = (place: number): string => {
    const at = view.getUint32(place, little);
    if (at === 0 || at >= bytes.byteLength) return "";
    const end = bytes.indexOf(0, at);
    return end < 0 ? "" : (fromUtf8(bytes.subarray(at, end)) ?? "");
  };
  const list = (joined: string, separator: string) => joined.split(separator).filter((item) => item !== "");
  return { needs: list(text(DEPENDENCIES), "|"), libraries: list(text(SHARED_LIBRARY), ",") };
}

export const typelib: Handler = {
  name: "typelib",
  concerns: (file) => file.kind === "regular" && /\/girepository-1\.0\/[^/]+\.typelib$/.test(file.path),
  decide(file, around) {
    const provides = [capability("typelib", baseName(file.path).slice(0, -".typelib".length))];
    const bytes = bodyOf(file, LIMIT);
    const header = bytes === undefined ? undefined : parseTypelib(bytes);
    if (header === undefined) return { provides, problems: ["it is no typelib"] };
    const libraries = header.libraries.map((name) => withMachine(baseName(name), around.machine));
    return { provides, depends: [...all("typelib", header.needs), ...all("soname", libraries)] };
  },
};

export const gir: Handler = {
  name: "gir",
  concerns: (file) => file.kind === "regular" && /\/gir-1\.0\/[^/]+\.gir$/.test(file.path),
  decide(file) {
    // The elements of interest stand before the namespace; the rest, megabytes of it, is not looked at.
    const start = fromUtf8(trimTail(file.readAt(0, Math.min(file.size, 16384)))) ?? textOf(file) ?? "";
    const head = start.slice(0, start.includes("<namespace") ? start.indexOf("<namespace") : undefined);
    const wants: Capability[] = [];
    for (const [, name, version] of head.matchAll(/<include\s+name="([^"]+)"\s+version="([^"]+)"/g)) {
      wants.push(capability("typelib", `${name}-${version}`));
    }
    for (const [, name] of head.matchAll(/<package\s+name="([^"]+)"/g)) {
      if (name !== undefined) wants.push(capability("pkgconfig", name));
    }
    return { wants };
  },
};

/** Without the bytes of a character that the end cuts in two. */
function trimTail(bytes: Uint8Array): Uint8Array {
  let end = bytes.byteLength;
  while (end > 0 && bytes.byteLength - end < 3 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return end > 0 && (bytes[end - 1] ?? 0) >= 0xc0 ? bytes.subarray(0, end - 1) : bytes;
}
