// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which paths and names a stone may hold. Everything that could lead out of /usr or out of a folder is refused here. */

/** Longest component of a path and longest path, in bytes, as Linux file systems have them. */
const COMPONENT_MAX = 255;
const PATH_MAX = 4095;

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * What is wrong with a path relative to /usr, or undefined where nothing is: it must not be empty or absolute, have
 * empty, `.` or `..` components, control characters, components above 255 bytes or more than 4095 bytes.
 */
export function pathProblem(path: string): string | undefined {
  if (path === "") return "an empty path";
  if (path.charCodeAt(0) === SLASH) return "an absolute path";
  let begin = 0;
  let ascii = true;
  for (let i = 0; i <= path.length; i++) {
    const code = i === path.length ? SLASH : path.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return "a control character";
    if (code > 0x7f) ascii = false;
    if (code !== SLASH) continue;
    const length = i - begin;
    if (length === 0) return "an empty component";
    if (length === 1 && path.charCodeAt(begin) === DOT) return 'a component "."';
    if (length === 2 && path.charCodeAt(begin) === DOT && path.charCodeAt(begin + 1) === DOT) return 'a component ".."';
    if (length > COMPONENT_MAX / 3 && Buffer.byteLength(path.slice(begin, i)) > COMPONENT_MAX) {
      return `a component of more than ${COMPONENT_MAX} bytes`;
    }
    begin = i + 1;
  }
  if ((ascii ? path.length : Buffer.byteLength(path)) > PATH_MAX) return `more than ${PATH_MAX} bytes`;
  return undefined;
}

/** What is wrong with the text of a symbolic link. Where it leads is not judged here. */
export function linkProblem(target: string): string | undefined {
  if (target === "") return "an empty link text";
  if (target.includes("\0")) return "a NUL in a link text";
  if (Buffer.byteLength(target) > PATH_MAX) return `a link text of more than ${PATH_MAX} bytes`;
  return undefined;
}

/** What is wrong with a text that becomes part of a file name: a package's name, version or architecture. */
export function nameProblem(text: string): string | undefined {
  if (text === "") return "nothing";
  const path = pathProblem(text);
  if (path !== undefined) return path;
  return text.includes("/") ? "a slash" : undefined;
}

/**
 * Where a symbolic link at `path` (relative to /usr) with text `target` leads, relative to /usr, by the texts alone;
 * "" for /usr itself, undefined where it leads out of /usr.
 */
export function linkDestination(path: string, target: string): string | undefined {
  const absolute = target.startsWith("/");
  const parts = absolute ? [] : ["usr", ...path.split("/").slice(0, -1)];
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts[0] === "usr" ? parts.slice(1).join("/") : undefined;
}
