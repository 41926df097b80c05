// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the databases of the older moss say: its states, and what it knows of packages and their files. */
import { existsSync } from "node:fs";
import { EMPTY, utf8 } from "#base/bytes";
import { describeError, Failure } from "#base/errors";
import { type Capability, formatCapability, parseCapability } from "#model/dependency";
import type { LayoutEntry } from "#model/layout";
import type { PackageId, PackageMeta } from "#model/package";
import { LegacyDatabase, type Row, TEXT_MAX } from "#moss/legacy/database";
import { ENTRY_TYPES, type EntryType } from "#stone/format";
import { layoutEntries } from "#stone/layout";
import type { LayoutRecord } from "#stone/layout-records";
import { nameProblem } from "#stone/paths";
import type { Selection } from "#transition/change";

/** A state of the older moss. */
export interface LegacyState {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly summary: string;
  readonly selections: readonly Selection[];
}

/** More than any system has; what says more is damaged or hostile. */
const STATES_MAX = 100_000;
const PACKAGES_MAX = 1_000_000;
const ENTRIES_MAX = 5_000_000;
/** Ids are 32-bit signed there, and `/usr/.stateID` is read up to nine digits. */
const ID_MAX = 999_999_999;
const U32_MAX = 0xffff_ffff;
const SECONDS_MAX = 100_000_000_000;

/** Column of a text that is cut where it is longer than any may be, so that no more than that is ever held. */
function cut(column: string): string {
  return `substr("${column}", 1, ${TEXT_MAX + 1}) AS "${column}"`;
}

export class LegacyRoot implements Disposable {
  /** Folder of the bodies. */
  readonly assets: string;
  readonly #install: LegacyDatabase;
  readonly #layout: LegacyDatabase;
  readonly #state: LegacyDatabase;
  /** Where a package's records lie: they were written together, and there is no index to find them by. */
  #ranges: ReadonlyMap<PackageId, readonly [number, number]> | undefined;
  readonly #texts = new Map<string, string>();

  /** `folder` is the root's `.moss`. Throws root.invalid, db.corrupt, db.schema. */
  constructor(folder: string) {
    this.assets = `${folder}/assets/v2`;
    using opened = new DisposableStack();
    const open = (name: string) => opened.use(new LegacyDatabase(`${folder}/db/${name}`));
    this.#state = open("state");
    this.#install = open("install");
    this.#layout = open("layout");
    opened.move();
  }

