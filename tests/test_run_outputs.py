"""What a bad place to write to, or a bad option, gets: the old output stands."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from hostile_files import month
from hostile_lines import hit
from program import (
    COMMAND,
    ENVIRONMENT,
    OLD,
    Result,
    one_line,
    run,
    run_bound,
    run_process,
    untouched,
)

# --- outputs ----------------------------------------------------------------------------------


def test_a_missing_output_folder_is_named(logs: Path, tmp_path: Path) -> None:
    result = run("run", "-q", "-i", logs, "-o", tmp_path / "missing" / "out.csv")
    one_line(result, 1, "missing")
    assert not (tmp_path / "missing").exists()


def test_a_folder_as_output_is_refused(logs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out.csv"
    folder.mkdir()
    result = run("run", "-q", "-i", logs, "-o", folder)
    assert result.status in {1, 2}
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("option", ["-o", "--rejects", "--summary"])
def test_writing_on_top_of_an_input_is_refused(tmp_path: Path, option: str) -> None:
    log = tmp_path / "20220401.csv"  # a log by its bytes, whatever its name
    log.write_bytes(month())
    options = {"-o": tmp_path / "out.csv", option: log}
    args = [arg for pair in options.items() for arg in pair]
    one_line(run("run", "-q", "-i", log, *args), 2, "20220401.csv")
    assert log.read_bytes() == month()


def test_writing_on_top_of_an_input_by_another_name_is_refused(tmp_path: Path) -> None:
    log, link, hard = (tmp_path / name for name in ("20220401.json", "link.csv", "hard.csv"))
    log.write_bytes(month())
    link.symlink_to(log)
    hard.hardlink_to(log)
    for other in (link, hard, tmp_path / ".." / tmp_path.name / "link.csv"):
        assert run("run", "-q", "-i", log, "-o", other).status == 2
    assert log.read_bytes() == month()


def test_two_outputs_in_one_file_are_refused(logs: Path, out: Path) -> None:
    for option in ("--rejects", "--summary"):
        assert run("run", "-q", "-i", logs, "-o", out, option, out).status == 2
    untouched(out)


def test_a_full_disk_fails_the_run_and_leaves_the_old_output(logs: Path, small_disk: Path) -> None:
    out = small_disk / "out.csv"
    out.write_bytes(OLD)
    names = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(5000)]  # hard to compress
    many = b"".join(hit(f'"{name}"') + b"\n" for name in names)
    (logs / "20220402.json").write_bytes(many)
    for name in ("out.csv", "out.parquet", "out.jsonl"):
        one_line(run("run", "-q", "-i", logs, "-o", small_disk / name), 1, name)
    untouched(out)


def test_a_full_device_as_stdout_fails_the_run(logs: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "run", "-q", "-i", logs, "-o", "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            check=False,
        )
    one_line(Result(done.returncode, b"", done.stderr.decode()), 1)


@pytest.mark.parametrize("args", [[], ["--dedupe-id"], ["--by", "day", "--strategy", "batch"]])
def test_a_full_disk_under_the_rejects_is_one_line_and_nothing_of_the_threads(
    logs: Path, small_disk: Path, tmp_path: Path, args: list[str]
) -> None:
    (logs / "20220402.json").write_bytes(b"{xxxxxxxxxxxxxxxxxxxxxxxxx\n" * 40_000)
    target = ["-o", tmp_path / "out.csv", "--rejects", small_disk / "bad.ndjson"]
    reading = ["--jobs", "3", "--block-size", "16k"]
    one_line(run_process("run", "-q", "-i", logs, *target, *reading, *args), 1, "bad.ndjson")
    assert list(small_disk.iterdir()) == []


def test_a_read_only_place_is_named_and_left_as_it_is(logs: Path, small_disk: Path) -> None:
    out = small_disk / "out.csv"
    out.write_bytes(OLD)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    one_line(run("run", "-q", "-i", logs, "-o", out), 1, "out.csv")
    untouched(out)


def test_a_folder_that_may_not_be_written_is_named(logs: Path, out: Path) -> None:
    out.parent.chmod(0o555)
    one_line(run_bound("run", "-q", "-i", logs, "-o", out), 1, "out.csv")
    untouched(out)


# --- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        ["--jobs", "0"],
        ["--jobs", "-1"],
        ["--jobs", "many"],
        ["--block-size", "0"],
        ["--block-size", "-4"],
        ["--block-size", "big"],
        ["--block-size", "9" * 30],
        ["--block-size", "9" * 5000],
        ["--max-rejects", "9" * 5000],
        ["--max-rejects", "0." + "9" * 5000 + "%"],
        ["--format", "xml"],
        ["--unmapped", "maybe"],
        ["--strategy", "magic"],
        ["--since", "yesterday"],
        ["--since", "2022-02-30"],
        ["--until", "20221301"],
        ["--since", "2022-04-02", "--until", "2022-04-01"],
        ["--date", "2022"],
        ["--max-rejects", "few"],
        ["--max-rejects", "-1"],
        ["--max-rejects", "1.5"],
        ["--max-rejects", "101%"],
        ["--max-rejects", "-1%"],
        ["--max-rejects", "nan%"],
        ["--max-rejects", "inf"],
        ["--max-rejects", ""],
        ["--categories", "no-such-table.yaml"],
        ["--no-such-option"],
        ["an-argument-too-many"],
    ],
    ids=" ".join,
)
def test_a_bad_option_value_is_a_usage_error_that_names_it(
    logs: Path, out: Path, args: list[str]
) -> None:
    result = run("run", "-q", "-i", logs, "-o", out, *args)
    one_line(result, 2, args[-1].strip("-")[:35])
    assert len(result.err) < 250
    untouched(out)


def test_to_be_quiet_and_verbose_at_once_is_a_usage_error(logs: Path, out: Path) -> None:
    for both in (["-q", "-v"], ["-v", "-q"], ["-qv"]):
        one_line(run("run", "-i", logs, "-o", out, *both), 2, "--quiet", "--verbose")
    untouched(out)


def test_the_end_of_an_outputs_name_may_be_in_capitals(logs: Path, tmp_path: Path) -> None:
    for name in ("out.csv", "OUT.CSV"):
        assert run("run", "-q", "-i", logs, "-o", tmp_path / name).status == 0
    assert (tmp_path / "OUT.CSV").read_bytes() == (tmp_path / "out.csv").read_bytes()


@pytest.mark.parametrize("target", ["out.xlsx", "out", "", "out.csv.bz2", "out.json.csvv"])
def test_an_output_of_unknown_kind_is_a_usage_error(
    logs: Path, tmp_path: Path, target: str
) -> None:
    before = sorted(tmp_path.iterdir())
    place = tmp_path / target if target else ""
    assert run("run", "-q", "-i", logs, "-o", place).status == 2
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("args", [["run"], ["run", "-o", "out.csv"], ["run", "-i", "."], ["walk"]])
def test_a_missing_option_or_unknown_command_is_a_usage_error(args: list[str]) -> None:
    one_line(run(*args), 2)


def test_a_faulty_category_table_is_refused_before_any_data_is_read(
    tmp_path: Path, out: Path
) -> None:
    table = tmp_path / "table.yaml"
    table.write_text("version: 1\ncategories: {}\n")
    result = run("run", "-q", "-i", tmp_path / "nowhere", "-o", out, "--categories", table)
    assert result.status == 2
    assert "table.yaml" in result.err
    untouched(out)


def test_an_unmapped_app_is_refused_when_asked(logs: Path, out: Path) -> None:
    one_line(run("run", "-q", "-i", logs, "-o", out, "--unmapped", "fail"), 3, "ZALO")
    untouched(out)


def test_input_without_a_day_asks_for_one_where_a_range_is_asked(tmp_path: Path, out: Path) -> None:
    log = tmp_path / "history.json"
    log.write_bytes(month())
    result = run("run", "-q", "-i", log, "-o", out, "--since", "2022-04-01")
    assert result.status != 0
    assert "history.json" in result.err
    assert "--date" in result.err
    untouched(out)


# --- signals and pipes ------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["incremental", "batch"])
def test_ctrl_c_ends_the_run_with_130_and_leaves_the_old_output(out: Path, strategy: str) -> None:
    args = ["run", "-q", "-i", "-", "--date", "2022-04-01", "-o", str(out)]
    with subprocess.Popen(
        [*COMMAND, *args, "--strategy", strategy],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        assert process.stdin
        process.stdin.write(month(8000))  # more than a pipe holds, so the program is reading
        process.stdin.flush()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        assert process.stdout
        assert process.stderr
        err = process.stderr.read().decode().removeprefix("\n")  # ends the line that ^C stands on
        result = Result(process.returncode, process.stdout.read(), err)
        process.stdin.close()
    one_line(result, 130, "interrupted", "not finished are as they were")
    untouched(out)


@pytest.mark.parametrize("args", [["--help"], ["categories", "list"], ["categories", "map", "VOD"]])
def test_a_full_device_under_a_page_is_one_line(args: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *args], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
        )
    one_line(Result(done.returncode, b"", done.stderr.decode()), 1, "No space left")


def test_a_page_that_nobody_reads_ends_with_141_and_silence() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [*COMMAND, "--help"], stdout=writes, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
    )
    os.close(writes)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_reader_that_leaves_early_ends_the_run_with_141_and_silence(tmp_path: Path) -> None:
    log = tmp_path / "20220401.json"
    log.write_bytes(b"".join(hit(f'"HNH{n:08}"') + b"\n" for n in range(20_000)))
    command = " ".join([*COMMAND, "run", "-q", "-i", str(log), "-o", "-"])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        env=ENVIRONMENT,
        check=False,
    )
    head = b"Contract,TVDuration,MovieDuration,ChildDuration,RelaxDuration,SportDuration"
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (141, [head], b"")
