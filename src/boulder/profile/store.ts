// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Where profiles lie: `profile.{kdl,yaml}` and `profile.d/*.{kdl,yaml}` of the vendor's, the admin's and the user's folder,
 * in this order, later ones winning by id. A file that cannot be read is an error, never passed over.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { compareText } from "#base/order";
import { writeFileAtomic } from "#sys/sync";
import { hostArchitecture } from "../plan/targets";
import { type Profile, profileId } from "./model";
import { formatProfile, parseKdlProfiles, parseYamlProfiles } from "./read";

/** The folders that are read; the one that is written comes last. */
export function configFolders(given?: string): string[] {
  if (given !== undefined) return [given];
  const user = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  const shared = ["/usr/share/boulder", "/etc/boulder"];
  return process.getuid?.() === 0 ? shared : [...shared, join(user, "boulder")];
}

/** The folder of stones that a profile's builds are put in. */
export function localCollection(cache: string, profile: string): string {
  return join(cache, "collections", profile);
}

/** The profile that is there without any file: the bootstrap collection, and over it what is built here. */
function defaultProfile(cache: string): Profile {
  const id = `local-${hostArchitecture()}`;
  return {
    id,
    family: "debian",
    file: undefined,
    collections: [
      { name: "protosnek", description: "The bootstrap collection", uri: "protosnek", priority: 0, active: true },
      {
        name: id,
        description: "What was built on this machine",
        uri: localCollection(cache, id),
        priority: 100,
        active: true,
      },
    ],
  };
}

/** All profiles by id, the default one among them. Throws `profile.invalid`, `format.invalid`. */
export function loadProfiles(folders: readonly string[], cache: string): Map<string, Profile> {
  const fallback = defaultProfile(cache);
  const profiles = new Map([[fallback.id, fallback]]);
  for (const file of folders.flatMap(profileFiles)) {
    const text = readFileSync(file, "utf8");
    for (const profile of file.endsWith(".kdl") ? parseKdlProfiles(file, text) : parseYamlProfiles(file, text)) {
      profiles.set(profile.id, profile);
    }
  }
  return profiles;
}

/** The profile files of a folder, by name; of two with one stem the KDL one is read last and wins. */
function profileFiles(folder: string): string[] {
  const found: string[] = [];
  for (const [base, filter] of [
    [folder, /^profile\.(kdl|ya?ml)$/],
    [join(folder, "profile.d"), /\.(kdl|ya?ml)$/],
  ] as const) {
    if (!existsSync(base)) continue;
    const names = readdirSync(base).filter((name) => filter.test(name));
    const stem = (name: string) => name.replace(/\.[^.]+$/, "");
    const rank = (name: string) => (name.endsWith(".kdl") ? 1 : 0);
    names.sort((a, b) => compareText(stem(a), stem(b)) || rank(a) - rank(b));
    found.push(...names.map((name) => join(base, name)));
  }
  return found;
}

/** The profile of that name. Throws `profile.unknown` with the nearest name. */
export function findProfile(profiles: ReadonlyMap<string, Profile>, name: string): Profile {
  const profile = profiles.get(profileId(name));
  if (profile !== undefined) return profile;
  const known = [...profiles.keys()];
  const near = nearest(name, known);
  const hint = near === undefined ? `Profiles: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  throw new Failure("profile.unknown", `Cannot use the profile "${name}": unknown, expected one that exists`, { hint });
}

/** Writes a profile to the last of the folders. The path of the file comes back. */
export function saveProfile(folders: readonly string[], profile: Profile): string {
  const folder = join(folders.at(-1) ?? "/etc/boulder", "profile.d");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${profile.id}.kdl`);
  writeFileAtomic(file, formatProfile(profile));
  return file;
}
