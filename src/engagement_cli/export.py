"""From stored state to a result, without any log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.errors import NoInputError
from engagement_cli.pipeline import Outcome, fold_of, import_meanwhile, outcome_of, package_of
from engagement_cli.pivot import applied, tells_days
from engagement_cli.state import device_sets
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from engagement_cli.compact import Total
    from engagement_cli.fold import Emit, Shown
    from engagement_cli.pivot import Applied
    from engagement_cli.planning import Request
    from engagement_cli.state.generation import Counted, Generation


def export(
    request: Request, state: Generation, *, emit: Emit | None = None, passed_over: int = 0
) -> Outcome:
    """Make one row a contract out of all that is stored of the asked days.

    Args:
        request: The range, the category table and what becomes of unmapped apps.
        state: What is stored.
        emit: Takes the frames of one day each, where rows are asked for by contract and day.
        passed_over: Files that are never logs, in the folders that were searched before.

    Raises:
        UsageError: A range is asked for, and a file is stored without a day; or devices are, and
            a file is stored without them.
        NoInputError: Nothing is stored of the asked days.
        StateError: A partial, or what else is asked for, is missing or damaged.
    """
    counted = state.counted(request.since, request.until)
    if not counted.files:
        raise NoInputError(
            f"{state.folder}: nothing is stored of the asked days. "
            f"What is: engagement state list {state.quoted}"
        )
    if request.view.needs_days:
        state.require_days()
    if request.view.needs_devices:
        device_sets.require(state, counted)
    return outcome_of(
        request,
        _shown(request, state, counted, emit),
        files=len(counted.files),
        days=counted.days,
        bytes=sum(stored.source_bytes for _, stored in counted.files),
        tally=sum((stored.tally for _, stored in counted.files), Tally()),
        identical_files=counted.identical,
        passed_over=passed_over,
    )


def prepared(request: Request, total: Total) -> Applied:
    """What a result needs of the sum of all days, whatever it shows."""
    keep, days = request.unmapped == "keep", request.view.needs_activity
    return applied(total, request.table, keep_unmapped=keep, with_days=days)


def _shown(request: Request, state: Generation, counted: Counted, emit: Emit | None) -> Shown:
    """The view of what is stored: of its sum where that is enough, else day by day."""
    view = request.view
    if counted.pays:
        import_meanwhile(package_of(view))
    fold = fold_of(request, counted.days, emit, compiled=counted.pays)
    whole_range = view.needs_devices and not view.needs_devices_by_day
    if not view.needs_each_day:
        total = state.total(request.since, request.until)
        if not view.needs_days or tells_days(total, request.table):
            sums = state.prepared(total) or prepared(request, total)
            devices = device_sets.of_range(state, counted) if whole_range else None
            return fold.show_applied(sums, devices)
    for day, partial in state.days(request.since, request.until):
        own = device_sets.of(state, counted.of(day)) if view.needs_devices_by_day else None
        fold.add(day, partial, own)
    return fold.shown(device_sets.of_range(state, counted) if whole_range else None)
