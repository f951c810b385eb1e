"""Where a state may be, who names it, and what may be written beside it."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from hostile_lines import hit
from program import one_line, run
from stored import Lines, Place, csv_of, log_of

V1 = Path(__file__).parent / "data" / "state_v1"
ONE: Lines = (("A1", "CHANNEL", 5), ("B2", "VOD", 7))
TWO: Lines = (("B2", "VOD", 10), ("C" * 30, "SPORT", 2))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A state of two days."""
    place = Place(tmp_path)
    place.log("20220401.json", ONE)
    place.log("20220402.json", TWO)
    assert place.ingest("-q").status == 0
    return place


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- outputs in the state ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "ingest -i {logs} --state {state} --summary {state}/manifest.json",
        "ingest -i {logs} --state {state} --rejects {state}/partials/rejects.ndjson",
        "run -i {logs} --state {state} -o {state}/out.csv",
        "run -i {logs} --state {state} -o {link}/out.jsonl",
        "run -i {logs} --state {state} -o - --summary {state}/sums/s.json",
        "run -i {logs} --state {state} -o - --rejects {state}/r.ndjson",
        "run -i {logs} --state {state} -o - --figures {state}/f.csv",
        "export --state {state} -o {state}/out.parquet",
        "export --state {state} -o - --summary {state}/manifest.json",
        "export --state {link} -o sqlite:///{state}/tv.db",
    ],
)
def test_nothing_else_is_written_into_a_state(place: Place, command: str) -> None:
    link = place.folder / "link"
    link.symlink_to(place.state)
    before = contents(place.state)
    args = command.format(logs=place.logs, state=place.state, link=link).split()
    one_line(run(*args), 2, "in the state", "Write somewhere else")
    assert contents(place.state) == before


def test_a_summary_is_no_input_of_an_ingest(place: Place) -> None:
    log = place.logs / "20220401.json"
    one_line(place.ingest("--summary", log), 2, "one of the inputs")
    assert log.read_bytes() == log_of(ONE)


# --- a state among the logs -------------------------------------------------------------------


