"""The completion for zsh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.completion import typed
from kazoo_sup.cli.completion.typed import quoted
from kazoo_sup.cli.options import FORMATS, SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kazoo_sup.cli.completion.typed import OwnOption
    from kazoo_sup.cli.options import Option


def written() -> str:
    """Return the completion for zsh."""
    cases = "\n".join(
        f"    {name}) names=({_described(functions.items())}) ;;" for name, functions in typed.functions().items()
    )
    own = "\n".join(
        f"    {quoted(name)}) own=({' '.join(_own(each) for each in found)}) ;;"
        for name, found in typed.own_options().items()
    )
    arguments = " \\\n        ".join(_common(option) for option in options.described())
    alone = " ".join(quoted(f"{name}[{told}]") for name, told in options.ALONE)
    modules = [*typed.short(), *catalogue.modules().items()]
    return f"""#compdef sup kazoo-sup
{typed.HEADER}
_sup() {{
    local curcontext=$curcontext state line word option=''
    local -a names own plain
    for word in "${{(@Q)words[2,CURRENT-1]}}"; do
        if [[ -n $option ]]; then option=''; continue; fi
        case $word in
        --*=*) ;;
        {"|".join(typed.valued())}) option=$word ;;
        -?*) (( ${{own[(I)(|\\*)${{(b)word}}=*]}} )) && option=$word ;;
        {"|".join(SHORT)}) (( $#plain )) || plain=(changes); plain+=("$word") ;;
        *) plain+=("$word") ;;
        esac
        (( $#plain == 3 )) && _sup_second && (( ${{names[(Ie)$word]}} )) && plain=($plain[1] "$plain[2]_$word")
        (( $#plain <= 2 )) && _sup_own "$plain"
    done
    (( $#plain )) || own=({alone})
    _arguments -C -S \\
        {arguments} \\
        "$own[@]" \\
        '*:word:->word'
    [[ $state == word ]] || return
    case $#plain:$plain[1] in
    0:*)
        names=({_described([*typed.TOP, *modules])})
        _describe module names ;;
    1:help)
        names=({_described(modules)})
        _describe module names ;;
    1:*|2:help)
        _sup_functions $plain[-1]
        _describe function names ;;
    *:help) ;;
    *)  case "$plain[1] $plain[2] $(($#plain - 1))" in
        {typed.patterns(typed.file_arguments())}) _files ;;
        *' 1') if _sup_second; then compadd -a names; else _sup_values; fi ;;
        *) _sup_values ;;
        esac ;;
    esac
}}
_sup_functions() {{
    case $1 in
{cases}
    esac
}}
_sup_second() {{
    names=()
    _sup_functions $plain[1]
    names=("${{names[@]%%:*}}")
    (( ${{names[(Ie)$plain[2]]}} )) && return 1
    names=("${{(M)names[@]:#$plain[2]_*}}")
    names=("${{names[@]#$plain[2]_}}")
}}
_sup_own() {{
    case $1 in
{own}
    esac
}}
_sup_values() {{
    local -a names
    names=("${{(@f)$($words[1] __complete zsh "${{(j: :)words[1,CURRENT]}}" 2>/dev/null)}}")
    [[ -n $names[1] ]] && compadd -a names
}}
_sup "$@"
"""


def _described(named: Iterable[tuple[str, str]]) -> str:
    return " ".join(quoted(f"{name}:{text}") for name, text in named)


def _common(option: Option) -> str:
    """Return an option of every command as `_arguments` takes it."""
    names = [_named(name, valued=bool(option.metavar)) for name in option.names]
    name = f"{{{','.join(names)}}}" if len(names) > 1 else names[0]
    exclusive = f"'({' '.join(option.names)})'" if len(names) > 1 else ""
    value = ""
    if option.metavar:
        actions = {"format": f"({' '.join(FORMATS)})", "file": "_files"}
        action = "_sup_values" if set(option.names) <= set(typed.NAMED) else actions.get(option.kind, " ")
        value = f":value:{action}"
    return f"{exclusive}{name}{quoted(f'[{option.help}]{value}')}"


def _own(option: OwnOption) -> str:
    """Return an option of a function as `_arguments` takes it."""
    action = "_files" if option.file else "_sup_values" if option.known else " "
    value = f":{option.metavar}:{action}" if option.metavar else ""
    return quoted(f"{'*' if option.again else ''}{_named(option.name, valued=bool(value))}{value}")


def _named(name: str, *, valued: bool) -> str:
    """Return the name of an option; the value of a long one may come behind a =."""
    return f"{name}=" if valued and name.startswith("--") else name
