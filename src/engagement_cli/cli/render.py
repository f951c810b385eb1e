"""Plans and accounts as text: short, aligned, for people. JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from engagement_cli.cli.columns import aligned, cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from engagement_cli.cli.watch import FirstRejects
    from engagement_cli.ingest import Ingested
    from engagement_cli.pivot import UnmappedApp
    from engagement_cli.planning import Plan
    from engagement_cli.quality import Account
    from engagement_cli.tally import Tally

_MOST_APPS = 10
_LABEL = "{:<11}"


def plan(planned: Plan) -> Iterator[str]:
    """What a run would read."""
    for source in planned.sources:
        size = "?" if source.size is None else f"{source.size:,}"
        yield f"would read {source}  {source.day or 'no day'}  {size} bytes"
    yield f"would read {_extent(len(planned.sources), planned.days, planned.bytes)}"


def account(said: Account, first_rejects: FirstRejects, *, verbose: bool = False) -> Iterator[str]:
    """The account, a fact a line."""
    tally, pivot = said.tally, said.pivot
    yield _row("read", _extent(said.files, said.days, said.bytes))
    if said.passed_over:
        yield _row("", f"{said.passed_over:,} other files passed over")
    yield _row(
        "lines",
        f"{tally.lines:,} = {pivot.accepted:,} accepted + {pivot.filtered:,} filtered"
        f" + {tally.rejects:,} rejected + {tally.blank:,} blank"
        + (f" + {tally.repeated:,} repeated" if tally.repeated else ""),
    )
    if tally.shape_matched:
        yield _row("", f"shape-matched {tally.shape_matched / tally.lines:.2%}")
    yield from _rejects(said.tally, first_rejects)
    yield _row("contracts", f"{len(pivot.rows):,}")
    table = [(" ", "contracts", "seconds")]
    table += [(f.category.column, f"{f.contracts:,}", f"{f.seconds:,}") for f in pivot.categories]
    yield from (_row("", line) for line in _right(table))
    apps = pivot.unmapped if verbose else pivot.unmapped[:_MOST_APPS]
    if apps:
        yield _row("unmapped", f"{len(pivot.unmapped):,} apps that no category lists")
        yield from (_row("", line) for line in _apps(apps))
    if len(apps) < len(pivot.unmapped):
        yield _row("", f"and {len(pivot.unmapped) - len(apps):,} more (-v shows all)")
    yield from (_row("warning", text) for text in said.warnings)


def unmapped(said: Account) -> Iterator[str]:
    """The unmapped apps, and YAML that gives them a category."""
    apps = said.pivot.unmapped
    if not apps:
        yield "Every app has a category."
        return
    yield from _apps(apps)
    yield ""
    yield "# Paste under categories: and name it, or move the apps to a category that is there."
    yield "  New:"
    yield "    column: NewDuration"
    yield "    label: New"
    yield "    apps:"
    yield from (f"      - {json.dumps(app.app, ensure_ascii=False)}" for app in apps)


def ingested(done: Ingested, generation: int, first_rejects: FirstRejects) -> Iterator[str]:
    """What an ingest stored, a fact a line."""
    counts = {
        "new": len(done.new),
        "replaced": len(done.replaced),
        "unchanged": len(done.unchanged),
        "moved": len(done.moved),
        "identical": len(done.identical),
        "not stored": len(done.refused) + len(done.failed),
    }
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    yield _row("state", f"{told or 'no files'}; generation {generation}")
    if done.tally.lines:
        tally = done.tally
        yield _row("ingested", f"{done.bytes:,} bytes")
        yield _row(
            "",
            f"{tally.lines:,} lines = {tally.valid:,} valid"
            f" + {tally.rejects:,} rejected + {tally.blank:,} blank",
        )
    yield from (_row("replaced", f"{name}: its bytes had changed") for name in done.replaced)
    for old, name in done.moved:
        yield _row("moved", f"{name}: stored as {old} until now, where nothing is left")
    for name in done.mended:
        yield _row("mended", f"{name}: its bytes were stored and damaged; they are stored anew")
    if done.devices:
        count = len(done.devices)
        yield _row("devices", f"{count:,} file{'s' * (count != 1)}: same bytes, devices added")
    for stored, name in done.identical:
        yield _row("warning", f"{name} holds the same bytes as {stored}: counted once.")
    yield from _rejects(done.tally, first_rejects)
    yield from (_row("refused", f"{name}: too many rejects") for name, _ in done.refused)


def _rejects(tally: Tally, first: FirstRejects) -> Iterator[str]:
    for reason, count in sorted(tally.rejected.items()):
        yield _row("rejected", f"{count:,} {reason}")
    for source, reject in first:
        where = f"{source}:{reject.line}"
        yield _row("", f"{where} (byte {reject.byte}): {reject.reason}: {cell(reject.text)}")
    if first and len(first) < tally.rejects:
        hint = "" if first.all_kept else " (--rejects FILE keeps all)"
        yield _row("", f"and {tally.rejects - len(first):,} more{hint}")


def _apps(apps: Sequence[UnmappedApp]) -> Iterator[str]:
    rows = [(cell(app.app), f"{app.lines:,}", f"{app.seconds:,}") for app in apps]
    return _right([(" ", "lines", "seconds"), *rows])


def _extent(files: int, days: Sequence[date], size: int) -> str:
    told = f"{files:,} file{'s' * (files != 1)}, {size:,} bytes"
    if not days:
        return told
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"{told}, {len(days)} day{'s' * (len(days) != 1)} ({span})"


def _row(label: str, text: str) -> str:
    return _LABEL.format(label) + text


def _right(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Aligned rows whose numbers, all columns but the first, end below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    moved = [
        (row[0], *(text.rjust(wide) for text, wide in zip(row[1:], widths[1:], strict=True)))
        for row in rows
    ]
    return aligned(moved)
