// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The SQLite databases of the older moss, read-only and trusted in nothing: each value is bounded and checked, and what is
 * wrong is told by table and row.
 */
import { Database } from "bun:sqlite";
import { lstatSync } from "node:fs";
import { Failure } from "#base/errors";

/** The only schema that there ever was. */
const VERSION = 1n;
/** Longest text of any column, in characters. */
export const TEXT_MAX = 1 << 16;

type Value = string | number | bigint | boolean | Uint8Array | null;

/** One row: its values by column, and where it stands. */
export class Row {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(values: Readonly<Record<string, unknown>>, table: string, row: string) {
    this.#values = values;
    this.#where = `row ${row} of the table "${table}"`;
  }

  /** Text that is not NULL and not too long. Throws format.invalid. */
  text(column: string): string {
    const value = this.#values[column];
    if (typeof value !== "string") throw this.bad(column, "no text", "text");
    if (value.length > TEXT_MAX) throw this.bad(column, "a text of too many characters", `at most ${TEXT_MAX}`);
    return value;
  }

  /** Text, or "" for NULL. Throws format.invalid. */
  optionalText(column: string): string {
    return this.#values[column] === null ? "" : this.text(column);
  }

  /** A whole number of 0 to `most`. Throws format.invalid. */
  number(column: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#values[column];
    if (typeof value !== "bigint" || value < 0n || value > BigInt(most)) {
      throw this.bad(column, typeof value === "bigint" ? String(value) : "no whole number", `a number of 0 to ${most}`);
    }
    return Number(value);
  }

  bad(column: string, found: string, expected: string): Failure {
    return new Failure(
      "format.invalid",
      `Cannot use ${this.#where} of the older moss: ${found} as ${column}, expected ${expected}`,
      { hint: "Nothing was changed by it; mend the row with sqlite3, or remove the state that needs it." },
    );
  }
}

/** A database of the older moss, open for reading. */
export class LegacyDatabase implements Disposable {
  readonly path: string;
  readonly #database: Database;

  /** Throws root.invalid where it is not there, db.corrupt and db.schema. */
  constructor(path: string) {
    this.path = path;
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new Failure(
        "root.invalid",
        `Cannot import "${path}": no such file, expected a database of the older moss`,
        {
          hint: "Give the root with -D; its .moss/db should hold the files install, layout and state.",
        },
      );
    }
    try {
      this.#database = new Database(path, { readonly: true, safeIntegers: true });
    } catch (cause) {
      throw this.#torn(cause);
    }
    try {
      const version = this.#all("PRAGMA user_version", [])[0]?.["user_version"];
      if (version !== VERSION) {
        throw new Failure(
          "db.schema",
          `Cannot import "${path}": its schema has the version ${String(version)}, expected ${VERSION}`,
        );
      }
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** Rows of a query; `key` names the columns that tell a row of `table` from others. Throws db.corrupt. */
  *rows(table: string, key: readonly string[], sql: string, ...parameters: Value[]): Generator<Row> {
    for (const values of this.#iterate(sql, parameters)) {
      yield new Row(values, table, key.map((column) => String(values[column]).slice(0, 80)).join(", "));
    }
  }

  /** The names of a table's columns. Throws db.corrupt where there is no such table. */
  columns(table: string): string[] {
    const names = this.#all("SELECT name FROM pragma_table_info(?)", [table]).map((row) => String(row["name"]));
    if (names.length > 0) return names;
    throw this.#torn(new Error(`it has no table "${table}"`));
  }

  #all(sql: string, parameters: Value[]): Record<string, unknown>[] {
    return [...this.#iterate(sql, parameters)];
  }

  *#iterate(sql: string, parameters: Value[]): Generator<Record<string, unknown>> {
    let rows: Iterator<unknown>;
    const attempt = <T>(step: () => T): T => {
      try {
        return step();
      } catch (cause) {
        throw this.#torn(cause);
      }
    };
    attempt(() => {
      rows = this.#database.query<unknown, Value[]>(sql).iterate(...parameters);
    });
    for (;;) {
      const next = attempt(() => rows.next());
      if (next.done === true) return;
      yield next.value as Record<string, unknown>;
    }
  }

  #torn(cause: unknown): Failure {
    return new Failure("db.corrupt", `Cannot read "${this.path}", expected a database of the older moss`, {
      hint: "If the older moss was cut off in the middle of a change, run it once more so that it mends its databases.",
      cause,
    });
  }
}
