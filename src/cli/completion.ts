// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Completions for bash, zsh and fish. The scripts are three lines each: they hand the words typed so far to the hidden
 * verb `__complete` of the program, so that all shells know what the table knows, names of packages among it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHELLS, type Shell } from "#cli/names";
import { optionsFor, shortcutOf } from "#cli/parse";
import type { Completion, OptionSpec, ProgramSpec, VerbSpec } from "#cli/spec";

/** The script that a shell is to read. */
export function completionScript(program: string, shell: Shell): string {
  return SCRIPTS[shell](program, program.replaceAll("-", "_"));
}

const SCRIPTS: Readonly<Record<Shell, (name: string, id: string) => string>> = {
  bash: (name, id) => `_${id}() {
  local line word=\${COMP_WORDS[COMP_CWORD]}
  [ "$word" = = ] && word=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :file*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      :directory*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(${name} __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _${id} ${name}
`,
  zsh: (name, id) => `#compdef ${name}
_${id}() {
  local line
  local -a found
  while IFS= read -r line; do
    case $line in
      :*=) compset -P '*=' ;|
      :file*) _files; return ;;
      :directory*) _files -/; return ;;
      *) found+=("\${\${line%%$'\\t'*}//:/\\\\:}\${\${(M)line:#*$'\\t'*}:+:\${line#*$'\\t'}}") ;;
    esac
  done < <(${name} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe '${name}' found
}
if [ "$funcstack[1]" = "_${id}" ]; then _${id} "$@"; else compdef _${id} ${name}; fi
`,
  fish: (name, id) => `function __${id}_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l option (string match -r '^--[^=]*=' -- $words[-1])
  set -l typed (string replace -r '^--[^=]*=' '' -- $words[-1])
  for line in (${name} __complete -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':file*'
        for path in (__fish_complete_path "$typed"); echo "$option$path"; end
      case ':directory*'
        for path in (__fish_complete_directories "$typed"); echo "$option$path"; end
      case '*'
        echo $line
    end
  end
end
complete -c ${name} -f -a '(__${id}_complete)'
`,
};

/** Writes the scripts of all shells into a folder, under the names that the shells expect. */
export function writeCompletions(program: ProgramSpec, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const names: Record<Shell, string> = { bash: program.name, zsh: `_${program.name}`, fish: `${program.name}.fish` };
  for (const shell of SHELLS) writeFileSync(join(folder, names[shell]), completionScript(program.name, shell));
}

export interface Candidate {
  readonly word: string;
  readonly help?: string;
}

/** What the last of the words typed so far (it may be empty) can become: words, or a kind that the caller knows. */
export interface Candidates {
  readonly words: readonly Candidate[];
  readonly kind?: Completion;
  /** What is typed of the word already; of a value behind `=` that alone. */
  readonly prefix: string;
  /** What stands before it in the same word, such as `--cache=`. */
  readonly before: string;
  /** Values of options before it, by their names. */
  readonly given: ReadonlyMap<string, string>;
}

/** Finds what the last word can become. Never fails: what cannot be understood completes to nothing. */
export function candidates(program: ProgramSpec, typed: readonly string[]): Candidates {
  const words = joined(typed);
  const last = words.at(-1) ?? "";
  const path: VerbSpec[] = [program];
  let verb: VerbSpec = program;
  let operands = 0;
  let awaiting: OptionSpec | undefined;
  let literal = false;
  const queue = words.slice(0, -1);
  const given = new Map<string, string>();
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (awaiting !== undefined) {
      given.set(awaiting.name, word);
      awaiting = undefined;
    } else if (!literal && word === "--") literal = true;
    else if (!literal && word.startsWith("-") && word !== "-") {
      const { spec, value } = optionOf(optionsFor(program, path), word);
      if (spec?.value === undefined) continue;
      if (value !== undefined) given.set(spec.name, value);
      else if (spec.implied === undefined || spec.takesNext === true) awaiting = spec;
    } else {
      const expansion = verb === program ? shortcutOf(program, word) : undefined;
      if (expansion !== undefined) {
        queue.unshift(...expansion);
        continue;
      }
      const typedWord = word;
      const found = verb.verbs?.find(({ name, aliases = [] }) => name === typedWord || aliases.includes(typedWord));
      if (found === undefined || operands > 0) {
        operands += 1;
        if (verb.passThrough === true) literal = true;
      } else {
        path.push(found);
        verb = found;
      }
    }
  }
  // The value of an option behind `=` is completed as if it stood alone.
  const [, before = "", value] = (literal ? null : /^(--[^=]+=)(.*)$/s.exec(last)) ?? [];
  const prefix = value ?? last;
  const complete = (kind: Completion | undefined): Candidates =>
    typeof kind === "object"
      ? matching(kind.map((word) => ({ word })))
      : { words: [], ...(kind === undefined ? {} : { kind }), prefix, before, given };
  const matching = (list: readonly Candidate[]): Candidates => ({
    words: list.filter(({ word }) => word.startsWith(prefix)),
    prefix,
    before,
    given,
  });
  if (before !== "") {
    const { spec } = optionOf(optionsFor(program, path), before);
    return complete(spec?.complete ?? spec?.choices);
  }
  if (awaiting !== undefined) return complete(awaiting.complete ?? awaiting.choices);
  if (!literal && prefix.startsWith("-")) {
    const options = optionsFor(program, path).filter(({ hidden }) => hidden !== true);
    return matching(options.map(({ name, help }) => ({ word: `--${name}`, help })));
  }
  const specs = verb.operands ?? [];
  const spec = specs[operands] ?? (specs.at(-1)?.many === true ? specs.at(-1) : undefined);
  if (verb.verbs !== undefined && verb.load === undefined && operands === 0) {
    const verbs = verb.verbs.filter(({ hidden }) => hidden !== true);
    return matching(verbs.map(({ name, summary }) => ({ word: name, help: summary })));
  }
  // What follows a command that is passed on are that command's words.
  return complete(verb.passThrough === true && operands > 0 ? "file" : spec?.complete);
}

/** The words as typed. Bash cuts them at `=`: `--cache`, `=`, `dir`. */
function joined(typed: readonly string[]): string[] {
  const words: string[] = [];
  typed.forEach((word, i) => {
    const before = words.at(-1) ?? "";
    const cut = word === "=" && /^--[^=]+$/.test(before);
    const goesOn = typed[i - 1] === "=" && /^--[^=]+=$/.test(before);
    if (cut || goesOn) words[words.length - 1] = before + word;
    else words.push(word);
  });
  return words;
}

/** The option that a word names, and the value in the same word. */
function optionOf(
  known: readonly OptionSpec[],
  word: string,
): { readonly spec: OptionSpec | undefined; readonly value: string | undefined } {
  if (!word.startsWith("--")) {
    return { spec: known.find(({ short }) => short === word[1]), value: word.slice(2).replace(/^=/, "") || undefined };
  }
  const [name = "", ...rest] = word.slice(2).split("=");
  const spec = known.find((item) => item.name === name || item.aliases?.includes(name) === true);
  return { spec, value: rest.length === 0 ? undefined : rest.join("=") };
}
