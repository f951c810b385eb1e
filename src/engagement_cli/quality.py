"""The account of a run: what was read, what became of every line, and what deserves a look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from engagement_cli.errors import QualityError, UsageError
from engagement_cli.schema import CONTRACT, FORMULA, FORMULA_STARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from engagement_cli.categories import CategoryTable
    from engagement_cli.pivot import Pivot, UnmappedApp
    from engagement_cli.tally import Tally

_LIMIT = re.compile(r"(\d{1,18})|(\d{1,18}(?:\.\d{1,18})?|\.\d{1,18})%")


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """How many rejected lines a run accepts: a number, or a share of the lines read.

    The share is exact: 7 of 1,000 lines are 0.7%, and not a little more.
    """

    count: int = 0
    share: Fraction | None = None

    @classmethod
    def parse(cls, text: str) -> RejectLimit:
        """A limit written ``100`` or ``0.01%``.

        Raises:
            UsageError: It is neither.
        """
        found = _LIMIT.fullmatch(text.strip())
        if found and found[1]:
            return cls(int(found[1]))
        share = Fraction(found[2]) / 100 if found else Fraction(2)
        if share > 1:
            raise UsageError(f"{text[:40]!r} is no limit of rejects; write it as 100 or 0.01%.")
        return cls(share=share)

    def exceeded_by(self, tally: Tally) -> bool:
        """Whether there are more rejects than this."""
        most = self.count if self.share is None else self.share * tally.lines
        return tally.rejects > most


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An unmapped app that is a mapped one but for case or white space."""

    app: str
    category: str
    like: str


@dataclass(frozen=True, slots=True)
class Account:
    """What a run read and what became of it.

    Attributes:
        files: Files read.
        since: The first day that the result is about: as asked for, else of the files.
        until: The last such day.
        days: The days of the files, in order.
        bytes: Bytes read, as stored.
        tally: What became of the lines.
        pivot: The result and its figures.
        first_reject: Where the first rejected line is, and why; empty without one.
        not_json: The first file of which nearly no line is JSON; empty without one.
        near_misses: Unmapped apps that are mapped ones but for case or white space.
        missing_days: Days without a file.
        identical_files: Names of files with the same bytes: the one that was read, the one left.
        passed_over: Files in the folders that are never logs.
        formulas: Contracts that a spreadsheet takes for formulas, where nothing prevents it.
    """

    files: int
    since: date | None
    until: date | None
    days: Sequence[date]
    bytes: int
    tally: Tally
    pivot: Pivot
    first_reject: str = ""
    not_json: str = ""
    near_misses: Sequence[NearMiss] = ()
    missing_days: Sequence[date] = ()
    identical_files: Sequence[tuple[str, str]] = ()
    passed_over: int = 0
    formulas: int = 0

    @property
    def warnings(self) -> list[str]:
        """What ``--strict`` refuses, a sentence each."""
        said = [
            f"Unmapped app {miss.app!r} is {miss.like!r} ({miss.category}) but for case or space."
            for miss in self.near_misses
        ]
        said += [
            f"{left} holds the same bytes as {read}: read once."
            for read, left in self.identical_files
        ]
        if self.missing_days:
            said.append(f"Days without a file: {', '.join(map(str, self.missing_days))}.")
        if self.tally.over_day:
            said.append(f"Lines of more than a day (86,400 seconds): {self.tally.over_day:,}.")
        if self.formulas:
            said.append(
                f"Contracts that a spreadsheet takes for formulas: {self.formulas:,} "
                "(--csv-safe makes them harmless)."
            )
        return said

    def as_dict(self) -> dict[str, Any]:
        """The account as JSON has it; the same inputs give the same, however they were read."""
        return {
            "files": self.files,
            "since": str(self.since) if self.since else None,
            "until": str(self.until) if self.until else None,
            "days": [str(day) for day in self.days],
            "bytes": self.bytes,
            "lines": self.tally.lines,
            "accepted": self.pivot.accepted,
            "filtered": self.pivot.filtered,
            "rejected": self.tally.rejects,
            "repeated": self.tally.repeated,
            "blank": self.tally.blank,
            "rejected_by_reason": {
                str(reason): count for reason, count in sorted(self.tally.rejected.items())
            },
            "contracts": len(self.pivot.rows),
            "categories": [
                {
                    "category": figures.category.key,
                    "column": figures.category.column,
                    "contracts": figures.contracts,
                    "lines": figures.lines,
                    "seconds": figures.seconds,
                }
                for figures in self.pivot.categories
            ],
            "unmapped": [
                {"app": app.app, "lines": app.lines, "seconds": app.seconds}
                for app in self.pivot.unmapped
            ],
            "near_misses": [
                {"app": miss.app, "category": miss.category, "like": miss.like}
                for miss in self.near_misses
            ],
            "missing_days": [str(day) for day in self.missing_days],
            "over_86400": self.tally.over_day,
            "identical_files": [list(pair) for pair in self.identical_files],
            "passed_over": self.passed_over,
            "formulas": self.formulas,
            "warnings": self.warnings,
        }

    def hold_to(self, limit: RejectLimit, *, strict: bool, fail_on_unmapped: bool) -> None:
        """Refuse a run that exceeds a limit.

        Raises:
            QualityError: More rejects than the limit, unmapped apps, or warnings under ``strict``.
        """
        if limit.exceeded_by(self.tally):
            raise QualityError(
                f"{self.tally.rejects:,} of {self.tally.lines:,} lines rejected: nothing was "
                f"written. The first: {self.first_reject}. Mend the files, or accept some with "
                "--max-rejects (100, or 0.01%); --rejects FILE keeps them all." + self._other_shape
            )
        if fail_on_unmapped and self.pivot.unmapped:
            names = ", ".join(repr(app.app) for app in self.pivot.unmapped[:10])
            raise QualityError(
                f"{len(self.pivot.unmapped)} unmapped apps ({names}): nothing was written. "
                "Add them to the category table, or leave out --unmapped fail."
            )
        if strict and self.warnings:
            raise QualityError(
                f"{len(self.warnings)} warnings under --strict: nothing was written. "
                f"The first: {self.warnings[0]}"
            )

    @property
    def _other_shape(self) -> str:
        if not self.not_json:
            return ""
        return (
            f" The lines of {self.not_json} are not JSON: "
            "if the file as a whole is, name its shape with --format search or array."
        )


def formulas(pivot: Pivot) -> int:
    """How many contracts of a result a spreadsheet would take for formulas."""
    if pivot.contracts is None:
        return int(pivot.frame[CONTRACT].str.match(FORMULA).sum())
    return int(pivot.contracts.begin_with(FORMULA_STARTS).sum())


def near_misses(unmapped: Iterable[UnmappedApp], table: CategoryTable) -> list[NearMiss]:
    """The unmapped apps that are mapped ones but for case or white space."""
    found = []
    for app in unmapped:
        like = table.near_miss(app.app)
        code = None if like is None else table.category_of(like)
        if like is not None and code is not None:
            found.append(NearMiss(app.app, table.categories[code].key, like))
    return found
