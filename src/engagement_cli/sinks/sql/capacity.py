"""Whether a column's type holds every value of a result exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from engagement_cli.sinks.sql.content import Kind

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from engagement_cli.sinks.sql.content import Column

_INTEGERS: tuple[tuple[type[Any], int], ...] = (
    (mysql.TINYINT, 8),
    (mysql.MEDIUMINT, 24),
    (sa.SmallInteger, 16),
    (sa.BigInteger, 64),
    (sa.Integer, 32),
)
_DOUBLE_BITS, _SINGLE_BITS = 54, 25
"""Integers of so many bits, sign included, are exact in a floating number."""


def holds(column: Column, kind: TypeEngine[Any]) -> bool:
    """Whether a type of the right family holds the column's values, and gives them back as sent."""
    if column.kind is Kind.TEXT:
        # CHAR fills texts up with spaces, or takes those at their end away.
        length = getattr(kind, "length", None) or math.inf
        return not isinstance(kind, sa.CHAR) and length >= column.width
    if column.kind is Kind.INTEGER:
        return _bits(kind) >= column.width
    return column.kind is not Kind.REAL or _is_exact(kind)


def _bits(kind: TypeEngine[Any]) -> float:
    """The bits, sign included, of the widest integer that a type holds exactly."""
    if isinstance(kind, sa.Float):
        return _DOUBLE_BITS if _is_exact(kind) else _SINGLE_BITS
    if isinstance(kind, sa.Numeric):
        return _decimal_bits(kind)
    bits = next((bits for known, bits in _INTEGERS if isinstance(kind, known)), 32)
    return bits + bool(getattr(kind, "unsigned", False))


def _decimal_bits(kind: sa.Numeric[Any]) -> float:
    if kind.precision is None:
        return math.inf
    return int(10 ** max(0, kind.precision - (kind.scale or 0))).bit_length()


def _is_exact(kind: TypeEngine[Any]) -> bool:
    """Whether 64-bit floating numbers come back as they were."""
    if isinstance(kind, sa.Float):
        return isinstance(kind, sa.Double) and getattr(kind, "scale", None) is None
    return isinstance(kind, sa.Numeric) and kind.precision is None
