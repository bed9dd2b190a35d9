%% Functions that do what a node's functions may do: print, read, fail, wait, answer at length.
-module(probe_maintenance).
-export([steps/0, steps/1, texts/0, name/0, term/0, secret/0, menu/0, boom/0, throws/0, exits/0, waits/1, huge/1,
         answer/1, later/0, sizes/0, says/1, quiet/0, late_timeout/0, noisy/1, halts/0, binary/1, waits_for_word/0,
         observed/1]).

steps() -> steps(<<"3">>).
steps(N) ->
    [begin io:format("step ~p~n", [I]), timer:sleep(20) end || I <- lists:seq(1, binary_to_integer(N))],
    ok.

texts() ->
    io:format("~ts ~s ~p~n", [<<"€ü"/utf8>>, "abc", #{a => [1, "x"]}]),
    io:put_chars("plain ☎\n"),
    io:fwrite(<<"binary ~w~n">>, [self() =/= undefined]),
    ok.

name() -> io:format("hello ~ts~n", [string:trim(io:get_line("name? "))]).
term() -> {got, io:read("term> ")}.
secret() -> {got, io:get_password()}.
menu() ->
    case io:get_line("choice: ") of
        eof -> io:format("nobody there~n"), no_choice;
        "q\n" -> ok;
        Line -> io:format("chose ~ts", [Line]), menu()
    end.

boom() -> erlang:error({boom, "why"}).
throws() -> throw(thrown).
exits() -> exit(leaving).
waits(Milliseconds) -> timer:sleep(binary_to_integer(Milliseconds)), ok.
late_timeout() -> erlang:error(timeout_value).
huge(N) -> lists:seq(1, binary_to_integer(N)).
binary(N) -> binary:copy(<<"x">>, binary_to_integer(N)).
noisy(N) -> [io:format("~p~n", [I]) || I <- lists:seq(1, binary_to_integer(N))], ok.
answer(Text) -> {ok, Text}.
later() -> spawn(fun() -> timer:sleep(50), io:format("later~n") end), ok.
sizes() -> {io:columns(), io:rows()}.
says(Text) -> io:format("~ts~n", [Text]), no_return.
quiet() -> no_return.
waits_for_word() -> io:format("before~n"), io:format("after ~ts", [io:get_line("")]), no_return.
%% Starts what goes on for as long as its caller lives, and says later whether it does.
observed(How) ->
    Observer = self(),
    spawn(fun() ->
        Reference = monitor(process, Observer),
        receive {'DOWN', Reference, process, _, _} -> io:format("nobody watches~n")
        after 200 -> io:format("still watched~n")
        end
    end),
    case How of <<"well">> -> ok; <<"badly">> -> erlang:error(badly) end.
halts() -> erlang:halt(0).
