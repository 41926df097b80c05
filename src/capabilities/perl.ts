// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Perl modules: a `.pm` file gives the name that `use` would load it by, and wants what it uses itself. */
import { all, baseName, type Handler, NOTHING, textOf } from "#capabilities/file";
import { interpreterOf } from "#capabilities/shebang";
import { capability } from "#model/dependency";

/** Pragmas and modules of Perl itself that are written in lower case: every Perl has them. */
const PRAGMAS = new Set(
  "attributes autodie autouse bigfloat bigint bignum bigrat blib builtin bytes charnames constant deprecate diagnostics encoding experimental feature fields filetest if integer less lib locale mro ok open ops overload overloading re sigtrap sort stable strict subs threads utf8 vars version vmsish warnings".split(
    " ",
  ),
);

const MODULE = /^[A-Za-z_]\w*(?:::\w+)*$/;
/** Folders between the start of a module tree and the module: versions, machines, and the trees of @INC. */
const TREE_PART =
  /^(?:vendor_perl|site_perl|core_perl|\d+(?:\.\d+)*|(?:x86_64|i[3-6]86|aarch64|arm\w*|riscv64)-linux[\w-]*)$/;

/** `Foo::Bar` of `/usr/share/perl5/vendor_perl/Foo/Bar.pm`; undefined outside the trees that Perl searches. */
function moduleOf(path: string): string | undefined {
  const match = /^\/usr\/(?:share|lib(?:32|64)?)(?:\/[^/]+-linux-gnu\w*)?\/perl(?:5|-base)?\/(.+)\.pm$/.exec(path);
  if (match?.[1] === undefined) return undefined;
  const parts = match[1].split("/");
  while (parts.length > 1 && TREE_PART.test(parts[0] ?? "")) parts.shift();
  const name = parts.join("::");
  return MODULE.test(name) ? name : undefined;
}

/** Modules that a source uses in statements at the start of a line; text after __END__ and documentation is not code. */
function usedModules(source: string): string[] {
  const found: string[] = [];
  let documentation = false;
  for (const line of source.split("\n")) {
    if (/^__(?:END|DATA)__/.test(line)) break;
    if (/^=[a-z]/.test(line)) documentation = !line.startsWith("=cut");
    else if (!documentation) {
      const match = /^(?:use|require)\s+([A-Za-z_][\w:]*)\s*(.*?);/.exec(line);
      if (match?.[1] === undefined) continue;
      if (match[1] === "parent" || match[1] === "base") {
        // Words such as qw and norequire stand among the names.
        const words = (match[2] ?? "").matchAll(/[A-Za-z_][\w:]*/g).map(([word]) => word);
        found.push(...words.filter((word) => /^[A-Z]|::/.test(word)));
      } else found.push(match[1]);
    }
  }
  // A number is the version of Perl that is asked for, as is a name such as v5.
  return found.filter((name) => MODULE.test(name) && !/^v\d/.test(name) && !PRAGMAS.has(name.split("::")[0] ?? ""));
}

export const perl: Handler = {
  name: "perl",
  concerns: (file) =>
    file.kind === "regular" &&
    (moduleOf(file.path) !== undefined || (/^\/usr\/s?bin\//.test(file.path) && file.size < 1 << 20)),
  decide(file) {
    const name = moduleOf(file.path);
    if (name === undefined && !/^perl[\d.]*$/.test(baseName(interpreterOf(file) ?? ""))) return NOTHING;
    const source = textOf(file);
    return {
      provides: name === undefined ? [] : [capability("perl", name)],
      wants: all("perl", source === undefined ? [] : usedModules(source)),
    };
  },
};
