// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Libraries of the system that are opened when they are first used: most commands need none of them. */
import { dlopen, type FFIFunction, type Library } from "bun:ffi";
import { Failure } from "#base/errors";

/**
 * Gives a library's functions, opening it at the first call.
 *
 * @param file name that the loader looks for, such as `libzstd.so.1`
 * @param packages what brings it, for the hint of the Failure `io` that is thrown where it is not there
 */
export function lazyLibrary<Functions extends Record<string, FFIFunction>>(
  file: string,
  packages: string,
  functions: Functions,
): () => Library<Functions>["symbols"] {
  let symbols: Library<Functions>["symbols"] | undefined;
  return () => {
    symbols ??= open(file, packages, functions);
    return symbols;
  };
}

function open<Functions extends Record<string, FFIFunction>>(file: string, packages: string, functions: Functions) {
  try {
    return dlopen(file, functions).symbols;
  } catch (cause) {
    throw new Failure("io", `Cannot load "${file}": the library is not there, expected it on this machine`, {
      hint: `Install the package ${packages}.`,
      cause,
    });
  }
}
