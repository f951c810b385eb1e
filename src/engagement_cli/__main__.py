"""The command line: ``engagement``, or ``python -m engagement_cli``.

Answers that never change are kept in ``pages/`` and printed at once, since importing click takes
longer than all the rest of them. ``tests/cli_reference.py`` writes those pages.
"""

import gc
import os
import sys

INTERRUPTED = 130
BROKEN_PIPE = 141
OBJECTS_BETWEEN_COLLECTIONS = 500_000
"""Imports make many objects and drop hardly one: to look for cycles among them every 700, as Python
does, takes a tenth of the time until there is work."""
PAGES = {
    (): "help.txt",
    ("-h",): "help.txt",
    ("--help",): "help.txt",
    ("categories", "list"): "categories-list.txt",
}


def main() -> None:
    """Run the command line; every way out is an exit status."""
    try:
        page = PAGES.get(tuple(sys.argv[1:]))
        if page and sys.stdout and "ENGAGEMENT_CATEGORIES" not in os.environ:
            sys.stdout.buffer.write(_read(page))
            sys.stdout.flush()
        else:
            gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or numpy starts some that spin
            from engagement_cli.cli.main import run  # noqa: PLC0415 - click, when it is needed

            status = run()
            _forget_interrupts()
            sys.exit(status)
    except KeyboardInterrupt:  # while modules are imported; a command says more
        _forget_interrupts()
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _flush_nothing()
        sys.exit(BROKEN_PIPE)
    except OSError as error:  # a page that cannot be printed; commands have a seam of their own
        _flush_nothing()
        sys.exit(f"engagement: {error}. Mend that and run again.")


def _forget_interrupts() -> None:
    """Let the exit status be the one given, although an interrupt came.

    If it struck while Python ran a string, as dataclasses do when they are made, ``python -m``
    would die of SIGINT in the end though it was caught; the next such string makes it forget that.
    """
    exec("")  # noqa: S102


def _flush_nothing() -> None:
    """Let what standard output still holds go nowhere when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _read(page: str) -> bytes:
    folder = os.path.dirname(__file__)  # noqa: PTH120 - pathlib takes long to import, too
    with open(os.path.join(folder, "pages", page), "rb") as file:  # noqa: PTH118, PTH123
        return file.read()


if __name__ == "__main__":
    main()
