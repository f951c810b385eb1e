"""Whether a load would change nothing: the table is read back and compared row by row."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from engagement_cli.sinks.sql import ledger

if TYPE_CHECKING:
    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.plan import Plan


def is_repeated(database: Database, plan: Plan) -> bool:
    """Whether the last load was of this content, and the table holds it still, to the digit.

    A table without a unique key is never looked through: what it holds has no order.
    """
    existing = plan.existing
    if existing is None or plan.lacking or plan.refit or database.target.if_exists == "append":
        return False
    key = {database.fold(name) for name in plan.content.key}
    if key not in [{database.fold(name) for name in names} for names in existing.unique]:
        return False
    last = ledger.last_digest(database.connection, database.ledger, database.target.name)
    return last == plan.content.digest and _holds(database, plan)


def _holds(database: Database, plan: Plan) -> bool:
    """Whether the table has every row of the result, and no other."""
    count = sa.select(sa.func.count()).select_from(plan.table)
    if database.connection.execute(count).scalar_one() != plan.content.rows:
        return False
    ordered, seen = plan.content.ordered(), 0
    try:
        with closing(database.read_back(plan.table, plan.content)) as parts:
            for part in parts:
                if not _same(part, ordered.slice(seen, part.num_rows), plan.content.key):
                    return False
                seen += part.num_rows
    except pa.ArrowInvalid:
        return False  # something is there that is no value of the column's kind
    return seen == plan.content.rows


def _same(there: pa.Table, sent: pa.Table, key: tuple[str, ...]) -> bool:
    if there.equals(sent):
        return True
    by_key = [(name, "ascending") for name in key]
    return bool(there.sort_by(by_key).equals(sent))
