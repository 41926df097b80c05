// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Stands for `node-gyp-build-optional-packages` in the compiled executable: loads the native half of `lmdb` from the
 * bytes that the executable carries. Through a memory file, because the runtime's own way leaves a file in the folder for
 * temporary files, which need not exist or be writable where a package manager runs. A temporary file only where the
 * kernel is set not to execute memory files (vm.memfd_noexec).
 */
import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFile } from "#sys/descriptors";
import { writeFully } from "#sys/write";

function dlopen(path: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
}

function loadFromMemory(bytes: Uint8Array): unknown {
  const fd = memoryFile("lmdb.node");
  try {
    writeFully(fd, bytes);
    return dlopen(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

function loadFromFile(bytes: Uint8Array): unknown {
  const folder = mkdtempSync(join(tmpdir(), "lmdb-"));
  try {
    const path = join(folder, "lmdb.node");
    writeFileSync(path, bytes, { mode: 0o700 });
    return dlopen(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Loads the addon whose bytes lie in the executable at `embedded`. */
export function loadAddon(embedded: string): unknown {
  const bytes = readFileSync(embedded);
  try {
    return loadFromMemory(bytes);
  } catch {
    return loadFromFile(bytes);
  }
}
