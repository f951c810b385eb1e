"""What is watched on a day: every field of a line is a pure function of seed, day and line number.

Only whole numbers and a fixed hash are used, no random generator and no floats, so the same
arguments give the same lines with every version of NumPy and on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from math import gcd
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Texts = NDArray[np.bytes_]

_u64 = np.uint64

CONTRACTS_LIMIT = 2**26
"""There are names for so many contracts."""

_WHOLE = 2**16  # shares are given in parts of this


class App(NamedTuple):
    """An app as a line spells it, how long it is watched, and its share of lines in 65,536ths."""

    member: str
    type: str
    habit: int
    share: int


def _app(name: str, habit: int, share: int) -> App:
    return App(f',"AppName":"{name}"', name.lower(), habit, share)


_TV, _MOVIE, _CHILD, _RELAX, _SPORT = range(5)
APPS = (
    _app("CHANNEL", _TV, 33_970),
    _app("DSHD", _TV, 15_000),
    _app("KPLUS", _TV, 10_997),
    _app("KPlus", _TV, 200),
    _app("VOD", _MOVIE, 2_680),
    _app("FIMS_RES", _MOVIE, 300),
    _app("BHD_RES", _MOVIE, 250),
    _app("VOD_RES", _MOVIE, 150),
    _app("FIMS", _MOVIE, 100),
    _app("BHD", _MOVIE, 60),
    _app("DANET", _MOVIE, 40),
    _app("CHILD", _CHILD, 1_357),
    _app("RELAX", _RELAX, 262),
    _app("SPORT", _SPORT, 94),
    # No category lists these.
    _app("APP", _RELAX, 30),
    _app("KARAOKE", _RELAX, 20),
    _app("GAME", _SPORT, 12),
    _app("Danet", _MOVIE, 6),
    App(',"AppName":null', "channel", _TV, 4),
    App("", "channel", _TV, 4),
)

# By habit: a sixteenth of the lines lasts between each number of seconds and the next.
_HABITS = np.array(
    [
        [1, 60, 900, 2200, 3800, 5700, 7800, 10100, 12600,
         15200, 18000, 21100, 24600, 28700, 34000, 42000, 86401],
        [1, 40, 200, 600, 1200, 2000, 2900, 3900, 5000,
         6100, 7200, 8500, 10200, 12500, 16000, 21000, 40000],
        [1, 30, 120, 400, 800, 1400, 2100, 2800, 3600,
         4500, 5500, 6700, 8100, 9800, 12000, 15500, 25000],
        [1, 20, 60, 150, 350, 700, 1100, 1600, 2100,
         2700, 3400, 4200, 5100, 6200, 7700, 9800, 15000],
        [1, 5, 10, 20, 35, 60, 90, 140, 210,
         300, 420, 570, 760, 1000, 1400, 2000, 3000],
    ],
    np.uint64,
)  # fmt: skip
_SHORTEST = _HABITS[:, :-1].ravel()
_SPAN = (_HABITS[:, 1:] - _HABITS[:, :-1]).ravel()

_PLAIN, _ZERO, _NOBODY, _MISSPELT_NOBODY, _ADDRESS = range(5)
_ODD_SHARES = [_WHOLE - 229 - 41 - 4 - 13, 229, 41, 4, 13]
_MISSPELT = (b"", b"None", b"NULL", b"null")
_VISITS_SHARE = 6_127  # lines that are a second line of a contract
_REPEATS_SHARE = 33  # lines that an export wrote twice
_REPEAT_LAG = 100  # so many lines further on

_APP_OF = np.repeat(np.arange(len(APPS), dtype=np.uint8), [app.share for app in APPS])
_HABIT_OF = np.array([app.habit for app in APPS], np.uint64)
_ODD_OF = np.repeat(np.arange(5, dtype=np.uint8), _ODD_SHARES)

_REGIONS = (
    "HN", "SG", "DN", "HP", "CT", "NT", "BD", "DL", "HU", "VT", "QN", "TN", "BN", "LA", "TH", "NA",
)  # fmt: skip
_HEADS = np.array(  # of ten thousand names each, at least ``CONTRACTS_LIMIT`` together
    [f"{region}{letter}{n:02}" for region in _REGIONS for letter in "HDJ" for n in range(100)]
    + [f"{region}F{x}{n}" for region in _REGIONS for x in "ABCDEFGHIJK" for n in range(10)]
    + [f"{region}FD{letter}" for region in _REGIONS for letter in "ABCDE"]
    + [f"{region}L{n}" for region in _REGIONS[:8] for n in range(10)],
    "S5",
)
_FOUR_DIGITS = np.array([f"{n:04}" for n in range(10_000)], "S4")
_MAKERS = np.array(
    [0x0C96E6, 0x10394E, 0x4CEBBD, 0x88D7F6, 0x98DED0, 0xB046FC, 0xCCD4A1, 0xD4F786], np.uint64
)
_BASE64 = ascii_uppercase + ascii_lowercase + digits + "-_"
_BASE64_PAIRS = np.array([a + b for a in _BASE64 for b in _BASE64], "S2")
_HEX_PAIRS = np.array([f"{n:02X}" for n in range(256)], "S2")
_SECONDS = np.arange(86_401).astype("S5")


@dataclass(frozen=True, slots=True)
class Lines:
    """The fields of n lines; a text may hold NUL bytes, which are padding wherever they stand.

    Attributes:
        contract: The contract, shape (n,), dtype S15.
        mac: The device, shape (n,), dtype S12.
        seconds: The seconds in decimal, shape (n,), dtype S5.
        id: The event, shape (n,), dtype S20.
        app: The index into ``APPS``, shape (n,), dtype uint8.
    """

    contract: Texts
    mac: Texts
    seconds: Texts
    id: Texts
    app: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of viewing.

    Attributes:
        seed: Another seed, another world.
        date: The day.
        lines: How many lines it has.
        contracts: How many contracts exist; some of them are seen on the day.
    """

    seed: int
    date: date
    lines: int
    contracts: int

    def fields(self, start: int, stop: int) -> Lines:
        """Return the fields of the lines from ``start`` up to ``stop``, counted from 0."""
        index = np.arange(start, stop, dtype=np.uint64)
        again = (self._words("again", index) % _WHOLE < _REPEATS_SHARE) & (index >= _REPEAT_LAG)
        index[again] -= _REPEAT_LAG
        luck = self._words("luck", index)
        app = _APP_OF[luck >> 48]
        odd = _ODD_OF[luck >> 32 & 0xFFFF]
        visit = (luck & 0xFFFF) < _VISITS_SHARE
        second_device = visit & (luck >> 16 & 7 != 0)
        contract = self._contract(np.where(visit, self._words("visit", index) % self.lines, index))
        seconds = self._seconds(app, index)
        seconds[odd == _ZERO] = 0
        return Lines(
            self._names(contract, odd, luck),
            self._macs(contract, second_device),
            _SECONDS[seconds],
            self._ids(index),
            app,
        )

    def _words(self, field: str, index: Words) -> Words:
        return _words(_key(self.seed, self.date, field), index)

    def _contract(self, slot: Words) -> Words:
        """Another order of all contracts each day, so that each is seen once before any twice."""
        key = _key(self.seed, self.date, "order")
        step = key % self.contracts
        while gcd(step, self.contracts) != 1:
            step += 1
        return (slot * step + key % self.contracts) % self.contracts

    def _seconds(self, app: NDArray[np.uint8], index: Words) -> Words:
        word = self._words("seconds", index)
        piece = _HABIT_OF[app] * 16 + (word >> 60)
        return _SHORTEST[piece] + (_SPAN[piece] * (word & 0xFFFF_FFFF) >> _u64(32))

    def _names(self, contract: Words, odd: NDArray[np.uint8], luck: Words) -> Texts:
        number = _scramble(contract, _key(self.seed, "name"))
        name = beside(_HEADS[number // 10_000], _FOUR_DIGITS[number % 10_000], np.zeros((), "S6"))
        name[odd == _NOBODY] = b"0"
        for line in np.flatnonzero(odd >= _MISSPELT_NOBODY):
            low = int(luck[line])
            address = f"10.{low % 256}.{low // 256 % 256}.{low // 65_536 % 256}".encode()
            name[line] = address if odd[line] == _ADDRESS else _MISSPELT[low % len(_MISSPELT)]
        return name

    def _macs(self, contract: Words, second_device: NDArray[np.bool_]) -> Texts:
        moved = _words(_key(self.seed, "moved"), contract) % 128 == 0
        owner = np.where(moved, contract // 2, contract)
        word = _words(_key(self.seed, "mac"), owner * 2 + second_device)
        number = _MAKERS[word >> 61] << 24 | word & 0xFF_FFFF
        return beside(*(_HEX_PAIRS[number >> shift & 0xFF] for shift in range(40, -8, -8)))

    def _ids(self, index: Words) -> Texts:
        """As Elasticsearch makes them: 48 bits of milliseconds, 48 of the node, 24 of a counter."""
        word = self._words("id", index)
        morrow = (self.date - date(1970, 1, 1)).days + 1
        loaded = (word >> _u64(42)) + _u64(morrow * 86_400_000 % 2**48)
        nodes = _words(_key(self.seed, "node"), np.arange(4, dtype=np.uint64))
        counter = index * _u64(0x9E3779B1)
        return beside(*_base64(loaded, 8), *_base64(nodes[word & 3], 8), *_base64(counter, 4))


def _key(*parts: object) -> int:
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest())


def _words(key: int, index: Words) -> Words:
    """Return 64 random bits for each index: SplitMix64 of Steele, Lea and Flood (2014)."""
    word = index * _u64(0x9E3779B97F4A7C15) + _u64(key)
    word = (word ^ word >> _u64(30)) * _u64(0xBF58476D1CE4E5B9)
    word = (word ^ word >> _u64(27)) * _u64(0x94D049BB133111EB)
    return word ^ word >> _u64(31)


def _scramble(number: Words, key: int) -> Words:
    """Return a permutation of the numbers below ``CONTRACTS_LIMIT``: each step can be undone."""
    below = _u64(CONTRACTS_LIMIT - 1)
    number = (number ^ _u64(key)) * _u64(0x2C1B3C6D) & below
    number = (number ^ number >> _u64(13)) * _u64(0x297A2D39) & below
    return number ^ number >> _u64(14)


def _base64(number: Words, length: int) -> list[Texts]:
    return [_BASE64_PAIRS[number >> 6 * place & 0xFFF] for place in range(length - 2, -2, -2)]


def beside(*parts: Texts) -> Texts:
    """Return columns of text, shape (n,) or (), side by side as one, their padding kept."""
    columns = [(str(place), part.dtype) for place, part in enumerate(parts)]
    joined = np.empty(np.broadcast_shapes(*(part.shape for part in parts)), columns)
    for (name, _), part in zip(columns, parts, strict=True):
        joined[name] = part
    return joined.view(f"S{joined.itemsize}")
