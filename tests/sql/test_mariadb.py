"""What MariaDB can keep, and how it refuses."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd
import pytest

from engagement_cli.errors import ConflictError, DatabaseError, UsageError
from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.frames import assert_same, large, odd, small
from sql.servers import MariaDbPlace, leftovers, read, target

if TYPE_CHECKING:
    from collections.abc import Iterator


def definition(place: MariaDbPlace) -> str:
    return str(place.ask("SHOW CREATE TABLE engagement")[0][1])


def test_indexes_comments_and_grants_stay(mariadb: MariaDbPlace) -> None:
    load(small(), target(mariadb))
    mariadb.ask("CREATE INDEX by_tv ON engagement (TVDuration)")
    mariadb.ask("ALTER TABLE engagement COMMENT 'the board''s table'")
    mariadb.ask("ALTER TABLE engagement MODIFY TVDuration BIGINT NOT NULL COMMENT 'seconds'")
    before = definition(mariadb)
    load(small(shift=1), target(mariadb))
    assert definition(mariadb) == before
    assert_same(read(mariadb), small(shift=1))


@pytest.mark.parametrize(
    "leaning",
    [
        "CREATE TRIGGER t BEFORE INSERT ON engagement FOR EACH ROW SET @x = 1",
        """CREATE TABLE child (c VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin,
        FOREIGN KEY (c) REFERENCES engagement (Contract)) ENGINE=InnoDB""",
    ],
)
def test_a_table_that_others_lean_on_keeps_its_rows_inside(
    mariadb: MariaDbPlace, leaning: str
) -> None:
    load(small(), target(mariadb))
    mariadb.ask(leaning)
    load(small(shift=1), target(mariadb))
    assert_same(read(mariadb), small(shift=1))
    triggers = mariadb.ask("SHOW TRIGGERS")
    assert [row[2] for row in triggers] == ["engagement"] * len(triggers)
    assert leftovers(mariadb) == []


def test_a_contract_column_that_is_too_lax_or_short_is_made_to_fit(mariadb: MariaDbPlace) -> None:
    columns = ", ".join(f"{name} BIGINT NOT NULL" for name in small().columns[1:])
    mariadb.ask(f"CREATE TABLE engagement (Contract VARCHAR(10) PRIMARY KEY, {columns})")
    with pytest.raises(ConflictError, match="MODIFY `Contract` VARCHAR"):
        load(odd(), target(mariadb, if_exists="upsert"))
    report = load(odd(), target(mariadb))
    assert report.notes == ("Contract got a type that holds the result exactly",)
    assert_same(read(mariadb), odd())


def test_a_table_of_pandas_is_replaced_and_given_a_key(mariadb: MariaDbPlace) -> None:
    columns = ", ".join(f"{name} BIGINT" for name in small().columns[1:])
    mariadb.ask(f"CREATE TABLE engagement (Contract TEXT, {columns})")
    load(odd(), target(mariadb))
    assert_same(read(mariadb), odd())
    assert "PRIMARY KEY (`Contract`)" in definition(mariadb)


def test_upsert_into_a_table_without_transactions_is_refused(mariadb: MariaDbPlace) -> None:
    load(small(), target(mariadb))
    mariadb.ask("ALTER TABLE engagement ENGINE=MyISAM")
    with pytest.raises(ConflictError, match="ENGINE=InnoDB;"):
        load(small(shift=1), target(mariadb, if_exists="upsert"))
    assert_same(read(mariadb), small())


def test_a_contract_longer_than_a_key_is_refused_before_any_work(mariadb: MariaDbPlace) -> None:
    frame = small().assign(Contract=pd.Series(["a", "b", "x" * 769], dtype="str"))
    with pytest.raises(UsageError, match="769 characters, and an index here holds 768"):
        load(frame, target(mariadb))
    assert mariadb.ask("SHOW TABLES") == []


@pytest.mark.parametrize(
    "names", [("A", "a"), ("é", "e"), ("x" * 65, "y"), ("a ", "b"), ("😀", "b")]
)
def test_names_that_it_cannot_have_are_refused(
    mariadb: MariaDbPlace, names: tuple[str, str]
) -> None:
    frame = small().rename(columns=dict(zip(["TVDuration", "MovieDuration"], names, strict=True)))
    with pytest.raises(UsageError, match="cannot have this table"):
        load(frame, target(mariadb))


@pytest.mark.parametrize("name", ["select", "a`b", "a%sb", "a:b", "a b", "Ü" * 64, "%(x)s", "a\\"])
def test_any_other_name_is_quoted(mariadb: MariaDbPlace, name: str) -> None:
    frame = small().rename(columns={"TVDuration": name})
    for mode in ("replace", "upsert"):
        load(frame, target(mariadb, if_exists=mode))
        frame[name] += 1
        load(frame, target(mariadb, if_exists=mode))
        assert_same(read(mariadb), frame)


@pytest.mark.parametrize("frame", [odd(), large()], ids=["odd", "large"])
def test_a_server_that_takes_no_local_files_gets_the_same(
    mariadb: MariaDbPlace, frame: pd.DataFrame
) -> None:
    load(frame, SqlTarget(parse_url(f"{mariadb.url}?local_infile=0")))
    assert_same(read(mariadb), frame)


def test_a_mysql_url_leads_to_a_mariadb_too(mariadb: MariaDbPlace) -> None:
    url = mariadb.url.replace("mariadb://", "mysql://")
    load(odd(), SqlTarget(parse_url(url)))
    load(odd().iloc[1:], SqlTarget(parse_url(url), if_exists="upsert", prune=True))
    assert_same(read(mariadb), odd().iloc[1:].reset_index(drop=True))


def test_another_database_is_named_as_the_schema(mariadb: MariaDbPlace) -> None:
    url = mariadb.url.rpartition("/")[0]
    load(small(), SqlTarget(parse_url(url), f"{mariadb.database}.engagement"))
    assert_same(read(mariadb), small())
    with pytest.raises(UsageError, match="no database"):
        load(small(), SqlTarget(parse_url(url)))


def test_the_option_file_of_the_client_gives_user_and_password(
    mariadb: MariaDbPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = parse_url(mariadb.url)
    (tmp_path / ".my.cnf").write_text(
        f"[client]\nuser={parts.username}\npassword={parts.password or ''}\nhost={parts.host}\n"
        f"port={parts.port or 3306}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    load(small(), SqlTarget(parse_url(f"mysql:///{mariadb.database}")))
    assert_same(read(mariadb), small())


@pytest.mark.parametrize("kept", ["before the place", "as an option", "in the option file"])
@pytest.mark.parametrize("password", ["mật khẩu", "pässwörd", "😀", "' @:/%"])
def test_a_password_may_hold_any_sign(
    mariadb: MariaDbPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, kept: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    name = f"test_{secrets.token_hex(4)}"
    spelt = password.replace("'", "''")
    parts = parse_url(mariadb.url)
    place = f"{parts.host}:{parts.port or 3306}/{mariadb.database}"
    if kept == "before the place":
        url = f"mariadb://{name}:{quote(password)}@{place}"
    elif kept == "as an option":
        url = f"mariadb://{name}@{place}?password={quote(password)}"
    else:
        (tmp_path / ".my.cnf").write_text(f'[client]\npassword="{password}"\n', encoding="utf-8")
        url = f"mariadb://{name}@{place}"
    mariadb.ask(f"CREATE USER {name}@'%' IDENTIFIED BY '{spelt}'")
    try:
        mariadb.ask(f"GRANT ALL ON {mariadb.database}.* TO {name}@'%'")
        load(small(), SqlTarget(parse_url(url)))
    finally:
        mariadb.ask(f"DROP USER {name}@'%'")
    assert_same(read(mariadb), small())


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 24 MiB that the server can write to."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=777", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            if "CI" in os.environ:
                pytest.fail("a small tmpfs cannot be mounted, and no check may be left out here")
            pytest.skip("only root can mount the small file system that this needs")
        Path(folder).chmod(0o777)
        yield Path(folder)
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_full_disk_leaves_the_old_table(
    mariadb: MariaDbPlace, small_disk: Path, mode: str
) -> None:
    """The table stands in a space of its own there, which no load takes it out of."""
    load(small(), target(mariadb))
    statement = definition(mariadb)
    mariadb.ask("DROP TABLE engagement")
    mariadb.ask(f"{statement} DATA DIRECTORY = '{small_disk}'")
    load(small(), target(mariadb))
    with pytest.raises(DatabaseError, match=r"is full.* Free some room"):
        load(large(400_000), target(mariadb, if_exists=mode))
    assert_same(read(mariadb), small())
    load(small(shift=1), target(mariadb))
    assert_same(read(mariadb), small(shift=1))
    assert leftovers(mariadb) == []
    assert str(small_disk) in definition(mariadb)
    mariadb.ask("DROP TABLE engagement")


def test_a_role_that_may_not_create_is_told_so(mariadb: MariaDbPlace) -> None:
    name = f"test_{secrets.token_hex(4)}"
    mariadb.ask(f"CREATE USER {name}@'%' IDENTIFIED BY 'x'")
    try:
        mariadb.ask(f"GRANT SELECT, INSERT ON {mariadb.database}.* TO {name}@'%'")
        parts = parse_url(mariadb.url)
        url = f"mariadb://{name}:x@{parts.host}:{parts.port or 3306}/{mariadb.database}"
        with pytest.raises(DatabaseError, match=r"CREATE command denied .* Grant it"):
            load(small(), SqlTarget(parse_url(url)))
    finally:
        mariadb.ask(f"DROP USER {name}@'%'")
