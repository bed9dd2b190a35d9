%% Stands in for the module of Kazoo through which its sup has every function called.
-module(sup).
-export([in_kazoo/4]).

in_kazoo(Name, Module, Function, Arguments) when is_atom(Name) ->
    true = is_list(Arguments),
    put(is_sup_call, true),
    apply(Module, Function, Arguments).
