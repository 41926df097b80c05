// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Debian versions, `[epoch:]upstream[-revision]`, and their order (Debian Policy 5.6.12, deb-version(7)). */

interface Parts {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
}

function split(version: string): Parts {
  const colon = version.indexOf(":");
  const rest = colon < 0 ? version : version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

/** True for what may stand in a Version field. */
export function isDebianVersion(text: string): boolean {
  return /^(?:\d{1,9}:[A-Za-z0-9][A-Za-z0-9.+~:-]*|[A-Za-z0-9][A-Za-z0-9.+~-]*)$/.test(text) && text.length <= 200;
}

const TILDE = 0x7e;
const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isLetter = (code: number) => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);

/** Weight of one character outside of numbers: tilde, then the end, then letters, then all others. */
function weight(code: number): number {
  if (code === TILDE) return -1;
  if (Number.isNaN(code) || isDigit(code)) return 0;
  return isLetter(code) ? code : code + 256;
}

function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const difference = weight(a.charCodeAt(i)) - weight(b.charCodeAt(j));
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    let m = i;
    while (m < a.length && isDigit(a.charCodeAt(m))) m += 1;
    let n = j;
    while (n < b.length && isDigit(b.charCodeAt(n))) n += 1;
    // Numbers may be longer than a double holds: compare their lengths without leading zeros, then their digits.
    const x = a.slice(i, m).replace(/^0+/, "");
    const y = b.slice(j, n).replace(/^0+/, "");
    if (x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
    i = m;
    j = n;
  }
  return 0;
}

/** Order of two Debian versions: negative where `a` is older. */
export function compareDebianVersions(a: string, b: string): number {
  if (a === b) return 0;
  const x = split(a);
  const y = split(b);
  return x.epoch - y.epoch || comparePart(x.upstream, y.upstream) || comparePart(x.revision, y.revision);
}

export type Operator = "<<" | "<=" | "=" | ">=" | ">>";

const HOLDS: Readonly<Record<Operator, (order: number) => boolean>> = {
  "<<": (order) => order < 0,
  "<=": (order) => order <= 0,
  "=": (order) => order === 0,
  ">=": (order) => order >= 0,
  ">>": (order) => order > 0,
};

/** True where `version OPERATOR bound` holds. */
export function versionMatches(version: string, operator: Operator, bound: string): boolean {
  return HOLDS[operator](compareDebianVersions(version, bound));
}
