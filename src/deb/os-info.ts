// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Debian's os-release(5) as the os-info.json from which moss writes each state's own os-release. */

/** The assignments of an os-release file; quotes and escapes undone, lines of another form passed over. */
function parseOsRelease(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, raw = ""] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (key === undefined) continue;
    const [, single] = /^'([^']*)'$/.exec(raw) ?? [];
    const [, double] = /^"(.*)"$/.exec(raw) ?? [];
    fields.set(key, single ?? (double ?? raw).replace(/\\(.)/g, "$1"));
  }
  return fields;
}

/** The text of os-info.json. */
export function osInfo(osRelease: string): string {
  const fields = parseOsRelease(osRelease);
  const get = (key: string) => fields.get(key);
  const info = {
    metadata: {
      identity: {
        id: get("ID"),
        id_like: get("ID_LIKE")?.split(" "),
        name: get("NAME"),
        display: get("PRETTY_NAME"),
        ansi_color: get("ANSI_COLOR"),
      },
      version: {
        full: get("VERSION"),
        short: get("VERSION_ID"),
        codename: get("VERSION_CODENAME"),
        build_id: get("BUILD_ID"),
      },
    },
    resources: {
      websites: {
        homepage: get("HOME_URL"),
        documentation: get("DOCUMENTATION_URL"),
        support: get("SUPPORT_URL"),
        bugs: get("BUG_REPORT_URL"),
      },
    },
  };
  return `${JSON.stringify(info, null, 2)}\n`;
}
