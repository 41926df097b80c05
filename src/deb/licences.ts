// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * SPDX expressions from Debian's machine-readable copyright files (DEP-5, "copyright-format/1.0"). Its short names are
 * nearly SPDX's; those that are not are mapped by the table below, others become `LicenseRef-<name>`.
 */
import { uniqueSorted } from "#base/order";
import { parseParagraphs } from "#formats/control";

/** DEP-5 short names, in lower case, and what SPDX calls them. */
const NAMES: Readonly<Record<string, string>> = {
  "apache-2": "Apache-2.0",
  "apache-2.0": "Apache-2.0",
  artistic: "Artistic-1.0-Perl",
  "artistic-1": "Artistic-1.0",
  "artistic-1.0": "Artistic-1.0",
  "artistic-2": "Artistic-2.0",
  "artistic-2.0": "Artistic-2.0",
  "bsd-2-clause": "BSD-2-Clause",
  "bsd-3-clause": "BSD-3-Clause",
  "bsd-4-clause": "BSD-4-Clause",
  "bsd-4-clause-uc": "BSD-4-Clause-UC",
  "bsl-1.0": "BSL-1.0",
  "cc0-1.0": "CC0-1.0",
  cc0: "CC0-1.0",
  "cc-by-3.0": "CC-BY-3.0",
  "cc-by-4.0": "CC-BY-4.0",
  "cc-by-sa-3.0": "CC-BY-SA-3.0",
  "cc-by-sa-4.0": "CC-BY-SA-4.0",
  curl: "curl",
  expat: "MIT",
  mit: "MIT",
  "mit-0": "MIT-0",
  isc: "ISC",
  icu: "ICU",
  zlib: "Zlib",
  ftl: "FTL",
  "mpl-1.1": "MPL-1.1",
  "mpl-2.0": "MPL-2.0",
  "ofl-1.1": "OFL-1.1",
  openssl: "OpenSSL",
  "psf-2": "PSF-2.0",
  python: "Python-2.0",
  "python-2.0": "Python-2.0",
  unicode: "Unicode-DFS-2016",
  unlicense: "Unlicense",
  w3c: "W3C",
  wtfpl: "WTFPL",
  "wtfpl-2": "WTFPL",
  x11: "X11",
  "zpl-2.1": "ZPL-2.1",
  "0bsd": "0BSD",
};

const FAMILIES = /^(a?gpl|lgpl|gfdl)-?v?(\d)(?:\.(\d))?(\+)?$/;

/** One short name in SPDX's spelling, or undefined where it is none of SPDX's. */
function spdxName(word: string): string | undefined {
  const lower = word.toLowerCase();
  const plain = lower.replace(/-niv(?=-|$|\+)/, "");
  const family = FAMILIES.exec(plain);
  if (family !== null) {
    const [, name = "", major = "", minor = "0", plus] = family;
    // DEP-5 says "no invariant sections" as NIV, SPDX in full.
    const invariants = name === "gfdl" && plain !== lower ? "-no-invariants" : "";
    return `${name.toUpperCase()}-${major}.${minor}${invariants}-${plus === undefined ? "only" : "or-later"}`;
  }
  return NAMES[lower];
}

function reference(word: string): string {
  return `LicenseRef-${word.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-+|-+$/g, "") || "unnamed"}`;
}

export interface Licences {
  /** SPDX expressions, one for each distinct License field, sorted. */
  readonly expressions: readonly string[];
  /** Short names that SPDX does not have. */
  readonly unknown: readonly string[];
}

/** One License synopsis, `GPL-2+ and Expat or Artistic`, as an SPDX expression. */
function spdxExpression(synopsis: string, unknown: Set<string> = new Set()): string {
  const tokens = synopsis
    .replace(/\bwith\s+(.+?)\s+exceptions?\b/gi, (_, name: string) => `with ${name.replace(/\s+/g, "-")}-exception`)
    .replaceAll(",", " ")
    .split(/\s+/)
    .filter((token) => token !== "");
  const out: string[] = [];
  for (const [i, token] of tokens.entries()) {
    const word = token.toLowerCase();
    const joins = word === "and" || word === "or" || word === "and/or";
    const before = out.at(-1);
    const expectsOperand = before === undefined || before === "AND" || before === "OR";
    if (joins) {
      if (!expectsOperand && i < tokens.length - 1) out.push(word === "and" ? "AND" : "OR");
    } else if (word === "with" && !expectsOperand) {
      // Exceptions have few names in common with SPDX: the pair becomes one reference.
      const exception = tokens[i + 1] ?? "exception";
      out[out.length - 1] = reference(`${before}-with-${exception}`);
      unknown.add(`${before} with ${exception}`);
    } else if (expectsOperand) {
      const known = spdxName(token);
      if (known === undefined) unknown.add(token);
      out.push(known ?? reference(token));
    }
  }
  if (out.at(-1) === "AND" || out.at(-1) === "OR") out.pop();
  return out.join(" ");
}

/** Reads a copyright file. No expressions where it is not in the machine-readable form. */
export function readLicences(text: string): Licences {
  const unknown = new Set<string>();
  if (!/^Format:\s*\S*(copyright-format|dep5|DEP5)/im.test(text.slice(0, 2000)))
    return { expressions: [], unknown: [] };
  const expressions: string[] = [];
  try {
    for (const paragraph of parseParagraphs(text, "copyright")) {
      const synopsis = paragraph.get("license")?.split("\n")[0] ?? "";
      // Paragraphs without Files only hold the text of a licence that others name.
      if (synopsis === "" || !(paragraph.has("files") || paragraph.has("format"))) continue;
      const expression = spdxExpression(synopsis, unknown);
      if (expression !== "") expressions.push(expression);
    }
  } catch {
    // Hand-made files bend the format; what cannot be read as paragraphs is as good as free text.
    return { expressions: [], unknown: [] };
  }
  return { expressions: uniqueSorted(expressions), unknown: uniqueSorted(unknown) };
}
