// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The text of usr/lib/system-model.kdl: the collections and the packages that were asked for. */
import { type Collection, describeSource } from "#collections/model";

const PLAIN = /^[A-Za-z_][A-Za-z0-9_.+-]*$/;

function word(text: string): string {
  return PLAIN.test(text) && text !== "true" && text !== "false" && text !== "null" ? text : JSON.stringify(text);
}

function sourceLines({ source }: Collection): string[] {
  if ("uri" in source) return [`uri ${JSON.stringify(source.uri)}`];
  return [
    `base-uri ${JSON.stringify(source.baseUri)}`,
    `channel ${JSON.stringify(source.channel)}`,
    `version ${JSON.stringify(source.version)}`,
    `arch ${JSON.stringify(source.arch)}`,
  ];
}

/** Renders a model. Equal input gives equal bytes. */
export function systemModel(collections: readonly Collection[], explicit: readonly string[]): string {
  const repositories = [...collections]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((item) => [
      `    ${word(item.name)} {`,
      `        description ${JSON.stringify(item.description === "" ? describeSource(item.source) : item.description)}`,
      ...sourceLines(item).map((line) => `        ${line}`),
      `        priority ${item.priority}`,
      ...(item.active ? [] : ["        enabled #false"]),
      "    }",
    ]);
  return [
    "repositories {",
    ...repositories,
    "}",
    "packages {",
    ...explicit.map((name) => `    ${word(name)}`),
    "}",
    "",
  ].join("\n");
}

/** The packages of a model that `systemModel` has written; undefined for any other text. */
export function explicitOf(model: string): string[] | undefined {
  const lines = model.split("\n");
  const begin = lines.lastIndexOf("packages {");
  const end = lines.indexOf("}", begin);
  if (begin < 0 || end < 0) return undefined;
  return lines.slice(begin + 1, end).map((line) => {
    const text = line.trim();
    return text.startsWith('"') ? String(JSON.parse(text)) : text;
  });
}
