"""From a driver's error to one of ours: what happened, where, what to do next, and no secret."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from engagement_cli.errors import ConflictError, DatabaseError, EngagementError
from engagement_cli.sinks.sql.database import BUSY, DENIED, FULL, HIDDEN, LOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement_cli.sinks.sql.database import Database

T = TypeVar("T")

_NEXT = {
    DENIED: "Grant it, or let an administrator make the table and the ledger once: --dry-run "
    "prints the statements.",
    FULL: "Free some room, then run again: nothing was changed.",
    HIDDEN: "A load must see every row: let the table's owner load, or a role with BYPASSRLS. "
    "Nothing was changed.",
    LOST: "The table is as it was. Run again when the server answers.",
}
_MEND = "Nothing was changed. Mend what it names, then run again."


def shielded(work: Callable[[], T], database: Database) -> T:
    """Do ``work``, giving every error of the database as one of ours.

    The new error is raised outside the handler, so that neither its cause, its context nor its
    traceback leads back to what the driver said, which may hold a password.

    Raises:
        ConflictError: Somebody holds the table for longer than the lock timeout.
        DatabaseError: Everything else.
    """
    try:
        return work()
    except EngagementError:
        raise
    except errors_of(database) as error:
        failure = explain(error, database)
    raise failure


def errors_of(database: Database) -> tuple[type[Exception], ...]:
    """Every class of error that a database may answer with."""
    return (SQLAlchemyError, OSError, configparser.Error, *database.driver_errors())


def is_lost(error: Exception, database: Database) -> bool:
    """Whether the answer of the database never came, so that only looking can tell what it was."""
    cause = _cause(error)
    return isinstance(cause, OSError) or database.verdict(cause) == LOST


def _cause(error: Exception) -> BaseException:
    return getattr(error, "orig", None) or error


def explain(error: Exception, database: Database) -> EngagementError:
    """Say what an error of the database means."""
    target = database.target
    cause = _cause(error)
    kind = database.verdict(cause)
    if kind == BUSY:
        return ConflictError(
            f"{target}: somebody else still holds it after {target.lock_timeout:g} s. Nothing was "
            f"written: run again when the reader or the other load is done."
        )
    said = target.url.scrub(_words(cause))
    return DatabaseError(f"{target}: {said}. {_NEXT.get(kind or '', _MEND)}")


def _words(cause: BaseException) -> str:
    """The driver's own words, unless they quote a file of passwords."""
    if isinstance(cause, configparser.Error):
        return "the option file of the MySQL client cannot be read"
    last = cause.args[-1] if cause.args and not isinstance(cause, OSError) else None
    text = last if isinstance(last, str) else str(cause)
    return " ".join(text.split()).rstrip(".") or type(cause).__name__
