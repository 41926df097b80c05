// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The macro language. `%word` is an action, `%(word)` a definition, `%%` a percent sign; any other percent sign stands
 * for itself. A macro that says so takes arguments: `%word(a, name=b)`, `%(word, a, name=b)`. Expansion is textual and
 * nested; each line of the result knows the recipe line and the macros it is from.
 */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import type { Block, Problem } from "#formats/yaml";
import type { MacroArgument } from "../recipe/model";
import { type Bindings, bindArguments, type Call, formOf, readCall } from "./call";
import type { MacroSet } from "./model";
import { problemAt, type Where } from "./where";

export interface ScriptLine {
  readonly text: string;
  /** Line of the recipe that this line comes from; undefined for what boulder itself writes. */
  readonly line: number | undefined;
  /** Macros on the way from the recipe to this line, outermost first: `%configure`, `%(prefix)`. */
  readonly via: readonly string[];
}

export interface Expanded {
  readonly lines: readonly ScriptLine[];
  /** What the actions used need in the root, each with the action that wants it. */
  readonly dependencies: readonly ImpliedDependency[];
  readonly problems: readonly Problem[];
}

export interface ImpliedDependency {
  readonly dependency: string;
  readonly action: string;
  readonly line: number | undefined;
}

/** Names that have a value in this place: the macros, and what boulder itself knows. */
export interface Scope {
  readonly macros: MacroSet;
  /** Values by name; `%(name)` finds them after the definitions, `%(_name)` only from inside macros. */
  readonly builtins: ReadonlyMap<string, string>;
}

const MAX_DEPTH = 128;
const MAX_OUTPUT = 16 << 20;
/** Macros of one script, however little text they give: each may hold many others, and so on for all levels. */
const MAX_MACROS = 1_000_000;
const WORD = "[A-Za-z0-9_]+";
/** The third group is a definition with arguments, up to the first comma. */
const TOKEN = new RegExp(`%(?:%|(${WORD})|\\((${WORD})\\)|\\((${WORD})(?=\\s*,))`, "g");
const NO_CALL: Call = { values: [], length: 0 };
const BREAKS = new Map([
  ["break_continue", "continue"],
  ["break_exit", "exit"],
]);

/** The text of expanded lines as one script. */
export function scriptText(lines: readonly ScriptLine[]): string {
  return lines.length === 0 ? "" : `${lines.map((line) => line.text).join("\n")}\n`;
}

/** Expands a script of a recipe (`file` names it) or, without one, a text of boulder itself. */
export function expandScript(block: Block, scope: Scope, file: string | undefined): Expanded {
  return new Expansion(scope, file).run(block);
}

/** Expands a single value, such as a list of flags. Problems are thrown away with the text they stand in. */
export function expandValue(text: string, scope: Scope): { text: string; problems: readonly Problem[] } {
  const { lines, problems } = expandScript({ text, lines: [], indent: 0 }, scope, undefined);
  return { text: lines.map((line) => line.text).join("\n"), problems };
}

class Expansion {
  readonly #lines: ScriptLine[] = [];
  readonly #dependencies = new Map<string, ImpliedDependency>();
  readonly #problems: Problem[] = [];
  readonly #scope: Scope;
  readonly #file: string | undefined;
  #current = "";
  /** Where the line being written is from, and where it would be from if it stayed blank. */
  #origin: Origin | undefined;
  #blank: Origin = { line: undefined, via: [] };
  #written = 0;
  #macros = 0;

  constructor(scope: Scope, file: string | undefined) {
    this.#scope = scope;
    this.#file = file;
  }

