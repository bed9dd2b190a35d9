%% Plays modules of Kazoo: they are made at run time, and answer as they were told, or with what they were called with.
-module(stand_in).
-export([make/2, tell/3, parse/1, answer/3]).

make(Module, Exports) ->
    Forms = [{attribute, 1, module, Module}, {attribute, 1, export, Exports} | [function(Module, E) || E <- Exports]],
    {ok, Module, Binary} = compile:forms(Forms, []),
    {module, Module} = code:load_binary(Module, "stand_in", Binary),
    ok.

function(Module, {Name, Arity}) ->
    Variables = [{var, 1, list_to_atom("V" ++ integer_to_list(N))} || N <- lists:seq(1, Arity)],
    List = lists:foldr(fun(V, Rest) -> {cons, 1, V, Rest} end, {nil, 1}, Variables),
    Call = {call, 1, {remote, 1, {atom, 1, ?MODULE}, {atom, 1, answer}}, [{atom, 1, Module}, {atom, 1, Name}, List]},
    {function, 1, Name, Arity, [{clause, 1, Variables, [], [Call]}]}.

%% What a call prints (a binary of UTF-8), and how it ends: {value, Term}, {raise, Reason, Stack}, {exit, Reason}, hang.
tell(Call, Printed, Ending) ->
    persistent_term:put({?MODULE, Call}, {Printed, Ending}),
    ok.

%% The term that a binary of text is.
parse(Text) ->
    try
        {ok, Tokens, _} = erl_scan:string(binary_to_list(Text) ++ "."),
        {ok, _Term} = erl_parse:parse_term(Tokens)
    catch
        _:_ -> error
    end.

answer(Module, Function, Arguments) ->
    case persistent_term:get({?MODULE, {Module, Function, Arguments}}, none) of
        none -> {called, Module, Function, Arguments};
        {Printed, Ending} ->
            io:put_chars(Printed),
            case Ending of
                {value, Value} -> Value;
                {raise, Reason, Stack} -> erlang:raise(error, Reason, Stack);
                {exit, Reason} -> exit(Reason);
                hang -> timer:sleep(infinity)
            end
    end.

