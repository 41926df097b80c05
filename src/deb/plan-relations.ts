// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Debian's relations as capabilities. Ranges of versions are checked against the set and then dropped; alternatives are
 * settled by what the set has.
 */
import { Failure } from "#base/errors";
import type { Loss, PackageScan } from "#deb/scan-model";
import { chosen, type Related, type RelatedSet, type ScanSet } from "#deb/set";
import { formatRelation, type Relation } from "#formats/debian-relations";
import { type CapabilityText, formatCapability } from "#model/dependency";

const SHOWN = 20;
const nameOf = (name: string): CapabilityText => formatCapability({ kind: "name", name });

/** Relations that nothing in the set satisfies, as sentences. */
function unsatisfiedOf<T extends Related>(set: RelatedSet<T>, item: T): string[] {
  const out: string[] = [];
  for (const group of set.relations(item).depends) {
    if (chosen(set, group) !== undefined) continue;
    const near = group.map((relation) => set.get(relation.name)).find((found) => found !== undefined);
    const has = near === undefined ? "nothing in the set gives it" : `the set has ${near.name} ${near.version}`;
    out.push(`${item.name} ${item.version} needs ${group.map(formatRelation).join(" | ")}: ${has}`);
  }
  return out;
}

/**
 * Checks that every dependency is satisfied within the set.
 * Throws `deb.unsatisfied` with the relations, or gives them back by package name where they are allowed.
 */
export function requireSatisfied(set: ScanSet, allowMissing: boolean): Map<string, Loss[]> {
  const out = new Map<string, Loss[]>();
  const all: string[] = [];
  for (const scan of set.all()) {
    const sentences = unsatisfiedOf(set, scan);
    all.push(...sentences);
    if (sentences.length > 0) {
      out.set(
        scan.name,
        sentences.map((detail) => ({ kind: "relation", subject: scan.name, detail })),
      );
    }
  }
  if (all.length > 0 && !allowMissing) {
    const more = all.length > SHOWN ? `; and ${all.length - SHOWN} more` : "";
    throw new Failure("deb.unsatisfied", `Cannot import the set: ${all.slice(0, SHOWN).join("; ")}${more}`, {
      hint: "Name the missing packages too, or import what is there with --allow-missing.",
    });
  }
  return out;
}

/** The dependencies of one package that the set satisfies. */
export function dependsOf(set: ScanSet, scan: PackageScan): CapabilityText[] {
  const out: CapabilityText[] = [];
  for (const group of set.relations(scan).depends) {
    const found = chosen(set, group);
    if (found === undefined) continue;
    const { relation, item } = found;
    const real = set.get(relation.name);
    // Where a real package of that name is too old or too new but another stands for it, only that one will do.
    const name = real !== undefined && real !== item ? item.name : relation.name;
    if (item !== scan) out.push(nameOf(name));
  }
  return out;
}

/** What is recommended: stones have no such relation. */
export function recommendedOf(set: ScanSet, scan: PackageScan): Loss[] {
  return set.relations(scan).recommends.map((group) => ({
    kind: "recommends",
    subject: group.map(formatRelation).join(" | "),
    detail: "recommended, not needed: a stone says only what is needed",
  }));
}

/** What a package cannot live beside. */
export function conflictsOf(set: ScanSet, scan: PackageScan): { capabilities: CapabilityText[]; losses: Loss[] } {
  const { conflicts, provides } = set.relations(scan);
  const own = new Set([scan.name, ...provides.map((relation) => relation.name)]);
  const capabilities: CapabilityText[] = [];
  const losses: Loss[] = [];
  const others = (relation: Relation) => set.satisfying(relation).filter((item) => item !== scan);
  for (const relation of conflicts) {
    const meant = others(relation);
    if (relation.version === undefined && !own.has(relation.name)) capabilities.push(nameOf(relation.name));
    // By its own name it would shut itself out, and a range only means those that are in it.
    else if (meant.length > 0) capabilities.push(...meant.map((item) => nameOf(item.name)));
    else if (relation.version !== undefined && set.get(relation.name) === undefined) {
      losses.push({
        kind: "conflict-range",
        subject: formatRelation(relation),
        detail: "a conflict with versions that the set does not have",
      });
    }
  }
  return { capabilities, losses };
}