  run(block: Block): Expanded {
    const text = block.text.endsWith("\n") ? block.text.slice(0, -1) : block.text;
    const rows = text.split("\n");
    rows.forEach((row, i) => {
      const line = this.#file === undefined ? undefined : (block.lines[i] ?? block.lines.at(-1));
      if (i > 0) this.#newline();
      this.#blank = { line, via: [] };
      this.#expand(row, { at: { row, line, indent: block.indent }, via: [], bound: undefined });
    });
    this.#newline();
    return { lines: this.#lines, dependencies: [...this.#dependencies.values()], problems: this.#problems };
  }

  #expand(text: string, outer: Here): void {
    const { at, via } = outer;
    let from = 0;
    for (const match of text.matchAll(TOKEN)) {
      // What stands in the brackets of a call has been taken with it.
      if (match.index < from) continue;
      this.#write(text.slice(from, match.index), outer);
      from = match.index + match[0].length;
      // What stands in a macro is told where the recipe calls that.
      const here = via.length > 0 ? outer : { ...outer, at: { ...at, column: match.index, width: match[0].length } };
      const [whole, action, definition, called] = match;
      if (action !== undefined) from += this.#action(action, here, text.slice(from));
      else if (definition !== undefined) this.#definition(definition, here, NO_CALL);
      else if (called !== undefined) from += this.#called(called, here, text.slice(from));
      else this.#write(whole.slice(1), outer);
    }
    this.#write(text.slice(from), outer);
  }

  /** Writes what an action stands for; `rest` is the text behind it, and the result how much of it is its call. */
  #action(id: string, here: Here, rest: string): number {
    const { line } = here.at;
    const stop = BREAKS.get(id);
    if (stop !== undefined) {
      this.#write(`boulder_breakpoint ${line ?? 0} ${stop}`, here);
      return 0;
    }
    const action = this.#scope.macros.actions.get(id);
    if (action === undefined) {
      const near = nearest(id, this.#scope.macros.actions.keys());
      const literal = `For a percent sign of the shell write %%${id}.`;
      this.#problem(here, `Unknown action %${id}`, near === undefined ? literal : `Did you mean %${near}? ${literal}`);
      this.#write(`%${id}`, here);
      return 0;
    }
    for (const dependency of action.dependencies) {
      if (!this.#dependencies.has(dependency)) {
        this.#dependencies.set(dependency, { dependency, action: `%${id}`, line });
      }
    }
    // A bracket behind an action that takes nothing is a bracket of the shell.
    const { arguments: taken = [] } = action;
    const call = taken.length > 0 && rest.startsWith("(") ? readCall(rest, 0) : NO_CALL;
    const form = `%${id}(${formOf(taken)})`;
    const bindings = this.#bind(`%${id}`, taken, form, call, here);
    this.#body(action.command.text, `%${id}`, here, bindings);
    return call?.length ?? 0;
  }

