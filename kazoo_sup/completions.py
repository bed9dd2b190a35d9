"""Shell completions, written from the catalogue: names are completed without starting Python.

`python -m kazoo_sup.completions DIRECTORY` writes sup.bash, _sup (zsh) and sup.fish; a test fails when those of the
repository are stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import catalogue, options
from kazoo_sup.options import FORMATS

if TYPE_CHECKING:
    from kazoo_sup.options import Option

_HEADER = "# Written by `make generate` from the functions themselves; edit those."


def bash() -> str:
    """Return the completion for bash."""
    cases = "\n".join(f"        {name}) names='{' '.join(functions)}' ;;" for name, functions in _functions().items())
    valued = "|".join(_valued())
    flags = " ".join(name for option in options.described() for name in option.names)
    return f"""{_HEADER}
_sup() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} module='' function='' names='' at
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${{COMP_WORDS[at]}} in
        {valued}) ((at++)) ;;
        -*) ;;
        *) if [[ -z $module ]]; then module=${{COMP_WORDS[at]}}; else function=${{function:-${{COMP_WORDS[at]}}}}; fi ;;
        esac
    done
    case $previous in
    -f|--format) COMPREPLY=($(compgen -W '{" ".join(FORMATS)}' -- "$current")); return ;;
    --config) COMPREPLY=($(compgen -f -- "$current")); return ;;
    {valued}) return ;;
    esac
    if [[ $current == -* ]]; then
        names='{flags}'
    elif [[ -z $module ]]; then
        names='help list {" ".join(_functions())}'
    elif [[ $module == help && -z $function ]]; then
        names='{" ".join(_functions())}'
    elif [[ -z $function || $module == help ]]; then
        [[ $module == help ]] && module=$function
        case $module in
{cases}
        esac
    else
        COMPREPLY=($(compgen -f -- "$current"))
        return
    fi
    COMPREPLY=($(compgen -W "$names" -- "$current"))
}}
complete -F _sup sup
"""


def zsh() -> str:
    """Return the completion for zsh."""
    cases = "\n".join(
        f"        {name}) names=({_described(functions.items())}) ;;" for name, functions in _functions().items()
    )
    arguments = " \\\n        ".join(_zsh_option(option) for option in options.described())
    modules = _described([("help", "Show help"), ("list", "List functions"), *catalogue.modules().items()])
    own = _described(catalogue.modules().items())
    return f"""#compdef sup
{_HEADER}
_sup() {{
    local curcontext=$curcontext state line
    local -a names
    _arguments -C -S \\
        {arguments} \\
        '1:module:->module' '2:function:->function' '*:argument:->argument'
    case $state in
    module)
        names=({modules})
        _describe module names ;;
    function)
        if [[ $line[1] == help ]]; then
            names=({own})
            _describe module names
        else
            _sup_functions $line[1]
        fi ;;
    argument)
        if [[ $line[1] == help && CURRENT -eq 4 ]]; then _sup_functions $line[2]; else _files; fi ;;
    esac
}}
_sup_functions() {{
    local -a names
    case $1 in
{cases}
    esac
    _describe function names
}}
_sup "$@"
"""


def fish() -> str:
    """Return the completion for fish."""
    lines = [
        _HEADER,
        "function __sup_words",
        f"    set -l valued {' '.join(_valued())}",
        "    set -l skip 0",
        "    for word in (commandline -opc)[2..-1]",
        "        if test $skip = 1",
        "            set skip 0",
        "        else if contains -- $word $valued",
        "            set skip 1",
        "        else if not string match -q -- '-*' $word",
        "            echo $word",
        "        end",
        "    end",
        "end",
        "function __sup_after",
        '    test "$(__sup_words | string join " ")" = "$argv"',
        "end",
        "complete -c sup -f",
    ]
    for option in options.described():
        words = [f"-s {_quoted(name[1:])}" if len(name) == len("-n") else f"-l {name[2:]}" for name in option.names]
        values = f" -xa {_quoted(' '.join(FORMATS))}" if "--format" in option.names else " -r" if option.metavar else ""
        lines.append(f"complete -c sup {' '.join(words)}{values} -d {_quoted(option.help)}")
    top = [("help", "Show help"), ("list", "List functions"), *catalogue.modules().items()]
    lines += [f"complete -c sup -n '__sup_after' -a {name} -d {_quoted(text)}" for name, text in top]
    lines += [f"complete -c sup -n '__sup_after help' -a {name} -d {_quoted(text)}" for name, text in top[2:]]
    for module, functions in _functions().items():
        condition = f"-n '__sup_after {module}; or __sup_after help {module}'"
        lines += [f"complete -c sup {condition} -a {name} -d {_quoted(text)}" for name, text in functions.items()]
    return "\n".join(lines) + "\n"


FILES = {"sup.bash": bash, "_sup": zsh, "sup.fish": fish}


def _functions() -> dict[str, dict[str, str]]:
    """Return the functions of our own modules with their one-line help."""
    found: dict[str, dict[str, str]] = {}
    for command in catalogue.commands():
        found.setdefault(command.module, {})[command.name] = command.summary
    return found


def _valued() -> list[str]:
    """Return the options after which a value comes."""
    return [name for option in options.described() if option.metavar for name in option.names]


def _described(named: Iterable[tuple[str, str]]) -> str:
    return " ".join(_quoted(f"{name}:{text}") for name, text in named)


def _zsh_option(option: Option) -> str:
    names = f"{{{','.join(option.names)}}}" if len(option.names) > 1 else option.names[0]
    exclusive = f"'({' '.join(option.names)})'" if len(option.names) > 1 else ""
    value = ""
    if option.metavar:
        action = (
            f"({' '.join(FORMATS)})" if "--format" in option.names else "_files" if "--config" in option.names else " "
        )
        value = f":value:{action}"
    return f"{exclusive}{names}{_quoted(f'[{option.help}]{value}')}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


if __name__ == "__main__":
    for name, written in FILES.items():
        Path(sys.argv[1], name).write_text(written(), encoding="utf-8")
