"""A file is one file: by whatever spelling, after it was moved, and among others of its bytes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from program import run
from stored import Lines, Place, csv_of, log_of

if TYPE_CHECKING:
    from pathlib import Path

ONE: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7))
TWO: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))
MENDED: Lines = (("A1", "CHANNEL", 6),)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A state of two days."""
    place = Place(tmp_path)
    place.log("20220401.json", ONE)
    place.log("20220402.json", TWO)
    assert place.ingest("-q").status == 0
    return place


def ingested(place: Place, given: object) -> str:
    """Ingest what is given; what is said of it."""
    result = run("ingest", "-i", given, "--state", place.state)
    assert result.status == 0, result.err
    return result.err


@pytest.mark.parametrize("spelling", ["link", "relative", "up and down"])
def test_a_corrected_file_replaces_itself_by_whatever_spelling_it_is_named(
    place: Place, spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    (place.folder / "link").symlink_to(place.logs)
    names = {
        "link": "link/20220401.json",
        "relative": "logs/20220401.json",
        "up and down": "link/../logs/../logs/20220401.json",
    }
    log = place.log("20220401.json", MENDED)
    told = ingested(place, names[spelling])
    assert f"{names[spelling]}: its bytes had changed" in told
    assert next(iter(place.ask("list")["files"]))["name"] == str(log)
    assert place.export() == place.plain() == csv_of([MENDED, TWO])


def test_a_link_that_leads_to_another_file_tomorrow_is_the_same_log(place: Place) -> None:
    blobs = place.folder / "blobs"
    blobs.mkdir()
    for name, lines in (("a", ONE), ("b", MENDED)):
        (blobs / name).write_bytes(log_of(lines))
    log = place.logs / "20220401.json"
    for name in ("a", "b"):
        log.unlink()
        log.symlink_to(blobs / name)
        ingested(place, place.logs)
    assert place.export() == place.plain() == csv_of([MENDED, TWO])


def test_a_file_corrected_behind_a_link_by_which_it_was_stored_counts_once(place: Place) -> None:
    (place.logs / "copy").mkdir()
    link = place.logs / "copy" / "20220401.json"
    link.symlink_to(place.logs / "20220401.json")
    assert "holds the same bytes" in ingested(place, link)
    place.log("20220401.json", MENDED)
    ingested(place, place.logs / "20220401.json")
    assert place.export() == place.plain() == csv_of([MENDED, TWO])


def test_logs_that_were_moved_take_their_entries_along(place: Place) -> None:
    place.logs.rename(place.folder / "moved")
    told = ingested(place, place.folder / "moved")
    assert "2 moved" in told
    assert f"stored as {place.logs}/20220401.json until now, where nothing is left" in told
    (place.folder / "moved" / "20220401.json").write_bytes(log_of(MENDED))
    assert "its bytes had changed" in ingested(place, place.folder / "moved")
    assert place.export() == csv_of([MENDED, TWO])


def test_a_copy_of_a_log_that_still_stands_is_no_move(place: Place) -> None:
    shutil.copytree(place.logs, place.folder / "copied")
    assert "counted once" in ingested(place, place.folder / "copied")
    assert len(place.ask("list")["files"]) == 4
    assert place.export() == csv_of([ONE, TWO])


def test_the_bytes_of_a_deleted_log_under_another_day_are_a_copy_and_no_move(place: Place) -> None:
    (place.logs / "20220401.json").unlink()
    place.log("20220403.json", ONE)
    assert "20220403.json holds the same bytes as" in ingested(place, place.logs)
    assert place.export("--until", "2022-04-01") == csv_of([ONE])
    assert place.export() == csv_of([ONE, TWO])


def test_a_file_that_gets_the_bytes_of_another_is_told_to_be_the_same(place: Place) -> None:
    place.log("20220402.json", ONE)
    told = ingested(place, place.logs)
    assert "20220402.json: its bytes had changed" in told
    assert "20220402.json holds the same bytes as" in told
    assert place.export() == csv_of([ONE])


def test_what_is_known_by_its_bytes_adds_up_until_it_is_taken_out(place: Place) -> None:
    piped = ["ingest", "-q", "-i", "-", "--date", "2022-04-03", "--state", place.state]
    for lines in (MENDED, (*MENDED, ("Z", "VOD", 1))):
        assert run(*piped, stdin=log_of(lines)).status == 0
    first, second = (file["name"] for file in place.ask("show", "2022-04-03"))
    assert (first[:5], second[:5]) == ("pipe:", "pipe:")
    place.ask("remove", "2022-04-03")
    assert run(*piped, stdin=log_of(MENDED)).status == 0
    assert place.export() == csv_of([ONE, TWO, MENDED])
