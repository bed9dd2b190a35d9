"""The completion for fish: one function that tells all candidates, since fish asks every condition it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.completion import typed
from kazoo_sup.cli.completion.typed import quoted
from kazoo_sup.cli.options import FORMATS, SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kazoo_sup.cli.options import Option


def written() -> str:
    """Return the completion for fish."""
    functions = "\n".join(f"        case {name}; {_told(each.items())}" for name, each in typed.functions().items())
    own = "\n".join(
        f"        case {quoted(name)}; printf '%s\\n' {' '.join(each.mark for each in found)}"
        for name, found in typed.own_options().items()
    )
    common = "\n".join(_common(option) for option in options.described())
    modules = [*typed.short(), *catalogue.modules().items()]
    return f"""{typed.HEADER}
function __sup_read --no-scope-shadowing
    for word in (commandline -opc)[2..-1]
        if test -n "$option"
            set option ''
            continue
        end
        switch $word
            case - ''
                set -a plain "$word"
            case '--*=*'
            case {" ".join(typed.valued())}
                set option $word
            case '-*'
                string match -q -- "*$word=*" $own; and set option $word
            case {" ".join(SHORT)}
                set -q plain[1]; or set plain changes
                set -a plain $word
            case '*'
                set -a plain $word
        end
        if test (count $plain) = 3
            set -l joined $plain[2]_$plain[3]
            set -l names (__sup_functions $plain[1] | string split -f 1 \\t)
            contains -- $joined $names; and not contains -- $plain[2] $names; and set plain $plain[1] $joined
        end
        test (count $plain) -le 2; and set own (__sup_own "$plain")
    end
    if string match -q -- '--*=*' $current
        set option (string split -m 1 = -- $current)[1]
    end
end
function __sup_file
    set -l current (commandline -ct)
    set -l plain
    set -l own
    set -l option ''
    __sup_read
    if test -n "$option"
        contains -- $option=@ $own
        return
    end
    string match -q -- '-*' $current; and return 1
    switch "$plain[1] $plain[2] "(math (count $plain) - 1)
        case {" ".join(map(quoted, typed.file_arguments()))}
            return 0
    end
    return 1
end
function __sup_candidates
    set -l current (commandline -ct)
    set -l plain
    set -l own
    set -l option ''
    __sup_read
    if test -n "$option"
        contains -- $option=+ $own; or return
        set -l start
        string match -q -- '--*=*' $current; and set start $option=
        for found in (__sup_values)
            echo "$start$found"
        end
        return
    end
    switch $current
        case '-*'
            set -q own[1]; and string replace -r '=[@+]?$' '' -- $own
            return
    end
    switch (count $plain)":$plain[1]"
        case '0:*'
            {_told([*typed.TOP, *modules])}
        case 1:help
            {_told(modules)}
        case '1:*' 2:help
            __sup_functions $plain[-1]
        case '*:help'
        case '2:*'
            set -l names (__sup_functions $plain[1] | string split -f 1 \\t)
            if contains -- $plain[2] $names
                __sup_file; or __sup_values
            else
                string match -- "$plain[2]_*" $names | string replace -- $plain[2]_ ''
            end
        case '*'
            __sup_file; or __sup_values
    end
end
function __sup_functions
    switch $argv[1]
{functions}
    end
end
function __sup_own
    switch $argv[1]
{own}
    end
end
function __sup_values
    set -l line (commandline -cp)
    set -l sup (string split -m 1 ' ' -- (string trim -l -- $line))[1]
    type -q $sup; and $sup __complete fish $line 2>/dev/null
end
function __sup_begins
    set -l current
    set -l plain
    set -l own
    set -l option ''
    __sup_read
    not set -q plain[1]
end
complete -c kazoo-sup -w sup
complete -c sup -f
complete -c sup -n __sup_file -F
complete -c sup -a '(__sup_candidates)'
{common}
{chr(10).join(_alone(name, told) for name, told in options.ALONE)}
"""


def _told(named: Iterable[tuple[str, str]]) -> str:
    """Return the command that prints names with their help."""
    return f"printf '%s\\t%s\\n' {' '.join(f'{name} {quoted(text)}' for name, text in named)}"


def _common(option: Option) -> str:
    words = [f"-s {quoted(name[1:])}" if len(name) == len("-n") else f"-l {name[2:]}" for name in option.names]
    values = " -r -F" if option.kind == "file" else " -x" if option.metavar else ""
    if set(option.names) <= set(typed.NAMED):
        values = " -xa '(__sup_values)'"
    if "--format" in option.names:
        values = f" -xa {quoted(' '.join(FORMATS))}"
    return f"complete -c sup {' '.join(words)}{values} -d {quoted(option.help)}"


def _alone(name: str, told: str) -> str:
    return f"complete -c sup -n __sup_begins -l {name.removeprefix('--')} -d {quoted(told)}"
