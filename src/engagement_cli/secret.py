"""What may be a password is never shown, also in text that was meant to be a URL and is none."""

from __future__ import annotations

import re

SCHEME = r"(?:postgres(?:ql)?|mysql|mariadb|sqlite|duckdb)(?:\+\w*)?"
"""How the URL of a database begins, as a regular expression."""
_MEANT = re.compile(rf"\s*{SCHEME}\s*(?::|//)", re.IGNORECASE)
_URL = re.compile(rf"(?<![a-z])({SCHEME})(?::|//).*", re.IGNORECASE | re.DOTALL)
_USER = re.compile(r":(?! ).*@", re.DOTALL)
_LOGIN = re.compile(r"(//?[^\s/:@]*:)\S*@")
_OPTION = re.compile(
    r"(\w*(?:pass(?!file)|pwd|secret|token)\w*\s*=\s*)('[^']*'|[^&;\s]*)", re.IGNORECASE
)


def is_meant_as_url(text: str) -> bool:
    """Whether a text begins as the URL of a database does, however it goes on."""
    return _MEANT.match(text) is not None


def masked(text: str) -> str:
    """What somebody typed, without anything that may be a password."""
    return _OPTION.sub(r"\1***", _USER.sub(":***@", _URL.sub(r"\1:***", text)))


def without_logins(message: str) -> str:
    """A message that may quote what somebody typed, without the passwords of logins in it."""
    return _OPTION.sub(r"\1***", _LOGIN.sub(r"\1***@", message))
