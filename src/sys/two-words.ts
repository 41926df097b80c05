// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Calls a C function that returns a structure of two 64-bit words. Both calling conventions return it in two registers,
 * of which `bun:ffi` sees one. A dozen instructions call the function and store both to memory. They are machine code, not
 * C for the runtime's compiler, because that needs the C library's development files and a folder for temporary files.
 */
import { linkSymbols, type Pointer } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";
import { fromHex } from "#base/bytes";
import { Failure } from "#base/errors";
import { memoryFile } from "#sys/descriptors";
import { c, ptr } from "#sys/libc";

/** `void call(void *function, uint64_t a, uint64_t b, uint64_t out[2])`, position-independent, in hexadecimal. */
const CODE: Readonly<Partial<Record<NodeJS.Architecture, readonly string[]>>> = {
  // System V ABI: arguments in rdi, rsi, rdx, rcx; two words are returned in rax and rdx.
  x64: [
    "f30f1efa", // endbr64
    "53", // push rbx              (also aligns the stack)
    "4889cb", // mov rbx, rcx
    "4889f8", // mov rax, rdi
    "4889f7", // mov rdi, rsi
    "4889d6", // mov rsi, rdx
    "ffd0", // call rax
    "488903", // mov [rbx], rax
    "48895308", // mov [rbx+8], rdx
    "5b", // pop rbx
    "c3", // ret
  ],
  // AAPCS64: arguments in x0 to x3; two words are returned in x0 and x1. Words are little-endian.
  arm64: [
    "fd7bbea9", // stp x29, x30, [sp, #-32]!
    "f30b00f9", // str x19, [sp, #16]
    "f30303aa", // mov x19, x3
    "e80300aa", // mov x8, x0
    "e00301aa", // mov x0, x1
    "e10302aa", // mov x1, x2
    "00013fd6", // blr x8
    "600600a9", // stp x0, x1, [x19]
    "f30b40f9", // ldr x19, [sp, #16]
    "fd7bc2a8", // ldp x29, x30, [sp], #32
    "c0035fd6", // ret
  ],
};

const PROT_READ = 1;
const PROT_EXEC = 4;
const MAP_PRIVATE = 2;
const PAGE = 65_536;

function load() {
  const code = CODE[process.arch];
  if (code === undefined) {
    throw new Failure("io", `Cannot hash on ${process.arch}: expected ${Object.keys(CODE).join(" or ")}`);
  }
  const fd = memoryFile("two-words");
  try {
    writeSync(fd, fromHex(code.join("")));
    const address = c.mmap(null, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    // MAP_FAILED is -1, which as a pointer is the largest number there is.
    if (address === null || address > Number.MAX_SAFE_INTEGER) {
      throw new Failure("io", "Cannot map memory for code: the kernel refused, expected an executable mapping");
    }
    return linkSymbols({ call: { args: ["ptr", "ptr", "usize", "ptr"], returns: "void", ptr: address } }).symbols;
  } finally {
    closeSync(fd);
  }
}

let loaded: ReturnType<typeof load> | undefined;

/**
 * Calls `target(argument, size)` and stores the two words that it returns to `out`, the first one first. A function that
 * takes one argument does not look at `size`.
 */
export function callForTwoWords(target: Pointer, argument: Pointer, size: number, out: BigUint64Array): void {
  loaded ??= load();
  loaded.call(target, argument, size, ptr(out));
}
