"""Whatever is killed or cut at whatever moment, the table is the old one or the new one."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from engagement_cli.errors import ConflictError, DatabaseError
from engagement_cli.sinks.sql import load
from sql.crash import loader
from sql.frames import assert_same, large, small
from sql.proxy import cutting_proxy
from sql.servers import MariaDbPlace, Place, kill_backends, ledger, leftovers, read, target

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

MODES = ["replace", "upsert"]


@pytest.mark.parametrize("mode", MODES)
def test_a_client_killed_in_the_middle_leaves_the_old(place: Place, mode: str) -> None:
    load(small(), target(place))
    with loader(place, mode, batches=1) as process:
        assert process.wait(60) == -signal.SIGKILL
    assert_same(read(place), small())
    load(large(shift=1), target(place, if_exists=mode))
    assert leftovers(place) == []
    assert [entry[0] for entry in ledger(place)] == ["replace", mode]


def test_an_interrupt_leaves_the_old_and_the_next_load_clears(place: Place) -> None:
    def progress(_: int) -> None:
        raise KeyboardInterrupt

    load(small(), target(place))
    with pytest.raises(KeyboardInterrupt):
        load(large(), target(place), progress=progress)
    assert_same(read(place), small())
    load(small(shift=1), target(place))
    assert leftovers(place) == []


def test_a_client_killed_before_the_swap_leaves_the_old(place: Place) -> None:
    """Every row is staged, and the ledger row or the table cannot be written yet."""
    load(small(), target(place))
    with before_the_swap(place), loader(place, "replace", batches=0) as process:
        await_held(process)
        process.kill()
        process.wait(60)
    assert_same(read(place), small())
    load(small(shift=2), target(place))
    assert_same(read(place), small(shift=2))
    assert leftovers(place) == []
    assert len(ledger(place)) == 2


def test_a_client_killed_in_the_swap_leaves_the_old_or_the_new(mariadb: MariaDbPlace) -> None:
    """The server carries out a rename that it was sent, also for a client that is gone."""
    load(small(), target(mariadb))
    with reader(mariadb), loader(mariadb, "replace", batches=0) as process:
        await_held(process)
        process.kill()
        process.wait(60)
    report = load(large(shift=1), target(mariadb, lock_timeout=30))
    assert_same(read(mariadb), large(shift=1))
    assert leftovers(mariadb) == []
    assert len(ledger(mariadb)) == 2
    assert report.rows == report.unchanged + report.written


def test_a_client_killed_after_the_swap_has_loaded(mariadb: MariaDbPlace) -> None:
    """The rename is the commit: what only had to be dropped is dropped by the next load."""
    load(small(), target(mariadb))
    mariadb.ask("CREATE TABLE _kept AS SELECT * FROM engagement")
    prefix = stage_prefix(mariadb)
    mariadb.ask(f"RENAME TABLE _kept TO {prefix}0123456789abcdef_old")
    assert load(small(), target(mariadb)).repeated
    assert leftovers(mariadb) == []


def test_a_rename_that_broke_in_half_is_taken_back(mariadb: MariaDbPlace) -> None:
    load(small(), target(mariadb))
    prefix = stage_prefix(mariadb)
    mariadb.ask(f"RENAME TABLE engagement TO {prefix}0123456789abcdef_old")
    assert load(small(), target(mariadb)).repeated
    assert_same(read(mariadb), small())


def test_the_leftovers_of_another_table_are_left(mariadb: MariaDbPlace) -> None:
    other = "_engagement_00000000_0123456789abcdef_new"
    mariadb.ask(f"CREATE TABLE {other} (x INT)")
    load(small(), target(mariadb))
    assert leftovers(mariadb) == [other]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_a_backend_killed_in_the_middle_leaves_the_old(
    server: str, mode: str, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue(server)
    load(small(), target(place))
    with pytest.raises(DatabaseError, match="as it was"):
        load(large(), target(place, if_exists=mode), progress=lambda _: kill_backends(place))
    assert_same(read(place), small())
    load(small(shift=1), target(place))
    assert leftovers(place) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
@pytest.mark.parametrize("answered", [False, True])
def test_a_connection_cut_in_the_commit_is_settled_by_looking(
    server: str, mode: str, answered: bool, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue(server)
    load(small(), target(place))
    later = small(shift=1)
    with cutting_proxy(place, commit_of(place, mode), after_answer=answered) as was_cut:
        if answered:
            report = load(later, target(place, if_exists=mode))
            assert "is complete" in report.notes[-1]
        else:
            with pytest.raises(DatabaseError, match="as it was"):
                load(later, target(place, if_exists=mode))
        assert was_cut()
    assert_same(read(place), later if answered else small())
    assert len(ledger(place)) == (2 if answered else 1)
    load(later, target(place, if_exists=mode))
    assert_same(read(place), later)
    assert leftovers(place) == []


@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_a_commit_that_cannot_be_looked_for_is_said_to_be_open(
    server: str, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue(server)
    load(small(), target(place))
    later = small(shift=1)
    with (
        cutting_proxy(place, commit_of(place, "replace"), after_answer=True, stays=False),
        pytest.raises(DatabaseError, match=r"the old one or the new one\. Run again"),
    ):
        load(later, target(place))
    assert load(later, target(place)).repeated


@pytest.mark.parametrize("size", [200, 30_000, 400_000])
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_a_connection_cut_after_some_bytes_leaves_the_old(
    server: str, size: int, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue(server)
    load(small(), target(place))
    with cutting_proxy(place, size), pytest.raises(DatabaseError):
        load(large(), target(place))
    assert_same(read(place), small())
    load(small(shift=1), target(place))
    assert leftovers(place) == []


def test_a_reader_who_holds_the_table_is_waited_for_and_then_named(place: Place) -> None:
    load(small(), target(place))
    started = time.monotonic()
    with reader(place), pytest.raises(ConflictError, match=r"after 1 s\. Nothing was written"):
        load(small(shift=1), target(place, lock_timeout=1))
    assert time.monotonic() - started < 20
    assert_same(read(place), small())
    assert leftovers(place) == []
    assert len(ledger(place)) == 1


def test_another_load_of_the_table_is_waited_for_and_then_named(place: Place) -> None:
    load(small(), target(place))

    def progress(_: int) -> None:
        with pytest.raises(ConflictError, match="after 1 s"):
            load(small(shift=2), target(place, lock_timeout=1))

    load(small(shift=1), target(place), progress=progress)
    assert_same(read(place), small(shift=1))


@pytest.mark.parametrize("mode", MODES)
def test_a_load_that_gives_up_on_the_lock_leaves_the_running_one_alone(
    place: Place, mode: str
) -> None:
    """Not only its rows: also its ledger row, and what it stages."""
    load(small(), target(place))
    tries = 0

    def progress(_: int) -> None:
        nonlocal tries
        tries += 1
        with pytest.raises(ConflictError, match=r"after 0\.5 s"):
            load(small(shift=2), target(place, lock_timeout=0.5))

    report = load(
        large(shift=1), target(place, if_exists=mode, prune=mode == "upsert"), progress=progress
    )
    assert tries > 1
    assert report.notes == ()
    assert_same(read(place), large(shift=1))
    assert len(ledger(place)) == 2
    assert leftovers(place) == []


def test_a_rename_that_fails_is_no_load(mariadb: MariaDbPlace) -> None:
    """Somebody takes the new table away between the ledger row and the rename."""
    load(small(), target(mariadb))
    with (
        ThreadPoolExecutor() as pool,
        before_the_swap(mariadb) as holder,
        loader(mariadb, "replace", batches=0) as process,
    ):
        await_held(process)
        (new,) = leftovers(mariadb)
        theft = pool.submit(mariadb.ask, f"RENAME TABLE {new} TO stolen")
        time.sleep(1)
        holder.rollback()
        _, told = process.communicate(timeout=60)
        theft.result()
    assert process.returncode != 0
    assert b"DatabaseError" in told
    assert_same(read(mariadb), small())
    assert len(ledger(mariadb)) == 1


def test_a_writer_in_the_table_is_waited_for_by_upsert(place: Place) -> None:
    load(small(), target(place))
    with closing(place.session()) as session:
        session.cursor().execute(f"DELETE FROM {place.sql}")
        with pytest.raises(ConflictError, match="after 1 s"):
            load(small(shift=1), target(place, if_exists="upsert", lock_timeout=1))
        session.rollback()
    assert_same(read(place), small())


# --- helpers ----------------------------------------------------------------------------------


def await_held(process: subprocess.Popen[bytes]) -> None:
    """Wait until every batch is staged, and the load has come to the lock that a reader holds."""
    assert process.stdout is not None
    rows = 0
    while rows < len(large()):
        rows += int(process.stdout.readline())
    time.sleep(1)
    assert process.poll() is None


@contextmanager
def reader(place: Place) -> Iterator[Any]:
    """Somebody in the middle of reading the table."""
    with closing(place.session()) as session:
        session.cursor().execute("BEGIN")
        cursor = session.cursor()
        cursor.execute(f"SELECT * FROM {place.sql}")
        cursor.fetchone()
        yield session
        session.rollback()


@contextmanager
def before_the_swap(place: Place) -> Iterator[Any]:
    """Somebody who holds what a load needs between its staging and its swap."""
    if not isinstance(place, MariaDbPlace):
        with reader(place):
            yield
        return
    with closing(place.session()) as session:
        session.cursor().execute("SELECT * FROM _engagement_loads FOR UPDATE")
        yield session


def commit_of(place: Place, mode: str) -> bytes:
    """The statement that makes a load count, as it is on the wire."""
    if isinstance(place, MariaDbPlace):
        return b"\x03RENAME TABLE" if mode == "replace" else b"\x03COMMIT"
    return b"COMMIT\0"


def stage_prefix(place: Place) -> str:
    """How the passing tables of the target begin."""
    from engagement_cli.sinks.sql.registry import database_for  # noqa: PLC0415 - the only look inside

    return database_for(target(place)).own_prefix
