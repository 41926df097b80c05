// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Which files a build's strip step works on, and how: programs and shared libraries, kernel modules, object files and
 * static archives. What stripping would break is left as it is: objects that hold nothing but an intermediate form for
 * link-time optimisation, signed modules, programs with data behind their end. Objects with machine code beside that form
 * lose it: only the very compiler that wrote it could read it, and it carries random names.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { fromUtf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import type { CollectedFile, OnEvent } from "#boulder/package/model";
import { type ElfFile, isElf, parseElf } from "#formats/elf";
import type { ReadAt } from "#formats/read-at";

export interface StripCandidate {
  readonly file: CollectedFile;
  /** What objcopy is told to take out. */
  readonly remove: readonly string[];
  /** Build id and class, where the debug information is to become a file of its own. */
  readonly split: (Pick<ElfFile, "bits"> & { readonly buildId: string }) | undefined;
}

const ARCHIVE = "!<arch>\n";
const MEMBER_HEADER = 60;
const MEMBER_LIMIT = 1 << 18;
/** Bytes that a linker or signer may leave behind the last section without meaning. */
const SLACK = 4096;

/** Reads a file on disk as `parseElf` wants it. The file stays open until the callback ends. */
function withFile<T>(path: string, use: (readAt: ReadAt, size: number) => T): T {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    return use((at, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - at)));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.byteLength, at));
    }, size);
  } finally {
    closeSync(fd);
  }
}

const SHF_ALLOC = 2;

/** Does an object hold an intermediate form for link-time optimisation, and machine code beside it (`fat`)? */
function intermediateOf(elf: ElfFile): "none" | "fat" | "slim" {
  if (!elf.sections.some(({ name }) => /^\.(?:gnu\.lto_|llvm\.lto|llvmbc|llvmcmd)/.test(name))) return "none";
  if (elf.sections.some(({ name }) => /^\.llvm(?:bc|cmd)/.test(name))) return "slim";
  const code = elf.sections.some(
    ({ name, flags, size }) => (flags & SHF_ALLOC) !== 0 && size > 0 && !name.startsWith(".note"),
  );
  return code ? "fat" : "slim";
}

/** What takes the intermediate forms of either compiler out. */
const REMOVE_INTERMEDIATE = [
  "--remove-section=.gnu.lto_*",
  "--remove-section=.gnu.debuglto_*",
  "--remove-section=.llvm.lto",
  "--strip-symbol=__gnu_lto_v1",
];

/** ELF objects of a static archive (ar(5)); undefined where a member is anything else. */
function archiveObjects(readAt: ReadAt, size: number): ElfFile[] | undefined {
  const objects: ElfFile[] = [];
  let at = ARCHIVE.length;
  for (let count = 0; at + MEMBER_HEADER <= size; count++) {
    const header = fromUtf8(readAt(at, MEMBER_HEADER));
    if (header === undefined || count > MEMBER_LIMIT || !header.endsWith("`\n")) return undefined;
    const length = Number.parseInt(header.slice(48, 58), 10);
    const start = at + MEMBER_HEADER;
    if (!(length >= 0) || start + length > size) return undefined;
    // The symbol index and the table of long names are no objects.
    if (!/^(?:\/|\/\/|\/SYM64\/) /.test(header)) {
      const elf = parseElf((offset, want) => readAt(start + offset, Math.min(want, length - offset)), length);
      if (elf === undefined) return undefined;
      objects.push(elf);
    }
    at = start + length + (length % 2);
  }
  return objects;
}

/** What people start is stripped of all symbols; what others link with keeps those that linking needs. */
function removedFrom(file: CollectedFile, elf: ElfFile): string[] {
  if (elf.type === "relocatable") return ["--strip-debug"];
  return /\/s?bin\/[^/]+$/.test(file.path) ? ["--strip-all"] : ["--strip-debug", "--strip-unneeded"];
}

function examine(file: CollectedFile, readAt: ReadAt, size: number, onEvent: OnEvent): StripCandidate | undefined {
  const start = readAt(0, ARCHIVE.length);
  if (file.path.endsWith(".a") && fromUtf8(start) === ARCHIVE) {
    const objects = archiveObjects(readAt, size);
    const forms = new Set(objects?.map(intermediateOf));
    if (objects === undefined || forms.has("slim")) return undefined;
    if (!forms.has("fat") && !objects.some((elf) => elf.debug)) return undefined;
    const remove = ["--strip-debug", "--enable-deterministic-archives"];
    return { file, remove: forms.has("fat") ? [...remove, ...REMOVE_INTERMEDIATE] : remove, split: undefined };
  }
  if (!isElf(start)) return undefined;
  const elf = parseElf(readAt, size);
  if (elf === undefined || elf.type === "core" || elf.type === "other") return undefined;
  const form = elf.type === "relocatable" ? intermediateOf(elf) : "none";
  if (form === "slim") return undefined;
  if (elf.type === "relocatable" ? !elf.debug && form === "none" : elf.stripped) return undefined;
  if (elf.imageEnd + SLACK < size || (elf.type === "relocatable" && elf.imageEnd < size)) {
    onEvent({ type: "warning", path: file.path, text: "not stripped: data follows the end of the program" });
    return undefined;
  }
  const splits = elf.buildId !== undefined && (elf.type !== "relocatable" || file.path.endsWith(".ko"));
  return {
    file,
    remove: form === "fat" ? [...removedFrom(file, elf), ...REMOVE_INTERMEDIATE] : removedFrom(file, elf),
    split: splits && elf.buildId !== undefined ? { bits: elf.bits, buildId: elf.buildId } : undefined,
  };
}

/** How to strip a file, or undefined for one to leave as it is. A damaged file is left, with a warning. */
export function stripCandidate(file: CollectedFile, onEvent: OnEvent): StripCandidate | undefined {
  if (file.kind !== "regular" || file.size < 64) return undefined;
  try {
    return withFile(file.source, (readAt, size) => examine(file, readAt, size, onEvent));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    onEvent({ type: "warning", path: file.path, text: `not stripped: ${error.message}` });
    return undefined;
  }
}
