"""Damage to a state is named and never summed."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from program import one_line, run
from stored import Lines, Place, csv_of, flipped

V1 = Path(__file__).parent / "data" / "state_v1"
ONE: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7), ("Tiếng", "RELAX", 4))
TWO: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))
EXPECTED = csv_of([ONE, TWO])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A state of two days, with the sum of them cached."""
    place = Place(tmp_path)
    place.log("20220401.json", ONE)
    place.log("20220402.json", TWO)
    assert place.ingest("-q").status == 0
    assert place.export() == EXPECTED
    return place


def export(place: Place) -> tuple[int, bytes, str]:
    return run("export", "-q", "--state", place.state, "-o", "-")


def refused(place: Place, *words: str) -> None:
    """Everything that reads the state names the damage and gives nothing."""
    for args in (
        ("export", "-q", "--state", place.state, "-o", "-"),
        ("run", "-q", "-i", place.logs, "--state", place.state, "-o", "-"),
        ("state", "verify", place.state),
    ):
        result = run(*args)
        assert (result.status, result.out) == (1, b""), args
        assert "Traceback" not in result.err
        for word in words:
            assert word in result.err, (args, result.err)


# --- flips ------------------------------------------------------------------------------------


def test_every_flipped_byte_of_a_partial_is_reported(place: Place) -> None:
    path, dice = place.partials[0], random.Random(1)
    good = path.read_bytes()
    for at in range(len(good)):
        flipped(path, at, dice.randrange(8))
        faults = run("state", "verify", place.state)
        assert (faults.status, path.name in faults.err) == (1, True), at
        if not at % 10:
            result = export(place)
            assert (result[0], path.name in result[2]) == (1, True), at
        path.write_bytes(good)


def test_every_flipped_byte_of_the_manifest_is_reported(place: Place) -> None:
    path, dice = place.state / "manifest.json", random.Random(2)
    good = path.read_bytes()
    for at in range(len(good)):
        flipped(path, at, dice.randrange(8))
        for args in (("state", "verify"), ("export", "-o", "-", "--state")):
            result = run(*args, place.state)
            assert (result.status, "manifest.json" in result.err) == (1, True), at
        path.write_bytes(good)


def test_every_flipped_byte_of_a_cached_sum_changes_nothing(place: Place) -> None:
    [path] = (place.state / "sums").iterdir()
    dice = random.Random(3)
    good = path.read_bytes()
    for at in range(0, len(good), 5):
        flipped(path, at, dice.randrange(8))
        assert export(place)[:2] == (0, EXPECTED), at
        path.write_bytes(good)


def test_a_flip_that_the_clock_does_not_tell_is_reported_or_changes_nothing(place: Place) -> None:
    path = place.partials[0]
    stamp = path.stat().st_mtime_ns
    flipped(path, len(path.read_bytes()) // 2, 0)
    os.utime(path, ns=(stamp, stamp))
    assert export(place)[:2] == (0, EXPECTED)  # from the cached sum, which is whole
    shutil.rmtree(place.state / "sums")
    refused(place, path.name)


# --- files that are missing, foreign or newer -------------------------------------------------


def test_a_missing_partial_is_named(place: Place) -> None:
    name = place.partials[1].name
    place.partials[1].unlink()
    refused(place, name, "Restore")


def test_partials_of_another_state_do_not_pass_for_ones_own(place: Place) -> None:
    first, second = place.partials
    first.write_bytes(second.read_bytes())
    refused(place, first.name)


def test_a_parquet_file_of_somebody_else_is_no_partial(place: Place) -> None:
    path = place.partials[0]
    parquet.write_table(pa.table({"Contract": ["A"], "n": [1]}), path)
    refused(place, path.name)


def test_a_file_that_no_state_holds_is_named(place: Place) -> None:
    (place.state / "partials" / "notes.txt").write_text("mine")
    refused(place, "notes.txt")


def test_a_folder_of_something_else_does_not_become_a_state(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.log("20220401.json", ONE)
    one_line(run("ingest", "-q", "-i", place.logs, "--state", place.logs), 1, "20220401.json")
    assert [path.name for path in place.logs.iterdir()] == ["20220401.json"]


def test_a_manifest_of_a_newer_format_is_left_to_a_newer_version(place: Place) -> None:
    path = place.state / "manifest.json"
    told = json.loads(path.read_bytes())
    path.write_text(json.dumps({**told, "format": 2, "news": []}))
    refused(place, "newer version")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"format": "1"}', "\x00" * 99])
def test_a_manifest_that_is_none_is_named(place: Place, text: str) -> None:
    (place.state / "manifest.json").write_text(text)
    refused(place, "manifest.json", "state rebuild")


def test_a_state_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        one_line(run("export", "-o", "-", "--state", folder), 1, "there is no state")
        one_line(run("state", "list", folder), 1, "there is no state")
        one_line(run("state", "rebuild", folder), 1, "there is no state")
    assert list(tmp_path.iterdir()) == []


# --- mending ----------------------------------------------------------------------------------


def test_a_damaged_partial_is_mended_by_removing_it_and_ingesting_its_log_again(
    place: Place,
) -> None:
    flipped(place.partials[0], 50, 1)
    refused(place)
    place.ask("remove", "2022-04-01")
    place.ingest("-q")
    assert place.export() == EXPECTED


def test_a_rebuild_refuses_damaged_partials_and_names_each(place: Place) -> None:
    (place.state / "manifest.json").unlink()
    for path in place.partials:
        flipped(path, 99, 3)
    result = run("state", "rebuild", place.state)
    assert result.status == 1
    assert all(path.name in result.err for path in place.partials)
    assert not (place.state / "manifest.json").exists()


def test_verify_names_every_damaged_partial(place: Place) -> None:
    for path in place.partials:
        flipped(path, 99, 3)
    result = run("state", "verify", place.state, "--json")
    assert result.status == 1
    assert len(json.loads(result.out)["faults"]) == 2


# --- states of other versions -----------------------------------------------------------------


def test_a_state_of_format_1_can_be_read_for_ever(tmp_path: Path) -> None:
    shutil.copytree(V1, tmp_path / "state")
    place = Place(tmp_path)
    assert place.export() == EXPECTED
    assert place.export("--since", "2022-04-02") == csv_of([TWO])
    assert run("state", "verify", place.state).status == 0
    place.log("20220403.json", ONE[:1])
    assert place.ingest("-q").status == 0
    assert place.export() == csv_of([ONE, TWO, ONE[:1]])


def test_a_partial_is_a_table_that_any_tool_can_read(place: Place) -> None:
    frame = parquet.read_table(place.partials[0]).to_pandas()
    assert [tuple(row) for row in frame.itertuples(index=False)] == [
        (contract, app, seconds, 1) for contract, app, seconds in sorted(ONE)
    ]
    assert list(frame.columns) == ["Contract", "AppName", "TotalDuration", "Lines"]
