"""The rules of a category table, and every breach of them with its line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unicodedata import normalize

from engagement_cli.categories.document import Mapping, Node, Refused, Scalar, Sequence, show
from engagement_cli.categories.fields import Fields
from engagement_cli.categories.table import Category, CategoryTable, Fault
from engagement_cli.schema import CONTRACT

VERSION = 1
"""The version of the YAML's own format."""

_TABLE_KEYS = ("version", "case", "trim", "other", "ignore_contracts", "categories", "features")
_CATEGORY_KEYS = ("column", "label", "apps", "match")
_LONGEST_PATTERN = 1000
_INIT = "`engagement categories init FILE` writes a table to begin with"


def validate(root: Node | None) -> tuple[CategoryTable, list[Fault]]:
    """The table that a document describes, and its faults; with any, the table is empty."""
    fields = Fields()
    if root is None or (isinstance(root, Scalar) and root.value is None):
        fields.fault(1, f"the table is empty: {_INIT}")
        return CategoryTable(()), fields.faults
    parts = fields.parts(root, "the table", _TABLE_KEYS)
    if parts is None:
        return CategoryTable(()), fields.faults
    _check_version(fields, parts.get("version"), root.line)
    table = CategoryTable((), **_options(fields, parts))
    if "categories" in parts:
        categories = _Rules(fields, table, parts.get("other")).categories(parts["categories"])
        if not fields.faults:
            table = replace(table, categories=categories)
    else:
        fields.fault(root.line, f"categories is missing: {_INIT}")
    return table, fields.faults


def _check_version(fields: Fields, node: Node | None, line: int) -> None:
    if node is None:
        fields.fault(line, f"version is missing: write version: {VERSION}")
    elif isinstance(node, Refused):
        return
    elif not (isinstance(node, Scalar) and node.value == VERSION and node.text == str(VERSION)):
        fields.fault(node.line, f"version must be the number {VERSION}: there is no other yet")


def _options(fields: Fields, parts: dict[str, Node]) -> dict[str, Any]:
    """What the YAML says about the table as a whole, and says rightly."""
    options: dict[str, Any] = {}
    if "case" in parts:
        options["case"] = fields.choice(parts["case"], "case", ("exact", "fold"))
    if "trim" in parts:
        options["trim"] = fields.truth(parts["trim"], "trim")
    if "other" in parts:
        options["other"] = fields.title(parts["other"], "other")
    if "ignore_contracts" in parts:
        named = fields.names(parts["ignore_contracts"], "ignore_contracts")
        options["ignore_contracts"] = frozenset(name for _, name in named)
    if "features" in parts:
        options["features"] = fields.settings(parts["features"], "features")
    return {name: value for name, value in options.items() if value is not None}


def _alike(title: str) -> str:
    """What titles have in common that differ in case, or in how an accent is coded, alone."""
    return normalize("NFC", normalize("NFC", title).casefold())


def _is_bare(node: Node | None) -> bool:
    return node is None or (isinstance(node, Sequence) and not node.items)


class _Rules:
    """Reads the categories, and sees that nothing stands twice among them."""

    def __init__(self, fields: Fields, table: CategoryTable, other: Node | None) -> None:
        self._fields = fields
        self._spell = table.spell
        self._names: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._columns = {_alike(CONTRACT): f"{show(CONTRACT)}, the first column of every result"}
        self._apps: dict[tuple[str, str], tuple[str, str, int]] = {}
        if other:
            self._claim(self._columns, "other", table.other, other.line)
        else:
            self._columns[_alike(table.other)] = f"{show(table.other)}, the default of other"

    def categories(self, node: Node) -> tuple[Category, ...]:
        """The categories in order, without those that lack a name or a column."""
        if isinstance(node, Mapping) and node.entries:
            read = [self._category(key, value) for key, value in node.entries]
            return tuple(category for category in read if category)
        match node:
            case Refused():
                pass
            case Mapping() | Scalar(value=None) | Sequence(items=()):
                self._fields.fault(node.line, f"the table is empty, categories lists none: {_INIT}")
            case _:
                told = "categories must be a mapping, each category under its name"
                self._fields.fault(node.line, f"{told}: {_INIT}")
        return ()

    def _category(self, key: Scalar, node: Node) -> Category | None:
        where = f"category {show(key.text)}"
        name = self._fields.title(key, "the name of a category")
        is_new = name is not None and self._claim(self._names, "category", name, key.line)
        parts = self._fields.parts(node, where, _CATEGORY_KEYS)
        if parts is None:
            return None
        column = self._column(parts.get("column"), where, key.line)
        label = self._label(parts.get("label"), where, name if is_new else None, key.line)
        apps = self._listed("app", parts.get("apps"), f"apps of {where}", where)
        match = self._listed("pattern", parts.get("match"), f"match of {where}", where)
        if _is_bare(parts.get("apps")) and _is_bare(parts.get("match")):
            self._fields.fault(key.line, f"{where} lists no apps: write apps: [NAME, NAME]")
        if name is None or column is None:
            return None
        return Category(name, column, label or name, apps, match)

    def _column(self, node: Node | None, where: str, line: int) -> str | None:
        if node is None:
            self._fields.fault(line, f"{where} has no column: write column: NAME")
            return None
        column = self._fields.title(node, f"column of {where}")
        if column is not None:
            self._claim(self._columns, "column", column, node.line)
        return column

    def _label(self, node: Node | None, where: str, name: str | None, line: int) -> str | None:
        """The label, which is the name where none is given."""
        label = name if node is None else self._fields.title(node, f"label of {where}")
        if label is not None:
            self._claim(self._labels, "label", label, node.line if node else line)
        return label

    def _listed(self, kind: str, node: Node | None, part: str, owner: str) -> tuple[str, ...]:
        """The apps or the patterns of a category, each claimed for it."""
        if node is None:
            return ()
        named = self._fields.names(node, part)
        for line, name in named:
            if kind == "pattern" and not name.strip():
                self._fields.fault(line, f"{part}: a pattern is empty: write one, such as 'FIMS*'")
            elif kind == "pattern" and len(name) > _LONGEST_PATTERN:
                told = f"longer than {_LONGEST_PATTERN} characters: shorten it"
                self._fields.fault(line, f"{part}: pattern {show(name)} is {told}")
            else:
                self._claim_app(kind, name, owner, line)
        return tuple(name for _, name in named)

    def _claim(self, taken: dict[str, str], kind: str, title: str, line: int) -> bool:
        """Take a title; whether it was free. A fault is told where it was not."""
        if first := taken.get(_alike(title)):
            told = f"{kind} {show(title)} is too much like {first}"
            self._fields.fault(line, f"{told}: they must differ in more than case")
            return False
        taken[_alike(title)] = f"{show(title)} on line {line}"
        return True

    def _claim_app(self, kind: str, name: str, owner: str, line: int) -> None:
        spelt = (kind, self._spell(name))
        if spelt not in self._apps:
            self._apps[spelt] = (name, owner, line)
            return
        first, holder, at = self._apps[spelt]
        where = f"on line {at}" if first == name else f"as {show(first)} on line {at}"
        if holder != owner:
            told = f"{kind} {show(name)} is in {owner} and, {where}, in {holder}: keep one"
            self._fields.fault(line, told)
        elif first == name:
            told = f"{kind} {show(name)} stands twice in {owner}, first {where}: keep one"
            self._fields.fault(line, told)
