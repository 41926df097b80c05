// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Who owns the files of an install folder, as the build saw it: the map of its user namespace, read backwards. */
import { rootIdentity } from "#container/identity";

export type OwnerOf = (uid: number, gid: number) => { readonly uid: number; readonly gid: number };

/** Owners outside of the container to owners inside; an id that has no name inside becomes root. */
export function ownersInside(maps: { uids: string; gids: string } = rootIdentity()): OwnerOf {
  const users = inverse(maps.uids);
  const groups = inverse(maps.gids);
  return (uid, gid) => ({ uid: users(uid), gid: groups(gid) });
}

/** Lines of `inside outside count`, or several such triples on one line. */
function inverse(map: string): (id: number) => number {
  const numbers = map.trim().split(/\s+/).map(Number);
  const ranges: [inside: number, outside: number, count: number][] = [];
  for (let i = 0; i + 2 < numbers.length; i += 3) {
    ranges.push([numbers[i] ?? 0, numbers[i + 1] ?? 0, numbers[i + 2] ?? 0]);
  }
  return (id) => {
    const range = ranges.find(([, outside, count]) => id >= outside && id < outside + count);
    return range === undefined ? 0 : range[0] + (id - range[1]);
  };
}
