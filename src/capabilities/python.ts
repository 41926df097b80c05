// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Python distributions: `*.dist-info/METADATA` and `*.egg-info` (folder or single file). The name gives
 * `python(normalised)`, the requirements that hold on this system are needed.
 */
import { fromUtf8 } from "#base/bytes";
import {
  all,
  type Handler,
  type PackageFile,
  parentOf,
  type Surroundings,
  TEXT_LIMIT,
  textOf,
} from "#capabilities/file";
import { linuxEnvironment, markerHolds } from "#capabilities/python-markers";
import { capability } from "#model/dependency";

/** The one spelling of a distribution's name (PEP 503): lower case, runs of `-`, `_` and `.` become one `-`. */
function normalisedName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/** Header fields of a metadata file, in order; the body after the first empty line is not read. */
function* headers(text: string): Generator<[string, string]> {
  for (const line of text.split(/\r?\n/)) {
    if (line === "") return;
    const match = /^([\w-]+):\s*(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) yield [match[1].toLowerCase(), match[2].trim()];
  }
}

/** Requirements of a `requires.txt`, the form of old egg-info folders: sections `[extra:marker]` hold optional ones. */
function* eggRequirements(text: string): Generator<string> {
  let suffix = "";
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    const section = /^\[([^:\]]*)(?::(.*))?\]$/.exec(line);
    if (section !== null) {
      const markers = [...(section[1] ? [`extra == "${section[1]}"`] : []), ...(section[2] ? [`(${section[2]})`] : [])];
      suffix = markers.length === 0 ? "" : `; ${markers.join(" and ")}`;
    } else if (line !== "" && !line.startsWith("#")) yield `${line}${suffix}`;
  }
}

/** The distribution that a requirement names, where its marker holds. */
function requirementName(requirement: string, environment: ReadonlyMap<string, string>): string | undefined {
  const [head = "", ...marker] = requirement.split(";");
  const name = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/.exec(head)?.[1];
  if (name === undefined) return undefined;
  return marker.length === 0 || markerHolds(marker.join(";"), environment) ? normalisedName(name) : undefined;
}

/** The version of Python that a file is installed for, `3.14` of `/usr/lib/python3.14/...`; that of the root else. */
function pythonOf(path: string, around: Surroundings): string {
  const own = /\/python(\d+\.\d+)\//.exec(path)?.[1];
  if (own !== undefined) return own;
  for (let minor = 20; minor >= 8; minor--) if (around.exists(`/usr/bin/python3.${minor}`)) return `3.${minor}`;
  return "3.12";
}

function isMetadata(file: PackageFile): boolean {
  if (file.kind !== "regular") return false;
  return /\.dist-info\/METADATA$|\.egg-info\/(?:.*\/)?PKG-INFO$|\/(?:site|dist)-packages\/[^/]+\.egg-info$/.test(
    file.path,
  );
}

export const python: Handler = {
  name: "python",
  concerns: isMetadata,
  decide(file, around) {
    const text = textOf(file);
    if (text === undefined) return { problems: ["it is not UTF-8 text of a reasonable size"] };
    let name: string | undefined;
    const requirements: string[] = [];
    for (const [field, value] of headers(text)) {
      if (field === "name") name ??= value;
      else if (field === "requires-dist") requirements.push(value);
    }
    if (name === undefined || name === "") return { problems: ["the metadata has no Name"] };
    if (file.path.endsWith("/PKG-INFO") && requirements.length === 0) {
      const bytes = around.read(`${parentOf(file.path)}/requires.txt`, TEXT_LIMIT);
      requirements.push(...eggRequirements(bytes === undefined ? "" : (fromUtf8(bytes) ?? "")));
    }
    const environment = linuxEnvironment(pythonOf(file.path, around), around.machine);
    const needed = requirements.map((line) => requirementName(line, environment)).filter((item) => item !== undefined);
    return { provides: [capability("python", normalisedName(name))], depends: all("python", needed) };
  },
};
