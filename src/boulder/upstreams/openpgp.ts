// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** OpenPGP signatures, by gpgv: it knows the keys of one file and nothing of the user's. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { run } from "#sys/process";

/** The keys of a file as gpgv reads them: armour is taken off, and what is not armoured stays as it is. */
function keyring(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder("latin1").decode(bytes);
  const blocks = [...text.matchAll(/-----BEGIN PGP PUBLIC KEY BLOCK-----([^]*?)-----END PGP PUBLIC KEY BLOCK-----/g)];
  if (blocks.length === 0) return bytes;
  return Buffer.concat(
    blocks.map(([, block = ""]) => {
      const lines = block.split(/\r?\n/);
      // Headers end with an empty line; the line that begins with = is a checksum.
      const begin = lines.findIndex((line, i) => i > 0 && line.trim() === "");
      const body = lines.slice(Math.max(begin, 0)).filter((line) => !line.startsWith("="));
      return Buffer.from(body.join(""), "base64");
    }),
  );
}

/** What is wrong with a signature of a file, in words that follow "its signature"; undefined where it is right. */
export async function checkOpenPgp(key: Uint8Array, signature: string, file: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "boulder-gpgv-"));
  try {
    const ring = join(folder, "keys.gpg");
    writeFileSync(ring, keyring(key));
    const words = ["gpgv", "--homedir", folder, "--keyring", ring, "--status-fd", "1", signature, file];
    const env = { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", HOME: folder };
    const { stdout } = await run(words, { env }).catch((cause: unknown) => {
      throw new Failure("upstream.signature", "Cannot run gpgv: it is not installed", {
        hint: "Install the package gpgv.",
        cause,
      });
    });
    return judge(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One good signature is enough, but none may be bad. The code of gpgv also counts signatures by keys that are not ours. */
function judge(status: string): string | undefined {
  const said = new Set([...status.matchAll(/^\[GNUPG:\] ([A-Z_]+)/gm)].map(([, word]) => word));
  if (said.has("BADSIG")) return "does not fit the file";
  if (said.has("REVKEYSIG")) return "was made with a key that was revoked";
  if (said.has("EXPSIG")) return "has expired";
  // A key may expire after a release; what it signed before stays signed, and the recipe names that very key.
  if (said.has("VALIDSIG") && (said.has("GOODSIG") || said.has("EXPKEYSIG"))) return undefined;
  if (said.has("NO_PUBKEY")) return "was made with another key";
  return "is none of OpenPGP";
}
