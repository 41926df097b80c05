// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The evidence of a build, beside its stones: which rule gave each file to its package, and which file each capability
 * came from. `boulder explain` reads it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errnoCode, Failure } from "#base/errors";
import { getOrInsert } from "#base/order";
import type { PackagingResult } from "#boulder/package/model";
import type { Recipe } from "#boulder/recipe/model";
import { formatCapability } from "#model/dependency";
import { writeFileAtomic } from "#sys/sync";

const SourceSchema = v.object({ path: v.string(), handler: v.string() });
const FileSchema = v.object({ path: v.string(), pattern: v.string(), rule: v.string() });
const CapabilitySchema = v.object({
  text: v.string(),
  role: v.picklist(["provides", "depends", "dropped"]),
  /** Why it was dropped. */
  reason: v.optional(v.string()),
  from: v.array(SourceSchema),
});
const EvidenceSchema = v.object({
  source: v.object({ name: v.string(), version: v.string(), release: v.number() }),
  packages: v.array(
    v.object({ name: v.string(), files: v.array(FileSchema), capabilities: v.array(CapabilitySchema) }),
  ),
});

export type Evidence = v.InferOutput<typeof EvidenceSchema>;
export type EvidenceCapability = v.InferOutput<typeof CapabilitySchema>;

/** The file's name in the folder of the stones. */
function evidenceName(recipe: Pick<Recipe, "name">, architecture: string): string {
  return `${recipe.name}.${architecture}.analysis.json`;
}

export function evidenceOf(recipe: Recipe, result: PackagingResult): Evidence {
  const files = new Map<string, v.InferOutput<typeof FileSchema>[]>();
  for (const { path, package: owner, rule } of result.files) {
    const at = `${rule.place.file}:${rule.place.line}`;
    getOrInsert(files, owner, () => []).push({ path, pattern: rule.pattern, rule: at });
  }
  const packages = result.packages.map(({ name }) => {
    const settled = result.settled.get(name);
    const capabilities: EvidenceCapability[] = [];
    const from = (text: string) => [...(settled?.sources.get(text) ?? [])];
    for (const role of ["provides", "depends"] as const) {
      for (const item of settled?.[role] ?? []) {
        const text = formatCapability(item);
        capabilities.push({ text, role, from: from(text) });
      }
    }
    for (const [text, reason] of settled?.dropped ?? []) {
      capabilities.push({ text, role: "dropped", reason, from: from(text) });
    }
    return { name, files: files.get(name) ?? [], capabilities };
  });
  return { source: { name: recipe.name, version: recipe.version, release: recipe.release }, packages };
}

export function writeEvidence(path: string, evidence: Evidence): void {
  writeFileAtomic(path, `${JSON.stringify(evidence, undefined, 1)}\n`);
}

/** Reads the evidence of a build. Throws `io` where there is none, `package.analysis` where it is none. */
export function readEvidence(path: string): Evidence {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Failure("io", `Cannot read "${path}": ${errnoCode(cause) ?? "unreadable"}, expected a build's analysis`, {
      hint: "Build the recipe first; its analysis lies beside its stones.",
      cause,
    });
  }
  try {
    return v.parse(EvidenceSchema, JSON.parse(text));
  } catch (cause) {
    throw new Failure("package.analysis", `Cannot read "${path}": it is no analysis of a build`, { cause });
  }
}

/** The evidence file of a recipe in the folder of its stones. */
export function evidencePath(folder: string, recipe: Pick<Recipe, "name">, architecture: string): string {
  return join(folder, evidenceName(recipe, architecture));
}
