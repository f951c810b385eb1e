"""Stored state: each file counts once, as it is now, whether its log is still there or not."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from hostile_lines import hit
from program import COMMAND, ENVIRONMENT, OLD, one_line, run, untouched
from stored import Lines, Place, csv_of, log_of, settle

if TYPE_CHECKING:
    from pathlib import Path

FIRST: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7), ("A1", "KPLUS", 1), ("0", "VOD", 9))
SECOND: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))
THIRD: Lines = (("A1", "CHILD", 3), ("Tiếng", "RELAX", 4), ("D4", "ZALO", 8))
SOMEBODY = tuple(line for line in FIRST if line[0] != "0")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def month(place: Place) -> Place:
    """Three days, stored."""
    for day, lines in enumerate((FIRST, SECOND, THIRD), start=1):
        place.log(f"2022040{day}.json", lines)
    assert place.ingest("-q").status == 0
    return place


# --- totals -----------------------------------------------------------------------------------


def test_an_export_is_what_a_run_without_state_gives(month: Place) -> None:
    assert month.export() == month.plain() == csv_of([SOMEBODY, SECOND, THIRD])


@pytest.mark.parametrize(
    "target", ["out.csv", "out.csv.gz", "out.csv.zst", "out.parquet", "o.jsonl"]
)
def test_a_run_with_state_writes_the_bytes_of_one_without(month: Place, target: str) -> None:
    out, plain = month.folder / target, month.folder / f"plain-{target}"
    assert run("run", "-q", "-i", month.logs, "-o", plain).status == 0
    assert run("run", "-q", "-i", month.logs, "--state", month.state, "-o", out).status == 0
    assert out.read_bytes() == plain.read_bytes()


def test_files_that_are_gone_still_count(month: Place) -> None:
    expected = month.plain()
    (month.logs / "20220401.json").unlink()
    assert run("run", "-q", "-i", month.logs, "--state", month.state, "-o", "-").out == expected
    for log in month.logs.iterdir():
        log.unlink()
    assert run("run", "-q", "-i", month.logs, "--state", month.state, "-o", "-").out == expected


def test_files_may_come_in_any_order_one_at_a_time(month: Place, tmp_path: Path) -> None:
    other = tmp_path / "other-state"
    for day in (3, 1, 2):
        log = month.logs / f"2022040{day}.json"
        assert run("ingest", "-q", "-i", log, "--state", other).status == 0
    assert run("export", "-q", "--state", other, "-o", "-").out == month.export()


@pytest.mark.parametrize(
    ("options", "counted"),
    [
        (["--since", "2022-04-02"], [SECOND, THIRD]),
        (["--until", "20220402"], [SOMEBODY, SECOND]),
        (["--since", "2022-04-02", "--until", "2022-04-02"], [SECOND]),
    ],
)
def test_a_range_of_days_is_answered_from_state(
    month: Place, options: list[str], counted: list[Lines]
) -> None:
    assert month.export(*options) == month.plain(*options) == csv_of(counted)


def test_another_category_table_is_answered_from_state(month: Place) -> None:
    table = month.folder / "table.yaml"
    table.write_text(
        "version: 1\ncategories:\n  New:\n    column: NewDuration\n    label: New\n"
        "    apps: [ZALO, VOD]\n"
    )
    expected = b"Contract,NewDuration\nB2,17\nD4,8\n"
    assert month.export("--categories", table) == expected


def test_unmapped_apps_are_kept_in_state(month: Place) -> None:
    assert b"D4,0,0,0,0,0,8" in month.export("--unmapped", "keep")


def test_an_export_of_days_that_are_not_stored_has_no_input(month: Place) -> None:
    result = run("export", "-q", "--state", month.state, "-o", "-", "--since", "2023-01-01")
    one_line(result, 4, "state list")


def test_two_files_of_one_day_both_count(place: Place) -> None:
    place.log("2022-04-01/part-0.json", FIRST)
    place.log("2022-04-01/part-1.json", SECOND)
    place.ingest("-q")
    assert place.export("--since", "2022-04-01") == csv_of([SOMEBODY, SECOND])


def test_compressed_logs_of_every_shape_are_stored(place: Place) -> None:
    sources = b"".join(
        json.dumps({"Contract": c, "AppName": a, "TotalDuration": s}).encode() + b"\n"
        for c, a, s in SECOND
    )
    place.log("20220401.json", gzip.compress(log_of(FIRST)))
    place.log("20220402.json", b"[" + b",".join(log_of(THIRD).splitlines()) + b"]")
    place.log("20220403.json", sources)
    place.ingest("-q")
    assert place.export() == csv_of([SOMEBODY, SECOND, THIRD])


@pytest.mark.parametrize("block_size", ["1", "64", "100k", "4MiB"])
def test_what_a_file_is_known_by_does_not_depend_on_how_it_is_read(
    place: Place, block_size: str
) -> None:
    place.log("20220401.json", log_of(FIRST) * 10)
    place.log("20220402.json", gzip.compress(log_of(FIRST) * 10))
    place.ingest("-q", "--jobs", "1")
    before = [file["content"] for file in place.ask("list")["files"]]
    place.ask("rebuild")
    assert place.told("--jobs", "3", "--block-size", block_size)["new"] == []
    assert [file["content"] for file in place.ask("list")["files"]] == before


# --- the same file again ----------------------------------------------------------------------


def test_a_stored_file_that_looks_as_it_did_is_not_read(month: Place) -> None:
    settle(*month.logs.iterdir())
    month.ingest("-q")
    dry = month.ingest("--dry-run")
    assert "would read 0 files" in dry.err
    told = month.told()
    assert (len(told["unchanged"]), told["bytes"]) == (3, 0)


def test_a_file_that_was_changed_a_moment_ago_is_read_again(month: Place) -> None:
    log = month.logs / "20220402.json"
    stamp = log.stat().st_mtime_ns
    log.write_bytes(log_of(SECOND).replace(b"10", b"99"))  # the same size
    os.utime(log, ns=(stamp, stamp))
    assert month.told()["replaced"] == [str(log)]


def test_changed_bytes_under_the_same_name_replace_what_was_stored(month: Place) -> None:
    log = month.log("20220402.json", (("B2", "VOD", 11),))
    result = month.ingest()
    assert result.status == 0
    assert f"{log}: its bytes had changed" in result.err
    assert month.export() == month.plain() == csv_of([SOMEBODY, (("B2", "VOD", 11),), THIRD])
    assert len(month.partials) == 3


def test_the_same_bytes_under_another_name_count_once_with_a_warning(month: Place) -> None:
    month.log("20220409.json", SECOND)
    result = month.ingest()
    assert result.status == 0
    assert "holds the same bytes" in result.err
    assert month.export() == csv_of([SOMEBODY, SECOND, THIRD])
    assert len(month.partials) == 3


def test_bytes_that_stand_under_two_names_stay_when_one_of_them_changes(month: Place) -> None:
    month.log("20220409.json", SECOND)
    month.ingest("-q")
    month.log("20220402.json", THIRD[:1])
    month.ingest("-q")
    assert month.export() == month.plain() == csv_of([SOMEBODY, THIRD[:1], SECOND, THIRD])


def test_a_folder_that_was_moved_is_the_same_files(month: Place) -> None:
    expected = month.export()
    month.logs.rename(month.folder / "moved")
    run("ingest", "-q", "-i", month.folder / "moved", "--state", month.state)
    assert month.export() == expected


def test_what_comes_through_a_pipe_is_known_by_its_bytes(place: Place) -> None:
    for day, lines in ((1, FIRST), (2, SECOND), (2, SECOND)):
        args = ["-q", "-i", "-", "--date", f"2022-04-0{day}", "--state", str(place.state)]
        command = [*COMMAND, "ingest", *args]
        subprocess.run(command, input=log_of(lines), env=ENVIRONMENT, check=True)
    assert place.export() == csv_of([SOMEBODY, SECOND])
    assert place.export("--since", "2022-04-02") == csv_of([SECOND])


# --- what is not stored -----------------------------------------------------------------------


def test_a_file_over_its_limit_of_rejects_is_not_stored_and_the_others_are(place: Place) -> None:
    place.log("20220401.json", FIRST)
    place.log("20220402.json", log_of(SECOND) + hit(seconds="-1") + b"\n")
    place.log("20220403.json", THIRD)
    result = place.ingest()
    assert result.status == 3
    assert "20220402.json:3, duration-negative" in result.err
    assert place.export() == csv_of([SOMEBODY, THIRD])
    assert place.told("--max-rejects", "1")["rejected"] == 1
    assert place.export() == csv_of([SOMEBODY, SECOND, THIRD])


def test_a_run_that_cannot_store_a_file_writes_no_output(place: Place, out: Path) -> None:
    place.log("20220401.json", FIRST)
    place.log("20220402.json", hit(seconds="-1"))
    args = ["-i", place.logs, "--state", place.state, "-o", out]
    assert run("run", *args).status == 3
    untouched(out)
    assert run("run", "-q", *args, "--max-rejects", "1").status == 0
    assert out.read_bytes() == csv_of([SOMEBODY])


def test_a_damaged_file_is_not_stored_and_the_others_are(place: Place, out: Path) -> None:
    place.log("20220401.json", FIRST)
    place.log("20220402.json.gz", gzip.compress(log_of(SECOND))[:-9])
    place.log("20220403.json", THIRD)
    result = run("run", "-q", "-i", place.logs, "--state", place.state, "-o", out)
    assert result.status == 1
    assert "20220402.json.gz" in result.err
    untouched(out)
    assert place.export() == csv_of([SOMEBODY, THIRD])


def test_a_rejected_replacement_leaves_what_was_stored(month: Place) -> None:
    expected = month.export()
    month.log("20220402.json", hit(seconds="-1"))
    assert month.ingest("-q").status == 3
    assert month.export() == expected


def test_no_input_makes_no_state(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    one_line(Place(tmp_path).ingest("-q"), 4)
    assert not (tmp_path / "state").exists()


def test_batch_and_state_exclude_each_other(month: Place, out: Path) -> None:
    args = ["-i", month.logs, "--state", month.state, "-o", out, "--strategy", "batch"]
    one_line(run("run", "-q", *args), 2, "--state")
    assert out.read_bytes() == OLD


# --- the folder -------------------------------------------------------------------------------


def test_a_state_is_private_whatever_the_umask(place: Place) -> None:
    place.log("20220401.json", FIRST)
    place.log("20220402.json", SECOND)
    before = os.umask(0o000)
    try:
        place.ingest("-q")
        place.export()
    finally:
        os.umask(before)
    modes = {
        (path.is_dir(), stat.S_IMODE(path.stat().st_mode))
        for path in (place.state, *place.state.rglob("*"))
    }
    assert modes == {(True, 0o700), (False, 0o600)}


def test_no_raw_line_and_no_mac_is_stored(month: Place) -> None:
    for path in month.state.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"_source" not in data
            assert b"0C96E62FC55C" not in data


def test_the_environment_names_a_default(month: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGAGEMENT_STATE", str(month.state))
    assert run("export", "-q", "-o", "-").out == month.export()
    assert run("state", "list").status == 0
    assert run("run", "-q", "-i", month.logs / "20220401.json", "-o", "-").out == month.export()


# --- engagement state -------------------------------------------------------------------------


def test_list_shows_files_by_day_and_the_gap_between(month: Place) -> None:
    month.log("20220405.json", FIRST[:1])
    month.ingest("-q")
    listed = month.ask("list")
    assert listed["missing_days"] == ["2022-04-04"]
    columns = ("day", "lines", "rejected", "contracts", "seconds")
    assert [tuple(file[column] for column in columns) for file in listed["files"]] == [
        ("2022-04-01", 4, 0, 3, 22),
        ("2022-04-02", 2, 0, 2, 12),
        ("2022-04-03", 3, 0, 3, 15),
        ("2022-04-05", 1, 0, 1, 5),
    ]
    text = run("state", "list", month.state).out.decode().splitlines()
    assert text[4].split() == ["2022-04-04", *["-"] * 6, "missing"]


def test_show_tells_of_the_whole_and_of_a_day(month: Place) -> None:
    whole = month.ask("show")
    assert (whole["files"], whole["lines"], whole["generation"]) == (3, 9, 3)
    [day] = month.ask("show", "20220402")
    assert day["name"] == str(month.logs / "20220402.json")
    assert run("state", "show", month.state, "2022-04-02").out


def test_remove_takes_a_day_or_a_file_out(month: Place) -> None:
    month.ask("remove", "2022-04-02")
    assert month.export() == csv_of([SOMEBODY, THIRD])
    month.ask("remove", str(month.logs / "20220401.json"))
    assert month.export() == csv_of([THIRD])
    assert len(month.partials) == 1
    one_line(run("state", "remove", month.state, "2022-04-02"), 2, "state list")


def test_rebuild_makes_the_manifest_anew(month: Place) -> None:
    expected = month.export()
    (month.state / "manifest.json").unlink()
    one_line(run("export", "-q", "--state", month.state, "-o", "-"), 1, "state rebuild")
    one_line(month.ingest("-q"), 1, "state rebuild")
    month.ask("rebuild")
    assert month.export() == expected
    assert month.told()["new"] == []


def test_the_cached_sum_of_a_month_may_be_deleted(month: Place) -> None:
    expected = month.export()
    sums = month.state / "sums"
    assert list(sums.iterdir())
    for path in sums.iterdir():
        path.unlink()
    assert month.export() == expected
    sums.rename(month.folder / "elsewhere")
    assert month.export() == expected
