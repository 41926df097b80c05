// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder profile add`. */
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { type Profile, type ProfileCollection, profileId } from "#boulder/profile/model";
import { configFolders, saveProfile } from "#boulder/profile/store";
import { isAddress } from "#boulder/upstreams/archives";
import { profilesOf } from "#cli/boulder/options";
import { refreshProfile } from "#cli/boulder/profile-update";
import type { Invocation } from "#cli/spec";

export async function run({ operands: [name = ""], options, ui }: Invocation): Promise<void> {
  // One that is written over, such as the built-in one, stays of its family and keeps its bound.
  const before = profilesOf(options).get(profileId(name));
  const profile: Profile = {
    id: profileId(name),
    family: options.text("family") ?? before?.family ?? "serpent",
    collections: options.list("repo").map(parseRepo),
    file: undefined,
    ...(before?.memory === undefined ? {} : { memory: before.memory }),
  };
  const file = saveProfile(configFolders(options.text("config-dir")), profile);
  ui.event({ type: "written", profile: profile.id, file });
  ui.say(`${profile.id}: written to ${file}`);
  await refreshProfile(profile, options, ui);
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
