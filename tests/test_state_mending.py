"""What is damaged, lost or put back has a way out, and the way out loses nothing that is whole."""

from __future__ import annotations

import fcntl
import json
import shlex
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from program import one_line, run
from stored import Lines, Place, csv_of, flipped, rotten_disk

if TYPE_CHECKING:
    from pathlib import Path

ONE: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7), ("Tiếng", "RELAX", 4))
TWO: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))
MENDED: Lines = (("A1", "CHANNEL", 6),)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A state of two days, in a folder whose name a shell would take apart."""
    folder = tmp_path / "two words"
    folder.mkdir()
    place = Place(folder)
    place.log("20220401.json", ONE)
    place.log("20220402.json", TWO)
    assert place.ingest("-q").status == 0
    return place


def manifest(place: Place) -> Path:
    return place.state / "manifest.json"


def names(place: Place) -> list[str]:
    return [partial.name for partial in place.partials]


def advised(told: str) -> list[str]:
    """The command that a message ends with."""
    return shlex.split(told.splitlines()[-1].rpartition("engagement ")[2])


# --- the command that a message gives ---------------------------------------------------------


def test_a_message_of_damage_names_the_log_and_gives_the_command_that_mends_it(
    place: Place,
) -> None:
    flipped(place.partials[0], 50, 1)
    result = run("export", "-q", "--state", place.state, "-o", "-")
    one_line(result, 1, f"{place.logs}/20220401.json (2022-04-01)", place.partials[0].name)
    assert run(*advised(result.err)).status == 0
    assert place.ingest("-q").status == 0
    assert place.export() == csv_of([ONE, TWO])


@pytest.mark.parametrize("hurt", ["missing", "cut"])
def test_an_ingest_with_nothing_new_refuses_a_state_that_lacks_a_partial(
    place: Place, hurt: str
) -> None:
    path = place.partials[0]
    if hurt == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    result = place.ingest("-q")
    one_line(result, 1, path.name, "20220401.json (2022-04-01)")
    assert run(*advised(result.err)).status == 0
    assert place.ingest("-q").status == 0
    assert place.export() == csv_of([ONE, TWO])


@pytest.mark.parametrize("hurt", ["missing", "flipped"])
def test_bytes_under_two_names_are_mended_alike(place: Place, hurt: str) -> None:
    place.log("20220403.json", ONE)
    place.ingest("-q")
    path = next(path for path in place.partials if path.name.startswith("2022-04-01"))
    if hurt == "missing":
        path.unlink()
        place.ask("remove", path.name)
        assert place.told()["new"] == [str(place.logs / "20220401.json")]
    else:
        flipped(path, 50, 1)
        place.ask("remove", "2022-04-01")
        assert place.told()["mended"] == [str(place.logs / "20220401.json")]
    assert place.export() == csv_of([ONE, TWO])
    assert run("state", "verify", place.state).status == 0
    assert len(place.partials) == 2


def test_a_manifest_that_does_not_read_back_is_not_put_in_place(
    place: Place,
) -> None:
    before = manifest(place).read_bytes()
    with rotten_disk():
        result = run("state", "remove", place.state, "2022-04-01")
    one_line(result, 1, "manifest.json", "does not read back", "still stands")
    assert manifest(place).read_bytes() == before


def test_a_partial_that_does_not_read_back_is_not_put_in_place(
    place: Place,
) -> None:
    before = names(place)
    log = place.log("20220403.json", MENDED)
    with rotten_disk():
        result = run("ingest", "-q", "-i", log, "--state", place.state)
    one_line(result, 1, "2022-04-03-", "does not read back", "still stands")
    assert names(place) == before


# --- a manifest from a backup -----------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 3])
def test_an_older_manifest_put_back_alone_deletes_nothing(place: Place, days: int) -> None:
    old = manifest(place).read_bytes()
    for day in range(3, 3 + days):
        place.log(f"2022040{day}.json", ((f"D{day}", "VOD", day),))
        place.ingest("-q")
    expected, stored = place.export(), names(place)
    manifest(place).write_bytes(old)
    for args in (
        ("ingest", "-q", "-i", place.logs, "--state", place.state),
        ("state", "remove", place.state, "2022-04-01"),
        ("state", "rebuild", place.state),
    ):
        one_line(run(*args), 1, "older than what stands beside it", stored[-1], "whole folder")
    assert names(place) == stored
    manifest(place).unlink()
    place.ask("rebuild")
    assert place.export() == expected


def test_an_older_manifest_is_known_where_the_lock_files_were_not_copied(place: Place) -> None:
    old = manifest(place).read_bytes()
    for day in (3, 4):
        place.log(f"2022040{day}.json", ((f"D{day}", "VOD", day),))
        place.ingest("-q")
    manifest(place).write_bytes(old)
    for lock in place.state.glob("*.lock"):
        lock.unlink()
    one_line(place.ingest("-q"), 1, "older than what stands beside it")


def test_an_older_manifest_is_taken_when_what_is_newer_was_deleted(place: Place) -> None:
    old, before = manifest(place).read_bytes(), names(place)
    log = place.log("20220403.json", MENDED)
    place.ingest("-q")
    manifest(place).write_bytes(old)
    (place.state / "partials" / names(place)[-1]).unlink()
    log.unlink()
    assert place.ingest("-q").status == 0
    assert (place.export(), names(place)) == (csv_of([ONE, TWO]), before)


# --- rebuild ----------------------------------------------------------------------------------


def test_a_rebuild_keeps_what_a_readable_manifest_says(place: Place) -> None:
    place.log("20220403.json", ONE)
    place.ingest("-q")
    place.log("20220402.json", MENDED)
    with (place.state / "readers.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # what is replaced and removed stays where it is
        place.ingest("-q")
        place.ask("remove", "2022-04-01")
        before, told = place.export(), place.ask("list")["files"]
        place.ask("rebuild")
    assert place.export() == before
    assert place.ask("list")["files"] == told


def test_of_partials_of_one_name_a_rebuild_takes_the_one_stored_last(place: Place) -> None:
    with (place.state / "readers.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # so that the replaced ones stay
        for seconds in (9, 8, 7):  # within one second
            place.log("20220401.json", (("A1", "VOD", seconds),))
            place.ingest("-q")
        manifest(place).unlink()
        place.ask("rebuild")
    assert place.export() == csv_of([(("A1", "VOD", 7),), TWO])


def test_a_rebuild_knows_the_day_that_a_file_was_given_last(place: Place) -> None:
    undated = place.log("elsewhere.json", MENDED)
    for day in ("2022-04-05", "2022-04-06"):
        assert run("ingest", "-q", "-i", undated, "--date", day, "--state", place.state).status == 0
    manifest(place).unlink()
    place.ask("rebuild")
    assert place.export("--since", "2022-04-06") == csv_of([MENDED])
    assert len(place.partials) == 3


@pytest.mark.parametrize("gone", ["removed", "changed", "moved"])
def test_a_rebuild_does_not_bring_back_a_name_whose_bytes_another_has(
    place: Place, gone: str
) -> None:
    log = place.logs / "20220401.json"
    if gone == "moved":
        log.rename(place.log("moved/20220401.json", b""))
        place.ingest("-q")
    else:
        place.log("20220403.json", ONE)
        place.ingest("-q")
        if gone == "changed":
            place.log("20220401.json", MENDED)
            place.ingest("-q")
        else:
            place.ask("remove", "2022-04-01")
    before = [(file["name"], file["day"]) for file in place.ask("list")["files"]]
    manifest(place).unlink()
    place.ask("rebuild")
    assert [(file["name"], file["day"]) for file in place.ask("list")["files"]] == before


def test_a_rebuild_leaves_a_newer_format_to_a_newer_version(place: Place) -> None:
    told = json.loads(manifest(place).read_bytes())
    manifest(place).write_text(json.dumps({**told, "format": 2}))
    one_line(run("state", "rebuild", place.state), 1, "newer version")
    assert json.loads(manifest(place).read_bytes())["format"] == 2


def test_a_rebuild_leaves_partials_of_a_newer_format_to_a_newer_version(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("engagement_cli.state.manifest.FORMAT", 2)
        place.log("20220403.json", MENDED)
        shutil.rmtree(place.state)
        place.ingest("-q")
    manifest(place).unlink()
    one_line(run("state", "rebuild", place.state), 1, "newer version")


def test_a_lost_manifest_and_a_damaged_partial_have_a_way_out_that_is_told(place: Place) -> None:
    manifest(place).unlink()
    damaged = place.partials[0]
    flipped(damaged, 50, 1)
    bytes_left = damaged.read_bytes()
    result = run("state", "rebuild", place.state)
    assert result.status == 1
    assert damaged.name in result.err
    result = run(*advised(result.err))
    assert (result.status, result.err) == (0, "")
    left_out, rest = result.out.decode().splitlines()
    assert left_out.startswith(f"left out, and moved to {place.state}/damaged: {damaged}: damaged")
    assert "20220401.json" in left_out
    assert "1 files" in rest
    assert (place.state / "damaged" / damaged.name).read_bytes() == bytes_left
    assert place.export() == csv_of([TWO])
    assert place.ingest("-q").status == 0
    assert place.export() == csv_of([ONE, TWO])


def test_a_damaged_or_missing_partial_is_left_out_of_a_readable_manifest_when_asked(
    place: Place,
) -> None:
    place.log("20220403.json", MENDED)
    place.ingest("-q")
    missing, damaged, _ = place.partials
    missing.unlink()
    flipped(damaged, 50, 1)
    before = manifest(place).read_bytes()
    assert run("state", "rebuild", place.state).status == 1
    assert manifest(place).read_bytes() == before
    told = place.ask("rebuild", "--skip-damaged")
    assert [fault.split(": ")[0] for fault in told["left_out"]] == [str(missing), str(damaged)]
    assert place.export() == csv_of([MENDED])


def test_whatever_is_cut_off_a_state_a_message_leads_back_to_the_right_totals(
    place: Place,
) -> None:
    """Follow the command of each message until an ingest succeeds."""
    for spoilt in (manifest(place), *place.partials):
        with suppress(FileNotFoundError):
            spoilt.write_bytes(spoilt.read_bytes()[:-5])
        for _ in range(5):
            result = place.ingest("-q")
            if result.status == 0:
                break
            run(*advised(result.err))
        assert place.export() == csv_of([ONE, TWO])
