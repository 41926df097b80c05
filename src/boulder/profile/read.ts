// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Profile files: KDL, and the older YAML form, into profiles; and profiles into KDL. */
import { Failure } from "#base/errors";
import { type KdlNode, type KdlValue, kdlString, parseKdl } from "#formats/kdl";
import { type Entry, formatProblem, YamlReader } from "#formats/yaml";
import { formatMemory, type MemoryBound, parseMemory } from "./memory";
import { type Profile, type ProfileCollection, profileId } from "./model";

const DEFAULT_FAMILY = "serpent";

/** Parses a KDL profile file. Throws `format.invalid`, `profile.invalid`. */
export function parseKdlProfiles(file: string, text: string): Profile[] {
  return parseKdl(file, text).map((node) => {
    const repositories = node.children.filter((child) => ["repositories", "collections"].includes(child.name));
    const family = value(node, "family") ?? DEFAULT_FAMILY;
    if (typeof family !== "string") throw invalid(file, node.name, "the family is no text", "a family's name");
    const collections = repositories.flatMap((list) => list.children).map((child) => collection(file, child));
    const written = value(node, "memory") ?? undefined;
    const memory = written === undefined ? {} : { memory: memoryOf(file, node.name, String(written)) };
    return { id: profileId(node.name), family, collections, file, ...memory };
  });
}

function memoryOf(file: string, name: string, text: string): MemoryBound {
  const bound = parseMemory(text);
  if (bound !== undefined) return bound;
  throw invalid(file, name, `its memory is "${text}"`, 'a share such as "80%", or a number of MiB');
}

/** The value of a key: a child node's first argument, or a property. */
function value(node: KdlNode, key: string): KdlValue | undefined {
  const child = node.children.find((item) => item.name === key);
  return child === undefined ? node.props.get(key) : (child.args[0] ?? undefined);
}

function collection(file: string, node: KdlNode): ProfileCollection {
  const text = (key: string): string | undefined => {
    const found = value(node, key);
    if (found === undefined || typeof found === "string") return found;
    throw invalid(file, node.name, `${key} is ${JSON.stringify(found)}`, "a text in quotes");
  };
  const priority = value(node, "priority") ?? 0;
  const active = value(node, "active") ?? true;
  if (typeof priority !== "number" || !Number.isInteger(priority)) {
    throw invalid(file, node.name, `the priority is ${JSON.stringify(priority)}`, "a whole number");
  }
  return {
    name: node.name,
    description: text("description") ?? "",
    uri: uriOf(file, node.name, text),
    priority,
    active: active === true || active === "true",
  };
}

/** The address of a collection, or that of its index below a base: `BASE/CHANNEL/VERSION/ARCH/stone.index`. */
function uriOf(file: string, name: string, text: (key: string) => string | undefined): string {
  const uri = text("uri");
  if (uri !== undefined) return uri;
  const base = text("base-uri");
  const version = text("version");
  if (base === undefined || version === undefined) {
    throw invalid(file, name, "it has no address", "uri, or base-uri and version");
  }
  const parts = [text("channel") ?? "main", version, text("arch") ?? "x86_64"];
  return `${base.replace(/\/$/, "")}/${parts.join("/")}/stone.index`;
}

function invalid(file: string, name: string, found: string, expected: string): Failure {
  return new Failure("profile.invalid", `Cannot use "${name}" of "${file}": ${found}, expected ${expected}`);
}

/** Parses a YAML profile file: `- ID: {family, collections: [- NAME: {uri, description, priority}]}`. */
export function parseYamlProfiles(file: string, text: string): Profile[] {
  const reader = new YamlReader(file, text, "profile.invalid");
  const one = <T>(nodes: readonly Entry[], read: (entry: Entry) => T): T[] => nodes.map(read);
  const named = (node: Entry["value"], what: string): Entry[] =>
    node === undefined
      ? []
      : reader.isMapping(node)
        ? (reader.entries(node, what) ?? [])
        : reader.items(node, what).flatMap((item) => reader.entries(item, what) ?? []);
  const profiles = one(named(reader.root, "The profile file"), (entry): Profile => {
    const fields = reader.entries(entry.value, `The profile "${entry.key}"`) ?? [];
    const list = fields.find((field) => field.key === "collections" || field.key === "repositories");
    const familyNode = fields.find((field) => field.key === "family")?.value;
    const collections = one(named(list?.value, "The collections"), (item) => {
      const inner = reader.entries(item.value, `The collection "${item.key}"`) ?? [];
      const text = (key: string) => {
        const node = inner.find((field) => field.key === key)?.value;
        return node === undefined ? undefined : reader.string(node, `"${key}"`);
      };
      const priority = inner.find((field) => field.key === "priority")?.value;
      return {
        name: item.key,
        description: text("description") ?? "",
        uri: uriOf(file, item.key, text),
        priority: priority === undefined ? 0 : (reader.integer(priority, '"priority"', 0, 1_000_000) ?? 0),
        active: text("active") !== "false",
      };
    });
    const family = familyNode === undefined ? DEFAULT_FAMILY : (reader.string(familyNode, '"family"') ?? "");
    const memoryNode = fields.find((field) => field.key === "memory")?.value;
    const written = memoryNode === undefined ? undefined : reader.string(memoryNode, '"memory"');
    const memory = written === undefined ? {} : { memory: memoryOf(file, entry.key, written) };
    return { id: profileId(entry.key), family, collections, file, ...memory };
  });
  if (!reader.ok) {
    throw new Failure("profile.invalid", `Cannot read "${file}":\n${reader.problems.map(formatProblem).join("\n")}`);
  }
  return profiles;
}

/** A profile as KDL. */
export function formatProfile(profile: Profile): string {
  const rows = [`${kdlString(profile.id)} {`, `    family ${kdlString(profile.family)}`];
  if (profile.memory !== undefined) rows.push(`    memory ${kdlString(formatMemory(profile.memory))}`);
  rows.push("    repositories {");
  for (const item of profile.collections) {
    rows.push(`        ${kdlString(item.name)} {`);
    rows.push(`            description ${kdlString(item.description)}`);
    rows.push(`            uri ${kdlString(item.uri)}`);
    rows.push(`            priority ${item.priority}`);
    if (!item.active) rows.push('            active "false"');
    rows.push("        }");
  }
  rows.push("    }", "}", "");
  return rows.join("\n");
}
