"""`sup`, and `python -m kazoo_sup`."""

# Nothing that Python has not loaded by now: until `main` runs, Ctrl-C ends in a traceback.
import gc
import os
import sys


def main() -> None:
    """Run the command line."""
    # Loading modules makes many objects and no garbage: at Python's own threshold, looking for some takes an eighth of
    # the start.
    gc.set_threshold(50_000)
    try:
        if sys.argv[1:2] in (["__complete"], ["__look_up"]):
            _complete()
        from kazoo_sup.cli.app import main as run

        run()
    except KeyboardInterrupt:  # while modules are loaded; a command that runs ends in `cli.run`
        os.write(2, b"sup: interrupted\n")
        os._exit(130)


def _complete() -> None:
    """Answer a shell, or look up what may be answered the next time."""
    if sys.argv[1] == "__complete":
        from kazoo_sup.cli.completion.completing import main as answer
    else:
        from kazoo_sup.cli.completion.looking_up import main as answer
    os._exit(answer(sys.argv[2:]))


if __name__ == "__main__":
    main()
