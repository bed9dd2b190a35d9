"""Shell completions, written from the catalogue: names are completed without starting Python.

`python -m kazoo_sup.cli.completion.scripts DIRECTORY` writes sup.bash, _sup (zsh) and sup.fish; a test fails when those
of the repository are stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.argv import SHORT
from kazoo_sup.cli.options import FORMATS

if TYPE_CHECKING:
    from kazoo_sup.cli.options import Option

NAMED = ("-z", "--zone", "-n", "--node")
"""The options whose values are looked up."""

_TOP = (("help", "Show help"), ("list", "List functions"), ("shell", "Type several commands"))

_HEADER = "# Written by `make generate` from the functions themselves; edit those."


def bash() -> str:
    """Return the completion for bash."""
    cases = "\n".join(f"        {name}) names='{' '.join(functions)}' ;;" for name, functions in _functions().items())
    named = "|".join(NAMED)
    own_files = "|".join(name for option in options.COMMON if option.kind == "file" for name in option.names)
    valued, own = "|".join(_valued()), "|".join(_own_valued())
    file_options = _patterns(f"{command} --{name}" for command, name in _file_options())
    files = _patterns(f"{command} {place or '*'}" for command, place in _file_arguments())
    flags = " ".join(name for option in options.described() for name in option.names)
    alone = " ".join(name for name, _ in options.ALONE)
    return f"""{_HEADER}
