"""Every error the program raises on purpose, grouped by what the caller does next.

A message says what happened, where, and what to do next. ``exit_status`` is the exit status that
the command line gives for it; nothing else in the package knows about exit statuses.
"""

from __future__ import annotations


class EngagementError(Exception):
    """The root: catch this to catch everything the program raises on purpose."""

    exit_status = 1


# --- change what was asked, then run again ---------------------------------------------------


class UsageError(EngagementError):
    """An option or an argument cannot mean anything."""

    exit_status = 2


class CategoriesError(UsageError):
    """The category table has faults; the message gives each with its line."""


class NoInputError(EngagementError):
    """The inputs exist, and none of them is a log in the asked range."""

    exit_status = 4


# --- look at the data, then decide -----------------------------------------------------------


class QualityError(EngagementError):
    """A data-quality limit was exceeded; nothing was written."""

    exit_status = 3


class ConflictError(EngagementError):
    """Somebody else holds what this run needs, or it would contradict what is stored."""

    exit_status = 3


# --- mend the machine or the file, then run again ---------------------------------------------


class InputError(EngagementError):
    """An input cannot be read to its end."""


class OutputError(EngagementError):
    """The output cannot be written; what stood there before still stands."""


class StateError(EngagementError):
    """Stored state is damaged, foreign or newer than this version."""


class DamageError(StateError):
    """A part of stored state is damaged or missing.

    Attributes:
        what: What is wrong with which part, without what to do about it.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what} Nothing was summed. {advice}")
        self.what = what


class NewerStateError(StateError):
    """Stored state is of a newer version, which alone may change it."""


class DatabaseError(EngagementError):
    """The database refused or was lost; the table is as it was."""
