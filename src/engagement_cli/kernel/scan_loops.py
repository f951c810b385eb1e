# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: C901, PLR0917
"""The loop that matches lines with shapes. Python never runs it; Numba reads it.

It knows addresses and words of 64 bits and nothing else: :mod:`~engagement_cli.kernel.scan` owns
the arrays, :mod:`~engagement_cli.kernel.layout` says what stands in them. Arithmetic on ``uint64``
wraps; mixed with Python integers it would become floating, hence ``U(...)`` around constants.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

from engagement_cli import schema
from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import App, Extra, Row, Run, Scan, Step
from engagement_cli.kernel.shapes import Kind
from engagement_cli.kernel.simd import (
    WIDTH,
    differing_bytes,
    hash_words,
    load8,
    newline_bytes,
    reversed_bytes,
    special_bytes,
    trailing_zeros,
    words_at,
)

U = np.uint64

NO_MATCH = U(0)
"""Returned in place of an address by what does not match; no text stands at address 0."""

_HI, _LO, _TAG, _SECONDS = (U(i) for i in Row)
_MAC_HI, _MAC_LO, _ID_START, _ID_LENGTH = (U(i) for i in Extra)
_RUN_START, _RUN_STOP, _RUN_LINE = (U(i) for i in Run)
_MASK, _LENGTH, _KIND = U(Step.MASK), U(Step.LENGTH), U(Step.KIND)
_APP_WORDS, _ROW_WORDS, _EXTRA_WORDS, _RUN_WORDS, _SCAN_WORDS = (
    U(len(words)) for words in (App, Row, Extra, Run, Scan)
)
_STEP_WORDS, _STEP_BYTES = U(layout.STEP_WORDS), U(8 * layout.STEP_WORDS)
_TEXT, _ATOM, _CONTRACT, _NUMBERED, _APP, _DURATION, _MAC, _ID = (
    U(kind) for kind in list(Kind)[1:]
)
_POSITION, _ROWS, _LINES, _OVER_DAY, _RUNS, _SHAPE = (U(i) for i in list(Scan)[:6])
_NAMELESS, _APP_START, _APP_LENGTH, _APPS_FULL = (U(i) for i in list(Scan)[6:])
_KEEP = np.array([(2**64 - 1) ^ (2 ** (64 - 8 * n) - 1) for n in range(9)], np.uint64)
_QUOTE, _BACKSLASH = U(ord('"')), U(ord("\\"))
_ESCAPED = tuple(U(letter) for letter in b'"\\/bfnrt')
_PACKED_BYTES = U(layout.PACKED_BYTES)
_WIDTH = U(WIDTH)
_MAX_LINE = U(schema.MAX_LINE_BYTES)
_DAY = U(schema.DAY_SECONDS)


# --- reading values: each returns the address behind the value, or NO_MATCH -------------------


@njit
def _plain_end(at):
    special = special_bytes(at)
    while special == U(0):
        at += _WIDTH
        special = special_bytes(at)
    return at + trailing_zeros(special)


@njit
def _text_end(at, escaped):
    """Pass over the characters of a string; what stands there is for the next piece to judge.

    With ``escaped`` over escapes too, which is for strings that nobody asked for.
    """
    at = _plain_end(at)
    while _byte(at) != _QUOTE:
        behind = _escape_end(at) if escaped and _byte(at) == _BACKSLASH else _wide_end(at)
        if behind == at:
            return at
        at = _plain_end(behind)
    return at


@njit
def _wide_end(at):
    """Pass over characters of two to four bytes, as far as they are well-formed UTF-8.

    The first two bytes tell whether a character is written longer than need be, is half of a
    surrogate pair, or lies behind the last one.
    """
    while True:
        word = load8(at)
        second = (word >> U(8)) & U(0x3F)
        if (word & U(0xC0E0)) == U(0x80C0):
            if (word & U(0x1E)) == U(0):
                return at
            at += U(2)
        elif (word & U(0xC0C0F0)) == U(0x8080E0):
            begin = (word & U(0xF)) << U(6) | second
            if begin < U(0x20) or (begin >> U(5)) == U(0x1B):
                return at
            at += U(3)
        elif (word & U(0xC0C0C0F8)) == U(0x808080F0):
            begin = (word & U(0x7)) << U(6) | second
            if begin < U(0x10) or begin >= U(0x110):
                return at
            at += U(4)
        else:
            return at


@njit
def _escape_end(at):
    """Pass over an escape, unless it is none or stands for half of a surrogate pair."""
    letter = _byte(at + U(1))
    if letter != U(0x75):
        return at + U(2) if letter in _ESCAPED else at
    for place in range(2, 6):
        digit = _byte(at + U(place))
        if not (digit - U(0x30) <= U(9) or (digit | U(0x20)) - U(0x61) <= U(5)):
            return at
    is_half = (_byte(at + U(2)) | U(0x20)) == U(0x64) and _byte(at + U(3)) >= U(0x38)
    return at if is_half else at + U(6)


@njit
def _line_end(at):
    newline = newline_bytes(at)
    while newline == U(0):
        at += _WIDTH
        newline = newline_bytes(at)
    return at + trailing_zeros(newline) + U(1)


@njit
def _byte(at):
    return load8(at) & U(0xFF)


@njit
def _digits_end(at):
    while _byte(at) - U(0x30) <= U(9):
        at += U(1)
    return at


@njit
def _integer_end(at):
    """Pass over digits without a leading zero."""
    end = _digits_end(at)
    if end == at or (_byte(at) == U(0x30) and end != at + U(1)):
        return NO_MATCH
    return end


@njit
def _atom_end(at):
    """Pass over ``null``, ``true``, ``false`` or a number without exponent."""
    word = load8(at)
    if (word & U(0xFFFFFFFF)) in (U(0x6C6C756E), U(0x65757274)):
        return at + U(4)
    if (word & U(0xFFFFFFFFFF)) == U(0x65736C6166):
        return at + U(5)
    if _byte(at) == U(0x2D):
        at += U(1)
    whole = _integer_end(at)
    if whole == NO_MATCH or _byte(whole) != U(0x2E):
        return whole
    fraction = _digits_end(whole + U(1))
    return NO_MATCH if fraction == whole + U(1) else fraction


@njit
def _seconds(at):
    """Read up to eight digits without leading zeros: the address behind them and their value.

    Eight bytes are read as one word. Digits become 0-9 by one XOR, the first byte that is none is
    found by an addition that sets its high bit, and pairs, fours and eights of digits are joined by
    one multiplication each.
    """
    word = load8(at) ^ U(0x3030303030303030)
    other = ((word + U(0x7676767676767676)) | word) & U(0x8080808080808080)
    count = trailing_zeros(other) >> U(3)
    if count == U(0) or ((word & U(0xFF)) == U(0) and count != U(1)):
        return NO_MATCH, U(0)
    word <<= U(64) - (count << U(3))
    word = (word * U(10) + (word >> U(8))) & U(0x00FF00FF00FF00FF)
    word = (word * U(100) + (word >> U(16))) & U(0x0000FFFF0000FFFF)
    return at + count, (word * U(10000) + (word >> U(32))) & U(0xFFFFFFFF)


@njit
def _packed(at, end):
    """Read up to 16 bytes: the address behind them and their two words."""
    length = end - at
    if length > _PACKED_BYTES:  # as are all without an end, where it is NO_MATCH
        return NO_MATCH, U(0), U(0)
    hi = reversed_bytes(load8(at)) & _KEEP[min(length, U(8))]
    lo = reversed_bytes(load8(at + U(8))) & _KEEP[max(length, U(8)) - U(8)]
    return end, hi, lo


@njit
def _app_tag(hi, lo, apps):
    """Tag of one line of the app with this packed name; 0 when ``apps`` does not know it."""
    last = U(len(apps) - 1)
    slot = hash_words(hi, lo) & last
    while apps[slot, _TAG] != U(0):
        if apps[slot, _HI] == hi and apps[slot, _LO] == lo:
            return apps[slot, _TAG]
        slot = (slot + U(1)) & last
    return U(0)


# --- matching lines ---------------------------------------------------------------------------


@njit(inline="always")
def _match(text, at, step, stop, steps_at, steps, apps, row, rows, extras, state):
    """Match one line with one shape and fill its row, which means nothing when this fails."""
    rows[row, _TAG] = state[_NAMELESS]
    while step < stop and at != NO_MATCH:
        if differing_bytes(at, steps_at + step * _STEP_BYTES) & steps[step, _MASK]:
            return NO_MATCH
        at += steps[step, _LENGTH]
        kind = steps[step, _KIND]
        if kind == _TEXT:
            at = _text_end(at, True)
        elif kind == _CONTRACT:
            at, rows[row, _HI], rows[row, _LO] = _packed(at, _text_end(at, False))
        elif kind == _DURATION:
            at, rows[row, _SECONDS] = _seconds(at)
        elif kind == _APP:
            start = at
            at, hi, lo = _packed(at, _text_end(at, False))
            rows[row, _TAG] = _app_tag(hi, lo, apps)
            if rows[row, _TAG] == U(0):
                state[_APP_START], state[_APP_LENGTH] = start - text, at - start
        elif kind == _ATOM:
            at = _atom_end(at)
        elif kind == _NUMBERED:
            at, rows[row, _HI], rows[row, _LO] = _packed(at, _integer_end(at))
        elif kind == _MAC:
            at, extras[row, _MAC_HI], extras[row, _MAC_LO] = _packed(at, _text_end(at, False))
        elif kind == _ID:
            start = at
            at = _text_end(at, False)
            extras[row, _ID_START], extras[row, _ID_LENGTH] = start - text, at - start
        step += U(1)
    return at


@njit
def _note_unmatched(start, stop, line, runs, state):
    """Add one line to the run that ends where it starts, or begin a run with it."""
    run = state[_RUNS]
    if run == U(0) or runs[run - U(1), _RUN_STOP] != start:
        runs[run, _RUN_START], runs[run, _RUN_LINE] = start, line
        run += U(1)
    runs[run - U(1), _RUN_STOP] = stop
    state[_RUNS] = run


def scan(
    text, size, steps_at, bounds_at, shapes, apps_at, slots, rows_at, extras_at, runs_at, state_at
):  # fmt: skip
    """Give each line a row, or make it part of a run of lines that no shape matched.

    Returns 1 before a line that matches but for an app that ``apps`` does not know, otherwise 0.
    """
    bounds = carray(words_at(bounds_at), shapes + U(1))
    steps = carray(words_at(steps_at), (bounds[shapes], _STEP_WORDS))
    apps = carray(words_at(apps_at), (slots, _APP_WORDS))
    rows = carray(words_at(rows_at), (size, _ROW_WORDS))
    extras = carray(words_at(extras_at), (size, _EXTRA_WORDS))
    runs = carray(words_at(runs_at), (size, _RUN_WORDS))
    state = carray(words_at(state_at), _SCAN_WORDS)
    at, row, line, shape = text + state[_POSITION], state[_ROWS], state[_LINES], state[_SHAPE]
    unknown_app = False
    while at < text + size:
        behind = NO_MATCH
        for _ in range(shapes):
            behind = _match(
                text, at, bounds[shape], bounds[shape + U(1)],
                steps_at, steps, apps, row, rows, extras, state,
            )  # fmt: skip
            if behind != NO_MATCH:
                break
            shape = U(0) if shape + U(1) == shapes else shape + U(1)
        matched = behind != NO_MATCH and behind - at <= _MAX_LINE
        if matched and rows[row, _TAG] == U(0):
            unknown_app = state[_APPS_FULL] == U(0)
            if unknown_app:
                break
            matched = False
        if matched:
            state[_OVER_DAY] += U(rows[row, _SECONDS] > _DAY)
            row += U(1)
        else:
            behind = _line_end(at)
            _note_unmatched(at - text, behind - text, line, runs, state)
        line += U(1)
        at = behind
    state[_POSITION], state[_ROWS], state[_LINES], state[_SHAPE] = at - text, row, line, shape
    return U(unknown_app)
