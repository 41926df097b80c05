// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Becoming another program: same process, same terminal, same signals. */
import { c, cString, lastError, ptr } from "#sys/libc";

/** Addresses of NUL-terminated texts, with a null at the end. `keep` holds the texts as long as the vector is held. */
function vector(texts: readonly string[]): {
  readonly addresses: BigUint64Array;
  readonly keep: readonly Uint8Array[];
} {
  const keep = texts.map(cString);
  const addresses = new BigUint64Array(texts.length + 1);
  keep.forEach((text, i) => {
    addresses[i] = BigInt(ptr(text));
  });
  return { addresses, keep };
}

/** Replaces this process; comes back only to throw, where that is not possible. `path` must be absolute. */
export function become(path: string, argv: readonly string[], env: Readonly<Record<string, string>>): never {
  const program = cString(path);
  const words = vector(argv);
  const variables = vector(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  c.execve(ptr(program), ptr(words.addresses), ptr(variables.addresses));
  throw lastError("execve", path);
}
