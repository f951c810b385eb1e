"""The orders in which lines write their keys."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import msgspec

from engagement_cli.parse.bulk import ACTIONS
from engagement_cli.schema import SOURCE

_MOST_LINES = 1000

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def key_orders(text: bytes) -> Counter[str]:
    """The key orders of the first 1,000 hits or sources in some lines, each with their number.

    Actions of bulk files are none of them.
    An order reads ``_index, _source(Contract, TotalDuration), _id``.
    """
    orders: Counter[str] = Counter()
    for line in islice(text.split(b"\n"), _MOST_LINES):
        try:
            members = _members.decode(line)
            inner = _members.decode(members[SOURCE]) if SOURCE in members else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if members.keys() <= ACTIONS:
            continue
        orders[
            ", ".join(f"{SOURCE}({', '.join(inner)})" if k == SOURCE else k for k in members)
        ] += 1
    return orders
