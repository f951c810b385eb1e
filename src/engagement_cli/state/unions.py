"""Unions of many files of devices, kept: contracts once each, devices as hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli.contracts import Contracts
from engagement_cli.devices import IS_HASH, Devices
from engagement_cli.state import kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from engagement_cli.kernel.layout import Words
    from engagement_cli.state.kept import Column, Stamps

_KIND = "devices"


def best(folder: Path, wanted: Stamps) -> tuple[Devices, Stamps]:
    """The union of as many of the wanted files as one kept union holds, and which these are."""
    for found in kept.best(folder, _KIND, wanted, _made):
        return found.made, found.of
    return Devices.empty(), {}


def keep(folder: Path, devices: Devices, united: Stamps, room: int) -> None:
    """Keep a union, as ``kept.Draft.keep`` does."""
    first = np.flatnonzero(devices.contracts.starts())
    counts = np.diff(first, append=len(devices)).astype(np.uint64)
    contracts = devices.contracts.take(first)
    heads = devices.macs.hi ^ IS_HASH
    words = (contracts.hi, contracts.lo, counts, heads, devices.macs.lo)
    columns = [_narrow(column) for column in words]
    header = {"long": contracts.long}
    kept.Draft(folder, columns).keep(_KIND, united, header, room=room)


def _narrow(column: Words) -> Column:
    """The column of the narrowest type that holds it."""
    narrow = column.astype(np.min_scalar_type(int(column.max(initial=0))), copy=False)
    return np.ascontiguousarray(narrow)


def _made(header: Mapping[str, Any], columns: Sequence[Column]) -> Devices:
    hi, lo, counts, heads, tails = (column.astype(np.uint64, copy=False) for column in columns)
    times = counts.view(np.int64)
    contracts = Contracts(np.repeat(hi, times), np.repeat(lo, times), tuple(header["long"]))
    return Devices(contracts, Contracts(heads | IS_HASH, tails))
