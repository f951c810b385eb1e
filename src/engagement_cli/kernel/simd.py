"""What the compiled loops are made of: steps of many bytes at once, and a hash.

Each step is a handful of LLVM instructions on a vector of 32 bytes, which LLVM turns into what the
machine has (AVX-512, AVX2, SSE2, NEON). An address is a ``uint64``; the caller sees to it that the
bytes there may be read: 32 of them, or 8 for :func:`load8` (or written, for :func:`store8`).
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

WIDTH = 32
"""Bytes in one step."""

U = np.uint64

inlined = njit(inline="always")
"""Puts a function in the place of each call of it, which may take longer than what it does."""

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_MASK = ir.IntType(WIDTH)
_VECTOR = ir.VectorType(_BYTE, WIDTH)


def _load(builder: Any, address: Any, what: ir.Type) -> Any:
    return builder.load(builder.inttoptr(address, what.as_pointer()), align=1)


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.inttoptr(address, value.type.as_pointer()), align=1)


def _all(byte: int) -> ir.Constant:
    return ir.Constant(_VECTOR, [byte] * WIDTH)


def _is_one_of(builder: Any, text: Any, characters: bytes) -> Any:
    equal = [builder.icmp_unsigned("==", text, _all(byte)) for byte in characters]
    return reduce(builder.or_, equal)


def _mask(builder: Any, lanes: Any) -> Any:
    """One bit a byte, the first byte lowest, widened to a word."""
    return builder.zext(builder.bitcast(lanes, _MASK), _WORD)


@intrinsic
def special_bytes(_typing: Any, _address: types.Type) -> Any:
    """Mask of the bytes that end or spoil a plain string: quote, backslash, all but 0x20-0x7e."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        text = _load(builder, args[0], _VECTOR)
        outside = builder.icmp_unsigned(">", builder.sub(text, _all(0x20)), _all(0x7E - 0x20))
        quote = builder.icmp_unsigned("==", text, _all(ord('"')))
        escape = builder.icmp_unsigned("==", text, _all(ord("\\")))
        return _mask(builder, builder.or_(outside, builder.or_(quote, escape)))

    return types.uint64(types.uint64), generate


def _mask_of(characters: bytes) -> Any:
    """A function of an address: the mask of the bytes there that are one of these."""

    @intrinsic
    def found(_typing: Any, _address: types.Type) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            text = _load(builder, args[0], _VECTOR)
            return _mask(builder, _is_one_of(builder, text, characters))

        return types.uint64(types.uint64), generate

    return found


newline_bytes = _mask_of(b"\n")
quote_bytes = _mask_of(b'"\\')
"""What ends a string, or takes the byte behind it along."""
bracket_bytes = _mask_of(b'"{}[]')
"""What begins or ends an object, an array or a string."""


@intrinsic
def differing_bytes(_typing: Any, _left: types.Type, _right: types.Type) -> Any:
    """Mask of the bytes in which the two addresses differ."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        one, other = (_load(builder, address, _VECTOR) for address in args)
        return _mask(builder, builder.icmp_unsigned("!=", one, other))

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def copy_bytes(_typing: Any, _to: types.Type, _start: types.Type) -> Any:
    """Copy 32 bytes from the second address to the first."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _store(builder, _load(builder, args[1], _VECTOR), args[0])
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), generate


@intrinsic
def copy_on_one_line(_typing: Any, _to: types.Type, _start: types.Type) -> Any:
    """Copy 32 bytes from the second address to the first, with tabs in the place of line ends."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        text = _load(builder, args[1], _VECTOR)
        is_end = _is_one_of(builder, text, b"\r\n")
        _store(builder, builder.select(is_end, _all(ord("\t")), text), args[0])
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), generate


@intrinsic
def put_newline(_typing: Any, _address: types.Type) -> Any:
    """Write a newline."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _store(builder, ir.Constant(_BYTE, ord("\n")), args[0])
        return context.get_dummy_value()

    return types.void(types.uint64), generate


@intrinsic
def load8(_typing: Any, _address: types.Type) -> Any:
    """The 8 bytes at an address as an integer, the first byte lowest."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _load(builder, args[0], _WORD)

    return types.uint64(types.uint64), generate


@intrinsic
def store8(_typing: Any, _address: types.Type, _word: types.Type) -> Any:
    """Write an integer to the 8 bytes at an address, the first byte lowest."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], _WORD.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), generate


@intrinsic
def reversed_bytes(_typing: Any, _word: types.Type) -> Any:
    """The word with its bytes in opposite order."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return types.uint64(types.uint64), generate


@intrinsic
def trailing_zeros(_typing: Any, _word: types.Type) -> Any:
    """Zero bits below the lowest one bit: the place of the first byte in a mask; 64 for 0."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def words_at(_typing: Any, _address: types.Type) -> Any:
    """The address as the pointer to words that ``numba.carray`` takes."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], _WORD.as_pointer())

    return types.CPointer(types.uint64)(types.uint64), generate  # type: ignore[no-untyped-call] # Numba


@intrinsic
def doubles_at(_typing: Any, _address: types.Type) -> Any:
    """The address as a pointer to floats of 64 bits."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(types.uint64), generate  # type: ignore[no-untyped-call] # Numba


@intrinsic
def prefetch(_typing: Any, _address: types.Type) -> Any:
    """Ask for the cache line at an address, to be written soon; any address is harmless."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer, flag = _BYTE.as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        for_write, keep, data = (ir.Constant(flag, value) for value in (1, 3, 1))
        builder.call(function, [builder.inttoptr(args[0], pointer), for_write, keep, data])
        return context.get_dummy_value()

    return types.void(types.uint64), generate


@njit
def hash_words(hi, lo):  # type: ignore[no-untyped-def] # compiled
    """Mix two words into one of which every bit depends on every bit of both."""
    word = hi * U(0x9E3779B97F4A7C15) + ((lo << U(32)) | (lo >> U(32)))
    word = (word ^ (word >> U(32))) * U(0xD6E8FEB86659FD93)
    return word ^ (word >> U(32))
