// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Expansion of `%(name)`, `%(version)` and `%(release)` in the texts of packages, where no other macro exists. */
import type { Identity } from "./model";

/** What is wrong with a text: the directive that has no value here. */
export interface IdentityError {
  readonly directive: string;
}

const DIRECTIVE = /%(?:%|\(([A-Za-z0-9_]+)\))/g;

/** The text with its directives replaced; `%%` is one percent sign, any other percent sign stays. */
export function expandIdentity(text: string, identity: Identity): string | IdentityError {
  if (!text.includes("%")) return text;
  let missing: string | undefined;
  const expanded = text.replace(DIRECTIVE, (whole: string, word: string | undefined) => {
    switch (word) {
      case undefined:
        return "%";
      case "name":
        return identity.name;
      case "version":
        return identity.version;
      case "release":
        return String(identity.release);
      default:
        missing ??= whole;
        return whole;
    }
  });
  return missing === undefined ? expanded : { directive: missing };
}