  /** True where the older moss has been at work in a root. */
  static isThere(folder: string): boolean {
    return existsSync(`${folder}/db/state`);
  }

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
    this.#install[Symbol.dispose]();
    this.#layout[Symbol.dispose]();
  }

  /** All states, the oldest first. Throws format.invalid, db.corrupt. */
  states(): LegacyState[] {
    const sql = `SELECT id, created, ${cut("summary")} FROM state ORDER BY id LIMIT ${STATES_MAX + 1}`;
    const states = [...this.#state.rows("state", ["id"], sql)].map((row) => ({
      id: row.number("id", ID_MAX),
      created: row.number("created", SECONDS_MAX) * 1000,
      summary: row.optionalText("summary"),
      selections: [],
    }));
    if (states.length > STATES_MAX) throw tooMany("states", STATES_MAX);
    return states.map((state) => ({ ...state, selections: this.#selections(state.id) }));
  }

  #selections(state: number): Selection[] {
    const sql = `SELECT state_id, ${cut("package_id")}, explicit, ${cut("reason")} FROM state_selections
      WHERE state_id = ? ORDER BY package_id LIMIT ${PACKAGES_MAX + 1}`;
    const rows = [...this.#state.rows("state_selections", ["state_id", "package_id"], sql, state)];
    if (rows.length > PACKAGES_MAX) throw tooMany("packages of a state", PACKAGES_MAX);
    return rows.map((row) => {
      const reason = row.optionalText("reason");
      const item = { id: packageId(row, "package_id"), explicit: row.number("explicit", 1) === 1 };
      return reason === "" ? item : { ...item, reason };
    });
  }

  /** What is known of a package. Throws package.unknown, format.invalid, db.corrupt. */
  meta(id: PackageId): PackageMeta {
    const texts = [
      "package",
      "name",
      "version_identifier",
      "architecture",
      "summary",
      "description",
      "source_id",
      "homepage",
    ];
    const sql = `SELECT ${texts.map(cut).join(", ")}, source_release, build_release FROM meta WHERE package = ?`;
    const [row] = [...this.#install.rows("meta", ["package"], sql, id)];
    if (row === undefined) {
      throw new Failure("package.unknown", `Cannot import the package "${id}": the table "meta" has no row of it`);
    }
    const name = row.text("name");
    const problem = nameProblem(name);
    if (problem !== undefined) throw row.bad("name", problem, "a package's name");
    const own = formatCapability({ kind: "name", name });
    return {
      name,
      version: row.text("version_identifier"),
      release: row.number("source_release"),
      buildRelease: row.number("build_release"),
      architecture: row.text("architecture"),
      summary: row.optionalText("summary"),
      description: row.optionalText("description"),
      homepage: row.optionalText("homepage"),
      sourceId: row.optionalText("source_id"),
      licenses: this.#list("meta_licenses", id, (text) => text),
      depends: this.#capabilities("meta_dependencies", id),
      provides: this.#capabilities("meta_providers", id).filter((item) => formatCapability(item) !== own),
      conflicts: this.#capabilities("meta_conflicts", id),
    };
  }

  #capabilities(table: string, id: PackageId): Capability[] {
    return this.#list(table, id, (text, row, column) => {
      try {
        return parseCapability(text);
      } catch (error) {
        throw row.bad(column, describeError(error), "kind(name)");
      }
    });
  }

  #list<T>(table: string, id: PackageId, parse: (text: string, row: Row, column: string) => T): T[] {
    let column = this.#texts.get(table);
    if (column === undefined) {
      column = this.#install.columns(table).find((name) => name !== "package" && /^\w+$/.test(name)) ?? "text";
      this.#texts.set(table, column);
    }
    const text = column;
    const sql = `SELECT ${cut("package")}, ${cut(text)} FROM "${table}" WHERE package = ? ORDER BY "${text}" LIMIT ${TEXT_MAX + 1}`;
    const rows = [...this.#install.rows(table, ["package", text], sql, id)];
    if (rows.length > TEXT_MAX) throw tooMany(`rows of a package in "${table}"`, TEXT_MAX);
    return rows.map((row) => parse(row.text(text), row, text));
  }

  /** Files of a package. Throws stone.layout, stone.path, format.invalid, db.corrupt. */
  layout(id: PackageId, name: string): LayoutEntry[] {
    const range = this.#rangesOf().get(id);
    if (range === undefined) return [];
    const sql = `SELECT id, uid, gid, mode, tag, ${cut("entry_type")}, ${cut("entry_value1")}, ${cut("entry_value2")}
      FROM layout WHERE id BETWEEN ? AND ? AND package_id = ? LIMIT ${ENTRIES_MAX + 1}`;
    const records: LayoutRecord[] = [];
    for (const row of this.#layout.rows("layout", ["id"], sql, ...range, id)) {
      records.push(record(row));
      if (records.length > ENTRIES_MAX) throw tooMany("files of a package", ENTRIES_MAX);
    }
    return layoutEntries(records, name, ENTRIES_MAX);
  }

  #rangesOf(): ReadonlyMap<PackageId, readonly [number, number]> {
    if (this.#ranges !== undefined) return this.#ranges;
    const ranges = new Map<PackageId, readonly [number, number]>();
    const sql = `SELECT ${cut("package_id")}, min(id) AS first, max(id) AS last FROM layout GROUP BY layout.package_id`;
    for (const row of this.#layout.rows("layout", ["package_id"], sql)) {
      ranges.set(packageId(row, "package_id"), [row.number("first"), row.number("last")]);
      if (ranges.size > PACKAGES_MAX) throw tooMany("packages", PACKAGES_MAX);
    }
    this.#ranges = ranges;
    return ranges;
  }
}

function tooMany(what: string, most: number): Failure {
  return new Failure("format.invalid", `Cannot import the older moss: more than ${most} ${what}, expected fewer`);
}

function packageId(row: Row, column: string): PackageId {
  const id = row.text(column);
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  throw row.bad(column, JSON.stringify(id.slice(0, 80)), "the SHA-256 of a stone");
}

function record(row: Row): LayoutRecord {
  const word = row.text("entry_type");
  const type: EntryType | "unknown" = Object.hasOwn(ENTRY_TYPES, word) ? (word as EntryType) : "unknown";
  const two = type === "regular" || type === "symlink";
  return {
    uid: row.number("uid", U32_MAX),
    gid: row.number("gid", U32_MAX),
    mode: row.number("mode", U32_MAX),
    tag: row.number("tag", U32_MAX),
    type,
    typeId: type === "unknown" ? 0 : ENTRY_TYPES[type],
    source: type === "regular" ? digest(row) : type === "symlink" ? utf8(row.text("entry_value1")) : EMPTY,
    target: row.text(two ? "entry_value2" : "entry_value1"),
  };
}

/** The digest of a body, which stands there as a decimal number, in the 16 bytes that stones have. */
function digest(row: Row): Uint8Array {
  const text = row.text("entry_value1");
  const value = /^\d{1,39}$/.test(text) ? BigInt(text) : 1n << 128n;
  if (value >> 128n !== 0n) throw row.bad("entry_value1", JSON.stringify(text.slice(0, 80)), "a number of 128 bits");
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(32, "0"), "hex"));
}
