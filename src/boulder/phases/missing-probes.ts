// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What configure scripts and CMake looked for in vain. They name it in words of their own, so there are several
 * capabilities that it can be. Most of what they look for may be absent: only what they then stop for counts.
 */

/** A thing looked for, and what could be it, the likeliest first. */
export interface Probe {
  readonly what: string;
  readonly look: readonly ({ readonly capability: string } | { readonly path: RegExp })[];
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

const header = (name: string) => ({ path: new RegExp(`^include/(?:[^/]*/)?${escape(name)}$`) });
const library = (name: string) => ({ path: new RegExp(`^lib[^/]*/(?:[^/]*/)?lib${escape(name)}\\.(?:so|a)$`) });
const capability = (kind: string, name: string) => ({ capability: `${kind}(${name})` });

/** Modules of CMake that are called otherwise than all else of their package. */
const MODULES: Readonly<Record<string, Probe["look"]>> = {
  BZip2: [header("bzlib.h")],
  JPEG: [header("jpeglib.h")],
  TIFF: [header("tiffio.h")],
  Freetype: [capability("pkgconfig", "freetype2")],
  PythonInterp: [capability("binary", "python3")],
  Python3: [capability("binary", "python3")],
  PkgConfig: [capability("binary", "pkg-config"), capability("binary", "pkgconf")],
};

function lookForModule(name: string): Probe["look"] {
  const low = name.toLowerCase();
  return [
    ...(MODULES[name] ?? []),
    capability("cmake", name),
    capability("pkgconfig", low),
    capability("pkgconfig", `lib${low}`),
    capability("binary", low),
    header(`${low}.h`),
  ];
}

/** What a `checking for ... no` of a configure script was about. */
function lookForCheck(text: string): Probe | undefined {
  const inLibrary = /^\S+ in -l([A-Za-z0-9_+.-]+)$/.exec(text)?.[1];
  if (inLibrary !== undefined) return { what: `the library ${inLibrary}`, look: [library(inLibrary)] };
  const word = /^([A-Za-z0-9_+./-]+)(?: usability| presence)?$/.exec(text)?.[1];
  if (word === undefined) return undefined;
  if (/\.h(?:pp|h)?$/.test(word)) return { what: `the header ${word}`, look: [header(word)] };
  const look = [capability("binary", word), capability("pkgconfig", word), capability("pkgconfig", `lib${word}`)];
  return { what: word, look };
}

/** Words of a text that could name a program, library or header. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[a-z0-9][a-z0-9_+-]*/g) ?? []);
}

/** What a configure script ended for: checks that its last message speaks of, or else the one right before it. */
function configureProbes(lines: readonly string[]): Probe[] {
  const at = lines.findLastIndex((line) => /configure: error: /.test(line));
  if (at < 0) return [];
  const words = wordsOf(lines[at]?.replace(/.*configure: error: /, "") ?? "");
  const failed = lines.slice(0, at).flatMap((line, i) => {
    const text = /^checking for (.+?)\.\.\. (?:no|not found)$/.exec(line.trim())?.[1];
    return text === undefined ? [] : [{ text, near: at - i <= 3 }];
  });
  const named = failed.filter(({ text }) => {
    const name = text.replace(/^.* in -l/, "");
    return [name, name.replace(/\.h(?:pp|h)?$/, "").replace(/^.*\//, "")].some((word) => words.has(word.toLowerCase()));
  });
  const chosen = named.length > 0 ? named : failed.filter(({ near }) => near).slice(-1);
  return chosen.flatMap(({ text }) => lookForCheck(text) ?? []);
}

/** What the configuration of a gem looked for in vain, where the gem could not be built: it says no more of why. */
function gemProbes(lines: readonly string[]): Probe[] {
  const at = lines.findLastIndex((line) => line.includes("Failed to build gem native extension"));
  if (at < 0) return [];
  return lines.slice(at).flatMap((line) => {
    const text = /^checking for (\S+\.h|main\(\) in -l\S+)\.\.\. no$/.exec(line.trim())?.[1];
    return text === undefined ? [] : (lookForCheck(text) ?? []);
  });
}

/** What CMake ended for. */
function cmakeProbes(lines: readonly string[]): Probe[] {
  const text = lines.join("\n");
  const errors = text.matchAll(/CMake Error at [^\n]*\n\s*Could NOT find ([A-Za-z0-9_+.-]+)/g);
  return [...errors].map(([, name = ""]) => ({ what: `${name}, which CMake looks for`, look: lookForModule(name) }));
}

/** All that the output of a failed phase says it ended for. */
export function findProbes(lines: readonly string[]): Probe[] {
  return [...cmakeProbes(lines), ...configureProbes(lines), ...gemProbes(lines)];
}
