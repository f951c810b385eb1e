"""The password for MySQL and MariaDB, wherever it is kept."""

from __future__ import annotations

import configparser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def defaults_file() -> str | None:
    """The client's own option file, where there is one."""
    path = Path("~/.my.cnf").expanduser()
    return str(path) if path.is_file() else None


def password_of(password: str | None, options: Mapping[str, str]) -> str | None:
    """The URL's password, or that of its options, or that of the option file that they name.

    Raises:
        configparser.Error: The option file cannot be read.
    """
    given = password or options.get("password") or options.get("passwd")
    return given or _kept(options) or password


def _kept(options: Mapping[str, str]) -> str | None:
    """What PyMySQL would find in the option file, and take for Latin-1."""
    from pymysql.optionfile import Parser  # noqa: PLC0415 - an optional dependency

    if "read_default_file" not in options:
        return None
    parser = Parser()
    parser.read(Path(options["read_default_file"]).expanduser(), encoding="utf-8")
    # A password without a value, which asks the client to ask, is a TypeError of the parser.
    with suppress(configparser.NoSectionError, configparser.NoOptionError, TypeError):
        return parser.get(options.get("read_default_group", "client"), "password")
    return None
