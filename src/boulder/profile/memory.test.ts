// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The memory of phases in profiles: forms, both languages, and what is refused. */
import { expect, test } from "bun:test";
import { totalmem } from "node:os";
import { Failure } from "#base/errors";
import { formatMemory, memoryBytes, parseMemory, phaseMemory } from "./memory";
import { formatProfile, parseKdlProfiles, parseYamlProfiles } from "./read";

const GIBIBYTE = 2 ** 30;

test("a bound is a share of the machine or a number of MiB, and is written as it is read", () => {
  const bytes = (text: string) => {
    const bound = parseMemory(text);
    if (bound === undefined) return undefined;
    expect(formatMemory(bound)).toBe(text);
    return memoryBytes(bound, 8 * GIBIBYTE);
  };
  expect(["50%", "100%", "4096"].map(bytes)).toEqual([4 * GIBIBYTE, 8 * GIBIBYTE, 4 * GIBIBYTE]);
  for (const text of ["", "0", "0%", "101%", "-1", "4G", "1.5", "50 %", "12345678901"]) {
    expect([text, parseMemory(text)]).toEqual([text, undefined]);
  }
});

test("profiles say it in KDL and YAML, and keep it when they are written", () => {
  const kdl = (memory: string) =>
    `p {\n    memory ${memory}\n    repositories {\n        a {\n            uri "/a"\n        }\n    }\n}\n`;
  const yaml = (memory: string) => `- p:\n    memory: ${memory}\n    collections:\n      - a: {uri: /a}\n`;
  const [share] = parseKdlProfiles("p.kdl", kdl('"75%"'));
  expect(share?.memory).toEqual({ percent: 75 });
  expect(parseKdlProfiles("p.kdl", share === undefined ? "" : formatProfile(share))).toEqual(
    share === undefined ? [] : [share],
  );
  expect(parseKdlProfiles("p.kdl", kdl("512"))[0]?.memory).toEqual({ mebibytes: 512 });
  expect(parseYamlProfiles("p.yaml", yaml("75%"))[0]?.memory).toEqual({ percent: 75 });
  expect(parseYamlProfiles("p.yaml", yaml("512"))[0]?.memory).toEqual({ mebibytes: 512 });
  for (const parse of [() => parseKdlProfiles("p", kdl('"lots"')), () => parseYamlProfiles("p", yaml("lots"))]) {
    expect(parse).toThrow(Failure);
    expect(parse).toThrow('its memory is "lots", expected a share such as "80%", or a number of MiB');
  }
});

test("without a word of the profile something is left to the rest of the machine", () => {
  const bytes = phaseMemory(undefined);
  // Undefined on machines whose control groups are not ours to use.
  if (bytes !== undefined) expect(bytes).toBeLessThanOrEqual(totalmem() * 0.9);
  const own = phaseMemory({ mebibytes: 64 });
  expect(own).toBe(bytes === undefined ? undefined : 64 * 2 ** 20);
});
