"""The mistakes that pipelines of this job make, and the complaints about their tools: none here."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from hostile_files import month
from hostile_lines import hit
from program import OLD, TOLERANT, one_line, run, summarised, untouched

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEAD = "Contract,TVDuration,MovieDuration,ChildDuration,RelaxDuration,SportDuration\n"
STRATEGIES = pytest.mark.parametrize("strategy", ["incremental", "batch"])
View = tuple[str, int, str]
"""A contract, its seconds and the app they were watched on."""


def write(logs: Path, day: int, views: Iterable[View]) -> None:
    """Write a day of April as a log."""
    lines = [hit(json.dumps(who), str(seconds), json.dumps(app)) for who, seconds, app in views]
    (logs / f"202204{day:02}.json").write_bytes(b"\n".join([*lines, b""]))


def table(logs: Path, out: Path, *args: str) -> str:
    """The CSV that a run on the logs writes."""
    result = run("run", "-q", "-i", logs, "-o", out, *args)
    assert (result.status, result.err) == (0, "")
    return out.read_bytes().decode()


def account(logs: Path, out: Path, *args: str) -> dict[str, Any]:
    """The account of a run on the logs, which succeeds."""
    result, summary = summarised(out.parent, "-i", logs, "-o", out, *args)
    assert result.status == 0, result.err
    return summary


@pytest.fixture
def empty(logs: Path) -> Path:
    """The folder of logs, before any log stands in it."""
    for log in logs.iterdir():
        log.unlink()
    return logs


@STRATEGIES
def test_a_contract_of_many_files_has_one_row_with_the_sum_of_them(
    empty: Path, out: Path, strategy: str
) -> None:
    for day in (1, 2, 3):
        write(empty, day, [("A", day, "CHANNEL"), (f"B{day}", 1, "VOD"), ("A", 10, "VOD")])
    rows = "A,6,30,0,0,0\nB1,0,1,0,0,0\nB2,0,1,0,0,0\nB3,0,1,0,0,0\n"
    assert table(empty, out, "--strategy", strategy) == HEAD + rows


@STRATEGIES
def test_the_columns_never_depend_on_what_was_watched(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("A", 5, "RELAX")])
    assert table(empty, out, "--strategy", strategy) == HEAD + "A,0,0,0,5,0\n"


@STRATEGIES
def test_a_run_without_any_row_still_writes_every_column(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("0", 5, "RELAX")])
    assert table(empty, out, "--strategy", strategy) == HEAD


@STRATEGIES
def test_genuine_repeats_of_a_line_all_count(empty: Path, out: Path, strategy: str) -> None:
    write(empty, 1, [("A", 5, "SPORT")] * 3)
    write(empty, 2, [("A", 5, "SPORT")] * 4)
    assert table(empty, out, "--strategy", strategy) == HEAD + "A,0,0,0,0,35\n"


@STRATEGIES
def test_a_household_may_watch_more_seconds_than_a_day_has(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("A", 86_400, "CHANNEL"), ("A", 86_400, "KPLUS"), ("A", 86_401, "DSHD")])
    assert table(empty, out, "--strategy", strategy) == HEAD + "A,259201,0,0,0,0\n"
    assert account(empty, out, "--strategy", strategy)["over_86400"] == 1


@STRATEGIES
def test_a_missing_day_is_named_and_stops_a_strict_run(
    empty: Path, out: Path, strategy: str
) -> None:
    for day in (1, 2, 5):
        write(empty, day, [(f"A{day}", 5, "CHANNEL")])
    seen = account(empty, out, "--strategy", strategy)
    assert seen["days"] == ["2022-04-01", "2022-04-02", "2022-04-05"]
    assert seen["missing_days"] == ["2022-04-03", "2022-04-04"]
    assert "2022-04-03" in run("run", "-i", empty, "-o", out).err
    out.write_bytes(OLD)
    one_line(run("run", "-q", "-i", empty, "-o", out, "--strict"), 3, "2022-04-03")
    assert out.read_bytes() == OLD


def test_a_day_missing_at_an_end_of_the_asked_range_is_named(empty: Path, out: Path) -> None:
    write(empty, 2, [("A", 5, "CHANNEL")])
    seen = account(empty, out, "--since", "2022-04-01", "--until", "20220403")
    assert seen["days"] == ["2022-04-02"]
    assert seen["missing_days"] == ["2022-04-01", "2022-04-03"]


def test_only_days_of_the_asked_range_count_both_ends_included(empty: Path, out: Path) -> None:
    for day in range(1, 6):
        write(empty, day, [("A", 10**day, "CHANNEL")])
    rows = table(empty, out, "--since", "2022-04-02", "--until", "2022-04-04")
    assert rows == HEAD + "A,11100,0,0,0,0\n"


@STRATEGIES
def test_an_unreadable_file_stops_the_run(empty: Path, out: Path, strategy: str) -> None:
    write(empty, 1, [("A", 5, "CHANNEL")])
    (empty / "20220402.json").symlink_to(empty / "gone.json")
    args = ["--strategy", strategy, *TOLERANT]
    one_line(run("run", "-q", "-i", empty, "-o", out, *args), 1, "20220402.json")
    untouched(out)


@pytest.mark.parametrize(
    "name", ["out.csv", "out.csv.gz", "out.csv.zst", "out.parquet", "out.jsonl"]
)
def test_one_file_is_asked_for_and_one_file_comes_out(
    logs: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    assert run("run", "-q", "-i", logs, "-o", folder / name).status == 0
    assert [(path.name, path.is_file()) for path in folder.iterdir()] == [(name, True)]


@STRATEGIES
def test_every_app_of_the_table_counts_in_its_category(
    empty: Path, out: Path, strategy: str
) -> None:
    apps = {
        "CHANNEL": 1,
        "DSHD": 2,
        "KPLUS": 4,
        "KPlus": 8,
        "VOD": 16,
        "FIMS_RES": 32,
        "BHD_RES": 64,
        "VOD_RES": 128,
        "FIMS": 256,
        "BHD": 512,
        "DANET": 1024,
        "CHILD": 2048,
        "RELAX": 4096,
        "SPORT": 8192,
    }
    write(empty, 1, [("A", seconds, app) for app, seconds in apps.items()])
    assert table(empty, out, "--strategy", strategy) == HEAD + "A,15,2032,2048,4096,8192\n"


@STRATEGIES
def test_an_app_that_no_category_lists_is_reported_and_not_lost_unnoticed(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("A", 5, "CHANNEL"), ("A", 7, "vod"), ("B", 8, "VOD "), ("C", 9, "ZALO")])
    seen = account(empty, out, "--strategy", strategy)
    assert sorted(seen["unmapped"], key=lambda row: str(row["app"])) == [
        {"app": "VOD ", "lines": 1, "seconds": 8},
        {"app": "ZALO", "lines": 1, "seconds": 9},
        {"app": "vod", "lines": 1, "seconds": 7},
    ]
    assert sorted(seen["near_misses"], key=lambda row: str(row["app"])) == [
        {"app": "VOD ", "category": "Movie", "like": "VOD"},
        {"app": "vod", "category": "Movie", "like": "VOD"},
    ]
    assert out.read_text() == HEAD + "A,5,0,0,0,0\n"


@STRATEGIES
def test_unmapped_apps_are_kept_in_a_column_of_their_own_when_asked(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("A", 5, "CHANNEL"), ("B", 9, "ZALO"), ("B", 0, "")])
    rows = table(empty, out, "--strategy", strategy, "--unmapped", "keep")
    head = HEAD.replace("\n", ",OtherDuration\n")
    assert rows == head + "A,5,0,0,0,0,0\nB,0,0,0,0,0,9\n"


@STRATEGIES
def test_nobodys_contracts_are_filtered_and_counted_apart(
    empty: Path, out: Path, strategy: str
) -> None:
    nobody = ["0", "", "None", "NULL", "null", "   "]
    write(empty, 1, [*((who, 5, "VOD") for who in nobody), ("none", 7, "VOD")])
    seen = account(empty, out, "--strategy", strategy)
    assert (seen["lines"], seen["accepted"], seen["filtered"]) == (7, 1, 6)
    assert out.read_text() == HEAD + "none,0,7,0,0,0\n"


@STRATEGIES
def test_zero_seconds_make_a_row_of_zeros_and_never_an_empty_field(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("A", 0, "CHANNEL"), ("B", 5, "VOD")])
    assert table(empty, out, "--strategy", strategy) == HEAD + "A,0,0,0,0,0\nB,0,5,0,0,0\n"


@STRATEGIES
def test_a_contract_keeps_its_zeros_its_case_and_its_dots(
    empty: Path, out: Path, strategy: str
) -> None:
    names = ["007", "7", "1e5", "NaN", "NA", "113.22.7.201", "hnh1", "HNH1", "-1", "True"]
    write(empty, 1, [(name, 5, "VOD") for name in names])
    rows = "".join(f"{name},0,5,0,0,0\n" for name in sorted(names))
    assert table(empty, out, "--strategy", strategy) == HEAD + rows


@STRATEGIES
def test_one_bad_line_costs_that_line_alone_and_is_named_by_its_number(
    empty: Path, out: Path, strategy: str
) -> None:
    lines = [hit(f'"A{n}"') for n in range(1, 1001)]
    lines[499] = lines[499][:-1]
    (empty / "20220401.json").write_bytes(b"\n".join(lines))
    seen = account(empty, out, "--strategy", strategy, "--max-rejects", "1")
    assert (seen["accepted"], seen["rejected_by_reason"]) == (999, {"not-json": 1})
    err = run("run", "-i", empty, "-o", out, "--strategy", strategy).err
    assert "20220401.json:500" in err


@STRATEGIES
def test_sums_are_exact_beyond_what_32_bits_and_floats_hold(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("A", 2_147_483_647, "VOD")] * 5 + [("A", 1, "VOD")])
    assert table(empty, out, "--strategy", strategy) == HEAD + "A,0,10737418236,0,0,0\n"


@STRATEGIES
@pytest.mark.parametrize(
    "name", ["out.csv", "out.csv.gz", "out.csv.zst", "out.parquet", "out.jsonl"]
)
def test_a_second_run_gives_the_same_bytes_and_doubles_nothing(
    logs: Path, tmp_path: Path, name: str, strategy: str
) -> None:
    args = ["run", "-q", "-i", logs, "-o", tmp_path / name, "--strategy", strategy]
    assert run(*args).status == 0
    first = (tmp_path / name).read_bytes()
    assert run(*args).status == 0
    assert (tmp_path / name).read_bytes() == first


@STRATEGIES
def test_the_same_file_under_two_names_is_read_once_and_named(
    logs: Path, out: Path, strategy: str
) -> None:
    once = table(logs, out, "--strategy", strategy)
    (logs / "20220401-copy.json").write_bytes(month())
    seen = account(logs, out, "--strategy", strategy)
    assert out.read_text() == once
    assert len(seen["identical_files"]) == 1
    assert {path.rsplit("/", 1)[1] for path in seen["identical_files"][0]} == {
        "20220401.json",
        "20220401-copy.json",
    }
    result = run("run", "-q", "-i", logs, "-o", out, "--strict")
    one_line(result, 3, "20220401-copy.json")


def test_a_day_whose_file_repeats_another_days_is_not_called_a_day_without_a_file(
    empty: Path, out: Path
) -> None:
    for day in (1, 2):
        write(empty, day, [("A", 5, "CHANNEL")])
    write(empty, 3, [("B", 5, "CHANNEL")])
    seen = account(empty, out)
    assert seen["identical_files"]
    assert seen["missing_days"] == []


def test_a_folder_is_read_in_natural_order_and_what_is_no_log_is_counted(
    empty: Path, out: Path
) -> None:
    rejects = out.parent / "rejects.jsonl"
    for name in ("part-10.json", "part-2.json", "part-1.json"):
        (empty / "2022-04-01").mkdir(exist_ok=True)
        (empty / "2022-04-01" / name).write_bytes(hit(f'"{name}"', "-1") + b"\n")
    for name in ("_SUCCESS", ".part-1.json.crc", ".DS_Store"):
        (empty / "2022-04-01" / name).write_bytes(b"no log")
    seen = account(empty, out, "--rejects", str(rejects), *TOLERANT)
    files = [json.loads(row)["file"].rsplit("/", 1)[1] for row in rejects.read_bytes().splitlines()]
    assert files == ["part-1.json", "part-2.json", "part-10.json"]
    assert (seen["files"], seen["passed_over"], seen["days"]) == (3, 3, ["2022-04-01"])


@STRATEGIES
def test_a_formula_in_a_contract_is_warned_of_and_neutralised_when_asked(
    empty: Path, out: Path, strategy: str
) -> None:
    write(empty, 1, [("=1+1", 5, "VOD"), ("@x", 5, "VOD"), ("A", 5, "VOD")])
    seen = account(empty, out, "--strategy", strategy)
    assert any("2" in text and "--csv-safe" in text for text in seen["warnings"])
    assert out.read_text() == HEAD + "=1+1,0,5,0,0,0\n@x,0,5,0,0,0\nA,0,5,0,0,0\n"
    safe = table(empty, out, "--strategy", strategy, "--csv-safe")
    assert sorted(safe.splitlines()[1:]) == ["'=1+1,0,5,0,0,0", "'@x,0,5,0,0,0", "A,0,5,0,0,0"]


def test_a_gzip_is_known_by_its_bytes_and_not_by_its_name(logs: Path, out: Path) -> None:
    plain = table(logs, out)
    for write_as in ("20220401.json", "20220401.json.gz", "20220401.zst", "20220401.bz2"):
        (logs / "20220401.json").unlink(missing_ok=True)
        (logs / write_as).write_bytes(gzip.compress(month()))
        assert table(logs / write_as, out) == plain
        (logs / write_as).unlink()
