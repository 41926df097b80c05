// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { type Profile, type ProfileCollection, profileId } from "#boulder/profile/model";
import { configFolders, findProfile, loadProfiles, saveProfile } from "#boulder/profile/store";
import { countPackages } from "#boulder/root/collections";
import { isAddress } from "#boulder/upstreams/archives";
import { collectionOptions } from "#cli/boulder/known";
/** `boulder profile list|add|update`. */
import { cacheFolder, type GlobalFlags, print, printJson } from "#cli/boulder/options";

export interface ProfileFlags extends GlobalFlags {
  readonly json?: boolean;
}

export function listProfiles(flags: ProfileFlags): void {
  const profiles = [...loadProfiles(configFolders(flags.configDir), cacheFolder(flags)).values()];
  if (flags.json === true) {
    printJson(profiles);
    return;
  }
  for (const profile of profiles) {
    print(`${profile.id}: (family ${profile.family}${profile.file === undefined ? ", built in" : ""})`);
    for (const { name, uri, priority, active } of profile.collections) {
      print(` - ${name} = ${uri} [${priority}]${active ? "" : " (disabled)"}`);
    }
  }
}

export interface UpdateFlags extends ProfileFlags {
  readonly profile?: string;
}

export interface AddFlags extends ProfileFlags {
  readonly repo: readonly string[];
  readonly family?: string;
}

/** Fetches the indexes of a profile's collections, all of them where none is named. */
export async function updateProfiles(flags: UpdateFlags): Promise<void> {
  const profiles = loadProfiles(configFolders(flags.configDir), cacheFolder(flags));
  const chosen = flags.profile === undefined ? [...profiles.values()] : [findProfile(profiles, flags.profile)];
  for (const profile of chosen) await refresh(profile, flags);
}

async function refresh(profile: Profile, flags: ProfileFlags): Promise<void> {
  const counts = await countPackages(profile.collections, await collectionOptions(flags, true));
  if (flags.json === true) printJson({ profile: profile.id, collections: Object.fromEntries(counts) });
  else
    for (const { name } of profile.collections)
      print(`${profile.id}: ${name} offers ${counts.get(name) ?? 0} packages`);
}

export async function addProfile(name: string, flags: AddFlags): Promise<void> {
  const folders = configFolders(flags.configDir);
  // One that is written over, such as the built-in one, stays of its family.
  const before = loadProfiles(folders, cacheFolder(flags)).get(profileId(name));
  const profile: Profile = {
    id: profileId(name),
    family: flags.family ?? before?.family ?? "serpent",
    collections: flags.repo.map(parseRepo),
    file: undefined,
  };
  print(`${profile.id}: written to ${saveProfile(folders, profile)}`);
  await refresh(profile, flags);
}

const REPO_KEYS = ["name", "uri", "base-uri", "channel", "version", "arch", "priority", "description"];

/** `name=x,uri=y,priority=1` or `name=x,base-uri=y,version=z[,channel=c][,arch=a]`. Throws `usage`. */
function parseRepo(text: string): ProfileCollection {
  const fail = (found: string) =>
    new Failure("usage", `Cannot use the repo "${text}": ${found}, expected name=..,uri=..[,priority=N]`, {
      hint: `Keys: ${REPO_KEYS.join(", ")}.`,
    });
  const values = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(at, 0)).trim();
    if (!REPO_KEYS.includes(key)) throw fail(`"${part}" in it`);
    values.set(key, part.slice(at + 1).trim());
  }
  const name = values.get("name") ?? "";
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw fail("no name");
  const priority = values.get("priority") ?? "0";
  if (!/^\d{1,9}$/.test(priority)) throw fail(`the priority "${priority}"`);
  return {
    name,
    description: values.get("description") ?? "",
    uri: uriOf(values, fail),
    priority: Number(priority),
    active: true,
  };
}

function uriOf(values: ReadonlyMap<string, string>, fail: (found: string) => Failure): string {
  const uri = values.get("uri");
  const base = values.get("base-uri");
  if (uri !== undefined && base === undefined) {
    // A path is meant from here, whatever folder builds are started in later.
    return uri.includes("/") && !isAddress(uri) ? resolve(uri) : uri;
  }
  const version = values.get("version");
  if (uri !== undefined || base === undefined || version === undefined) throw fail("no address, or two");
  const parts = [values.get("channel") ?? "main", version, values.get("arch") ?? "x86_64"];
  return `${base.replace(/\/$/, "")}/${parts.join("/")}/stone.index`;
}
