// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Breakpoints: a shell in the middle of a phase, with the folder, variables and functions that the script has there; what is
 * changed of them goes back into the script. The script itself goes on in one piece, so that it loses nothing.
 */
import type { ScriptLine } from "../macros/expand";
import { STATUS } from "./workspace";

/** Where scripts have the terminal; their own input is empty. */
export const TERMINAL_FD = 99;
/** What a breakpoint reads, beside the scripts of the phases. */
export const BREAKPOINT_FILE = "breakpoint.sh";
/** What a script leaves as its last command where it ends at a breakpoint. */
export const ENDS_HERE = "%break_exit";

/** Lines of the recipe at which a phase's script stops. */
export function breakpointsOf(lines: readonly ScriptLine[]): number[] {
  const stops = lines.filter(({ text }) => /\bboulder_breakpoint \d+ (?:continue|exit)\b/.test(text));
  return stops.flatMap(({ line }) => (line === undefined ? [] : [line]));
}

/** Sourced by `boulder_breakpoint LINE continue|exit`. What a shell sets by itself is not carried over. */
export const BREAKPOINT_SCRIPT = String.raw`
boulder_variables() {
    compgen -v | while IFS= read -r boulder_name; do
        case $boulder_name in
            BASH*|BOULDER_*|boulder_*|COLUMNS|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HIST*|HOSTNAME|HOSTTYPE|LINENO) continue ;;
            LINES|MACHTYPE|MAILCHECK|OLDPWD|OPTERR|OPTIND|OSTYPE|PIPESTATUS|PPID|PROMPT_COMMAND|PS[0-4]|PWD|RANDOM) continue ;;
            REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|TERM|UID|_) continue ;;
        esac
        boulder_text=$(declare -p "$boulder_name" 2>/dev/null) || continue
        boulder_text=${"$"}{boulder_text#declare }
        case ${"$"}{boulder_text%% *} in *r*) continue ;; esac
        printf 'declare -g %s\n' "$boulder_text"
    done
    declare -f
}
boulder_shell() {
    local into=/tmp/boulder-breakpoint-into back=/tmp/boulder-breakpoint-back
    rm -f "$back"
    {
        boulder_variables
        printf '%s\n' 'unset HISTFILE' "PS1='breakpoint \\w \\$ '"
        printf '%s\n' "trap '{ boulder_variables; printf \"cd -- %q\\n\" \"\$PWD\"; } > $back' EXIT"
    } > "$into"
    TERM=${"$"}{BOULDER_TERM:-dumb} bash --rcfile "$into" -i <&${TERMINAL_FD} >&${TERMINAL_FD} 2>&${TERMINAL_FD}
    [ ! -s "$back" ] || . "$back"
}
if [ -t ${TERMINAL_FD} ]; then
    if [ "$2" = continue ]; then boulder_end="go on"; else boulder_end="end the build"; fi
    echo "Breakpoint at line $1 of the recipe: leave the shell to $boulder_end" >&${TERMINAL_FD}
    boulder_shell || true
else
    echo "Breakpoint at line $1 of the recipe: there is no terminal for a shell" >&2
fi
unset -f boulder_variables boulder_shell
if [ "$2" != continue ]; then
    printf '130 %s\n%s\n' "$3" '${ENDS_HERE}' > ${STATUS}/failure
    exit 130
fi
`.trimStart();
