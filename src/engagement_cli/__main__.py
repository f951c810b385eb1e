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
MALLOPT = {-1: 2**31 - 1, -3: 2**25, -8: 1}
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in bytes, and M_ARENA_MAX, as glibc's malloc.h has them."""
CLOUDS = ("_s3fs", "_gcsfs", "_azurefs", "_hdfs")
"""Clients of stores that Arrow loads where it has them; that takes nearly half as long as loading
Arrow itself, and every path here is one of this machine."""
PAGES = {
    (): "help.txt",
    ("-h",): "help.txt",
    ("--help",): "help.txt",
    ("categories", "list"): "categories-list.txt",
}


def program() -> None:
    """Run the command line, and end the process with its exit status.

    All is flushed and in place by then, so that Python need not be taken apart, which takes a fifth
    of a second after a large run; and it cannot end by SIGINT, as ``python -m`` does if an
    interrupt struck while it ran a string, though that was caught.
    """
    try:
        main()
    except SystemExit as leaving:
        os._exit(int(leaving.code or 0))


def main() -> None:
    """Run the command line; every way out is an exit status."""
    try:
        status = _run()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except KeyboardInterrupt:  # while modules are imported; a command says more
        status = INTERRUPTED
    except BrokenPipeError:
        status = BROKEN_PIPE
        _flush_nothing()
    except OSError as error:  # a page that cannot be printed; commands have a seam of their own
        status = 1
        _flush_nothing()
        if sys.stderr:
            sys.stderr.write(f"engagement: {error}. Mend that and run again.\n")
    sys.exit(status)


def _run() -> int:
    page = PAGES.get(tuple(sys.argv[1:]))
    if page and sys.stdout and "ENGAGEMENT_CATEGORIES" not in os.environ:
        sys.stdout.buffer.write(_read(page))
        return 0
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or numpy starts some that spin
    _reuse_memory()
    for client in CLOUDS:
        sys.modules[f"pyarrow.{client}"] = None  # type: ignore[assignment] # as if it were not there
    from engagement_cli.cli.main import run  # noqa: PLC0415 - click, when it is needed

    return run()


def _reuse_memory() -> None:
    """Have memory that is freed kept, and used again by whoever asks next, Arrow too.

    Large arrays would go back to the system each time, and it clears every page that it hands out,
    which takes a good part of adding a day to a month. Only the largest still do: what is left in
    their place would seldom be of use, and memory would grow. Huge pages, which NumPy asks for, are
    cleared whole, and much of them would not be used. Without glibc only these are left out.
    """
    import ctypes  # noqa: PLC0415 - a page is printed without

    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for parameter, value in MALLOPT.items():
        mallopt(parameter, value)


def _flush_nothing() -> None:
    """Let what standard output still holds go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _read(page: str) -> bytes:
    folder = os.path.dirname(__file__)  # noqa: PTH120 - pathlib takes long to import, too
    with open(os.path.join(folder, "pages", page), "rb") as file:  # noqa: PTH118, PTH123
        return file.read()


if __name__ == "__main__":
    program()
