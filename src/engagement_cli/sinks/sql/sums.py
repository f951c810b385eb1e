"""Control totals: a table summed back, to be compared with ``Content.controls``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engagement_cli.sinks.sql.content import Kind

if TYPE_CHECKING:
    from engagement_cli.sinks.sql.content import Content
    from engagement_cli.sinks.sql.database import Database
    from engagement_cli.sinks.sql.plan import Part


def sum_back(database: Database, table: sa.Table, content: Content) -> tuple[int, ...]:
    """The controls of what the table holds now, in the order of ``Content.controls``.

    Where the table holds wider numbers than the content, the database may refuse to sum them.
    """
    controls: list[list[Part]] = [[(sa.func.count(), 0)]]
    for column in content.columns:
        values = table.c[column.name]
        controls.append([(sa.func.count(values), 0)])
        if column.kind is Kind.INTEGER:
            bits = column.width + content.rows.bit_length()
            controls.append(database.integer_sum(values, bits))
        elif column.kind is Kind.TEXT:
            controls.append([(sa.func.sum(database.characters(values)), 0)])
    query = sa.select(*(part for parts in controls for part, _ in parts)).select_from(table)
    row = iter(database.connection.execute(query).one())
    return tuple(sum(int(next(row) or 0) << bits for _, bits in parts) for parts in controls)
