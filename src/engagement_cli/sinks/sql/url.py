"""Where a database URL comes from, what it says, and how its password stays hidden.

Nothing here imports SQLAlchemy or a driver: the command line asks ``is_database_url`` of every
``--output``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from engagement_cli.errors import UsageError
from engagement_cli.secret import masked, without_logins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

URL_VARIABLE = "ENGAGEMENT_OUTPUT_URL"
"""The environment variable that may hold the URL."""

DRIVERS = {
    "postgresql": "psycopg",
    "mysql": "pymysql",
    "mariadb": "pymysql",
    "sqlite": "pysqlite",
    "duckdb": "",
}
"""The databases that can be written, each with the one driver that is used for it."""

_FILES = {"sqlite", "duckdb"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?:\+([A-Za-z0-9_]*))?://(.*)", re.DOTALL)
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::(\d{1,5}))?(?:/([^/?@:]*))?", re.ASCII)
_SECRET_OPTION = re.compile("pass|pwd|secret|token|key", re.IGNORECASE)
_PASSWORD_OPTION = re.compile("pass(?!file)|pwd|secret|token", re.IGNORECASE)
_WRONGLY_JOINED = re.compile(r";\s*\w+\s*=")
_SQLITE_OPTIONS = {"uri", "mode", "cache", "vfs"}
_HINT = (
    "expected scheme://user:password@host:port/database, with @ : / ? # % in a password "
    "written as %40 %3A %2F %3F %23 %25; the URL itself is not shown, since it may hold one"
)


def is_database_url(text: str) -> bool:
    """Whether an output names a database rather than a file."""
    match = _SCHEME.match(text)
    return match is not None and _canonical(match[1]) in DRIVERS


@dataclass(frozen=True, slots=True, repr=False)
class SecretUrl:
    """A database URL that never shows its password: ``str``, ``repr`` and errors give ``where``.

    Attributes:
        dialect: ``postgresql``, ``mysql``, ``mariadb``, ``sqlite`` or ``duckdb``.
        username: Role to log in as, or None for the driver's own default.
        password: Password, decoded, or None for the driver's own default (password files).
        host: Host name, or None for the driver's own default.
        port: TCP port, or None.
        database: Name of the database, or path of the file; None for the driver's own default.
        query: Options handed to the driver.
    """

    dialect: str
    username: str | None = None
    password: str | None = field(default=None)
    host: str | None = None
    port: int | None = None
    database: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The place without user, password and options, safe to print."""
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host or ""
        port = f":{self.port}" if self.port else ""
        return f"{self.dialect}://{host}{port}/{masked(self.database or '')}"

    @property
    def has_password(self) -> bool:
        """Whether the URL itself holds a password, before its place or among its options."""
        return bool(self.password) or any(map(_PASSWORD_OPTION.search, self.query))

    def scrub(self, text: str) -> str:
        """Give ``text`` without any spelling of the password or of a secret option."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "***")
        return without_logins(text)

    def _secrets(self) -> set[str]:
        plain = {v for k, v in self.query.items() if _SECRET_OPTION.search(k)}
        plain |= {self.password or ""}
        spelt = {s for p in plain for s in (p, quote(p), quote(p, safe=""), quote_plus(p))}
        return (spelt | {repr(p)[1:-1] for p in plain}) - {""}

    def __str__(self) -> str:
        return self.where

    def __repr__(self) -> str:
        return f"SecretUrl({self.where!r})"


def parse_url(text: str) -> SecretUrl:
    """Read a database URL.

    A password may hold ``@``, ``:`` and ``/`` as they are: the user's part ends at the last ``@``.
    A ``%`` that is not followed by two hexadecimal digits stands for itself.

    Raises:
        UsageError: The text is no URL of a known database; the message never quotes it.
    """
    match = _SCHEME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"the database URL cannot be read: {_HINT}")
    dialect = _canonical(match[1])
    if dialect not in DRIVERS:
        raise UsageError(
            f"no such database: {match[1]}; these can be written: {', '.join(DRIVERS)}"
        )
    if match[2] not in {None, DRIVERS[dialect]}:
        raise UsageError(
            f"{dialect} is written through {DRIVERS[dialect]}, not {match[2]}: "
            f"leave +{match[2]} out of the URL"
        )
    return _file_url(dialect, match[3]) if dialect in _FILES else _server_url(dialect, match[3])


def url_from_environment(environ: Mapping[str, str]) -> SecretUrl | None:
    """The URL of ``ENGAGEMENT_OUTPUT_URL``, or None when that is unset or empty."""
    text = environ.get(URL_VARIABLE, "")
    return parse_url(text) if text else None


def url_from_file(path: Path) -> SecretUrl:
    """The URL that a file holds on its first line; the rest of the file must be blank.

    Raises:
        UsageError: The file cannot be read, or holds no URL.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    else:
        if len(text.splitlines()) == 1:
            return parse_url(text)
        reason = "it must hold one line, the URL"
    # Outside the handler: a decoding error carries the bytes it met, and they are the secret.
    raise UsageError(f"{masked(str(path))}: the output URL cannot be read: {reason}")


def _canonical(scheme: str) -> str:
    scheme = scheme.lower()
    return "postgresql" if scheme == "postgres" else scheme


def _file_url(dialect: str, rest: str) -> SecretUrl:
    path, _, options = rest.partition("?")
    if not path.startswith("/") or path in {"/", "/:memory:"}:
        raise UsageError(
            f"{dialect} needs a file: {dialect}:///watch.db beside the working directory, "
            f"{dialect}:////srv/watch.db by its full path"
        )
    query = _query(options)
    if dialect == "sqlite":
        _check_sqlite(query)
    return SecretUrl(dialect, database=path[1:], query=query)


def _check_sqlite(query: Mapping[str, str]) -> None:
    """What SQLite would pass over without a word is refused."""
    uri = query.get("uri", "").lower() in {"true", "1"}
    if set(query) - (_SQLITE_OPTIONS if uri else {"uri"}):
        raise UsageError(
            "the sqlite URL has options that would mean nothing. These can be given: "
            "sqlite:///file:watch.db?uri=true with &mode=, &cache= and &vfs="
        )
    if query.get("mode") == "memory":
        raise UsageError("sqlite needs a file: with mode=memory nothing would be kept")


def _query(options: str) -> dict[str, str]:
    query = dict(parse_qsl(options, keep_blank_values=True))
    if any(map(_WRONGLY_JOINED.search, query.values())):
        raise UsageError("the options of a database URL are joined by &, and these by ;")
    return query


def _server_url(dialect: str, rest: str) -> SecretUrl:
    user, place, options = _split(rest)
    match = _PLACE.fullmatch(place)
    if match is None or "\n" in rest:
        raise UsageError(f"the {dialect} URL cannot be read: {_HINT}")
    name, colon, password = user.partition(":")
    return SecretUrl(
        dialect,
        username=unquote(name) or None,
        password=unquote(password) if colon else None,
        host=match[1].strip("[]") or None,
        port=int(match[2]) if match[2] else None,
        database=unquote(match[3] or "") or None,
        query=_query(options),
    )


def _split(rest: str) -> tuple[str, str, str]:
    """Cut into user part, place and options, whatever signs the password holds."""
    head, _, options = rest.partition("?")
    user, at, place = head.rpartition("@")
    if at or _PLACE.fullmatch(head):
        return user, place, options
    # No place before the "?": the "?" belongs to the password.
    user, _, tail = rest.rpartition("@")
    place, _, options = tail.partition("?")
    return user, place, options
