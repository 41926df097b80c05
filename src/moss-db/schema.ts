// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The version of what a database holds, and the steps from one version to the next. The record in the database is
 * `name NUL version`; a database without the record is new.
 */
import { Failure } from "#base/errors";
import type { Environment } from "#moss-db/environment";
import { RECORDS, readRecord, writeRecord } from "#moss-db/node";
import type { Session } from "#moss-db/session";
import { Update, type WriteTransaction } from "#moss-db/transaction";

export interface Schema {
  /** What the database is of: a database of another name is refused. */
  readonly name: string;
  /** The version this program reads and writes, from 1 up. */
  readonly version: number;
  /** For each older version that can still be opened, the step from it to the version after it. */
  readonly migrations?: Readonly<Record<number, (tx: WriteTransaction) => void>>;
}

interface Found {
  readonly name: string;
  readonly version: number;
}

function failure(directory: string, found: string, expected: string, hint: string): Failure {
  return new Failure("db.schema", `Cannot open the database "${directory}": ${found}, expected ${expected}`, { hint });
}

function read(session: Session): Found | undefined {
  const record = readRecord(session, RECORDS.schema);
  if (record === undefined) return undefined;
  const [name = "", version = ""] = Buffer.from(record).toString().split("\0");
  return { name, version: Number(version) };
}

function write(environment: Environment, schema: Schema, version: number): void {
  writeRecord(environment, RECORDS.schema, Buffer.from(`${schema.name}\0${version}`));
}

/** Whether nothing was ever written: a program was cut off, or is, between making the file and the first record. */
export function isNew(session: Session): boolean {
  return read(session) === undefined;
}

/**
 * Whether the database is already what the schema says. Throws `db.schema` where it is of another name, of a newer
 * version, or of one that no step leads on from.
 */
export function isCurrent(session: Session, schema: Schema): boolean {
  const found = read(session);
  if (found === undefined) return false;
  const { directory } = session.environment;
  const expected = `${schema.name} version ${schema.version}`;
  const got = `it holds ${found.name} version ${found.version}`;
  if (found.name !== schema.name) throw failure(directory, got, expected, "Give the folder of another database.");
  if (found.version > schema.version)
    throw failure(directory, got, expected, "A newer program wrote it: use that one.");
  for (let version = found.version; version < schema.version; version++) {
    if (schema.migrations?.[version] === undefined) {
      throw failure(directory, got, expected, "It is too old: open it once with an older release of this program.");
    }
  }
  return found.version === schema.version;
}

/** Brings the database to the schema's version: every step and the new record in the one transaction of `session`. */
export function migrate(session: Session, schema: Schema): void {
  // Another program may have done it since this one looked.
  if (isCurrent(session, schema)) return;
  const from = read(session)?.version ?? schema.version;
  for (let version = from; version < schema.version; version++) schema.migrations?.[version]?.(new Update(session));
  write(session.environment, schema, schema.version);
}
