// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** pkg-config files: what they are called by, and the modules of Requires and Requires.private. */
import { baseName, type Handler, parentOf, textOf } from "#capabilities/file";
import { capability } from "#model/dependency";

/** Variables may refer to variables; a ring of them ends here. */
const DEPTH_LIMIT = 16;
/** Variables that are looked up for one field: each may name many others, and so on for all levels. */
const EXPANSION_LIMIT = 10_000;
/** A list of modules beyond this nobody writes. */
const EXPANDED_LIMIT = 1 << 20;

export interface PkgConfigFile {
  /** Modules of Requires and Requires.private, without their versions, in order. */
  readonly requires: readonly string[];
}

/** Reads a .pc file: `name = value` sets a variable, `Name: value` a field, `${name}` is replaced, `#` begins a comment. */
function parsePkgConfig(text: string): PkgConfigFile {
  const variables = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const line of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const match = /^\s*([\w.]+)\s*([:=])(.*)$/.exec(line.replace(/(^|[^\\])#.*$/, "$1"));
    if (match?.[1] === undefined || match[3] === undefined) continue;
    (match[2] === "=" ? variables : fields).set(match[1], match[3].trim());
  }
  let left = EXPANSION_LIMIT;
  const expand = (value: string, depth: number): string =>
    depth > DEPTH_LIMIT
      ? ""
      : value.replaceAll(/\$\{([\w.]+)\}/g, (_, name: string) => {
          const inner = variables.get(name) ?? "";
          left -= 1 + inner.length * (EXPANSION_LIMIT / EXPANDED_LIMIT);
          return left < 0 ? "" : expand(inner, depth + 1);
        });
  const requires = ["Requires", "Requires.private"].flatMap((field) => modules(expand(fields.get(field) ?? "", 0)));
  return { requires: [...new Set(requires)] };
}

/** The modules of a list such as `glib-2.0 >= 2.50, zlib x11`. */
function modules(list: string): string[] {
  const words = list.replaceAll(/(<=|>=|!=|=|<|>)/g, " $1 ").split(/[\s,]+/);
  const out: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (/^[<>=!]+$/.test(word)) i++;
    else if (word !== "") out.push(word);
  }
  return out;
}

export const pkgconfig: Handler = {
  name: "pkgconfig",
  concerns: (file) => file.path.endsWith(".pc") && file.kind !== "directory" && /\/pkgconfig\//.test(file.path),
  decide(file, around) {
    const narrow = file.path.split("/").includes("lib32");
    const provides = [capability(narrow ? "pkgconfig32" : "pkgconfig", baseName(file.path).slice(0, -3))];
    const text = file.kind === "regular" ? textOf(file) : "";
    if (text === undefined) return { provides, problems: ["it is not UTF-8 text of a reasonable size"] };
    const depends = parsePkgConfig(text).requires.map((module) => {
      const has = (folder: string) => around.exists(`${folder}/${module}.pc`);
      const narrowModule = narrow && (has(parentOf(file.path)) || has("/usr/lib32/pkgconfig"));
      return capability(narrowModule ? "pkgconfig32" : "pkgconfig", module);
    });
    return { provides, depends };
  },
};
