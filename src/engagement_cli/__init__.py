"""Daily viewing logs in, one row per contract out.

    import engagement_cli as eng

    frame = eng.run("logs/", since="2022-04-01")
    frame.attrs["account"]["lines"]

Importing the package imports nothing else; each name brings its module when it is first used.
"""

from __future__ import annotations

from engagement_cli.version import __version__

TYPE_CHECKING = False  # typing's own takes longer to import than --help to print
if TYPE_CHECKING:
    from engagement_cli.aggregate import Partial as Partial
    from engagement_cli.api import read as read
    from engagement_cli.api import run as run
    from engagement_cli.categories import Category as Category
    from engagement_cli.categories import CategoryTable as CategoryTable
    from engagement_cli.categories import builtin_table as builtin_table
    from engagement_cli.categories import load_table as load_table
    from engagement_cli.errors import EngagementError as EngagementError
    from engagement_cli.parse.chunk import Chunk as Chunk
    from engagement_cli.pivot import pivot as pivot
    from engagement_cli.tally import Tally as Tally

_HOMES = {
    "Category": "categories",
    "CategoryTable": "categories",
    "Chunk": "parse.chunk",
    "EngagementError": "errors",
    "Partial": "aggregate",
    "Tally": "tally",
    "builtin_table": "categories",
    "load_table": "categories",
    "pivot": "pivot",
    "read": "api",
    "run": "api",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the names are the keys


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - only when a name is asked for

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
