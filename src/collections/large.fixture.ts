// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The process of a test that dies while it stores a large index: `bun large.fixture.ts FOLDER PACKAGES DIES_AT`. */
import { replaceOffers } from "#collections/replace";
import { CollectionStore } from "#collections/store";
import type { PackageOffer } from "#model/package";

/** Package `i` of an index of its release, with something for each of the questions that are asked of an index. */
export function largeOffer(i: number, release: number): PackageOffer {
  const name = `package-${String(i).padStart(6, "0")}`;
  return {
    id: (i * 16 + release).toString(16).padStart(64, "0"),
    uri: `pool/${name}-${release}.stone`,
    size: 1000,
    meta: {
      name,
      version: "1",
      release,
      buildRelease: 1,
      architecture: "x86_64",
      summary: `Number ${i}`,
      description: "",
      homepage: "",
      sourceId: "large",
      licenses: [],
      depends: [],
      provides: [{ kind: "binary", name: `run-${i}` }],
      conflicts: [],
      replaces: [`old-${i}`],
    },
  };
}

export function* largeOffers(count: number, release: number, at = (_i: number) => {}): Generator<PackageOffer> {
  for (let i = 0; i < count; i++) {
    at(i);
    yield largeOffer(i, release);
  }
}

if (import.meta.main) {
  const [folder = "", packages = "", diesAt = ""] = process.argv.slice(2);
  using store = new CollectionStore(folder);
  const offers = largeOffers(Number(packages), 2, (i) => {
    if (i === Number(diesAt)) process.kill(process.pid, "SIGKILL");
  });
  replaceOffers(store.writable(), "large", offers, {
    url: "http://x.invalid/",
    source: "/l",
    validators: {},
    refreshed: 2,
  });
}
