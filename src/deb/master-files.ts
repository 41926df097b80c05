// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Users and groups that every Debian system begins with: `passwd.master` and `group.master` of the package base-passwd,
 * in the formats of passwd(5) and group(5). Real names are left out, as in the basic.conf of Debian's systemd: systemd-sysusers
 * complains of two lines that differ.
 */
import type { SystemUser } from "#deb/scan-model";

const LINE = /^[a-z_][a-z0-9_-]*$/;

function id(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** @param masters file name to its text. Lines that are not of the format are passed over. */
export function readMasterFiles(masters: ReadonlyMap<string, string>): SystemUser[] {
  const users: SystemUser[] = [];
  for (const line of (masters.get("group.master") ?? "").split("\n")) {
    const [name = "", , number] = line.split(":");
    const gid = id(number);
    if (LINE.test(name) && gid !== undefined) users.push({ name, kind: "group", gid });
  }
  for (const line of (masters.get("passwd.master") ?? "").split("\n")) {
    const [name = "", , user, group, , home = "", shell = ""] = line.split(":");
    const uid = id(user);
    const gid = id(group);
    if (LINE.test(name) && uid !== undefined && gid !== undefined) {
      const own = users.some(
        (other) => other.kind === "group" && other.name === name && other.gid === gid && gid === uid,
      );
      users.push({ name, kind: "user", uid, ...(own ? {} : { gid }), home, shell });
    }
  }
  return users;
}
