// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The first pass over a package: reads it once, learns everything that decisions about the whole set need. */
import { hex } from "#base/bytes";
import { uniqueSorted } from "#base/order";
import { DebArchive } from "#deb/archive";
import { readEntries } from "#deb/entries";
import { readLicences } from "#deb/licences";
import { FileScanner } from "#deb/scan-file";
import type { Loss, PackageScan, ScannedElf, ScannedFile, ScanOptions, StateEntry } from "#deb/scan-model";
import { readScripts } from "#deb/scripts";
import { splitDescription } from "#formats/control";
import { Xxh3_128 } from "#sys/xxh3";

const RELATIONS = ["depends", "pre-depends", "recommends", "conflicts", "breaks", "replaces", "provides"];

/** Reads a .deb. @param sha256 its digest, lower-case hexadecimal, which the caller has computed or checked. */
export function scanDeb(path: string, sha256: string, options: ScanOptions): PackageScan {
  using deb = DebArchive.open(path);
  const name = deb.field("package");
  const files: ScannedFile[] = [];
  const digests = new Map<string, ScannedFile>();
  const state: StateEntry[] = [];
  const losses: Loss[] = [];
  using scanner = new FileScanner(name, options);
  using hash = new Xxh3_128();
  let current: ScannedFile | undefined;

  readEntries(deb, {
    entry(entry) {
      const { path, kind, mode, uid, gid } = entry;
      const file = { path, kind, mode, uid, gid };
      if (kind === "regular") {
        current = { ...file, size: entry.size };
        hash.reset();
        scanner.begin(entry);
        return;
      }
      if (kind === "symlink") scanner.link(entry);
      files.push(kind === "symlink" ? { ...file, target: entry.target } : file);
    },
    data(chunk) {
      hash.update(chunk);
      scanner.data(chunk);
    },
    done() {
      if (current === undefined) return;
      const file = { ...current, digest: hex(hash.digest()) };
      files.push(file);
      digests.set(file.path, file);
      scanner.end();
    },
    hardlink(path, first) {
      const body = digests.get(first);
      if (body === undefined) return;
      files.push({ ...body, path });
      digests.set(path, { ...body, path });
      scanner.hardlink(path, body);
    },
    state: (entry) => state.push(entry),
    lost: (loss) => losses.push(loss),
  });
  scanner.finish();

  const scripts = readScripts(deb.controlFiles);
  const licences = readLicences(scanner.copyright ?? "");
  if (licences.unknown.length > 0) {
    losses.push({ kind: "licence", subject: licences.unknown.join(", "), detail: "no SPDX name: kept as LicenseRef" });
  } else if (licences.expressions.length === 0 && scanner.licencesFrom === undefined) {
    losses.push({ kind: "licence", subject: name, detail: "no machine-readable copyright file" });
  }
  const relations: Record<string, string> = {};
  for (const field of RELATIONS) {
    const value = deb.control.get(field);
    if (value !== undefined) relations[field] = value.replaceAll("\n", " ");
  }
  const { summary, description } = splitDescription(deb.field("description"));
  return {
    file: deb.name,
    sha256,
    name,
    version: deb.field("version"),
    architecture: deb.field("architecture"),
    source: deb.field("source").split(" ")[0] || name,
    summary,
    description,
    homepage: deb.field("homepage"),
    essential: deb.field("essential") === "yes",
    relations,
    licences: licences.expressions,
    ...(scanner.licencesFrom === undefined ? {} : { licencesFrom: scanner.licencesFrom }),
    files,
    state,
    elves: scanner.elves satisfies ScannedElf[],
    provides: scanner.provides,
    needs: scanner.needs,
    wants: scanner.wants,
    alternatives: scripts.alternatives,
    diversions: scripts.diversions,
    users: [...scanner.users, ...scripts.users],
    units: scripts.units,
    ...(scanner.osRelease === undefined ? {} : { osRelease: scanner.osRelease }),
    libraryFolders: uniqueSorted(scanner.libraryFolders),
    losses: [...losses, ...scanner.losses, ...scripts.losses],
  };
}
