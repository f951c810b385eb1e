"""Names, limits and reasons that every part of the program shares."""

from __future__ import annotations

from enum import StrEnum

SOURCE = "_source"
"""JSON key under which a hit holds what it says."""
CONTRACT = "Contract"
"""Column and JSON key of the contract, a string."""
APP_NAME = "AppName"
"""Column and JSON key of the app, a string; a hit without one counts as the app ``""``."""
SECONDS = "TotalDuration"
"""Column and JSON key of the viewing time, int64 seconds."""
MAC = "Mac"
"""Column and JSON key of the device, an optional string."""
HIT_ID = "_id"
"""JSON key of the event, an optional string."""
LINES = "Lines"
"""Column that counts lines, int64."""
DAY = "Date"
"""Column of the day a line belongs to."""

RULES_VERSION = 1
"""Which rules for a line these are; a change of what is accepted or how it is read raises it."""

MAX_SECONDS = 2**31 - 1
"""The largest ``TotalDuration`` a line may hold, in seconds."""
DAY_SECONDS = 86_400
"""A line of more seconds than this is accepted and counted as a warning."""
MAX_LINE_BYTES = 16 * 1024 * 1024
"""A longer line is rejected unread."""

MAX_DEPTH = 512
"""A line with more objects and arrays inside each other is rejected, whoever reads it."""

NOBODY = ("", "0", "None", "NULL", "null")
"""Contracts that mean nobody; so does one of white space alone. The category table may differ."""

FORMULA_STARTS = "=+@\t\r-"
"""Texts that begin so a spreadsheet takes for formulas."""
FORMULA = f"^[{FORMULA_STARTS}]"
"""Pattern of such texts."""


class Reason(StrEnum):
    """Why a line was rejected. The value is what accounts and reject files print."""

    TOO_LONG = "line-too-long"
    NOT_UTF8 = "not-utf-8"
    NOT_JSON = "not-json"
    TOO_DEEP = "nested-too-deep"
    NOT_OBJECT = "not-an-object"
    SOURCE_MISSING = "source-missing"
    SOURCE_TYPE = "source-not-an-object"
    ACTION = "bulk-action"
    CONTRACT_MISSING = "contract-missing"
    CONTRACT_TYPE = "contract-not-a-string"
    CONTRACT_NUL = "contract-holds-nul"
    SECONDS_MISSING = "duration-missing"
    SECONDS_TYPE = "duration-not-a-number"
    SECONDS_FRACTION = "duration-fraction"
    SECONDS_NEGATIVE = "duration-negative"
    SECONDS_TOO_LARGE = "duration-too-large"
    APP_TYPE = "app-not-a-string"
    MAC_TYPE = "mac-not-a-string"
    ID_TYPE = "id-not-a-string"
