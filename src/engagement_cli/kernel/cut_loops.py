# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# ruff: noqa: PLR0917 # a compiled loop takes addresses and counts one by one
"""The loop that cuts objects out of an array. Python never runs it; Numba reads it.

Like the other loops it knows addresses and words only; :mod:`~engagement_cli.kernel.cut` owns the
arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import Cut, Place
from engagement_cli.kernel.simd import (
    WIDTH,
    bracket_bytes,
    copy_bytes,
    copy_on_one_line,
    load8,
    newline_bytes,
    put_newline,
    quote_bytes,
    trailing_zeros,
    words_at,
)

U = np.uint64

NO_END = U(0)
"""Returned in place of an address where an object goes on; no text stands at address 0."""

_POSITION, _LINE, _WRITTEN = (U(i) for i in Cut)
_PLACE_LINE, _PLACE_BYTE = (U(i) for i in Place)
_CUT_WORDS, _PLACE_WORDS = U(len(Cut)), U(len(Place))
_WIDTH, _PADDING = U(WIDTH), U(layout.PADDING)
_QUOTE, _COMMA, _BRACE = (U(ord(character)) for character in '",{')
_SPACES = tuple(U(ord(character)) for character in " \t\r\n")
_OPENS = U(2)
"""The bit in which ``{`` and ``[`` differ from ``}`` and ``]``."""


@njit
def _byte(at):
    return load8(at) & U(0xFF)


@njit
def _space_end(at, stop):
    while at < stop and _byte(at) in _SPACES:
        at += U(1)
    return at


@njit
def _string_end(at, stop):
    """Pass over the rest of a string and its quote; a backslash takes the byte behind it along."""
    while at < stop:
        found = quote_bytes(at)
        if found == U(0):
            at += _WIDTH
            continue
        at += trailing_zeros(found)
        if _byte(at) == _QUOTE:
            return at + U(1)
        at += U(2)
    return at


@njit
def _object_end(at, stop):
    """Pass over an object: to where as many brackets have ended as began outside of strings."""
    depth = U(0)
    while at < stop:
        found = bracket_bytes(at)
        if found == U(0):
            at += _WIDTH
            continue
        at += trailing_zeros(found)
        byte = _byte(at)
        at += U(1)
        if byte == _QUOTE:
            at = _string_end(at, stop)
        elif byte & _OPENS:
            depth += U(1)
        else:
            depth -= U(1)
            if depth == U(0):
                return at if at <= stop else NO_END
    return NO_END


@njit
def _newlines(at, end):
    count = U(0)
    while at < end:
        found = newline_bytes(at)
        if end - at < _WIDTH:
            found &= (U(1) << (end - at)) - U(1)
        while found != U(0):
            found &= found - U(1)
            count += U(1)
        at += _WIDTH
    return count


def cut_objects(text, size, before, out, places_at, most, state_at):
    """Write the objects of an array down, one a line, and the place of each.

    Stops behind the last object that ends ``PADDING`` bytes before the text does, or that no comma
    follows, and before whatever is no object. Returns how many were written.
    """
    places = carray(words_at(places_at), (most, _PLACE_WORDS))
    state = carray(words_at(state_at), _CUT_WORDS)
    stop = text + size - _PADDING
    at, end, line, to = text + state[_POSITION], U(0), state[_LINE], out
    count = U(0)
    while count < most:
        begin = _space_end(at, stop)
        if begin >= stop or _byte(begin) != _BRACE:
            break
        end = _object_end(begin, stop)
        if end == NO_END:
            break
        line += _newlines(at, begin)
        places[count, _PLACE_LINE] = line
        places[count, _PLACE_BYTE] = before + begin - text
        newlines = _newlines(begin, end)
        line += newlines
        for offset in range(U(0), end - begin, _WIDTH):
            if newlines == U(0):
                copy_bytes(to + offset, begin + offset)
            else:
                copy_on_one_line(to + offset, begin + offset)
        to += end - begin
        put_newline(to)
        to += U(1)
        count += U(1)
        state[_POSITION], state[_LINE], state[_WRITTEN] = end - text, line, to - out
        at = _space_end(end, stop)
        if _byte(at) != _COMMA:
            break
        line += _newlines(end, at)
        at += U(1)
    return count
