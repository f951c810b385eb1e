# Numba infers the types, and refuses to compile what has none.
# mypy: ignore-errors
# A compiled loop takes addresses and counts one by one, and a call in it costs time.
# ruff: noqa: PLR0917
"""The loops between texts and packed words, and from numbers to CSV. Numba reads them.

Like :mod:`~engagement_cli.kernel.scan_loops` they know addresses and words only;
:mod:`~engagement_cli.kernel.texts` owns the arrays.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from engagement_cli.kernel import layout
from engagement_cli.kernel.layout import FieldKind
from engagement_cli.kernel.simd import (
    doubles_at,
    inlined,
    load8,
    reversed_bytes,
    store8,
    trailing_zeros,
    words_at,
)

U = np.uint64

_ALL = U(2**64 - 1)
_EACH_BYTE, _HIGH_BITS = U(0x0101010101010101), U(0x8080808080808080)
_COMMA, _QUOTE, _RETURN, _NEWLINE = (U(ord(byte)) for byte in ',"\r\n')
_ZERO, _TEN, _TEN_TO_4, _TEN_TO_8 = U(ord("0")), U(10), U(10**4), U(10**8)
_MOST = U(2**63 - 1)
_TEXT, _INTEGER, _DECIMAL = (U(kind) for kind in FieldKind)
_POINT, _DECIMALS, _ONE = U(ord(".")), U(4), U(10**4)
_MOST_DECIMAL = 1e11
"""Below it a float of four decimals has at most 15 digits, so that no other is written alike."""
_REFUSED = U(layout.REFUSED)
_WORD_BYTES, _PACKED_BYTES = U(8), U(layout.PACKED_BYTES)


@inlined
def _first_bytes(word, count):
    """The first so many bytes of a big-endian word, zeros behind them."""
    if count >= _WORD_BYTES:
        return word
    return word & ~(_ALL >> (U(8) * count))


@inlined
def _length(hi, lo):
    """How many bytes are packed."""
    if lo:
        return _PACKED_BYTES - (trailing_zeros(lo) >> U(3))
    return _WORD_BYTES - (trailing_zeros(hi) >> U(3)) if hi else U(0)


def pack_texts(offsets_at, data_at, count, hi_at, lo_at):
    """Pack texts without NUL, as many bytes as two words take; returns how many are longer."""
    offsets = carray(words_at(offsets_at), count + U(1))
    his, los = carray(words_at(hi_at), count), carray(words_at(lo_at), count)
    longer = U(0)
    for i in range(count):
        at, length = data_at + offsets[i], offsets[i + U(1)] - offsets[i]
        his[i] = _first_bytes(reversed_bytes(load8(at)), length)
        los[i] = U(0)
        if length > _WORD_BYTES:
            los[i] = _first_bytes(reversed_bytes(load8(at + _WORD_BYTES)), length - _WORD_BYTES)
        longer += U(length > _PACKED_BYTES)
    return longer


def unpack_texts(hi_at, hi_step, lo_at, lo_step, count, offsets_at, data_at):
    """Write packed texts one behind the other; returns how many bytes they are.

    The words of one stand so many bytes behind those of the one before it.
    """
    offsets = carray(words_at(offsets_at), count + U(1))
    end = U(0)
    offsets[0] = end
    for i in range(count):
        hi, lo = load8(hi_at + i * hi_step), load8(lo_at + i * lo_step)
        store8(data_at + end, reversed_bytes(hi))
        store8(data_at + end + _WORD_BYTES, reversed_bytes(lo))
        end += _length(hi, lo)
        offsets[i + U(1)] = end
    return end


@inlined
def _has_byte(word, byte):
    """Not 0 where one of the bytes of a word is this one."""
    differing = word ^ (_EACH_BYTE * byte)
    return (differing - _EACH_BYTE) & ~differing & _HIGH_BITS


@inlined
def _is_plain(word):
    """Whether no byte of a word makes CSV need quotes."""
    found = _has_byte(word, _COMMA) | _has_byte(word, _QUOTE)
    return (found | _has_byte(word, _RETURN) | _has_byte(word, _NEWLINE)) == U(0)


@inlined
def _copy_text(source, length, target):
    """Copy a text, and some bytes behind it; whether it needs no quotes."""
    plain = True
    for at in range(U(0), length, _WORD_BYTES):
        word, left = load8(source + at), length - at
        store8(target + at, word)
        if left < _WORD_BYTES:
            word &= ~(_ALL << (U(8) * left))
        plain = plain and _is_plain(word)
    return plain


@inlined
def _write_digits(target, number, least):
    """Write a number below 10^8, zeros before it if its digits are too few; how many there are.

    Halves, quarters and eighths of all digits stand side by side in one word and are divided
    together: by multiplying with what 2^20 and 2^10 are, divided by 100 and by 10.
    """
    halves = (number // _TEN_TO_4) | ((number % _TEN_TO_4) << U(32))
    hundreds = ((halves * U(10486)) >> U(20)) & U(0x0000007F0000007F)
    quarters = hundreds | ((halves - hundreds * U(100)) << U(16))
    tens = ((quarters * U(103)) >> U(10)) & U(0x000F000F000F000F)
    digits = tens | ((quarters - tens * _TEN) << U(8))
    zeros = trailing_zeros(digits | (U(1) << U(63))) >> U(3)
    count = max(_WORD_BYTES - zeros, least)
    store8(target, (digits | _EACH_BYTE * _ZERO) >> (U(8) * (_WORD_BYTES - count)))
    return count


@inlined
def _write_number(target, number):
    """Write a number; how many digits it has."""
    if number < _TEN_TO_8:
        return _write_digits(target, number, U(1))
    count = U(0)
    head = number // _TEN_TO_8
    if head < _TEN_TO_8:
        count = _write_digits(target, head, U(1))
    else:
        count = _write_digits(target, head // _TEN_TO_8, U(1))
        count += _write_digits(target + count, head % _TEN_TO_8, U(8))
    return count + _write_digits(target + count, number % _TEN_TO_8, U(8))


@inlined
def _write_decimal(target, value):
    """Write a float with the fewest digits that tell it from others; how many bytes, 0 if it can't.

    It can for one of four decimals at most, which is what a whole number of 10^-4 is nearest to.
    """
    if not 0.0 <= value < _MOST_DECIMAL:
        return U(0)
    whole = U(value * 1e4 + 0.5)
    if np.float64(whole) / 1e4 != value:
        return U(0)
    count = _write_number(target, whole // _ONE)
    fraction, decimals = whole % _ONE, _DECIMALS
    if fraction == U(0):
        return count
    while fraction % _TEN == U(0):
        fraction //= _TEN
        decimals -= U(1)
    store8(target + count, _POINT)
    return count + U(1) + _write_digits(target + count + U(1), fraction, decimals)


def write_csv(fields_at, fields, rows, target_at):
    """Write rows of fields, each a kind, an address of offsets for texts, and one of values.

    Returns how many bytes they are, or ``REFUSED`` where a text needs quotes, a number a sign, or a
    float more than four decimals.
    """
    described = carray(words_at(fields_at), (fields, U(3)))
    end = target_at
    for row in range(rows):
        for field in range(fields):
            kind, values_at = described[field, U(0)], described[field, U(2)]
            if kind == _TEXT:
                offsets = carray(words_at(described[field, U(1)]), rows + U(1))
                start, length = offsets[row], offsets[row + U(1)] - offsets[row]
                if not _copy_text(values_at + start, length, end):
                    return _REFUSED
                end += length
            elif kind == _INTEGER:
                number = carray(words_at(values_at), rows)[row]
                if number > _MOST:
                    return _REFUSED
                end += _write_number(end, number)
            else:
                length = _write_decimal(end, carray(doubles_at(values_at), rows)[row])
                if length == U(0):
                    return _REFUSED
                end += length
            store8(end, _COMMA if field + U(1) < fields else _NEWLINE)
            end += U(1)
    return end - target_at
