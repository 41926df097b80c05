// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss inspect`: what stones say, and with `--check` whether all of it is true. */
import { EXIT, Failure } from "#base/errors";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, formatTable, printable, type Style } from "#cli/style";
import type { Ui } from "#cli/ui";
import { formatCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { type InspectedEntry, type InspectedRecord, type Inspection, inspectStone, type Problem } from "#stone/inspect";

/** A file that could not even be opened as a stone. */
interface Unreadable {
  readonly path: string;
  readonly problems: readonly Problem[];
}

function look(path: string, check: boolean): Inspection | Unreadable {
  try {
    return inspectStone(path, { check });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { path, problems: [{ code: error.code, message: error.message }] };
  }
}

export function run({ operands, options, ui }: Invocation): number {
  const check = options.flag("check");
  const quiet = options.flag("quiet");
  if (quiet && !check) throw new Failure("usage", "Cannot use --quiet alone: expected --check with it");
  const seen: (Inspection | Unreadable)[] = [];
  let bad = 0;
  for (const path of operands) {
    const result = look(path, check);
    if (result.problems.length > 0) bad += 1;
    if (ui.json) seen.push(result);
    else show(ui, result, check, quiet);
  }
  if (ui.json) ui.value(seen);
  if (bad > 0 && operands.length > 1) ui.note(`${bad} of ${counted(operands.length, "file")} cannot be used`);
  return bad === 0 ? EXIT.ok : EXIT.error;
}

function show(ui: Ui, result: Inspection | Unreadable, check: boolean, quiet: boolean): void {
  if ("payloads" in result && !quiet) {
    const { size, fileType } = result;
    ui.print(`${ui.style.bold(printable(result.path))}  ${fileType}, ${formatBytes(size)}`);
    for (const line of payloadLines(result, ui.style)) ui.print(`  ${line}`);
    if (!check) for (const line of contentLines(result, ui.style)) ui.print(line);
  }
  for (const { message } of result.problems) ui.warn(printable(message));
  if (check && !quiet && result.problems.length === 0) ui.print(`  ${ui.style.green("all of it is right")}`);
}

function payloadLines({ payloads }: Inspection, style: Style): string[] {
  return formatTable(
    payloads.map((payload) => [
      payload.kind,
      payload.kind === "content" ? "" : counted(payload.records, "record"),
      `${payload.storedSize} bytes`,
      payload.compression === "none" ? "" : `${payload.compression} of ${payload.plainSize}`,
      payload.window === undefined ? "" : `window ${formatBytes(payload.window)}`,
      payload.checksum,
      payload.intact === undefined ? "" : payload.intact ? style.green("ok") : style.red("damaged"),
    ]),
  );
}

/** Fields of records that are not part of a package's own description. */
const OTHER = new Set(["packageUri", "packageHash", "packageSize", "sourceUri", "sourcePath", "sourceRef", "unknown"]);

function* contentLines(result: Inspection, style: Style): Generator<string> {
  for (const item of result.packages) {
    yield "";
    if (item.meta !== undefined) yield* metaLines(item.meta, style);
    yield* listLines(
      "Build depends",
      item.records.flatMap(({ field, value }) => (field === "buildDepends" ? [value] : [])),
      style,
    );
    // What only indexes say, what others have put in, and what was too strange for a package.
    const odd = ({ field, value }: InspectedRecord) => OTHER.has(field) || value.startsWith("unknown-");
    const strange = item.meta === undefined ? item.records : item.records.filter(odd);
    for (const { tag, field, type, value } of strange) {
      yield `${style.dim(`${field} (tag ${tag}, ${type})`)}  ${printable(value)}`;
    }
  }
  for (const { key, value } of result.attributes) {
    yield `${style.dim("attribute")}  ${printable(key)} = ${printable(value)}`;
  }
  if (result.layout.length > 0) yield "";
  yield* formatTable(result.layout.map((entry) => entryCells(entry, style)));
}

function* metaLines(meta: PackageMeta, style: Style): Generator<string> {
  const rows: (readonly [string, string])[] = [
    ["Name", meta.name],
    ["Version", meta.version],
    ["Release", `${meta.release}, build ${meta.buildRelease}`],
    ["Architecture", meta.architecture],
    ["Summary", meta.summary],
    ["Description", meta.description],
    ["Homepage", meta.homepage],
    ["Source", meta.sourceId],
    ["Licences", meta.licenses.join(", ")],
  ];
  if (meta.installedSize !== undefined) rows.push(["Installed", formatBytes(meta.installedSize)]);
  if (meta.essential === true) rows.push(["Essential", "yes"]);
  if (meta.replaces !== undefined) rows.push(["Replaces", meta.replaces.join(", ")]);
  yield* formatTable(rows.map(([name, value]) => [style.bold(name), indented(value)]));
  for (const [title, items] of [
    ["Depends", meta.depends],
    ["Provides", meta.provides],
    ["Conflicts", meta.conflicts],
  ] as const) {
    yield* listLines(title, items.map(formatCapability), style);
  }
}

function* listLines(title: string, items: readonly string[], style: Style): Generator<string> {
  if (items.length > 0) yield style.bold(title);
  for (const item of items) yield `  ${printable(item)}`;
}

/** A text of several lines under its first one. */
function indented(text: string): string {
  return printable(text.trimEnd()).replaceAll("\n", `\n${" ".repeat(14)}`);
}

const LETTERS: Readonly<Record<string, string>> = {
  regular: "-",
  symlink: "l",
  directory: "d",
  "character-device": "c",
  "block-device": "b",
  fifo: "p",
  socket: "s",
};

/** Mode as `ls -l` writes it. */
function modeText(type: string, mode: number): string {
  const triple = (shift: number, special: number, letter: string) => {
    const bits = (mode >> shift) & 7;
    const run = (bits & 1) !== 0;
    const last = (mode & special) === 0 ? (run ? "x" : "-") : run ? letter : letter.toUpperCase();
    return `${(bits & 4) === 0 ? "-" : "r"}${(bits & 2) === 0 ? "-" : "w"}${last}`;
  };
  return `${LETTERS[type] ?? "?"}${triple(6, 0o4000, "s")}${triple(3, 0o2000, "s")}${triple(0, 0o1000, "t")}`;
}

function entryCells(entry: InspectedEntry, style: Style): string[] {
  const mode = modeText(entry.type, Number.parseInt(entry.mode, 8));
  const target = entry.target === undefined ? "" : ` -> ${printable(entry.target)}`;
  const digest = entry.digest === undefined ? "" : `  ${style.dim(entry.digest)}`;
  // An absolute path is refused at installation; here it is shown as it stands.
  const path = entry.path.startsWith("/") ? entry.path : `/usr/${entry.path}`;
  return [mode, `${entry.uid}:${entry.gid}`, `${printable(path)}${target}${digest}`];
}
