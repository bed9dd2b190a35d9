"""The completion for bash."""

from __future__ import annotations

from kazoo_sup.cli import options
from kazoo_sup.cli.completion import typed
from kazoo_sup.cli.options import FORMATS, SHORT


def written() -> str:
    """Return the completion for bash.

    `own` are the function's own options with blanks around them, as `OwnOption.mark` has them.
    """
    functions = typed.functions()
    modules = " ".join((*SHORT, *functions))
    cases = "\n".join(f"    {name}) names='{' '.join(each)}' ;;" for name, each in functions.items())
    own = "\n".join(
        f"    '{name}') own=' {' '.join(each.mark for each in found)} ' ;;"
        for name, found in typed.own_options().items()
    )
    flags = " ".join(name for option in options.described() for name in option.names)
    alone = " ".join(name for name, _ in options.ALONE)
    top = " ".join(name for name, _ in typed.TOP)
    valued = "|".join(typed.valued())
    return f"""{typed.HEADER}
_sup() {{
    local -a words plain=()
    local word current option='' own='' names=''
    COMPREPLY=()
    _sup_split
    for word in "${{words[@]}}"; do
        if [[ -n $option ]]; then option=''; continue; fi
        case $word in
        --*=*) ;;
        {valued}) option=$word ;;
        -?*) [[ $own == *" $word="* ]] && option=$word ;;
        {"|".join(SHORT)}) ((${{#plain[@]}})) || plain=(changes); plain+=("$word") ;;
        *) plain+=("$word") ;;
        esac
        ((${{#plain[@]}} == 3)) && _sup_joined
        ((${{#plain[@]}} <= 2)) && _sup_own "${{plain[*]}}"
    done
    if [[ $current == --*=* ]]; then option=${{current%%=*}}; current=${{current#*=}}; fi
    case $option in
    '') _sup_word ;;
    -f|--format) names='{" ".join(FORMATS)}' ;;
    {"|".join(typed.files())}) _sup_files ;;
    {"|".join(typed.NAMED)}) _sup_values ;;
    {valued}) ;;
    *)  case $own in
        *" $option=@ "*) _sup_files ;;
        *" $option=+ "*) _sup_values ;;
        esac ;;
    esac
    [[ -z $names ]] || COMPREPLY=($(compgen -W "$names" -- "$current"))
}}
_sup_split() {{
    local rest=${{COMP_LINE:0:COMP_POINT}} blank at last=-1
    for ((at = 0; at <= COMP_CWORD; at++)); do
        blank=${{rest%%[![:space:]]*}}
        if [[ -n $rest && -z $blank && $at -gt 0 ]]; then words[last]+=${{COMP_WORDS[at]}}
        else words[++last]=${{COMP_WORDS[at]}}; fi
        rest=${{rest#"$blank"}}
        rest=${{rest#"${{COMP_WORDS[at]}}"}}
    done
    current=${{words[last]}}
    words=("${{words[@]:1:last - 1}}")
}}
_sup_word() {{
    case $current:${{#plain[@]}}:$plain in
    -*:0:*) names='{flags} {alone}' ;;
    -*) names="{flags} ${{own//[=@+]/}}" ;;
    *:0:*) names='{top} {modules}' ;;
    *:1:help) names='{modules}' ;;
    *:1:*|*:2:help) _sup_functions "${{plain[${{#plain[@]}} - 1]}}" ;;
    *:help) ;;
    *)  case "${{plain[0]}} ${{plain[1]}} $((${{#plain[@]}} - 1))" in
        {typed.patterns(typed.file_arguments())}) _sup_files ;;
        *' 1') _sup_second || _sup_values ;;
        *) _sup_values ;;
        esac ;;
    esac
}}
_sup_second() {{
    local name found=''
    _sup_functions "$plain"
    for name in $names; do
        [[ $name == "${{plain[1]}}" ]] && {{ names=''; return 1; }}
        [[ $name == "${{plain[1]}}"_* ]] && found+=" ${{name#*"${{plain[1]}}"_}}"
    done
    names=$found
}}
_sup_joined() {{
    _sup_second && [[ " $names " == *" ${{plain[2]}} "* ]] && plain=("$plain" "${{plain[1]}}_${{plain[2]}}")
    names=''
}}
_sup_functions() {{
    case $1 in
{cases}
    esac
}}
_sup_own() {{
    case $1 in
{own}
    esac
}}
_sup_files() {{
    local cut=${{current%"${{current##*[${{COMP_WORDBREAKS//[^@:=]}}]}}"}}
    cut=${{cut%@}}
    compopt -o filenames -o default 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    COMPREPLY=("${{COMPREPLY[@]#"$cut"}}")
}}
_sup_values() {{
    local line=${{COMP_LINE:0:COMP_POINT}}
    mapfile -t COMPREPLY < <("${{COMP_WORDS[0]}}" __complete bash "$line" "$COMP_WORDBREAKS" 2>/dev/null)
}}
complete -F _sup sup kazoo-sup
"""
