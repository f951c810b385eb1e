"""The category table in memory: which category an app falls in, and which contracts are nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from typing import TYPE_CHECKING, Literal

from engagement_cli.schema import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Category:
    """One column of the result.

    Attributes:
        key: Short name, unique in its table.
        column: Name of the column, unique in its table whatever the case.
        label: Name for readers, in any script.
        apps: Names of apps, as the logs spell them.
        match: Glob patterns (``*``, ``?``, ``[abc]``, ``[!abc]``) over the whole name of an app.
    """

    key: str
    column: str
    label: str
    apps: tuple[str, ...]
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a table: the line it stands on, and what it is and asks for."""

    line: int
    message: str

    def at(self, path: Path) -> str:
        """The fault as one line that editors can follow."""
        return f"{path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Settings:
    """A part of the YAML that another module reads, with the line of everything in it.

    Attributes:
        values: Mappings, lists, strings, numbers, truth values and None, as the YAML nests them;
            keys are strings, as written.
        lines: Line of each key and list entry, by its path of keys and list positions.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)


class _Index:
    """Names and patterns in one spelling: a name beats a pattern, the first of the table wins."""

    __slots__ = ("_names", "_patterns")

    def __init__(self, categories: Iterable[Category], spell: Callable[[str], str]) -> None:
        self._names: dict[str, tuple[int, str]] = {}
        self._patterns: list[tuple[re.Pattern[str], tuple[int, str]]] = []
        for position, category in enumerate(categories):
            for name in category.apps:
                self._names.setdefault(spell(name), (position, name))
            for glob in category.match:
                pattern = re.compile(translate(spell(glob)))
                self._patterns.append((pattern, (position, glob)))

    def find(self, spelt: str) -> tuple[int, str] | None:
        """Position of the category, and the name or pattern as the table writes it."""
        if (found := self._names.get(spelt)) is not None:
            return found
        return next((hit for pattern, hit in self._patterns if pattern.match(spelt)), None)


def _loosely(name: str) -> str:
    return "".join(name.split()).casefold()


@dataclass(frozen=True, slots=True)
class CategoryTable:
    """The category table: immutable, and cheap to send to another process.

    ``load_table`` gives one that was checked. One made by hand is not checked: of two categories
    with the same app the first wins.

    Attributes:
        categories: The categories in the order of their columns.
        other: Name of the column of unmapped apps, where the result has one.
        ignore_contracts: Contracts that are nobody; ``""`` stands for white space alone, too.
        case: ``"exact"``, or ``"fold"`` to read app names and patterns without regard to case.
        trim: Whether white space around contracts and app names counts for nothing.
        features: The settings of derived columns, unread.
    """

    categories: tuple[Category, ...]
    other: str = "OtherDuration"
    ignore_contracts: frozenset[str] = frozenset(NOBODY)
    case: Literal["exact", "fold"] = "exact"
    trim: bool = False
    features: Settings = field(default_factory=Settings, hash=False)
    _index: _Index = field(init=False, repr=False, compare=False)
    _loose: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index(self.categories, self.spell))
        object.__setattr__(self, "_loose", _Index(self.categories, _loosely))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the categories, in order; neither the contract's nor ``other``."""
        return tuple(category.column for category in self.categories)

    def spell(self, app: str) -> str:
        """The app name as this table compares it: trimmed and folded where the table says so."""
        name = app.strip() if self.trim else app
        return name.casefold() if self.case == "fold" else name

    def category_of(self, app: str) -> int | None:
        """Position in ``categories`` of the app's category; None for an unmapped app."""
        found = self._index.find(self.spell(app))
        return None if found is None else found[0]

    def near_miss(self, app: str) -> str | None:
        """The app or pattern that an unmapped app misses by case or white space alone."""
        found = self._loose.find(_loosely(app))
        return None if found is None else found[1]

    def is_nobody(self, contract: str) -> bool:
        """Whether the contract stands for nobody and its lines are filtered."""
        blank = "" in self.ignore_contracts and not contract.strip()
        name = contract.strip() if self.trim else contract
        return blank or name in self.ignore_contracts
