"""Where a URL comes from, what it means, and that its password stays hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engagement_cli.errors import UsageError
from engagement_cli.secret import masked
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
    [("sqlite:///watch.db", "watch.db"), ("sqlite:////srv/a@b:c.db", "/srv/a@b:c.db")],
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


@pytest.mark.parametrize("scheme", ["sqlite:///x.db", "postgresql://h/db"])
def test_a_file_of_two_lines_is_refused(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "url").write_text(f"{scheme}\n{scheme}\n")
    with pytest.raises(UsageError, match="it must hold one line"):
        url_from_file(tmp_path / "url")


@pytest.mark.parametrize(
    "options", ["x=1", "mode=ro", "uri=true&x=1", "timeout=5", "marker", "uri=true&mode=memory"]
)
def test_options_that_sqlite_would_pass_over_are_refused(options: str) -> None:
    with pytest.raises(UsageError, match=r"mean nothing|needs a file") as refused:
        parse_url(f"sqlite:///file:x.db?{options}")
    assert "marker" not in str(refused.value)


def test_options_joined_by_another_sign_are_refused() -> None:
    with pytest.raises(UsageError, match="joined by &") as refused:
        parse_url("postgresql://h/db?user=u;password=marker")
    assert "marker" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("postgresql://me:x@h/db", True),
        ("postgresql://me@h/db?password=x", True),
        ("postgresql:///?service=a&sslpassword=x", True),
        ("mysql://me@h/db?passwd=x", True),
        ("postgresql://me@h/db?passfile=/home/me/pass", False),
        ("postgresql://me@h/db?sslkey=/etc/key.pem", False),
        ("postgresql://me:@h/db", False),
    ],
)
def test_a_url_knows_whether_it_holds_a_password(text: str, holds: bool) -> None:
    assert parse_url(text).has_password is holds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql:/u:S3CRET@h/db", "postgresql:***"),
        ("u:S3CRET@h/db", "u:***@h/db"),
        ("//u:S3:CR@ET@h/db", "//u:***@h/db"),
        ("x.db?user=u;password=S3CRET", "x.db?user=u;password=***"),
        ("host=h password='S3 CRET' user=u", "host=h password=*** user=u"),
        ("/srv/a@b/out.csv", "/srv/a@b/out.csv"),
        ("out:1.csv", "out:1.csv"),
    ],
)
def test_what_may_be_a_password_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such-file: .*No such file"):
        url_from_file(tmp_path / "no-such-file")
