// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Ruby gems: an installed specification gives `ruby(name)` and needs the gems of its run-time dependencies. */
import { all, type Handler, textOf } from "#capabilities/file";
import { capability } from "#model/dependency";

const NAME = String.raw`(?:%q<([\w.-]+)>|["']([\w.-]+)["'])`;
const GEM = new RegExp(String.raw`^[ \t]*\w+\.name[ \t]*=[ \t]*${NAME}`, "m");
const NEED = new RegExp(String.raw`^[ \t]*\w+\.add_(?:runtime_)?dependency[ \t]*\(?[ \t]*${NAME}`, "gm");

const TOOL = new RegExp(String.raw`^[ \t]*\w+\.add_development_dependency[ \t]*\(?[ \t]*${NAME}`, "gm");

/**
 * Name and needs of a gem specification, which is Ruby source of a known form. Older RubyGems write all dependencies once
 * more for those older still, which know one kind only: what is for development stays so.
 */
function parseGemspec(source: string): { name: string | undefined; needs: string[] } {
  const own = GEM.exec(source);
  const named = (pattern: RegExp) => [...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
  const tools = new Set(named(TOOL));
  return { name: own?.[1] ?? own?.[2], needs: named(NEED).filter((name) => !tools.has(name)) };
}

export const ruby: Handler = {
  name: "ruby",
  concerns: (file) => file.kind === "regular" && /\/specifications\/(?:default\/)?[^/]+\.gemspec$/.test(file.path),
  decide(file) {
    const source = textOf(file);
    const gem = source === undefined ? undefined : parseGemspec(source);
    if (gem?.name === undefined) return { problems: ["the gem specification names no gem"] };
    return { provides: [capability("ruby", gem.name)], depends: all("ruby", gem.needs) };
  },
};
