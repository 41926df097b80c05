// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a failed build was missing, read out of its last lines, and which packages of the collections give it: by their
 * capabilities, or for headers and libraries by the files in their stones.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StoneReader } from "#stone/reader";
import type { Offers, RootOffer } from "../root/resolve";
import { definesMacro } from "./missing-m4";
import { findProbes } from "./missing-probes";

export interface Missing {
  /** What was missing, for people: `the program bison`, `the header zlib.h`. */
  readonly what: string;
  /** A dependency that would have brought it. */
  readonly dependency: string;
  readonly packages: readonly string[];
}

/** A capability to look for, or where nothing gives it a path; a path; or a macro of autoconf that a file defines. */
type Look =
  | { readonly capability: string; readonly otherwise?: RegExp }
  | { readonly path: RegExp }
  | { readonly macro: string };

interface Sign {
  readonly pattern: RegExp;
  readonly what: (name: string) => string;
  readonly look: (name: string) => Look;
}

const SIGNS: readonly Sign[] = [
  {
    pattern:
      /(?:line \d+|sh|make(?:\[\d+\])?|env|dash|bash): (?:line \d+: )?([A-Za-z0-9._+-]+): (?:command )?not found/,
    what: (name) => `the program ${name}`,
    look: (name) => ({ capability: `binary(${name})` }),
  },
  {
    pattern:
      /(?:make(?:\[\d+\])?|env): ['‘]?([A-Za-z0-9._+-]+)['’]?: No such file or directory|\/bin\/([A-Za-z0-9._+-]+): bad interpreter/,
    what: (name) => `the program ${name}`,
    look: (name) => ({ capability: `binary(${name})` }),
  },
  {
    // As Ruby says it.
    pattern: /No such file or directory - ([A-Za-z0-9._+-]+)$/,
    what: (name) => `the program ${name}`,
    look: (name) => ({ capability: `binary(${name})` }),
  },
  {
    pattern: /(?:Program|program) '?([A-Za-z0-9._+-]+)'? (?:found: NO|not found)/,
    what: (name) => `the program ${name}`,
    look: (name) => ({ capability: `binary(${name})` }),
  },
  {
    pattern:
      /[Pp]ackage '?([A-Za-z0-9._+-]+)'?,? (?:required by .*, )?(?:was )?not found|No package '([A-Za-z0-9._+-]+)' found/,
    what: (name) => `the pkg-config file of ${name}`,
    look: (name) => ({ capability: `pkgconfig(${name})` }),
  },
  {
    pattern: /Dependency "([A-Za-z0-9._+-]+)" not found/,
    what: (name) => `the pkg-config file of ${name}`,
    look: (name) => ({ capability: `pkgconfig(${name})` }),
  },
  {
    pattern: /package configuration file provided by "([A-Za-z0-9._+-]+)"/,
    what: (name) => `the CMake configuration of ${name}`,
    look: (name) => ({ capability: `cmake(${name})` }),
  },
  {
    pattern: /ModuleNotFoundError: No module named '([A-Za-z0-9_]+)/,
    what: (name) => `the Python module ${name}`,
    look: (name) => ({
      capability: `python(${name.toLowerCase().replaceAll("_", "-")})`,
      // Distributions may be called otherwise than their modules.
      otherwise: new RegExp(`^lib/python3[\\d.]*/(?:dist|site)-packages/${escape(name)}(?:\\.py$|/)`),
    }),
  },
  {
    // As Ruby's extconf.rb says it.
    pattern: /mkmf\.rb can't find header files for ruby at \S*\/(ruby\.h)/,
    what: (name) => `the header ${name}`,
    look: (name) => ({ path: new RegExp(`^include/(?:.*/)?${escape(name)}$`) }),
  },
  {
    pattern: /(?:fatal error: |error: )'?([A-Za-z0-9_./+-]+\.(?:h|hpp|hh))'?(?:: No such file| file not found)/,
    what: (name) => `the header ${name}`,
    look: (name) => ({ path: new RegExp(`^include/(?:.*/)?${escape(name)}$`) }),
  },
  {
    pattern: /Can't locate ([A-Za-z0-9_/]+)\.pm in @INC/,
    what: (name) => `the Perl module ${name.replaceAll("/", "::")}`,
    look: (name) => ({ capability: `perl(${name.replaceAll("/", "::")})` }),
  },
  {
    // As meson says it.
    pattern: /C(?:\+\+)? (?:shared or static |shared |static )?library '([A-Za-z0-9_+.-]+)' not found/,
    what: (name) => `the library ${name}`,
    look: (name) => ({ path: new RegExp(`^lib[^/]*/(?:.*/)?lib${escape(name)}\\.(?:so|a)$`) }),
  },
  {
    pattern: /error: possibly undefined macro: ([A-Za-z][A-Za-z0-9_]*)/,
    what: (name) => `the macro ${name} of autoconf`,
    look: (name) => ({ macro: name }),
  },
  {
    // As cargo says it, where crates come from a folder.
    pattern: /no matching package named `([A-Za-z0-9_-]+)` found|searched package name: `([A-Za-z0-9_-]+)`/,
    what: (name) => `the crate ${name}`,
    look: (name) => ({
      path: new RegExp(`^share/cargo/registry/${name.replaceAll(/[_-]/g, "[_-]")}-\\d[^/]*/Cargo\\.toml$`),
    }),
  },
  {
    // As automake's helper says it.
    pattern: /WARNING: '?([A-Za-z0-9._+-]+)'? is missing on your system/,
    what: (name) => `the program ${name}`,
    look: (name) => ({ capability: `binary(${name})` }),
  },
  {
    pattern: /(?:cannot find|unable to find library) -l([A-Za-z0-9_+.-]+)/,
    what: (name) => `the library ${name}`,
    look: (name) => ({ path: new RegExp(`^lib[^/]*/(?:.*/)?lib${escape(name.replace(/:$/, ""))}\\.(?:so|a)$`) }),
  },
];

