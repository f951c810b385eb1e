"""What PostgreSQL can keep, and how it refuses."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from engagement_cli.errors import ConflictError, DatabaseError, UsageError
from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.frames import assert_same, large, small
from sql.servers import POSTGRES, PostgresPlace, read, target

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname || '.' = '{here}' ORDER BY indexname"
GRANTS = (
    "SELECT grantee, privilege_type, is_grantable FROM information_schema.role_table_grants"
    " WHERE table_schema || '.' = '{here}' AND table_name = 'engagement' ORDER BY 1, 2"
)
LOOKS = (
    "SELECT obj_description('{sql}'::regclass), col_description('{sql}'::regclass, 2),"
    " (SELECT array_agg(conname || ' ' || pg_get_constraintdef(oid) ORDER BY conname)"
    " FROM pg_constraint WHERE conrelid = '{sql}'::regclass)"
)


@contextmanager
def role(place: PostgresPlace) -> Iterator[str]:
    """A role that may log in, and nothing else."""
    name = f"engagement_test_{secrets.token_hex(4)}"
    place.ask(f"CREATE ROLE {name} LOGIN")
    try:
        yield name
    finally:
        place.ask(f"DROP OWNED BY {name}")
        place.ask(f"DROP ROLE {name}")


def identity(place: PostgresPlace) -> list[tuple[Any, ...]]:
    return place.ask(f"SELECT '{place.sql}'::regclass::oid")


def ask(place: PostgresPlace, query: str) -> list[tuple[Any, ...]]:
    return place.ask(query.format(here=place.here, sql=place.sql))


@pytest.fixture
def dressed(postgres: PostgresPlace) -> Iterator[PostgresPlace]:
    """A loaded table with grants, comments, indexes and constraints."""
    load(small(), target(postgres))
    with role(postgres) as name:
        for statement in (
            f"GRANT SELECT ON {postgres.sql} TO {name} WITH GRANT OPTION",
            f"GRANT SELECT ON {postgres.sql} TO PUBLIC",
            f"""CREATE INDEX "by TV" ON {postgres.sql} ("TVDuration" DESC)""",
            f"""CREATE UNIQUE INDEX lower ON {postgres.sql} (lower("Contract"), "TVDuration")
            INCLUDE ("MovieDuration") WHERE "TVDuration" >= 0""",
            f"""ALTER TABLE {postgres.sql} ADD CONSTRAINT u UNIQUE ("Contract", "TVDuration")""",
            f"""ALTER TABLE {postgres.sql} ADD CHECK ("TVDuration" >= 0)""",
            f"COMMENT ON TABLE {postgres.sql} IS 'the board''s table'",
            f"""COMMENT ON COLUMN {postgres.sql}."TVDuration" IS 'seconds'""",
        ):
            postgres.ask(statement)
        yield postgres


def test_a_new_table_is_given_all_that_the_old_one_had(dressed: PostgresPlace) -> None:
    before = [ask(dressed, query) for query in (INDEXES, GRANTS, LOOKS)]
    old = identity(dressed)
    assert load(small(shift=1), target(dressed)).notes == ()
    assert identity(dressed) != old
    assert [ask(dressed, query) for query in (INDEXES, GRANTS, LOOKS)] == before
    assert_same(read(dressed), small(shift=1))


def test_default_privileges_let_nobody_new_in(dressed: PostgresPlace) -> None:
    with role(dressed) as name:
        before = ask(dressed, GRANTS)
        schema = dressed.here[:-1]
        dressed.ask(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT ALL ON TABLES TO {name}")
        load(small(shift=1), target(dressed))
        assert ask(dressed, GRANTS) == before


@pytest.mark.parametrize(
    "leaning",
    [
        "CREATE VIEW {here}v AS SELECT * FROM {sql}",
        "CREATE MATERIALIZED VIEW {here}v AS SELECT * FROM {sql}",
        'CREATE TABLE {here}child (c text REFERENCES {sql} ("Contract"))',
        """CREATE FUNCTION {here}f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER t BEFORE INSERT ON {sql} FOR EACH ROW EXECUTE FUNCTION {here}f()""",
        "CREATE POLICY p ON {sql}",
        "ALTER TABLE {sql} ENABLE ROW LEVEL SECURITY",
        "CREATE RULE r AS ON UPDATE TO {sql} DO ALSO NOTHING",
        'CREATE STATISTICS {here}s ON "TVDuration", "MovieDuration" FROM {sql}',
        "ALTER TABLE {sql} SET (fillfactor = 70)",
        "ALTER TABLE {sql} REPLICA IDENTITY FULL",
        "ALTER TABLE {sql} SET UNLOGGED",
        'GRANT SELECT ("TVDuration") ON {sql} TO PUBLIC',
        "ALTER TABLE {sql} ADD COLUMN id bigserial",
        "ALTER TABLE {sql} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY",
        "CREATE TABLE {here}heir () INHERITS ({sql})",
        "CREATE FUNCTION {here}g() RETURNS {sql} LANGUAGE sql AS 'SELECT * FROM {sql} LIMIT 1'",
        "COMMENT ON INDEX {here}engagement_pkey IS 'mine'",
        "CLUSTER {sql} USING engagement_pkey",
    ],
)
def test_a_table_that_others_lean_on_keeps_its_identity(
    postgres: PostgresPlace, leaning: str
) -> None:
    load(small(), target(postgres))
    ask(postgres, leaning)
    old = identity(postgres)
    load(small(shift=1), target(postgres))
    assert identity(postgres) == old
    there = read(postgres)
    assert there is not None
    assert_same(there[small().columns], small(shift=1))


def test_a_trigger_that_changes_rows_is_found_out(postgres: PostgresPlace) -> None:
    load(small(), target(postgres))
    ask(
        postgres,
        "CREATE FUNCTION {here}f() RETURNS trigger LANGUAGE plpgsql AS"
        """ 'BEGIN NEW."TVDuration" := 0; RETURN NEW; END';"""
        " CREATE TRIGGER t BEFORE INSERT OR UPDATE ON {sql} FOR EACH ROW"
        " EXECUTE FUNCTION {here}f()",
    )
    for mode in ("replace", "upsert"):
        with pytest.raises(ConflictError, match="triggers"):
            load(small(shift=1), target(postgres, if_exists=mode))
    assert_same(read(postgres), small())


def test_a_table_without_a_key_is_given_one(postgres: PostgresPlace) -> None:
    load(small(), target(postgres))
    postgres.ask(f"ALTER TABLE {postgres.sql} DROP CONSTRAINT engagement_pkey")
    load(small(shift=1), target(postgres))
    keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid = '{sql}'::regclass"
    assert ask(postgres, keys) == [(1,)]


def test_the_key_of_a_new_table_has_the_usual_name(postgres: PostgresPlace) -> None:
    load(small(), target(postgres))
    query = "SELECT conname FROM pg_constraint WHERE conrelid = '{sql}'::regclass AND contype = 'p'"
    assert ask(postgres, query) == [("engagement_pkey",)]


def test_a_reader_of_an_older_snapshot_finds_the_new_table_and_no_empty_one(
    postgres: PostgresPlace,
) -> None:
    load(small(), target(postgres))
    with closing(postgres.session()) as session:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.execute("SELECT 1 FROM pg_class")
        load(small(shift=1), target(postgres))
        rows = session.execute(f"SELECT * FROM {postgres.sql}".encode()).fetchall()
    assert len(rows) == 3


def test_new_readers_are_let_through_while_an_older_one_is_waited_for(
    postgres: PostgresPlace,
) -> None:
    load(small(), target(postgres))
    with closing(postgres.session()) as older, ThreadPoolExecutor() as pool:
        older.execute(f"SELECT * FROM {postgres.sql}".encode())
        loading = pool.submit(load, small(shift=1), target(postgres, lock_timeout=30))
        waits = []
        for _ in range(20):
            started = time.monotonic()
            assert len(postgres.ask(f"SELECT * FROM {postgres.sql}")) == 3
            waits.append(time.monotonic() - started)
            time.sleep(0.1)
        assert not loading.done()
        older.rollback()
        loading.result()
    assert max(waits) < 2
    assert_same(read(postgres), small(shift=1))


def test_columns_that_differ_only_by_case_are_two_columns(postgres: PostgresPlace) -> None:
    frame = small().rename(columns={"MovieDuration": "tvduration"})
    load(frame, target(postgres))
    assert_same(read(postgres), frame)


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32, ""])
def test_a_name_that_would_be_cut_is_refused(postgres: PostgresPlace, name: str) -> None:
    with pytest.raises(UsageError, match=r"63 are the most|no name"):
        load(small().rename(columns={"TVDuration": name}), target(postgres))


@pytest.mark.parametrize("name", ["select", 'a"b', "a%sb", "a:b", "a b", "Ü" * 31, "%(x)s", "a.b"])
def test_any_other_name_is_quoted(postgres: PostgresPlace, name: str) -> None:
    frame = small().rename(columns={"TVDuration": name})
    for mode in ("replace", "upsert"):
        load(frame, target(postgres, if_exists=mode))
        frame[name] += 1
        load(frame, target(postgres, if_exists=mode))
        assert_same(read(postgres), frame)


def test_a_bare_name_stands_in_the_search_path(postgres: PostgresPlace) -> None:
    schema = postgres.here[:-1]
    url = f"{postgres.url}&options=-csearch_path%3D{schema}"
    load(small(), SqlTarget(parse_url(url)))
    assert_same(read(postgres), small())


def test_a_client_encoding_of_the_environment_does_not_matter(
    postgres: PostgresPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    frame = small().assign(Contract=["Truyền", "é", "😀"])
    load(frame, target(postgres))
    monkeypatch.delenv("PGCLIENTENCODING")
    assert_same(read(postgres), frame.sort_values("Contract", ignore_index=True))


def test_a_password_file_and_a_service_are_used(
    postgres: PostgresPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = parse_url(postgres.url)
    service = tmp_path / "services"
    service.write_text(
        f"[nightly]\nhost={parts.host}\nport={parts.port or 5432}\nuser={parts.username}\n"
        f"password={parts.password or 'x'}\ndbname={parts.database}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    load(small(), SqlTarget(parse_url("postgresql:///?service=nightly"), postgres.table))
    assert_same(read(postgres), small())


def test_a_role_that_may_not_create_is_told_so(postgres: PostgresPlace) -> None:
    with role(postgres) as name:
        postgres.ask(f"GRANT USAGE ON SCHEMA {postgres.here[:-1]} TO {name}")
        with pytest.raises(DatabaseError, match=r"permission denied for schema .* Grant it"):
            load(small(), target(postgres_as(postgres, name)))


def test_a_role_that_may_only_write_rows_can_load_a_table_made_for_it(
    postgres: PostgresPlace,
) -> None:
    load(small(), target(postgres))
    with role(postgres) as name:
        schema = postgres.here[:-1]
        postgres.ask(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        postgres.ask(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}"
        )
        place = postgres_as(postgres, name)
        load(small(shift=1), target(place))
        load(small(shift=2), target(place, if_exists="upsert"))
    assert_same(read(postgres), small(shift=2))


def postgres_as(place: PostgresPlace, name: str) -> PostgresPlace:
    """The same place for another role."""
    _, _, server = POSTGRES.rpartition("@")
    return PostgresPlace(f"postgresql://{name}@{server}", place.here[:-1])


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 12 MiB that the server can write to."""
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder)
        mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            if "CI" in os.environ:
                pytest.fail("a small tmpfs cannot be mounted, and no check may be left out here")
            pytest.skip("only root can mount the small file system that this needs")
        (disk / "space").mkdir()
        subprocess.run(["chown", "postgres", disk / "space"], check=True)
        yield disk / "space"
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_old_table(postgres: PostgresPlace, small_disk: Path) -> None:
    space = f"engagement_test_{secrets.token_hex(4)}"
    load(small(), target(postgres))
    with closing(psycopg.connect(POSTGRES, autocommit=True)) as session:
        session.execute(f"CREATE TABLESPACE {space} LOCATION '{small_disk}'".encode())
    try:
        url = f"{postgres.url}&options=-cdefault_tablespace%3D{space}"
        full = SqlTarget(parse_url(url), postgres.table)
        with pytest.raises(DatabaseError, match=r"No space left on device.* Free some room"):
            load(large(250_000), full)
        assert_same(read(postgres), small())
        load(small(shift=1), target(postgres))
    finally:
        with closing(psycopg.connect(POSTGRES, autocommit=True)) as session:
            session.execute(f"DROP TABLESPACE {space}".encode())
