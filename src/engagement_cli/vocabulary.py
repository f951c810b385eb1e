"""Names as numbers, the same for all that read and add up in one run."""

from __future__ import annotations

from threading import Lock


class Names:
    """Numbers names from 0 in the order in which they are first asked for; for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """The number of a name, always the same."""
        found = self._codes.get(name)
        if found is not None:
            return found
        with self._lock:
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
        self.apps = Names()
        self.contracts = Names()