@pytest.mark.parametrize("given", [".", "*", "**/*.json"])
def test_a_state_among_the_logs_is_no_log(
    place: Place, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    args = ["-q", "-i", given, "--state", "state"]
    assert run("ingest", *args).status == 0
    assert run("run", *args, "-o", "-").out == csv_of([ONE, TWO])
    assert len(place.ask("list")["files"]) == 2


# --- an account of what is not stored ---------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "ingest"])
def test_an_account_is_kept_of_an_ingest_that_fails(place: Place, command: str) -> None:
    bad = place.log("20220403.json", hit(seconds="-1"))
    cut = place.log("20220404.json.gz", b"\x1f\x8b\x08")
    good = place.log("20220405.json", ONE[:1])
    summary = place.folder / "summary.json"
    args = ["-q", "-i", place.logs, "--state", place.state, "--summary", summary]
    args += ["-o", place.folder / "out.csv"] if command == "run" else []
    assert run(command, *args).status == 1
    cut.unlink()
    told = json.loads(summary.read_bytes())
    told = told["state"] if command == "run" else told
    assert (told["new"], told["refused"]) == ([str(good)], [str(bad)])
    assert [text.startswith(f"{cut}: ") for text in told["failed"]] == [True]
    assert run(command, *args).status == 3
    told = json.loads(summary.read_bytes())
    told = told["state"] if command == "run" else told
    assert (told["new"], told["refused"], told["failed"]) == ([], [str(bad)], [])
    assert not (place.folder / "out.csv").exists()


# --- who names it -----------------------------------------------------------------------------


def test_the_environment_names_the_state_of_every_command(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGAGEMENT_STATE", str(place.state))
    shown = run("state", "show", "2022-04-01", "--json")
    assert [file["day"] for file in json.loads(shown.out)] == ["2022-04-01"]
    assert json.loads(run("state", "show", "--json").out)["files"] == 2
    assert run("state", "verify").status == 0
    assert run("state", "rebuild").status == 0
    one_line(run("state", "remove"), 2, "Missing argument")
    one_line(run("state", "remove", "2023-01-01"), 2, "2023-01-01: no stored file")
    assert run("state", "remove", "2022-04-01", "20220402").status == 0
    assert place.ask("list")["files"] == []


def test_a_state_that_is_named_counts_before_that_of_the_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGAGEMENT_STATE", str(place.folder / "other"))
    assert run("state", "remove", place.state, "2022-04-01").status == 0
    assert place.export() == csv_of([TWO])


@pytest.mark.parametrize(
    "command",
    [
        "ingest -i logs --state {}",
        "run -i logs -o - --state {}",
        "export -o - --state {}",
        "state list {}",
        "state remove {} 2022-04-01",
    ],
)
def test_an_empty_name_is_no_state(
    place: Place, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    place.folder.chmod(0o755)
    one_line(run(*("" if arg == "{}" else arg for arg in command.split())), 2, "is empty text")
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o755


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon", ""])
def test_seconds_to_wait_are_a_number(place: Place, seconds: str) -> None:
    one_line(place.ingest("--lock-timeout", seconds), 2, "seconds")


def test_a_file_without_a_day_is_named_with_the_command_that_takes_it_out(place: Place) -> None:
    log = place.log("elsewhere.json", ONE[:1])
    assert place.ingest("-q").status == 0
    args = ["-q", "--state", place.state, "-o", "-"]
    for asked in (["--since", "2022-04-01"], ["--by", "contract-day"]):
        result = run("export", *args, *asked)
        one_line(result, 2, f"{log}: stored without a day", "--date")
        assert result.err.split()[-5:-1] == ["engagement", "state", "remove", str(place.state)]
    assert run(*result.err.split()[-4:]).status == 0
    log.unlink()
    assert place.export("--since", "2022-04-01") == csv_of([ONE, TWO])


# --- the folder -------------------------------------------------------------------------------


def test_a_dry_run_takes_an_empty_folder_for_a_new_state(place: Place) -> None:
    empty = place.folder / "empty"
    empty.mkdir()
    for args in (["ingest"], ["run", "-o", "-"]):
        result = run(*args, "--dry-run", "-i", place.logs, "--state", empty)
        assert (result.status, "would read 2 files" in result.err) == (0, True)
    (place.folder / "none").mkdir()
    one_line(run("run", "-i", place.folder / "none", "--state", empty, "-o", "-"), 4, "No logs")
    assert list(empty.iterdir()) == []


def test_what_a_disk_keeps_for_itself_does_not_make_a_state_foreign(place: Place) -> None:
    (place.state / "lost+found").mkdir(mode=0o700)
    (place.state / ".somebody's").write_text("kept")
    place.log("20220403.json", ONE[:1])
    assert place.ingest("-q").status == 0
    assert place.export() == csv_of([ONE, TWO, ONE[:1]])
    assert (place.state / ".somebody's").read_text() == "kept"


def test_what_cannot_be_cleared_does_not_keep_the_rest_from_it(place: Place) -> None:
    old = place.partials
    shutil.copytree(place.state, place.folder / "kept")
    for log in place.logs.iterdir():
        log.unlink()
    place.ask("remove", "2022-04-01", "2022-04-02")
    old[0].mkdir()  # it cannot be unlinked
    shutil.copy(place.folder / "kept" / "partials" / old[1].name, old[1])
    (place.state / "writer.lock").write_text("")
    place.log("20220403.json", ONE[:1])
    assert place.ingest("-q").status == 0
    assert not old[1].exists()


def test_a_state_that_others_could_read_is_made_private_by_the_next_writer(tmp_path: Path) -> None:
    place = Place(tmp_path)
    shutil.copytree(V1, place.state)
    for path in (place.state, *place.state.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o644)
    place.log("20220403.json", ONE)
    assert place.ingest("-q").status == 0
    modes = {
        (path.is_dir(), stat.S_IMODE(path.stat().st_mode))
        for path in (place.state, *place.state.rglob("*"))
    }
    assert modes == {(True, 0o700), (False, 0o600)}
    assert os.access(place.state, os.R_OK)
