// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The least of /etc that programs expect, for roots that have none: names of the users, the loopback, and how to look up. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface EtcFile {
  /** Name below /etc. */
  readonly name: string;
  readonly text: string;
}

function hostFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Files that none of the layers has. With `network`, names are resolved as on the host. */
export function missingEtc(
  layers: readonly string[],
  user: { uid: number; gid: number },
  network: boolean,
): readonly EtcFile[] {
  const extra = user.uid === 0 || user.uid === 65534 ? "" : `user:x:${user.uid}:${user.gid}::/tmp:/usr/bin/sh\n`;
  const group = user.gid === 0 || user.gid === 65534 ? "" : `user:x:${user.gid}:\n`;
  const wanted: EtcFile[] = [
    {
      name: "passwd",
      text: `root:x:0:0:root:/root:/usr/bin/sh\n${extra}nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    },
    { name: "group", text: `root:x:0:\n${group}nogroup:x:65534:\n` },
    { name: "hosts", text: "127.0.0.1 localhost\n::1 localhost\n" },
    { name: "nsswitch.conf", text: "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n" },
  ];
  if (network) wanted.push({ name: "resolv.conf", text: hostFile("/etc/resolv.conf") });
  return wanted.filter(({ name }) => !layers.some((layer) => existsSync(join(layer, "etc", name))));
}