function escape(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/**
 * What the output of a failed phase says is missing, each thing once. `lines` are the last ones; `heard` are more of them, in
 * which checks are looked up that the last ones speak of. `narrow` says that the target is of 32 bits.
 */
export function findMissing(lines: readonly string[], offers: Offers, heard = lines, narrow = false): Missing[] {
  const found = new Map<string, Missing>();
  for (const line of lines) {
    for (const sign of SIGNS) {
      const match = sign.pattern.exec(line);
      const name = match?.slice(1).find((part) => part !== undefined);
      if (name === undefined || found.has(sign.what(name))) continue;
      const given = lookUp(offers, sign.look(name), narrow);
      found.set(sign.what(name), { what: sign.what(name), ...given });
    }
  }
  for (const { what, look } of findProbes(heard)) {
    // Nothing is said where nothing gives it: then it is no more than a guess at a name.
    for (const place of look) {
      const given = lookUp(offers, place, narrow);
      if (given.packages.length === 0) continue;
      found.set(what, { what, ...given });
      break;
    }
  }
  return [...found.values()];
}

function lookUp(offers: Offers, look: Look, narrow: boolean): Pick<Missing, "dependency" | "packages"> {
  if ("capability" in look) {
    const given = providersOf(offers, look.capability);
    return given.packages.length > 0 || look.otherwise === undefined ? given : withFile(offers, look.otherwise, narrow);
  }
  if ("path" in look) return withFile(offers, look.path, narrow);
  const packages = offers.all().flatMap((item) => {
    using stone = stoneOf(item);
    return stone !== undefined && definesMacro(stone, look.macro) ? [item.offer.meta.name] : [];
  });
  return { dependency: packages[0] ?? "", packages };
}

function providersOf(offers: Offers, capability: string): Pick<Missing, "dependency" | "packages"> {
  return { dependency: capability, packages: offers.providers(capability).map((item) => item.offer.meta.name) };
}

/** Folders of libraries for 32-bit programs: which of them helps depends on the target. */
const NARROW = /^lib32\//;

/**
 * Packages with a file, those whose library is of the target's class first; only stones that lie on this machine are asked.
 */
function withFile(offers: Offers, path: RegExp, narrow: boolean): Pick<Missing, "dependency" | "packages"> {
  const fitting: string[] = [];
  const others: string[] = [];
  for (const item of offers.all()) {
    const found = filesOf(item, path);
    if (found.length === 0) continue;
    const fits = !found[0]?.startsWith("lib") || found.some((file) => NARROW.test(file) === narrow);
    (fits ? fitting : others).push(item.offer.meta.name);
  }
  const packages = [...fitting, ...others];
  return { dependency: packages[0] ?? "", packages };
}

function filesOf(item: RootOffer, path: RegExp): string[] {
  using stone = stoneOf(item);
  return stone?.layout().flatMap((entry) => (path.test(entry.path) ? [entry.path] : [])) ?? [];
}

/** The stone of an offer, where it lies on this machine. */
function stoneOf(item: RootOffer): StoneReader | undefined {
  if (!item.offer.uri.startsWith("file:")) return undefined;
  const file = fileURLToPath(item.offer.uri);
  return existsSync(file) ? StoneReader.open(file) : undefined;
}

/** What to write into the recipe, for people. */
export function missingText(missing: readonly Missing[]): string {
  return missing
    .map(({ what, dependency, packages }) =>
      packages.length === 0
        ? `Missing was ${what}; no package of the collections gives it.`
        : `Missing was ${what}: ${packages.slice(0, 5).join(", ")} ${packages.length === 1 ? "has" : "have"} it; add "${dependency}" to builddeps.`,
    )
    .join("\n");
}
