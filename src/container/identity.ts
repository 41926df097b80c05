// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which users and groups exist inside: the maps of the container's user namespace. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** How the maps are written: by the process itself, by one that has the right to any id, or by newuidmap and newgidmap. */
type MapWriter = "self" | "direct" | "tool";

export interface Identity {
  /** Contents of uid_map and gid_map (`inside outside count` triples). */
  readonly uids: string;
  readonly gids: string;
  readonly how: MapWriter;
  /** Whether files can be given to any owner, and not only to the caller. */
  readonly anyOwner: boolean;
}

/** What the current process may map: its own view of ids, as identity. */
function identityMap(file: string): string {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([inside, , count]) => `${inside} ${inside} ${count}`)
    .join("\n");
}

/** Maps of a user namespace below the one of `identity`, in which every id is the same as in that. */
export function mappedOnto({ uids, gids }: Identity): { uids: string; gids: string } {
  const same = (map: string): string =>
    map.replace(/(\d+)\s+\d+\s+(\d+)\s*/g, (_, first: string, count: string) => `${first} ${first} ${count}\n`);
  return { uids: same(uids), gids: same(gids) };
}

/** First range of at least 65,536 subordinate ids that the administrator gave to this user, if any. */
export function subordinate(text: string, user: string, id: number): { start: number; count: number } | undefined {
  for (const line of text.split("\n")) {
    const [owner, start, count] = line.split(":");
    if ((owner === user || owner === String(id)) && Number(count) >= 65536) {
      return { start: Number(start), count: 65536 };
    }
  }
  return undefined;
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const CAP_SYS_ADMIN = 21n;

/** Whether this process may mount without a user namespace of its own. */
export function mayMount(): boolean {
  const rights = /^CapEff:\s*([0-9a-f]+)$/m.exec(readOptional("/proc/self/status"))?.[1] ?? "0";
  return ((BigInt(`0x${rights}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

/** One user and group inside, which is the caller. */
export function singleIdentity(uid: number, gid: number): Identity {
  const [me, group] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  return { uids: `${uid} ${me} 1`, gids: `${gid} ${group} 1`, how: "self", anyOwner: false };
}

/**
 * Root inside. A caller that is root maps every id that it has to itself, so owners are the real ones; an ordinary user
 * maps root to itself and, where /etc/subuid gives it ids, these to 1 and up.
 */
export function rootIdentity(): Identity {
  const [me, group] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  if (me === 0) {
    const uids = identityMap("/proc/self/uid_map");
    const gids = identityMap("/proc/self/gid_map");
    return { uids, gids, how: "direct", anyOwner: true };
  }
  const name = userInfo().username;
  const users = subordinate(readOptional("/etc/subuid"), name, me);
  const groups = subordinate(readOptional("/etc/subgid"), name, me);
  if (users === undefined || groups === undefined || Bun.which("newuidmap") === null) return singleIdentity(0, 0);
  return {
    uids: `0 ${me} 1 1 ${users.start} ${users.count}`,
    gids: `0 ${group} 1 1 ${groups.start} ${groups.count}`,
    how: "tool",
    anyOwner: true,
  };
}
