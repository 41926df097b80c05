// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Patterns of foreign texts, matched in a time that grows with pattern and text alone. An engine that goes back and tries
 * again can take for ever over a few dozen characters; this one is at all places of the pattern at once, and remembers
 * which places follow which character.
 */

/** Which code points may stand at a place. */
export type CodeSet = (code: number) => boolean;

/** A place between two characters. */
export type Edge = "start" | "end" | "line start" | "line end" | "word" | "no word";

/** A regular expression as a tree. */
export type Pattern =
  | { readonly kind: "one"; readonly of: CodeSet }
  | { readonly kind: "edge"; readonly edge: Edge }
  | { readonly kind: "sequence" | "either"; readonly parts: readonly Pattern[] }
  | { readonly kind: "repeat"; readonly part: Pattern; readonly least: number; readonly most: number };

type Step =
  | { readonly kind: "one"; readonly of: CodeSet }
  | { readonly kind: "edge"; readonly edge: Edge }
  | { readonly kind: "go"; readonly to: number[] }
  | { readonly kind: "found" };

/** Steps of a program, and with them the time for a character at the worst. */
const MAX_STEPS = 5_000;
/** States that a program remembers; with more it forgets all and begins again. */
const MAX_STATES = 500;

const NEWLINE = 10;
const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;

/** Whether a code point is one of words, as `\w` has it. */
export function isWord(code: number): boolean {
  return WORD.test(String.fromCodePoint(code));
}

/** Where a match stands: all places of the program that it may have come to, before edges are looked at. */
interface State {
  readonly places: readonly number[];
  /** The character before; undefined at the start. Only one of its kind, where edges ask for kinds. */
  readonly before: number | undefined;
  /** By the next character: low ones in the list. */
  readonly low: (State | undefined)[];
  readonly high: Map<number, State>;
  atEnd?: boolean;
}

const FOUND: State = { places: [], before: undefined, low: [], high: new Map() };

/** A pattern made ready to test texts. */
export class Automaton {
  readonly #steps: Step[] = [];
  readonly #states = new Map<string, State>();
  /** True where an edge asks what kind of character stands before it. */
  #asksBefore = false;
  #work = 0;

  /** Throws `RangeError` for a pattern that is too large. With `anywhere` a match may begin behind the start of a text. */
  constructor(pattern: Pattern, anywhere: boolean) {
    const any: Pattern = { kind: "one", of: () => true };
    if (anywhere) this.#add({ kind: "repeat", part: any, least: 0, most: Number.POSITIVE_INFINITY });
    this.#add(pattern);
    this.#steps.push({ kind: "found" });
  }

  /** Whether the pattern matches; it need not come to the end of the text. `from`: UTF-16 units that are not looked at. */
  test(text: string, from = 0): boolean {
    let state = this.#state([0], undefined);
    for (let i = from; i < text.length; i++) {
      const code = text.codePointAt(i) ?? 0;
      if (code > 0xffff) i++;
      state = (code < 128 ? state.low[code] : state.high.get(code)) ?? this.#next(state, code);
      if (state === FOUND) return true;
      if (state.places.length === 0) return false;
    }
    state.atEnd ??= this.#reached(state, undefined) === undefined;
    return state.atEnd;
  }

  #add(pattern: Pattern): void {
    // Parts that are empty make no steps, but repeating them takes time as well.
    if (++this.#work > MAX_STEPS) throw new RangeError(`it is too large, expected at most ${MAX_STEPS} steps`);
    switch (pattern.kind) {
      case "edge":
        this.#asksBefore ||= pattern.edge !== "start" && pattern.edge !== "end";
        this.#steps.push(pattern);
        return;
      case "one":
        this.#steps.push(pattern);
        return;
      case "sequence":
        for (const part of pattern.parts) this.#add(part);
        return;
      case "either":
        this.#either(pattern.parts);
        return;
      case "repeat":
        this.#repeat(pattern.part, pattern.least, pattern.most);
        return;
      default:
        pattern satisfies never;
    }
  }

  #either(parts: readonly Pattern[]): void {
    const ways = this.#go();
    const ends = parts.map((part) => {
      ways.push(this.#steps.length);
      this.#add(part);
      return this.#go();
    });
    for (const end of ends) end.push(this.#steps.length);
  }

  #repeat(part: Pattern, least: number, most: number): void {
    for (let i = 0; i < least; i++) this.#add(part);
    if (most === Number.POSITIVE_INFINITY) {
      const at = this.#steps.length;
      const ways = this.#go();
      ways.push(at + 1);
      this.#add(part);
      this.#go().push(at);
      ways.push(this.#steps.length);
      return;
    }
    const leave: number[][] = [];
    for (let i = least; i < most; i++) {
      const ways = this.#go();
      ways.push(this.#steps.length);
      this.#add(part);
      leave.push(ways);
    }
    for (const ways of leave) ways.push(this.#steps.length);
  }

  /** A step to other places, which are still to be named. */
  #go(): number[] {
    const to: number[] = [];
    this.#steps.push({ kind: "go", to });
    return to;
  }

  /** The state after a character. */
  #next(state: State, code: number): State {
    const places = this.#reached(state, code);
    const next = places === undefined ? FOUND : this.#state(places, code);
    if (code < 128) state.low[code] = next;
    else state.high.set(code, next);
    return next;
  }

  #state(places: readonly number[], code: number | undefined): State {
    const before = code === undefined || !this.#asksBefore ? code : kindOf(code);
    const key = `${before === undefined ? "" : this.#asksBefore ? before : "."} ${places.join(" ")}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    if (this.#states.size >= MAX_STATES) {
      // States know those that follow them, so all have to go.
      for (const old of this.#states.values()) {
        old.low.length = 0;
        old.high.clear();
      }
      this.#states.clear();
    }
    const state: State = { places, before, low: [], high: new Map() };
    this.#states.set(key, state);
    return state;
  }

  /** The places behind a character (at the end of the text: behind nothing), or undefined where the match is complete. */
  #reached(state: State, code: number | undefined): readonly number[] | undefined {
    const seen = new Set<number>();
    const open = [...state.places];
    const behind: number[] = [];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (seen.has(place)) continue;
      seen.add(place);
      const step = this.#steps[place];
      if (step === undefined || step.kind === "found") return undefined;
      if (step.kind === "go") open.push(...step.to);
      else if (step.kind === "edge") {
        if (isEdge(step.edge, state.before, code)) open.push(place + 1);
      } else if (code !== undefined && step.of(code)) behind.push(place + 1);
    }
    return behind.sort((a, b) => a - b);
  }
}

/** A character in place of all that edges cannot tell from it. */
function kindOf(code: number): number {
  if (code === NEWLINE) return NEWLINE;
  return isWord(code) ? 0x61 : 0x20;
}

function isEdge(edge: Edge, before: number | undefined, after: number | undefined): boolean {
  const word = (code: number | undefined) => code !== undefined && isWord(code);
  switch (edge) {
    case "start":
      return before === undefined;
    case "end":
      return after === undefined;
    case "line start":
      return before === undefined || before === NEWLINE;
    case "line end":
      return after === undefined || after === NEWLINE;
    case "word":
      return word(before) !== word(after);
    case "no word":
      return word(before) === word(after);
    default:
      return edge satisfies never;
  }
}
