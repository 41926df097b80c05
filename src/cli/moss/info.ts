// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss info`: everything about packages, the installed build first. */
import { sortedTexts } from "#base/order";
import { openForAsking } from "#cli/moss/engine";
import { oneLine } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { formatBytes, pad, printable } from "#cli/style";
import { terminalWidth } from "#cli/terminal";
import type { Ui } from "#cli/ui";
import { reflowed } from "#cli/wrap";
import { type Capability, formatCapability } from "#model/dependency";
import { infoOf, type PackageInfo } from "#moss/info";
import type { Moss } from "#moss/moss";

const GUTTER = 18;

function texts(list: readonly Capability[]): string[] {
  return sortedTexts(list.map(formatCapability));
}

function print(ui: Ui, moss: Moss, info: PackageInfo, files: boolean): void {
  const { meta, installed, collection, download, size } = info;
  const { style } = ui;
  const line = (label: string, value: string) =>
    ui.print(label + value === "" ? "" : style.bold(pad(label, GUTTER)) + value);
  const field = (label: string, value: string | undefined) => {
    if (value !== undefined && value !== "") line(label, oneLine(value));
  };
  const list = (label: string, values: readonly string[]) => {
    values.forEach((value, i) => line(i === 0 ? label : "", `- ${printable(value)}`));
  };
  const how = installed?.explicit === true ? "asked for" : (installed?.reason ?? "needed by others");
  field("Name", meta.name);
  field("Status", installed === undefined ? "not installed" : `installed, ${how}`);
  field("Version", meta.version);
  field("Release", String(meta.release));
  if (meta.buildRelease > 1) field("Build release", String(meta.buildRelease));
  field("Architecture", meta.architecture);
  field("Collection", collection);
  field("Download size", download > 0 ? formatBytes(download) : undefined);
  field("Installed size", size === undefined ? undefined : formatBytes(size));
  field("Homepage", meta.homepage);
  field("Licences", meta.licenses.join(", "));
  field("Source", meta.sourceId);
  if (meta.essential === true) field("Essential", "yes: removing it needs --allow-essential");
  field("Summary", meta.summary);
  const width = Math.max(40, Math.min(terminalWidth(), 100) - GUTTER);
  reflowed(meta.description, width).forEach((text, i) => line(i === 0 ? "Description" : "", text));
  list("Needs", texts(meta.depends));
  list("Gives", texts(meta.provides));
  list("Conflicts with", texts(meta.conflicts));
  list("Replaces", meta.replaces ?? []);
  field("Package id", info.id);
  if (!files || installed === undefined) return;
  for (const file of moss.root.files(info.id)) {
    if (file.kind === "directory") continue;
    const more = file.kind === "symlink" ? `-> ${printable(file.target)}` : `(${file.sha256})`;
    ui.print(`  /usr/${printable(file.path)} ${style.dim(more)}`);
  }
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options } = invocation;
  using moss = openForAsking(invocation);
  const all: PackageInfo[] = [];
  for (const word of operands) all.push(...(await infoOf(moss, word)));
  const files = options.flag("files");
  if (ui.json) {
    ui.value(
      all.map(({ meta, ...rest }) => ({
        ...meta,
        ...rest,
        depends: texts(meta.depends),
        provides: texts(meta.provides),
        conflicts: texts(meta.conflicts),
        installed: rest.installed !== undefined,
        ...(files && rest.installed !== undefined ? { files: moss.root.files(rest.id) } : {}),
      })),
    );
    return;
  }
  all.forEach((info, i) => {
    if (i > 0) ui.print();
    print(ui, moss, info, files);
  });
}
