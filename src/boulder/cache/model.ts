// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The parts of boulder's cache folder. Local collections lie there too, but are nobody's to clean. */

/** Roots come after the store: what they share counts there. */
export const AREAS = ["store", "roots", "sources", "compilers", "builds"] as const;
export type Area = (typeof AREAS)[number];

/** What each is, for people. */
export const MEANINGS: Readonly<Record<Area, string>> = {
  store: "packages that roots are linked out of, unpacked and as downloaded",
  roots: "roots kept for the next build, besides what they share with the store",
  sources: "archives and git repositories of recipes",
  compilers: "what compilers and language tools keep",
  builds: "folders of builds that failed, and logs",
};
