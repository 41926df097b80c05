// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss extract`: the files of stones, in a folder of each, to look at. */
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, printable } from "#cli/style";
import { extractStone } from "#stone/extract";

export function run({ operands, options, ui }: Invocation): void {
  const output = options.text("output-dir") ?? ".";
  for (const path of operands) {
    using progress = ui.progress("Extracting", "bytes");
    let files = 0;
    let bytes = 0;
    let total = 0;
    const skipped: string[] = [];
    const refused: string[] = [];
    const folder = extractStone(path, output, {
      onEvent: (event) => {
        if (event.type === "start") total = event.bytes;
        else if (event.type === "file") {
          files += 1;
          bytes += event.bytes;
          progress.update(bytes, total, printable(event.path));
        } else if (event.type === "skipped") skipped.push(event.path);
        else refused.push(event.path);
      },
    });
    progress.end();
    if (skipped.length > 0) ui.warn(`${few(skipped)}: devices, fifos and sockets are not made`);
    if (refused.length > 0) ui.warn(`${few(refused)}: attributes that cannot be set here are left out`);
    ui.event({ type: "extracted", path, folder, files, bytes, skipped, withoutAttributes: refused });
    ui.say(`${printable(folder)}  ${counted(files, "file")}, ${formatBytes(bytes)}`);
  }
}

function few(paths: readonly string[]): string {
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
  return `${paths.slice(0, 3).map(printable).join(", ")}${more}`;
}