_sup() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} module='' function='' names='' at
    local place=1
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${{COMP_WORDS[at]}} in
        {valued}|{own}) ((at++)) ;;
        -*) ;;
        *)  if [[ -z $module ]]; then module=${{COMP_WORDS[at]}}
            elif [[ -z $function ]]; then function=${{COMP_WORDS[at]}}
            else ((place++)); fi ;;
        esac
    done
    case $previous in
    -f|--format) COMPREPLY=($(compgen -W '{" ".join(FORMATS)}' -- "$current")); return ;;
    {own_files}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    {named}) _sup_values; return ;;
    {valued}) return ;;
    --*) case "$module $function $previous" in
        {file_options}) COMPREPLY=($(compgen -f -- "$current")); return ;;
        *) case $previous in {own}) _sup_values; return ;; esac ;;
        esac ;;
    esac
    if [[ $current == -* ]]; then
        names='{flags}'
        [[ -z $module ]] && names+=' {alone}'
    elif [[ -z $module ]]; then
        names='help list shell {" ".join((*SHORT, *_functions()))}'
    elif [[ $module == help && -z $function ]]; then
        names='{" ".join(_functions())}'
    elif [[ -z $function || $module == help ]]; then
        [[ $module == help ]] && module=$function
        case $module in
{cases}
        esac
    else
        case "$module $function $place" in
        {files}) COMPREPLY=($(compgen -f -- "$current")) ;;
        *) _sup_values ;;
        esac
        return
    fi
    COMPREPLY=($(compgen -W "$names" -- "$current"))
}}
_sup_values() {{
    mapfile -t COMPREPLY < <("${{COMP_WORDS[0]}}" __complete bash "${{COMP_LINE:0:COMP_POINT}}" 2>/dev/null)
}}
complete -F _sup sup kazoo-sup
"""


def zsh() -> str:
    """Return the completion for zsh."""
    cases = "\n".join(
        f"        {name}) names=({_described(functions.items())}) ;;" for name, functions in _functions().items()
    )
    arguments = " \\\n        ".join(_zsh_option(option) for option in options.described())
    alone = " \\\n        ".join(_quoted(f"{name}[{told}]") for name, told in options.ALONE)
    modules = _described([*_TOP, *_short(), *catalogue.modules().items()])
    own = _described(catalogue.modules().items())
    files = _patterns(f"{command} {place or '*'}" for command, place in _file_arguments())
    return f"""#compdef sup kazoo-sup
{_HEADER}
_sup() {{
    local curcontext=$curcontext state line
    local -a names
    _arguments -C -S \\
        {arguments} \\
        {alone} \\
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
        if [[ $line[1] == help && CURRENT -eq 4 ]]; then
            _sup_functions $line[2]
        else
            case "$line[1] $line[2] $((${{#line}} - 2))" in
            {files}) _files ;;
            *) _sup_values ;;
            esac
        fi ;;
    esac
}}
_sup_functions() {{
    local -a names
    case $1 in
{cases}
    esac
    _describe function names
}}
_sup_values() {{
    local -a names
    names=("${{(@f)$($words[1] __complete zsh "${{(j: :)words[1,CURRENT]}}" 2>/dev/null)}}")
    [[ -n $names[1] ]] && compadd -a names
}}
_sup "$@"
"""


def _short() -> list[tuple[str, str]]:
    """Return the functions that are typed without their module, and what each does."""
    return [(name, catalogue.command(module, name).summary) for name, module in SHORT.items()]


def fish() -> str:
    """Return the completion for fish."""
    lines = [
        _HEADER,
        "function __sup_words",
        f"    set -l valued {' '.join([*_valued(), *_own_valued()])}",
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
        "function __sup_file",
        "    set -l words (__sup_words)",
        "    set -l last (commandline -opc)[-1]",
        '    switch "$words[1] $words[2] $last"',
        f"        case {' '.join(_quoted(f'{command} --{name}') for command, name in _file_options())}",
        "            return 0",
        "    end",
        f"    contains -- $last {' '.join(_own_valued())}; and return 1",
        "    set -l place (math (count $words) - 1)",
        '    switch "$words[1] $words[2] $place"',
        f"        case {' '.join(_quoted(f'{command} {place or chr(42)}') for command, place in _file_arguments())}",
        "            return 0",
        "    end",
        "    return 1",
        "end",
        "complete -c kazoo-sup -w sup",
        "complete -c sup -f",
        "complete -c sup -n __sup_file -F",
        "function __sup_values",
        "    set -l line (commandline -cp)",
        "    set -l sup (string split -m 1 ' ' -- (string trim -l -- $line))[1]",
        "    type -q $sup; and $sup __complete fish $line 2>/dev/null",
        "end",
        "function __sup_wanted",
        "    test (count (__sup_words)) -ge 2; and not __sup_file",
        "end",
        "complete -c sup -n __sup_wanted -a '(__sup_values)'",
    ]
    for option in options.described():
        words = [f"-s {_quoted(name[1:])}" if len(name) == len("-n") else f"-l {name[2:]}" for name in option.names]
        values = " -r -F" if option.kind == "file" else " -x" if option.metavar else ""
        if set(option.names) <= set(NAMED):
            values = " -xa '(__sup_values)'"
        if "--format" in option.names:
            values = f" -xa {_quoted(' '.join(FORMATS))}"
        lines.append(f"complete -c sup {' '.join(words)}{values} -d {_quoted(option.help)}")
    lines += [
        f"complete -c sup -n '__sup_after' -l {name.removeprefix('--')} -d {_quoted(told)}"
        for name, told in options.ALONE
    ]
    top = [*_TOP, *_short(), *catalogue.modules().items()]
    lines += [f"complete -c sup -n '__sup_after' -a {name} -d {_quoted(text)}" for name, text in top]
    lines += [f"complete -c sup -n '__sup_after help' -a {name} -d {_quoted(text)}" for name, text in top[len(_TOP) :]]
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


def _own_valued() -> list[str]:
    """Return the options of single commands after which a value comes, sorted."""
    found = {
        f"--{each.name.replace('_', '-')}"
        for command in catalogue.commands()
        for each in command.parameters
        if each.kind == "option" and each.type != "bool"
    }
    return sorted(found)


def _file_arguments() -> Iterator[tuple[str, int]]:
    """Yield module and function, and which of its arguments may be files, from 1 on; 0 means each of them."""
    for command in catalogue.commands():
        words = [each for each in command.parameters if each.kind != "option"]
        for place, each in enumerate(words, 1):
            if each.file:
                yield f"{command.module} {command.name}", 0 if each.kind == "arguments" else place


def _file_options() -> Iterator[tuple[str, str]]:
    """Yield module and function, and an option of its own that is a file."""
    for command in catalogue.commands():
        for each in command.parameters:
            if each.kind == "option" and each.file:
                yield f"{command.module} {command.name}", each.name.replace("_", "-")


def _patterns(texts: Iterable[str]) -> str:
    """Return texts as alternatives of a shell's `case`; a * in them is one."""
    return "|".join(f"'{text.removesuffix('*')}'{'*' if text.endswith('*') else ''}" for text in texts)


def _described(named: Iterable[tuple[str, str]]) -> str:
    return " ".join(_quoted(f"{name}:{text}") for name, text in named)


def _zsh_option(option: Option) -> str:
    names = f"{{{','.join(option.names)}}}" if len(option.names) > 1 else option.names[0]
    exclusive = f"'({' '.join(option.names)})'" if len(option.names) > 1 else ""
    value = ""
    if option.metavar:
        actions = {"format": f"({' '.join(FORMATS)})", "file": "_files"}
        action = "_sup_values" if set(option.names) <= set(NAMED) else actions.get(option.kind, " ")
        value = f":value:{action}"
    return f"{exclusive}{names}{_quoted(f'[{option.help}]{value}')}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


if __name__ == "__main__":
    for name, written in FILES.items():
        Path(sys.argv[1], name).write_text(written(), encoding="utf-8")
