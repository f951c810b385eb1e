"""A marker password is found nowhere after many kinds of failure, and after none."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from engagement_cli.errors import EngagementError
from engagement_cli.sinks.sql import SqlTarget, ddl, load, parse_url
from engagement_cli.sinks.sql.registry import database_for
from sql.frames import large, small
from sql.proxy import cutting_proxy
from sql.servers import MARIADB, POSTGRES, kill_backends, sqlite_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sql.servers import MariaDbPlace, PostgresPlace

MARKER = "m@rk:er%41-Secret"
SPELT = ("m@rk", "m%40rk", "er%41", "erA-", "%3Aer")


def attempt(url: str, frame: Any = None, **options: Any) -> None:
    place = SqlTarget(parse_url(url), **{"lock_timeout": 1.0, **options})
    load(small() if frame is None else frame, place)


def with_password(url: str) -> str:
    """The URL of a test server with the marker for a password."""
    scheme, _, rest = url.partition("://")
    user, _, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}:{MARKER}@{place}"


FAILURES: dict[str, Callable[[], None]] = {
    "a URL without a place": lambda: attempt(f"postgresql://me:{MARKER}"),
    "a URL with a word for a port": lambda: attempt(f"mysql://me:{MARKER}@host:port/db"),
    "a URL of an unknown database": lambda: attempt(f"oracle://me:{MARKER}@host/db"),
    "a URL with another driver": lambda: attempt(f"postgresql+pg8000://me:{MARKER}@host/db"),
    "an unknown option of PostgreSQL": lambda: attempt(
        f"postgresql://me:{MARKER}@127.0.0.1/db?no_such_option={MARKER}"
    ),
    "an unknown option of MySQL": lambda: attempt(
        f"mysql://me:{MARKER}@127.0.0.1/db?no_such_option={MARKER}"
    ),
    "an option of the wrong type": lambda: attempt(
        f"mysql://me:{MARKER}@127.0.0.1/db?connect_timeout={MARKER}"
    ),
    "a PostgreSQL host that does not resolve": lambda: attempt(
        f"postgresql://me:{MARKER}@no-such-host.invalid/db"
    ),
    "a MySQL host that does not resolve": lambda: attempt(
        f"mysql://me:{MARKER}@no-such-host.invalid/db"
    ),
    "a PostgreSQL port that nobody listens at": lambda: attempt(
        f"postgresql://me:{MARKER}@127.0.0.1:1/db"
    ),
    "a MySQL port that nobody listens at": lambda: attempt(f"mysql://me:{MARKER}@127.0.0.1:1/db"),
    "a MySQL role that may not log in": lambda: attempt(
        f"mysql://engagement_nobody:{MARKER}@127.0.0.1/db"
    ),
    "a PostgreSQL role that is not there": lambda: attempt(
        f"postgresql://engagement_nobody:{MARKER}@127.0.0.1/db"
    ),
    "a PostgreSQL database that is not there": lambda: attempt(
        with_password(POSTGRES).rpartition("/")[0] + "/engagement_no_such_database"
    ),
    "a service that is not there": lambda: attempt(
        f"postgresql:///?service=no_such_service&password={MARKER}"
    ),
    "a password for SQLite": lambda: attempt(f"sqlite://me:{MARKER}@host/x.db"),
    "a table name that is too long": lambda: attempt(with_password(POSTGRES), table="x" * 64),
    "a schema that is not there": lambda: attempt(
        with_password(POSTGRES), table="engagement_no_such_schema.engagement"
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_tells_nothing_of_the_password(
    failure: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert_hidden(failed(FAILURES[failure]), capfd)


def test_an_option_file_with_faults_is_not_quoted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my.cnf").write_text(f"[client]\npassword {MARKER}\n= {MARKER}\n{MARKER}\n")
    url = f"mysql://me@127.0.0.1/db?read_default_file={tmp_path / 'my.cnf'}"
    assert_hidden(failed(lambda: attempt(url)), capfd)


def test_a_backend_killed_with_a_password_on_it(
    postgres: PostgresPlace, capfd: pytest.CaptureFixture[str]
) -> None:
    place = SqlTarget(parse_url(with_password(postgres.url)), postgres.table)
    error = failed(lambda: load(large(), place, progress=lambda _: kill_backends(postgres)))
    assert_hidden(error, capfd)


def test_a_connection_cut_with_a_password_on_it(
    postgres: PostgresPlace, capfd: pytest.CaptureFixture[str]
) -> None:
    with cutting_proxy(postgres, b"COMMIT\0", after_answer=True, stays=False):
        url = with_password(postgres.url)
        error = failed(lambda: attempt(url, table=postgres.table))
    assert_hidden(error, capfd)


def test_a_load_that_succeeds_leaves_the_password_nowhere(
    postgres: PostgresPlace, mariadb: MariaDbPlace, capfd: pytest.CaptureFixture[str]
) -> None:
    url = with_password(postgres.url)
    target = SqlTarget(parse_url(url), postgres.table)
    told = [repr(load(small(), target)), repr(target), str(target), ddl(small(), target)]
    told += [repr(postgres.ask(f"SELECT * FROM {postgres.here}_engagement_loads"))]
    told += [repr(vars(database_for(target)))]
    told += capfd.readouterr()
    mysql = SqlTarget(parse_url(with_password(mariadb.url)), mariadb.table)
    told += [repr(mysql), ddl(small(), mysql)]
    assert not [text for text in told if any(part in text for part in SPELT)]


def test_a_failure_in_a_file_speaks_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with sqlite_place(tmp_path) as place:
        place.path.write_bytes(b"no database" * 1000)
        error = failed(lambda: attempt(place.url))
    assert "file is not a database" in str(error)
    assert_hidden(error, capfd)


def failed(work: Callable[[], object]) -> EngagementError:
    with pytest.raises(EngagementError) as caught:
        work()
    return caught.value


def assert_hidden(error: EngagementError, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the error, nor anything it leads to, nor the variables on its way tell."""
    told = [str(error), repr(error), *capfd.readouterr()]
    told += traceback.format_exception(error)
    for link in chain(error):
        told += [str(link), repr(link), repr(vars(link))]
        told += [
            f"{name} = {value!r}"
            for frame, _ in traceback.walk_tb(link.__traceback__)
            if "engagement_cli" in (path := frame.f_code.co_filename) and "url.py" not in path
            for name, value in frame.f_locals.items()
        ]
    assert not [text for text in told if any(part in text for part in SPELT)]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and every error that it came from or came up beside."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def test_the_marker_is_the_password_of_these_urls() -> None:
    for url in (POSTGRES, MARIADB):
        assert parse_url(with_password(url)).password == "m@rk:erA-Secret"
