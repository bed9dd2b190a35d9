%% Takes terms and gives terms.
-module(probe_terms).
-export([fun_of/1, applied/2, echo/1]).

fun_of(N) -> fun(M) -> N + M end.
applied(Fun, N) -> Fun(N).
echo(Term) -> Term.
