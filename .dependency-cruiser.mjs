// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors
//
// The layers: a folder imports only from layers below its own, and never from a sibling in its own layer.
const LAYERS = [
  ["base"],
  ["sys"],
  ["model"],
  ["stone", "formats", "moss-db"],
  ["tree", "solver", "capabilities", "trim", "triggers"],
  ["store", "fetch", "container", "boot"],
  ["delta", "transition", "collections"],
  ["moss"],
  ["boulder", "deb", "image"],
  ["bill", "services/kit"],
  ["services"],
  ["cli"],
];
const TEST = "\\.test\\.ts$";
const any = (names) => `^src/(${names.join("|")})/`;

const layers = LAYERS.flatMap((names, level) => {
  const above = LAYERS.slice(level + 1).flat();
  const rules = names.flatMap((name) => {
    const others = names.filter((other) => other !== name);
    return others.length === 0
      ? []
      : [
          {
            name: `siblings-apart-${name}`,
            severity: "error",
            from: { path: `^src/${name}/`, pathNot: TEST },
            to: { path: any(others) },
          },
        ];
  });
  if (above.length > 0) {
    rules.push({
      name: `downward-only-${names.join("-")}`,
      severity: "error",
      from: { path: any(names), pathNot: TEST },
      to: { path: any(above) },
    });
  }
  return rules;
});

export default {
  forbidden: [
    ...layers,
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "product-imports-no-tests",
      severity: "error",
      from: { path: "^(src|bin)/", pathNot: TEST },
      to: { path: "^(tests|benches|tools)/" },
    },
    { name: "not-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^bun:" } },
    {
      name: "pure-layers-have-no-effects",
      severity: "error",
      from: { path: "^src/(base|model|tree|solver|capabilities|trim|triggers)/", pathNot: TEST },
      to: { dependencyTypes: ["core"], path: "^(node:)?(fs|child_process|http|https|net|os|process)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^bun:" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
