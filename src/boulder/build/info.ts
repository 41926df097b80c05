// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The record of what a build was made with: enough to make the same root and run the same scripts again. */
import { join } from "node:path";
import { sha256Hex } from "#sys/sha256";
import { writeFileAtomic } from "#sys/sync";
import { scriptText } from "../macros/expand";
import type { BuildOptions, Ground } from "./options";

/** Writes `NAME.ARCH.buildinfo.json` into the folder of the stones. `tree` is the hash of the root's contents. */
export function writeBuildInfo(folder: string, options: BuildOptions, ground: Ground, tree: string): void {
  const { recipe, profile, sourceDateEpoch, jobs } = options;
  const { plan, packages } = ground;
  const info = {
    source: { name: recipe.name, version: recipe.version, release: recipe.release },
    architecture: plan.architecture,
    targets: plan.targets,
    toolchain: recipe.options.toolchain,
    /** Whether the phases could reach the network: such a build depends on what they found there. */
    networking: recipe.options.networking,
    sourceDateEpoch,
    jobs,
    profile: profile.id,
    upstreams: recipe.upstreams.map((upstream) =>
      upstream.kind === "git"
        ? { uri: upstream.uri, commit: upstream.ref }
        : { uri: upstream.uri, sha256: upstream.hash },
    ),
    tree,
    root: packages.map(({ offer, collection, reason }) => ({
      name: offer.meta.name,
      version: offer.meta.version,
      release: offer.meta.release,
      sha256: offer.id,
      collection,
      reason,
    })),
    stages: plan.stages.map((stage) => ({
      target: stage.target,
      stage: stage.stage,
      flags: stage.flags,
      scripts: Object.fromEntries(stage.phases.map((item) => [item.phase, sha256Hex(scriptText(item.lines))])),
    })),
    warnings: plan.warnings.map((problem) => problem.message),
  };
  writeFileAtomic(
    join(folder, `${recipe.name}.${plan.architecture}.buildinfo.json`),
    `${JSON.stringify(info, undefined, 2)}\n`,
  );
}
