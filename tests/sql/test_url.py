"""Where a URL comes from, what it means, and that its password stays hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engagement_cli.errors import UsageError
from engagement_cli.sinks.sql import (
    is_database_url,
    parse_url,
    url_from_environment,
    url_from_file,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("postgresql://host/db", True),
        ("postgres://host/db", True),
        ("mysql+pymysql://host/db", True),
        ("MARIADB://host/db", True),
        ("sqlite:///watch.db", True),
        ("duckdb:///watch.duckdb", True),
        ("out.csv", False),
        ("-", False),
        ("sqlite", False),
        ("s3://bucket/out.csv", False),
        ("C:\\out.csv", False),
    ],
)
def test_an_output_is_told_for_a_database_by_its_scheme(text: str, answer: bool) -> None:
    assert is_database_url(text) is answer


@pytest.mark.parametrize(
    ("text", "password", "host", "database"),
    [
        ("postgresql://me:secret@host/db", "secret", "host", "db"),
        ("postgresql://me:s%40%3A%25@host/db", "s@:%", "host", "db"),
        ("postgresql://me:p@ss@host/db", "p@ss", "host", "db"),
        ("postgresql://me:p:a:s@host:5432/db", "p:a:s", "host", "db"),
        ("postgresql://me:100%@host/db", "100%", "host", "db"),
        ("postgresql://me:a/b@host/db", "a/b", "host", "db"),
        ("postgresql://me:a?b@host/db", "a?b", "host", "db"),
        ("postgresql://me:a#b@host/db", "a#b", "host", "db"),
        ("postgresql://me:@host/db", "", "host", "db"),
        ("postgresql://me@host/db", None, "host", "db"),
        ("postgresql://me:x@[::1]:5433/db", "x", "::1", "db"),
        ("postgresql:///db", None, None, "db"),
        ("postgresql://", None, None, None),
        ("postgresql:///?service=nightly", None, None, None),
        ("mysql://host/db?read_default_file=/a@b", None, "host", "db"),
    ],
)
def test_a_url_is_read_whatever_signs_the_password_holds(
    text: str, password: str | None, host: str | None, database: str | None
) -> None:
    url = parse_url(text)
    assert (url.password, url.host, url.database) == (password, host, database)


@pytest.mark.parametrize(
    ("text", "path"),
    [("sqlite:///watch.db", "watch.db"), ("sqlite:////srv/a@b:c.db?x=1", "/srv/a@b:c.db")],
)
def test_a_file_is_named_by_its_path(text: str, path: str) -> None:
    assert parse_url(text).database == path


@pytest.mark.parametrize(
    "text",
    [
        "postgresql:marker@host/db",
        "postgresql://me:marker@host:port/db",
        "postgresql://me:marker@ho st/db",
        "postgresql://me:marker@host/db/more",
        "postgresql://me:marker",
        "postgresql+psycopg2://me:marker@host/db",
        "oracle://me:marker@host/db",
        "://me:marker@host/db",
        "sqlite://me:marker@host",
        "mysql://me:marker@host:99999999/db",
        "postgresql://me:mar\nker@host/db\nmarker",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_url(text)
    assert "marker" not in str(refused.value)
    assert refused.value.__context__ is None


@pytest.mark.parametrize("password", ["marker", "m@rk:er%", "m/r?k#r", "mark'er\\", "märker"])
def test_no_form_of_a_url_shows_its_password(password: str) -> None:
    url = parse_url(f"postgresql://me:{password}@host/db?sslpassword={password}")
    shown = f"{url} {url!r} {url.where} {[url]}"
    assert shown.count(password) == 0
    assert url.scrub(f"cannot log in with {password!r} or {password}").count(password) == 0


def test_the_environment_gives_the_url() -> None:
    url = url_from_environment({"ENGAGEMENT_OUTPUT_URL": "postgresql://me:x@host/db"})
    assert url is not None
    assert url.where == "postgresql://host/db"


@pytest.mark.parametrize("environ", [{}, {"ENGAGEMENT_OUTPUT_URL": ""}])
def test_an_empty_environment_gives_none(environ: dict[str, str]) -> None:
    assert url_from_environment(environ) is None


def test_a_file_gives_the_url(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://me:x@host:5433/db\n")
    assert url_from_file(tmp_path / "url").where == "postgresql://host:5433/db"


@pytest.mark.parametrize("content", [b"marker\n", b"\xffmarker", b"postgresql://h/db\nmarker\n"])
def test_a_file_without_a_url_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "url").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        url_from_file(tmp_path / "url")
    assert "marker" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such-file: .*No such file"):
        url_from_file(tmp_path / "no-such-file")
