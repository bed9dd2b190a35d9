"""`sup`, and `python -m kazoo_sup`."""

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line."""
    # Loading modules makes many objects and no garbage: at Python's own threshold, looking for some takes an eighth of
    # the start.
    gc.set_threshold(50_000)
    from kazoo_sup.cli import main as run

    run()


if __name__ == "__main__":
    main()
