"""The day of a file, told by its name or else by its folders."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engagement_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(-?)(\d\d)\2(\d\d)(?!\d)")


def day_of(path: PurePath) -> date | None:
    """The day in a file's name, else in its nearest folder that has one, else None."""
    for part in reversed(path.parts):
        for year, _, month, day in _DAY.findall(part):
            try:
                return date(int(year), int(month), int(day))
            except ValueError:
                continue
    return None


def parse_day(text: str) -> date:
    """A day written YYYY-MM-DD or YYYYMMDD.

    Raises:
        UsageError: The text is no such day.
    """
    if found := _DAY.fullmatch(text):
        try:
            return date(int(found[1]), int(found[3]), int(found[4]))
        except ValueError:
            pass
    raise UsageError(f"{text!r} is not a day; write it as 2022-04-01 or 20220401.")


def missing_days(days: Iterable[date], since: date | None, until: date | None) -> list[date]:
    """The days without a file, inside the asked range or else between the first and the last."""
    present = set(days)
    first = since or min(present, default=None)
    last = until or max(present, default=None)
    if first is None or last is None:
        return []
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day not in present]
