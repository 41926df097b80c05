// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Environment markers of Python requirements (the dependency specifiers standard, PEP 508): which requirement holds
 * on this kind of system. A marker that cannot be read counts as true: a dependency too many is seen, one too few is not.
 */

/** Values of the marker variables on a Linux system with CPython. */
export function linuxEnvironment(python: string, machine: string): ReadonlyMap<string, string> {
  return new Map([
    ["python_version", python],
    ["python_full_version", `${python}.0`],
    ["os_name", "posix"],
    ["sys_platform", "linux"],
    ["platform_system", "Linux"],
    ["platform_machine", machine],
    ["platform_python_implementation", "CPython"],
    ["implementation_name", "cpython"],
    ["implementation_version", `${python}.0`],
    ["platform_release", ""],
    ["platform_version", ""],
    ["extra", ""],
  ]);
}

/** Order of two versions by their release numbers; missing numbers are zero. */
function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const x = numbers(a);
  const y = numbers(b);
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const TOKEN = /\s*(?:(\(|\))|(===|~=|==|!=|<=|>=|<|>)|"([^"]*)"|'([^']*)'|([A-Za-z_.]+))/y;

interface Token {
  readonly type: "paren" | "operator" | "text" | "word";
  readonly value: string;
}

function tokens(marker: string): Token[] | undefined {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < marker.trimEnd().length) {
    const match = TOKEN.exec(marker);
    if (match === null) return undefined;
    const [, paren, operator, double, single, word] = match;
    if (paren !== undefined) out.push({ type: "paren", value: paren });
    else if (operator !== undefined) out.push({ type: "operator", value: operator });
    else if (word !== undefined) out.push({ type: "word", value: word });
    else out.push({ type: "text", value: double ?? single ?? "" });
  }
  return out;
}

function compare(left: string, operator: string, right: string): boolean {
  const versions = /^\d/.test(left) && /^\d/.test(right);
  const order = versions ? compareVersions(left, right.replace(/\.\*$/, "")) : left < right ? -1 : left > right ? 1 : 0;
  switch (operator) {
    case "===":
      return left === right;
    case "==":
      return right.endsWith(".*") ? `${left}.`.startsWith(right.slice(0, -1)) : order === 0;
    case "!=":
      return right.endsWith(".*") ? !`${left}.`.startsWith(right.slice(0, -1)) : order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "~=":
      return order >= 0 && `${left}.`.startsWith(`${right.split(".").slice(0, -1).join(".")}.`);
    case "in":
      return right.includes(left);
    case "not in":
      return !right.includes(left);
    default:
      return true;
  }
}

/** Reads `or` of `and` of comparisons, with parentheses. Depth is bounded by the length of the marker's line. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #values: ReadonlyMap<string, string>;
  #at = 0;

  constructor(list: readonly Token[], values: ReadonlyMap<string, string>) {
    this.#tokens = list;
    this.#values = values;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  #accept(value: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.type === "text" || token.value !== value) return false;
    this.#at++;
    return true;
  }

  either(depth = 0): boolean | undefined {
    if (depth > 50) return undefined;
    let result = this.#both(depth);
    while (this.#accept("or")) {
      const next = this.#both(depth);
      result = result === undefined || next === undefined ? undefined : result || next;
    }
    return result;
  }

  #both(depth: number): boolean | undefined {
    let result = this.#one(depth);
    while (this.#accept("and")) {
      const next = this.#one(depth);
      result = result === undefined || next === undefined ? undefined : result && next;
    }
    return result;
  }

  #one(depth: number): boolean | undefined {
    if (this.#accept("(")) {
      const inner = this.either(depth + 1);
      return this.#accept(")") ? inner : undefined;
    }
    const left = this.#value();
    const token = this.#tokens[this.#at];
    let operator: string | undefined;
    if (token?.type === "operator") {
      operator = token.value;
      this.#at++;
    } else if (this.#accept("in")) operator = "in";
    else if (this.#accept("not")) operator = this.#accept("in") ? "not in" : undefined;
    const right = this.#value();
    if (left === undefined || operator === undefined || right === undefined) return undefined;
    return compare(left, operator, right);
  }

  #value(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || (token.type !== "text" && token.type !== "word")) return undefined;
    this.#at++;
    return token.type === "text" ? token.value : this.#values.get(token.value.replaceAll(".", "_"));
  }
}

/** Whether a marker holds in an environment; true where it cannot be read. */
export function markerHolds(marker: string, values: ReadonlyMap<string, string>): boolean {
  const list = tokens(marker);
  if (list === undefined || list.length === 0) return true;
  const reader = new Reader(list, values);
  const result = reader.either();
  return result === undefined || !reader.done ? true : result;
}
