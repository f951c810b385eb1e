"""No command line shows a password again, however it was mistyped and whatever fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from program import run
from sql.servers import MARIADB, POSTGRES

if TYPE_CHECKING:
    from pathlib import Path

    from sql.servers import PostgresPlace

MARKER = "S3CRET"
LINE = {"_source": {"Contract": "HNH1", "TotalDuration": 5, "AppName": "KPLUS"}}

MISTYPED = [
    "postgresql:/u:S3CRET@h/db",
    "postgresql:u:S3CRET@h/db",
    "postgresql:u:S3CRET",
    "postgresql//u:S3CRET@h/db",
    "Postgres://u:S3CRET@h:port/db",
    "postgresql ://u:S3CRET@h/db",
    "mysql+oursql://u:S3CRET@h/db",
    "oracle://u:S3CRET@h/db",
    "u:S3CRET@h/db",
    "u:S3CRET@h/db.csv",
    "//u:S3CRET@h/db",
    "://u:S3CRET@h/db",
    "sqlite:///u:S3CRET@h/db/x.db",
    "sqlite:///x.db?password=S3CRET",
    "postgresql://h/db?user=u;password=S3CRET",
    "host=h user=u password=S3CRET dbname=db",
    "host=h password='x S3CRET' dbname=db",
]

FAILING = {
    "a host that does not resolve": "postgresql://u:S3CRET@no-such-host.invalid/db",
    "a port that nobody listens at": "mysql://u:S3CRET@127.0.0.1:1/db",
    "a role that may not log in": "mysql://engagement_nobody:S3CRET@127.0.0.1/db",
    "a database that is not there": f"{POSTGRES.rpartition('/')[0]}/no_such_db?password=S3CRET",
    "an option that is not known": f"{POSTGRES}?no_such_option=S3CRET",
    "an option of the wrong type": "mysql://u:S3CRET@127.0.0.1/db?connect_timeout=S3CRET",
    "a service that is not there": "postgresql:///?service=no_such_service&password=S3CRET",
    "a sign that cannot be sent": "mysql://u:S3CRET\udcff@127.0.0.1/db",
    "no database": f"{MARIADB.rpartition('/')[0]}?password=S3CRET",
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One line, in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "20220401.json"
    path.write_text(json.dumps(LINE) + "\n")
    return path


def assert_refused(folder: Path, *args: object, status: tuple[int, ...] = (1, 2, 3)) -> None:
    """The run fails and shows the marker nowhere: not on its streams and not in its summary."""
    done = run("run", "-v", *args)
    told = [done.err, done.out.decode()]
    told += [path.read_text() for path in folder.glob("summary*")]
    assert done.status in status
    assert not [text for text in told if MARKER in text]


@pytest.mark.parametrize("option", ["--output", "--figures", "--output-url-file"])
@pytest.mark.parametrize("text", MISTYPED)
def test_a_mistyped_url_is_not_quoted(log: Path, text: str, option: str) -> None:
    more = ["-o", "out.csv"] if option == "--figures" else []
    assert_refused(log.parent, "-i", log, *more, option, text, "--summary", "summary.json")


@pytest.mark.parametrize("text", [*MISTYPED, "postgresql://u:S3CRET@h/db"])
def test_a_url_in_the_place_of_another_argument_is_not_quoted(log: Path, text: str) -> None:
    assert_refused(log.parent, "-i", log, "-o", "out.csv", text)
    assert_refused(log.parent, "-i", log, "-o", "out.csv", "--if-exists", text)
    assert_refused(log.parent, "-i", log, "-o", "out.csv", "--summary", f"{text}/no/x")


@pytest.mark.parametrize("failure", FAILING)
def test_a_failing_load_tells_nothing_of_the_password(log: Path, failure: str) -> None:
    assert_refused(log.parent, "-i", log, "-o", FAILING[failure], "--summary", "summary.json")


@pytest.mark.parametrize("form", ["{user}:S3CRET@{rest}", "{user}@{rest}?password=S3CRET"])
def test_a_password_on_the_command_line_works_and_is_warned_about_once(
    log: Path, postgres: PostgresPlace, form: str
) -> None:
    user, _, rest = POSTGRES.removeprefix("postgresql://").rpartition("@")
    url = "postgresql://" + form.format(user=user.partition(":")[0], rest=rest)
    args = ("-i", log, "-o", url, "--table", postgres.table, "--summary", "summary.json")
    done = run("run", "-v", *args)
    assert done.status == 0
    assert done.err.count("a password on the command line") == 1
    told = [done.err, done.out.decode(), (log.parent / "summary.json").read_text()]
    told += [repr(postgres.ask(f"SELECT * FROM {postgres.here}_engagement_loads"))]
    assert not [text for text in told if MARKER in text]


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1", "x"])
def test_a_wait_without_an_end_is_refused(log: Path, value: str) -> None:
    done = run("run", "-i", log, "-o", "sqlite:///x.db", "--lock-timeout", value)
    assert done.status == 2
    assert "--lock-timeout" in done.err
    assert not (log.parent / "x.db").exists()
