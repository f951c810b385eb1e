"""Names as numbers, the same for all that read and add up in one run."""

from __future__ import annotations

from threading import Lock

from engagement_cli.errors import InputError
from engagement_cli.kernel.layout import MAX_APPS


class Names:
    """Numbers names from 0 in the order in which they are first asked for; for any thread."""

    def __init__(self, most: int | None = None) -> None:
        """Begin with none; there may be ``most`` of them."""
        self._most = most
        self._lock = Lock()
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """The number of a name, always the same.

        Raises:
            InputError: There are more names than there may be.
        """
        found = self._codes.get(name)
        if found is not None:
            return found
        with self._lock:
            if len(self._codes) == self._most and name not in self._codes:
                raise InputError(
                    f"More than {self._most:,} different apps: that is no AppName. "
                    "Look at the logs with engagement inspect."
                )
            return self._codes.setdefault(name, len(self._codes))

    def all(self) -> tuple[str, ...]:
        """Every name so far, in the order of their numbers."""
        with self._lock:
            return tuple(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


class Vocabulary:
    """The names that packed rows refer to by number.

    Attributes:
        apps: Names of apps.
        contracts: Contracts that are too long to be packed.
    """

    def __init__(self) -> None:
        self.apps = Names(MAX_APPS)
        self.contracts = Names()