  /** What the arguments of a macro are in a call; `form` is how one is written, and no call one that is not closed. */
  #bind(
    macro: string,
    taken: readonly MacroArgument[],
    form: string,
    call: Call | undefined,
    here: Here,
  ): Bindings | undefined {
    if (taken.length === 0) return undefined;
    const caller = { bindings: here.bound, via: here.via };
    const { bindings, mistakes } = bindArguments(macro, taken, call?.values ?? [], caller);
    if (call === undefined) {
      this.#problem(here, `The call of ${macro} is not closed on its line`, "Write the closing bracket.");
    } else for (const mistake of mistakes) this.#problem(here, mistake, `Write ${form}.`);
    return bindings;
  }

  /**
   * Writes a definition that may take arguments; `rest` is the text behind its name, and the result how much of it is its
   * call. Behind any other name the text stays as it is.
   */
  #called(id: string, here: Here, rest: string): number {
    const taken = here.bound?.has(id) === true ? [] : (this.#scope.macros.definitions.get(id)?.arguments ?? []);
    if (taken.length === 0) {
      this.#write(`%(${id}`, here);
      return 0;
    }
    // The comma behind the name stands where the bracket of an action does.
    const call = readCall(`(${rest.trimStart().slice(1)}`, 0);
    this.#definition(id, here, call);
    return call === undefined ? 0 : call.length + rest.length - rest.trimStart().length;
  }

  #definition(id: string, here: Here, call: Call | undefined): void {
    const { macros, builtins } = this.#scope;
    const { at, via } = here;
    const given = here.bound?.get(id);
    if (given !== undefined) {
      // The name of the macro tells arguments of one name apart: one may be handed on as another.
      const { text, owner, bindings } = given;
      if (given.via === undefined) this.#body(text, `%(${id}) of ${owner}`, here, bindings);
      // The text of a call is not the macro's: there the macro may well be called again.
      else this.#expand(text, { at, via: [...given.via, `%(${id}) given to ${owner}`], bound: bindings });
      return;
    }
    const found = macros.definitions.get(id);
    if (found !== undefined) {
      const { arguments: taken = [] } = found;
      const bindings = this.#bind(`%(${id})`, taken, `%(${id}, ${formOf(taken)})`, call, here);
      this.#body(found.value.text, `%(${id})`, here, bindings);
      return;
    }
    const builtin = builtins.get(id) ?? (via.length > 0 && id.startsWith("_") ? builtins.get(id.slice(1)) : undefined);
    if (builtin !== undefined) {
      // Flags and folders may themselves hold definitions.
      this.#body(builtin, `%(${id})`, here, undefined);
      return;
    }
    const near = nearest(id, [...macros.definitions.keys(), ...builtins.keys()]);
    const hint = near === undefined ? "boulder recipe macros lists them all." : `Did you mean %(${near})?`;
    this.#problem(here, `Unknown definition %(${id})`, hint);
    this.#write(`%(${id})`, here);
  }

  /** Expands what a macro stands for; `bound` are its arguments. */
  #body(text: string, macro: string, here: Here, bound: Bindings | undefined): void {
    const { at, via } = here;
    if (via.length >= MAX_DEPTH) {
      const message = `More than ${MAX_DEPTH} macros in each other, the innermost ${macro}`;
      this.#problem({ ...here, via: via.slice(0, 4) }, message, "Write fewer in each other.");
      return;
    }
    if (via.includes(macro)) {
      const chain = [...via.slice(via.indexOf(macro)), macro].join(" -> ");
      this.#problem(here, `The macro ${macro} needs itself: ${chain}`, "Break the circle.");
      return;
    }
    if (++this.#macros > MAX_MACROS) throw this.#tooMuch(via[0] ?? macro, at.line, "a million macros in each other");
    const inner = [...via, macro];
    text
      .trim()
      .split("\n")
      .forEach((row, i) => {
        if (i > 0) this.#newline();
        this.#blank = { line: at.line, via: inner };
        this.#expand(row, { at, via: inner, bound });
      });
  }

  #tooMuch(macro: string, line: number | undefined, found: string): Failure {
    const place = line === undefined ? "" : ` at ${this.#file ?? "the recipe"}:${line}`;
    return new Failure("macro.invalid", `Cannot expand "${macro}"${place}: more than ${found}, expected a script`);
  }

  #write(text: string, { at: { line }, via }: Here): void {
    if (text === "") return;
    this.#written += text.length;
    if (this.#written > MAX_OUTPUT) throw this.#tooMuch(via[0] ?? "a script", line, "16 MiB");
    // The first text on a line that is not blank says where the line comes from.
    if (this.#origin === undefined && text.trim() !== "") this.#origin = { line, via };
    this.#current += text;
  }

  #newline(): void {
    this.#lines.push({ text: this.#current, ...(this.#origin ?? this.#blank) });
    this.#current = "";
    this.#origin = undefined;
  }

  #problem({ at, via }: Here, message: string, hint: string): void {
    this.#problems.push(problemAt(this.#file, at, via, message, hint));
  }
}

/** What is being expanded. */
interface Here {
  /** The row of the recipe that it comes from. */
  readonly at: Where;
  /** Macros on the way to it, outermost first. */
  readonly via: readonly string[];
  /** The arguments of the macro that it is the text of. */
  readonly bound: Bindings | undefined;
}

type Origin = Pick<ScriptLine, "line" | "via">;
