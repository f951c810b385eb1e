"""What the features must say, worked out slowly with dictionaries and exact fractions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from oracle import NOBODY, TABLE, column_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from households import View

KEYS = ["TV", "Movie", "Child", "Relax", "Sport"]
Row = dict[str, Any]


def day_of(name: str) -> date:
    return date(int(name[:4]), int(name[4:6]), int(name[6:]))


def rounded(value: Fraction, decimals: int) -> float:
    """Half to even, by decimal arithmetic of far more digits than are asked for."""
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return float(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN))


def quantile(values: Sequence[int], share: Fraction) -> Fraction:
    """Between the two values around the place ``share * (n - 1)``, linearly."""
    ordered, place = sorted(values), share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def rows(days: Mapping[str, Iterable[View]]) -> list[Row]:
    """One dictionary a contract, with every column that ``--features all`` adds."""
    found: dict[str, Row] = {}
    macs: dict[str, set[str]] = {}
    for name, views in days.items():
        for view in views:
            if _is_nobody(view.contract):
                continue
            if view.mac:
                macs.setdefault(view.contract, set()).add(view.mac)
            column = column_of(view.app, TABLE)
            if column is None:
                continue
            row = found.setdefault(
                view.contract, {"Contract": view.contract, "days": set(), **dict.fromkeys(TABLE, 0)}
            )
            row[column] += view.seconds
            row["days"].add(day_of(name))
    result = [found[contract] for contract in sorted(found)]
    for row in result:
        _viewing(row)
        _days(row, [day_of(name) for name in days])
        row["TotalDevices"] = len(macs.get(row["Contract"], ()))
    _segments(result)
    return result


def figure_rows(
    days: Mapping[str, Iterable[View]], period: str, *, keep_unmapped: bool
) -> list[Row]:
    """One dictionary a period, with every column of the figures; numbers as CSV writes them."""
    first, last = day_of(min(days)), day_of(max(days))
    spans: dict[date, list[date]] = {}
    for place in range((last - first).days + 1):
        day = first + timedelta(place)
        begin = {"day": day, "week": day - timedelta(day.weekday()), "month": day.replace(day=1)}
        spans.setdefault(begin[period], []).append(day)
    known: set[str] = set()
    rows = []
    for start, span in spans.items():
        present = [day.strftime("%Y%m%d") for day in span if day.strftime("%Y%m%d") in days]
        views = [view for day in present for view in days[day] if not _is_nobody(view.contract)]
        row = _figures(start, views, known, [*TABLE, *(["OtherDuration"] if keep_unmapped else [])])
        rows.append({**row, "Missing": len(span) - len(present)})
    return rows


def _figures(start: date, views: list[View], known: set[str], columns: list[str]) -> Row:
    """A row of the figures; the contracts it counts become known."""
    seconds = dict.fromkeys(columns, 0)
    watchers: dict[str, set[str]] = {name: set() for name in columns}
    lines = unmapped = 0
    for view in views:
        column = column_of(view.app, TABLE) or "OtherDuration"
        unmapped += view.seconds if column == "OtherDuration" else 0
        if column in seconds:
            lines += 1
            seconds[column] += view.seconds
            watchers[column].add(view.contract)
    counted: set[str] = set().union(*watchers.values())
    devices = {view.mac for view in views if view.mac and view.contract in counted}
    total = sum(seconds.values())
    row: Row = {"Date": start, "Lines": lines, "Contracts": len(counted)}
    row |= {"NewContracts": len(counted - known), "TotalDuration": total}
    for name in columns:
        row[name] = seconds[name]
        row[name.replace("Duration", "Contracts")] = len(watchers[name])
    row |= {"UnmappedDuration": unmapped, "UniqueDevices": len(devices)}
    average = rounded(Fraction(total, max(len(counted), 1)), 2)
    row["AvgDurationPerContract"] = int(average) if average.is_integer() else average
    known |= counted
    return row


def _is_nobody(contract: str) -> bool:
    return contract in NOBODY or not contract.strip()


def _viewing(row: Row) -> None:
    seconds = [row[column] for column in TABLE]
    row["TotalDuration"] = total = sum(seconds)
    best = max(seconds)
    row["MostWatch"] = KEYS[seconds.index(best)] if best else ""
    row["Taste"] = "-".join(key for key, value in zip(KEYS, seconds, strict=True) if value)
    for key, value in zip(KEYS, seconds, strict=True):
        row[f"{key}Share"] = rounded(Fraction(value, total), 4) if total else 0.0


def _days(row: Row, present: list[date]) -> None:
    active = row.pop("days")
    row["ActiveDays"], row["FirstDay"], row["LastDay"] = len(active), min(active), max(active)
    percent = Fraction(100 * len(active), len(present))
    row["Activeness"] = rounded(percent, 2)
    row["ActivenessLevel"] = "High" if percent >= 67 else "Medium" if percent >= 34 else "Low"
    row["band"] = 2 if percent >= 67 else 1 if percent >= 34 else 0
    row["Recency"] = (max(present) - max(active)).days


def _segments(result: list[Row]) -> None:
    totals = [row["TotalDuration"] for row in result]
    quarters = [Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]
    matrix = {
        "Low": ["Low", "Low", "Medium"],
        "Medium": ["Low", "Medium", "High"],
        "High": ["Medium", "High", "High"],
        "VeryHigh": ["Medium", "High", "VeryHigh"],
    }
    measures = [
        [-row["Recency"] for row in result],
        [row["ActiveDays"] for row in result],
        totals,
    ]
    for place, row in enumerate(result):
        above = sum(totals[place] >= quantile(totals, share) for share in quarters)
        row["EngagementType"] = ["Low", "Medium", "High", "VeryHigh"][above]
        row["Clinginess"] = matrix[row["EngagementType"]][row.pop("band")]
        row["Frequency"], row["Monetary"] = row["ActiveDays"], totals[place]
        scores = [
            1 + sum(values[place] >= quantile(values, share) for share in quarters)
            for values in measures
        ]
        row["RFMScore"] = "".join(map(str, scores))
        mean = Fraction(sum(scores), 3)
        row["Segment"] = "High" if mean >= 3 else "Mid" if mean >= 2 else "Low"
