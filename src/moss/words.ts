// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a word of a command line stands for: a package, a capability, a path that a package gives, a stone. */
import { existsSync } from "node:fs";
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { type CapabilityText, capability, formatCapability, isKind, KINDS, parseCapability } from "#model/dependency";

/** What is known of packages, installed or offered. */
export interface Known {
  readonly hasName: (name: string) => boolean;
  readonly gives: (text: CapabilityText) => boolean;
  readonly names: () => Iterable<string>;
  /** The package that has a path, by the lists of files; asked only where none says that it gives it. */
  readonly having?: (path: string) => string | undefined;
}

/** True for a word that names a stone by its path. */
export function isStonePath(word: string): boolean {
  return word.endsWith(".stone") && (word.includes("/") || existsSync(word));
}

const MACHINE = process.arch === "arm64" ? "aarch64" : "x86_64";

/** Capabilities that packages with this path would give, the likeliest first; of paths below / or /usr. */
export function capabilitiesOfPath(path: string): CapabilityText[] {
  const inside = path.replace(/^\/usr\//, "/");
  const name = inside.slice(inside.lastIndexOf("/") + 1);
  const folder = inside.slice(0, Math.max(0, inside.lastIndexOf("/")));
  const text = (kind: keyof typeof KINDS, value = name) => formatCapability(capability(kind, value));
  if (name === "") return [];
  if (folder === "/bin" || folder === "/sbin") {
    // Both folders are one in many systems, so what is asked for in one may be given in the other.
    return folder === "/bin" ? [text("binary"), text("sysbinary")] : [text("sysbinary"), text("binary")];
  }
  if (name.endsWith(".pc")) return [text("pkgconfig", name.slice(0, -3))];
  const [, cmake] = /^([A-Za-z0-9_.+-]+?)(?:Config|-config)\.cmake$/.exec(name) ?? [];
  if (cmake !== undefined) return [text("cmake", cmake)];
  if (/^ld-.*\.so/.test(name))
    return [text("interpreter", `${path}(${MACHINE})`), text("interpreter", `/usr${inside}(${MACHINE})`)];
  if (/\.so(\.|$)/.test(name)) return [text("soname", `${name}(${MACHINE})`)];
  return [];
}

/** The capability that a word stands for. Throws `package.unknown` and `dependency.invalid`, with what is near as the hint. */
export function capabilityOf(word: string, known: Known): CapabilityText {
  if (word.startsWith("/") || word.startsWith("./") || word.startsWith("../")) return ofPath(word, known);
  if (word.includes("(")) return ofExpression(word);
  if (known.hasName(word)) return formatCapability(capability("name", word));
  for (const kind of ["binary", "sysbinary"] as const) {
    const text = formatCapability(capability(kind, word));
    if (known.gives(text)) return text;
  }
  // Virtual packages are names that others give.
  const name = formatCapability(capability("name", word));
  if (known.gives(name)) return name;
  throw new Failure(
    "package.unknown",
    `Cannot find the package "${word}": no package has this name, and none gives binary(${word})`,
    { hint: hintFor(word, [...known.names()]) },
  );
}

const SHOWN = 6;

/** What may have been meant: a name that is nearly this, names that begin with it, or where else to look. */
function hintFor(word: string, names: readonly string[]): string {
  if (names.length === 0)
    return 'The collections offer nothing: "moss collection list" shows them, "moss collection add" adds one.';
  const longer = word.length < 2 ? [] : names.filter((name) => name.startsWith(word));
  if (longer.length > 0) {
    const more = longer.length > SHOWN ? ` and ${longer.length - SHOWN} more` : "";
    return `Names that begin so: ${longer.slice(0, SHOWN).join(", ")}${more}.`;
  }
  const near = nearest(word, names);
  return near === undefined ? `"moss search ${word}" looks at descriptions too.` : `Did you mean "${near}"?`;
}

function ofPath(word: string, known: Known): CapabilityText {
  const found = capabilitiesOfPath(word).find((text) => known.gives(text));
  if (found !== undefined) return found;
  const having = word.startsWith("/") ? known.having?.(word) : undefined;
  if (having !== undefined) return formatCapability(capability("name", having));
  throw new Failure("package.unknown", `Cannot find a package for the path "${word}": none says that it gives it`, {
    hint:
      "Paths of programs, libraries and pkg-config files can be found, others where a collection has lists of files; " +
      "a stone's path ends with .stone.",
  });
}

function ofExpression(word: string): CapabilityText {
  const kind = word.slice(0, word.indexOf("("));
  if (!isKind(kind)) {
    const near = nearest(kind, Object.keys(KINDS));
    throw new Failure("dependency.invalid", `Cannot read "${word}": unknown kind "${kind}", expected kind(name)`, {
      hint: near === undefined ? `Kinds: ${Object.keys(KINDS).join(", ")}.` : `Did you mean "${near}"?`,
    });
  }
  return formatCapability(parseCapability(word));
}
