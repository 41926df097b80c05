// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The first pass over a package: reads it once, learns everything that decisions about the whole set need. */
import { hex } from "#base/bytes";
import { uniqueSorted } from "#base/order";
import { DebArchive } from "#deb/archive";
import { readEntries } from "#deb/entries";
import { type Licences, readLicences } from "#deb/licences";
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
  using scanner = new FileScanner(name, options);
  const { files, state, losses } = readFiles(deb, scanner);
  const scripts = readScripts(deb.controlFiles);
  const licences = readLicences(scanner.copyright ?? "");
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
    relations: relationsOf(deb),
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
    losses: [...losses, ...licenceLosses(name, licences, scanner.licencesFrom), ...scanner.losses, ...scripts.losses],
  };
}

/** Reads the files once: their digests and records here, what is in them by the scanner. */
function readFiles(deb: DebArchive, scanner: FileScanner): Pick<PackageScan, "files" | "state" | "losses"> {
  const files: ScannedFile[] = [];
  const digests = new Map<string, ScannedFile>();
  const state: StateEntry[] = [];
  const losses: Loss[] = [];
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
  return { files, state, losses };
}

/** Relation fields as they stand, each on one line. */
function relationsOf(deb: DebArchive): Record<string, string> {
  const relations: Record<string, string> = {};
  for (const field of RELATIONS) {
    const value = deb.control.get(field);
    if (value !== undefined) relations[field] = value.replaceAll("\n", " ");
  }
  return relations;
}

/** What a copyright file does not say in SPDX's names, or at all. */
function licenceLosses(name: string, { unknown, expressions }: Licences, from: string | undefined): Loss[] {
  if (unknown.length > 0) {
    return [{ kind: "licence", subject: unknown.join(", "), detail: "no SPDX name: kept as LicenseRef" }];
  }
  if (expressions.length > 0 || from !== undefined) return [];
  return [{ kind: "licence", subject: name, detail: "no machine-readable copyright file" }];
}
