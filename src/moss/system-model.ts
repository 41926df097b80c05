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
