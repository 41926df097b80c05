// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The text of usr/lib/os-release: from a package's usr/lib/os-info.json, or a plain one. */
import { isRecord } from "#transition/values";
import type { TreeRecord } from "#tree/entry";

/** The package name under which generated files stand in trees. No package can be called so. */
export const GENERATED = "(generated)";

export const OS_INFO = "lib/os-info.json";
export const OS_RELEASE = "lib/os-release";

/** Mode and owner of a generated file. */
export const GENERATED_FILE = { mode: 0o644, uid: 0, gid: 0 } as const;

/** The record of the generated file that a state remembers as `<sha256>:<size>`; undefined where a package ships the file. */
export function generatedRecord(osRelease: string): (TreeRecord & { kind: "file" }) | undefined {
  const [sha256, size] = osRelease.split(":");
  if (sha256 === undefined || size === undefined) return undefined;
  return { kind: "file", path: OS_RELEASE, ...GENERATED_FILE, sha256, size: Number(size) };
}

/** What a root is called where no package says. */
const PLAIN = { ID: "linux", NAME: "Linux", PRETTY_NAME: "Linux (no package names this system)" };

/** Quotes a value as a POSIX shell would read it. */
function quote(value: string): string {
  return /^[A-Za-z0-9._-]+$/.test(value) ? value : `"${value.replace(/[\\"$`]/g, "\\$&").replace(/[\n\r]+/g, " ")}"`;
}

function render(fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .flatMap(([key, value]) => (value === undefined || value === "" ? [] : [`${key}=${quote(value)}\n`]))
    .join("");
}

function at(value: unknown, ...path: string[]): unknown {
  let here: unknown = value;
  for (const key of path) here = isRecord(here) ? here[key] : undefined;
  return here;
}

function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : typeof found === "number" ? String(found) : undefined;
}

/**
 * Renders os-release. `info` is the text of os-info.json; where there is none, or it is no JSON object, a plain text
 * comes out. Fields: metadata.identity (id, id_like, name, display, ansi_color), metadata.version (full, short, build_id,
 * codename) and resources.websites / resources.social.
 */
export function renderOsRelease(info: string | undefined): string {
  const value = parse(info);
  if (value === undefined) return render(PLAIN);
  const identity = (key: string) => textAt(value, "metadata", "identity", key);
  const version = (key: string) => textAt(value, "metadata", "version", key);
  const like = at(value, "metadata", "identity", "id_like");
  const site = (key: string) =>
    textAt(value, "resources", "websites", key) ?? textAt(value, "resources", "websites", key, "url");
  const name = identity("name") ?? PLAIN.NAME;
  return render({
    NAME: name,
    ID: identity("id") ?? PLAIN.ID,
    ID_LIKE: Array.isArray(like) ? like.filter((item) => typeof item === "string").join(" ") : textAt(like),
    PRETTY_NAME: identity("display") ?? [name, version("full")].filter((part) => part !== undefined).join(" "),
    VERSION: version("full"),
    VERSION_ID: version("short"),
    VERSION_CODENAME: version("codename"),
    BUILD_ID: version("build_id"),
    ANSI_COLOR: identity("ansi_color"),
    HOME_URL: site("homepage") ?? site("home"),
    DOCUMENTATION_URL: site("documentation"),
    SUPPORT_URL: site("support"),
    BUG_REPORT_URL: site("bugs") ?? site("bug_reports"),
  });
}

function parse(info: string | undefined): Record<string, unknown> | undefined {
  if (info === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(info);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
