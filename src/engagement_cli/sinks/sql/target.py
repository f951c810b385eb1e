"""Which table is written, how, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from engagement_cli.errors import UsageError
from engagement_cli.secret import masked

if TYPE_CHECKING:
    from engagement_cli.sinks.sql.url import SecretUrl

IfExists = Literal["replace", "upsert", "append", "fail"]

_LONGEST_WAIT = 1_000_000
"""Seconds: PostgreSQL counts milliseconds in 32 bits."""
OWN_PREFIX = "_engagement_"
"""Tables of this prefix belong to the program."""


@dataclass(frozen=True, slots=True)
class SqlTarget:
    """A table in a database, and what to do when it is there already.

    Attributes:
        url: The database.
        table: ``name`` or ``schema.name``; on MySQL and MariaDB a schema is a database.
        if_exists: ``replace``, ``upsert``, ``append`` or ``fail``.
        prune: With ``upsert``: delete rows whose key the result does not have.
        lock_timeout: Seconds to wait for whoever holds the table, a reader or another load.
    """

    url: SecretUrl
    table: str = "engagement"
    if_exists: IfExists = "replace"
    prune: bool = False
    lock_timeout: float = 30.0

    def __post_init__(self) -> None:
        if self.if_exists not in get_args(IfExists):
            raise UsageError(
                f"--if-exists {self.if_exists}: expected one of {', '.join(get_args(IfExists))}"
            )
        if self.prune and self.if_exists != "upsert":
            raise UsageError("--prune deletes rows that upsert would leave: use it with upsert")
        if not 0 < self.lock_timeout <= _LONGEST_WAIT:
            raise UsageError(
                f"the lock timeout must be more than 0 seconds, and {_LONGEST_WAIT:,} at the most"
            )
        _split_table(self.table)

    @property
    def schema(self) -> str | None:
        """The schema that was asked for, or None for the connection's own."""
        return _split_table(self.table)[0]

    @property
    def name(self) -> str:
        """The bare name of the table."""
        return _split_table(self.table)[1]

    def __str__(self) -> str:
        return f"{self.url.where}, table {self.table}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, in rows.

    Attributes:
        table: The table with its place, without secrets.
        rows: Rows of the result.
        written: Rows that are in the table now and were put there by this load.
        changed: Rows that were there and differed.
        unchanged: Rows that were there already as they should be.
        gone: Rows of the table that the result does not have, and that were left.
        pruned: Rows of the table that the result does not have, and that were deleted.
        repeated: The table held this very result already; nothing was touched.
        notes: Sentences on what could not be kept, or was changed besides rows.
    """

    table: str
    rows: int
    written: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    pruned: int = 0
    repeated: bool = False
    notes: tuple[str, ...] = ()


def _split_table(text: str) -> tuple[str | None, str]:
    parts = text.split(".")
    if len(parts) > 2 or not all(part.strip() for part in parts) or "\0" in text:  # noqa: PLR2004 - [schema.]name
        raise UsageError(f"--table {masked(text)!r}: expected name or schema.name")
    schema, name = (parts[0], parts[1]) if len(parts) > 1 else (None, parts[0])
    if name.startswith(OWN_PREFIX):
        raise UsageError(f"--table {text}: names that begin with {OWN_PREFIX} are the program's")
    return schema, name
