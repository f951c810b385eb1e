"""Parameters of features: what each may be, and how it is read from a category table."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Path = tuple[str | int, ...]
Levels = tuple[tuple[str, Fraction], ...]
"""Labels, each with the number it begins at, ascending from the first."""
Rows = tuple[tuple[str, tuple[str, ...]], ...]
"""Rows of labels, each with its name."""

_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class WrongValueError(Exception):
    """A value that a parameter cannot have: why, and where below the parameter."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


class Kind(Protocol):
    """What a parameter may be."""

    def read(self, value: object) -> Any:
        """The value of a parameter, from what YAML gives.

        Raises:
            WrongValueError: It cannot be that.
        """

    def show(self, value: Any) -> str:
        """The value as YAML."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, value: object) -> str:
        """See ``Kind``."""
        if value in self.words:
            return str(value)
        raise WrongValueError(f"must be {' or '.join(self.words)}, not {value!r}")

    def show(self, value: str) -> str:
        """See ``Kind``."""
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """A text, which may be empty."""

    def read(self, value: object) -> str:
        """See ``Kind``."""
        return _text(value)

    def show(self, value: str) -> str:
        """See ``Kind``."""
        return _quoted(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a range; a whole one, if ``whole``."""

    least: int
    most: int | None = None
    whole: bool = False

    def read(self, value: object) -> Fraction:
        """See ``Kind``."""
        return _number(value, self.least, self.most, whole=self.whole)

    def show(self, value: Fraction) -> str:
        """See ``Kind``."""
        return decimal(value)


@dataclass(frozen=True, slots=True)
class LevelsFrom:
    """Labels with the number each begins at; the first begins at ``least``."""

    least: int
    most: int | None = None

    def read(self, value: object) -> Levels:
        """See ``Kind``."""
        if not isinstance(value, dict) or not value:
            raise WrongValueError(f"must be labels with numbers, such as {{low: {self.least}}}")
        levels: list[tuple[str, Fraction]] = []
        for label, start in value.items():
            number = _number(start, self.least, self.most, label)
            if not levels and number != self.least:
                raise WrongValueError(
                    f"the first level, {label!r}, must begin at {self.least}, so that every "
                    "contract has a level",
                    label,
                )
            if levels and number <= levels[-1][1]:
                raise WrongValueError(
                    f"{label!r} begins at {decimal(number)}, which is not above the level before "
                    f"it, {levels[-1][0]!r} at {decimal(levels[-1][1])}",
                    label,
                )
            levels.append((label, number))
        return tuple(levels)

    def show(self, value: Levels) -> str:
        """See ``Kind``."""
        return "{" + ", ".join(f"{_quoted(name)}: {decimal(start)}" for name, start in value) + "}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numbers that ascend, or descend."""

    least: int
    descending: bool = False

    def read(self, value: object) -> tuple[Fraction, ...]:
        """See ``Kind``."""
        if not isinstance(value, list) or not value:
            raise WrongValueError("must be a list of numbers")
        numbers: list[Fraction] = []
        for place, item in enumerate(value):
            number = _number(item, self.least, None, place)
            if numbers and (number >= numbers[-1] if self.descending else number <= numbers[-1]):
                way = "below" if self.descending else "above"
                raise WrongValueError(
                    f"{decimal(number)} is not {way} the number before it, {decimal(numbers[-1])}",
                    place,
                )
            numbers.append(number)
        return tuple(numbers)

    def show(self, value: Sequence[Fraction]) -> str:
        """See ``Kind``."""
        return "[" + ", ".join(map(decimal, value)) + "]"


@dataclass(frozen=True, slots=True)
class Labels:
    """So many different labels."""

    count: int

    def read(self, value: object) -> tuple[str, ...]:
        """See ``Kind``."""
        if not isinstance(value, list) or len(value) != self.count:
            raise WrongValueError(f"must be a list of {self.count} labels")
        labels = tuple(_text(item, place) for place, item in enumerate(value))
        if len(set(labels)) < self.count:
            raise WrongValueError("the labels must differ")
        return labels

    def show(self, value: Sequence[str]) -> str:
        """See ``Kind``."""
        return _list(value)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A list of labels under each name of a row."""

    def read(self, value: object) -> Rows:
        """See ``Kind``."""
        if not isinstance(value, dict) or not value:
            raise WrongValueError("must be rows of labels, such as {Low: [a, b], High: [b, c]}")
        rows = []
        for name, row in value.items():
            if not isinstance(row, list):
                raise WrongValueError(f"row {name!r} must be a list of labels", name)
            labels = tuple(_text(item, name, place) for place, item in enumerate(row))
            rows.append((name, labels))
        return tuple(rows)

    def show(self, value: Rows) -> str:
        """See ``Kind``."""
        return "{" + ", ".join(f"{_quoted(name)}: {_list(row)}" for name, row in value) + "}"


def option(kind: Kind, default: Any, told: str) -> Any:
    """A parameter, as a field of a dataclass; ``default`` is written as YAML gives it."""
    return field(default=kind.read(default), metadata={"kind": kind, "told": told})


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter as it is told."""

    name: str
    value: str
    default: str
    told: str


def options(parameters: Any) -> Iterator[Option]:
    """The parameters of a feature, with their values in force."""
    for one in fields(parameters):
        kind = one.metadata["kind"]
        value = kind.show(getattr(parameters, one.name))
        yield Option(one.name, value, kind.show(one.default), one.metadata["told"])


def read(parameters: type[Any], values: Mapping[str, object]) -> tuple[Any, list[tuple[Path, str]]]:
    """Parameters from YAML; and what is wrong, by its path below the feature."""
    kinds = {one.name: one.metadata["kind"] for one in fields(parameters)}
    found: dict[str, Any] = {}
    faults: list[tuple[Path, str]] = []
    for name, value in values.items():
        if name not in kinds:
            known = f"it has {', '.join(kinds)}" if kinds else "it has none"
            faults.append(((name,), f"no such parameter: {known}"))
            continue
        try:
            found[name] = kinds[name].read(value)
        except WrongValueError as error:
            faults.append(((name, *error.path), str(error)))
    return parameters(**found), faults


def decimal(number: Fraction) -> str:
    """A number as YAML has it."""
    return str(int(number)) if number.denominator == 1 else str(float(number))


def _number(
    value: object, least: int, most: int | None, *path: str | int, whole: bool = False
) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongValueError(f"must be a number, not {value!r}", *path)
    number = Fraction(str(value))
    if whole and number.denominator != 1:
        raise WrongValueError(f"must be a whole number, not {value!r}", *path)
    if number < least or (most is not None and number > most):
        span = f"at least {least}" if most is None else f"from {least} to {most}"
        raise WrongValueError(f"must be {span}, not {value!r}", *path)
    return number


def _text(value: object, *path: str | int) -> str:
    if not isinstance(value, str):
        raise WrongValueError(f"must be a text, not {value!r}: quote it", *path)
    return value


def _list(labels: Sequence[str]) -> str:
    return "[" + ", ".join(map(_quoted, labels)) + "]"


def _quoted(text: str) -> str:
    plain = text.isalpha() and text.lower() not in _NOT_TEXT
    return text if plain else "'" + text.replace("'", "''") + "'"
