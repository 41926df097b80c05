// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Completions for bash, zsh and fish. The scripts are three lines each: they hand the words typed so far to the hidden
 * verb `__complete` of the program, so that all shells know what the table knows, names of packages among it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHELLS, type Shell } from "#cli/names";
import type { ProgramSpec } from "#cli/spec";

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
