// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A root as the older moss leaves it: three SQLite databases, bodies by their digests, the live tree and those of other states. */
import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hex } from "#base/bytes";
import { bodyPath } from "#moss/legacy/convert";
import { xxh3_128 } from "#sys/xxh3";

/** A file by its text, mode and owner; a symlink; a directory by its mode. */
export type LegacyFile =
  | { readonly body: string; readonly mode?: number; readonly uid?: number }
  | { readonly link: string }
  | { readonly directory: number };

export interface LegacyPackage {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, LegacyFile>>;
  readonly depends?: readonly string[];
}

export interface LegacyStateMade {
  readonly id: number;
  readonly created: number;
  readonly summary: string;
  /** Packages, and whether somebody asked for each. */
  readonly packages: readonly (readonly [LegacyPackage, boolean])[];
}

const META = `
CREATE TABLE meta (package TEXT PRIMARY KEY, name TEXT, version_identifier TEXT, source_release INTEGER, build_release INTEGER,
  architecture TEXT, summary TEXT, description TEXT, source_id TEXT, homepage TEXT, uri TEXT, hash TEXT, download_size INTEGER);
CREATE TABLE meta_licenses (package TEXT, license TEXT, PRIMARY KEY (package, license));
CREATE TABLE meta_dependencies (package TEXT, dependency TEXT, PRIMARY KEY (package, dependency));
CREATE TABLE meta_providers (package TEXT, provider TEXT, PRIMARY KEY (package, provider));
CREATE TABLE meta_conflicts (package TEXT, conflict TEXT, PRIMARY KEY (package, conflict));
PRAGMA user_version = 1;`;
const LAYOUT = `
CREATE TABLE layout (id INTEGER PRIMARY KEY AUTOINCREMENT, package_id TEXT, uid INTEGER, gid INTEGER, mode INTEGER, tag INTEGER,
  entry_type TEXT, entry_value1 TEXT, entry_value2 TEXT);
PRAGMA user_version = 1;`;
const STATE = `
CREATE TABLE state (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, created BIGINT, summary TEXT, description TEXT);
CREATE TABLE state_selections (state_id INTEGER, package_id TEXT, explicit BOOLEAN, reason TEXT, PRIMARY KEY (state_id, package_id));
PRAGMA user_version = 1;`;

export function legacyId({ name, version }: LegacyPackage): string {
  return createHash("sha256").update(`${name}-${version}`).digest("hex");
}

export function legacyBody(directory: string, body: string): string {
  return bodyPath(join(directory, ".moss/assets/v2"), hex(xxh3_128(Buffer.from(body))));
}

/** Opens one of its databases for writing. */
export function legacyDatabase(directory: string, name: "install" | "layout" | "state"): Database {
  const database = new Database(join(directory, ".moss/db", name), { create: true, strict: true });
  // A test's root need not outlive a power cut.
  database.run("PRAGMA synchronous = OFF");
  return database;
}

/** Makes one in an empty directory; `live` is the number of the state whose tree is /usr. */
export function makeLegacyRoot(directory: string, states: readonly LegacyStateMade[], live: number): void {
  mkdirSync(join(directory, ".moss/db"), { recursive: true });
  writeFileSync(join(directory, ".moss/.moss-lockfile"), "");
  const packages = new Map(states.flatMap((state) => state.packages.map(([item]) => [legacyId(item), item] as const)));
  writeMeta(directory, packages);
  writeLayout(directory, packages);
  using state = legacyDatabase(directory, "state");
  state.run(STATE);
  for (const { id, created, summary, packages: list } of states) {
    state.run("INSERT INTO state VALUES (?, 'transaction', ?, ?, NULL)", [id, created, summary]);
    for (const [item, explicit] of list) {
      state.run("INSERT INTO state_selections VALUES (?, ?, ?, NULL)", [id, legacyId(item), explicit]);
    }
    const usr = id === live ? join(directory, "usr") : join(directory, `.moss/root/${id}/usr`);
    for (const [item] of list) writeTree(directory, usr, item);
    writeFileSync(join(usr, ".stateID"), String(id));
  }
  mkdirSync(join(directory, ".moss/root/staging"), { recursive: true });
  for (const name of ["bin", "sbin", "lib"]) symlinkSync(`usr/${name}`, join(directory, name));
}

function writeMeta(directory: string, packages: ReadonlyMap<string, LegacyPackage>): void {
  using install = legacyDatabase(directory, "install");
  install.run(META);
  for (const [id, { name, version, depends = [] }] of packages) {
    install.run(
      "INSERT INTO meta VALUES (?, ?, ?, 3, 1, 'x86_64', 'A summary', 'A text', ?, 'https://example.org', NULL, NULL, NULL)",
      [id, name, version, name],
    );
    install.run("INSERT INTO meta_licenses VALUES (?, 'MPL-2.0')", [id]);
    install.run("INSERT INTO meta_providers VALUES (?, ?)", [id, `name(${name})`]);
    install.run("INSERT INTO meta_providers VALUES (?, ?)", [id, `binary(${name})`]);
    for (const word of depends) install.run("INSERT INTO meta_dependencies VALUES (?, ?)", [id, word]);
  }
}

function writeLayout(directory: string, packages: ReadonlyMap<string, LegacyPackage>): void {
  using layout = legacyDatabase(directory, "layout");
  layout.run(LAYOUT);
  const insert = "INSERT INTO layout VALUES (NULL, ?, ?, 0, ?, 0, ?, ?, ?)";
  for (const [id, { files }] of packages) {
    for (const [path, file] of Object.entries(files)) {
      if ("link" in file) layout.run(insert, [id, 0, 0o120777, "symlink", file.link, path]);
      else if ("directory" in file) layout.run(insert, [id, 0, 0o040000 | file.directory, "directory", path, null]);
      else {
        const digest = BigInt(`0x${hex(xxh3_128(Buffer.from(file.body)))}`).toString();
        layout.run(insert, [id, file.uid ?? 0, 0o100000 | (file.mode ?? 0o644), "regular", digest, path]);
        const asset = legacyBody(directory, file.body);
        mkdirSync(dirname(asset), { recursive: true });
        if (file.body !== "") writeFileSync(asset, file.body);
      }
    }
  }
}

function writeTree(directory: string, usr: string, { files }: LegacyPackage): void {
  for (const [path, file] of Object.entries(files)) {
    const place = join(usr, path);
    mkdirSync("directory" in file ? place : dirname(place), { recursive: true });
    if ("link" in file) symlinkSync(file.link, place);
    else if ("body" in file && file.body === "") writeFileSync(place, "");
    else if ("body" in file) linkSync(legacyBody(directory, file.body), place);
  }
}
