"""The orders in which lines write their keys."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from engagement_cli.schema import SOURCE

if TYPE_CHECKING:
    from engagement_cli.sources.blocks import Lines

_MOST_LINES = 1000

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def key_orders(lines: Lines) -> Counter[str]:
    """The key orders of the first 1,000 lines of a block, each with its lines.

    An order reads ``_index, _source(Contract, TotalDuration), _id``.
    """
    orders: Counter[str] = Counter()
    for line in islice(lines.bytes.split(b"\n"), _MOST_LINES):
        try:
            members = _members.decode(line)
            inner = _members.decode(members[SOURCE]) if SOURCE in members else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        orders[
            ", ".join(f"{SOURCE}({', '.join(inner)})" if k == SOURCE else k for k in members)
        ] += 1
    return orders
