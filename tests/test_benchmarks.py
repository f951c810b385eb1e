"""The benchmark compares like with like: every peer gives the tool's own output."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import data, peers, targets
from benchmarks.bench import Bench, Settings
from benchmarks.measure import (
    Cost,
    Program,
    RunError,
    begins_with,
    run,
    run_pairs,
    same_table,
)
from benchmarks.parts import PARTS
from benchmarks.results import Race, Results, load

ODD = [
    ("007", "VOD", 5),
    ("7", "KPLUS", 6),
    ("", "CHANNEL", 1),
    ("0", "CHANNEL", 1),
    (" ", "CHANNEL", 1),
    (" 0", "CHANNEL", 1),
    ("None", "CHANNEL", 1),
    ("none", "CHILD", 0),
    ("nobody's app", "KARAOKE", 3),
    ("no app", None, 3),
    ("Đà Nẵng", "SPORT", 2_147_483_647),
    ("Đà Nẵng", "SPORT", 2_147_483_647),
    ('a "quoted", one', "RELAX", 9),
]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    data.make(data.Logs(2, 500, contracts=300), folder)
    hits = [
        {"_source": {"Contract": contract, "TotalDuration": seconds, "AppName": app}}
        for contract, app, seconds in ODD
    ]
    lines = "".join(json.dumps(hit, ensure_ascii=False) + "\n" for hit in hits)
    (folder / "20220403.json").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    out = tmp_path_factory.mktemp("out") / "engagement.csv"
    run(Program("engagement", (*data.ENGAGEMENT, "run", "-q", "-i", str(logs), "-o", str(out))))
    return rows(out)


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("peer", peers.PEERS)
def test_every_peer_gives_the_rows_of_the_tool(
    peer: str, logs: Path, expected: list[list[str]], tmp_path: Path
) -> None:
    if why := peers.missing(peer):
        pytest.skip(why)
    out = tmp_path / "out.csv"
    run(Program(peer, peers.command(peer, logs, out, 2)))
    assert rows(out) == expected


def writer(path: Path, text: str) -> Program:
    code = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    return Program(text, (sys.executable, "-c", code, str(path), text))


def test_two_programs_run_in_turns_base_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    pairs = run_pairs(writer(order, "A"), writer(order, "B"), runs=3, budget=60)
    assert order.read_text() == "ABABAB"
    assert len(pairs) == 3
    assert all(cost.wall > 0 and cost.cpu > 0 and cost.peak > 0 for pair in pairs for cost in pair)


def test_a_spent_budget_leaves_one_pair(tmp_path: Path) -> None:
    order = tmp_path / "order"
    assert len(run_pairs(writer(order, "A"), writer(order, "B"), runs=3, budget=0)) == 1


def test_a_failed_program_is_named_with_its_last_line() -> None:
    program = Program("bad", (sys.executable, "-c", "import sys; sys.exit('first\\nlast')"))
    with pytest.raises(RunError, match=r"^bad ended with 1: last$"):
        run(program)


def test_quotes_do_not_make_tables_differ_but_a_digit_and_a_missing_row_do(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("Contract,TV\na,1\nb,2\n")
    two.write_text('"Contract","TV"\n"a",1\n"b",2\n')
    assert same_table(one, two)
    two.write_text('"Contract","TV"\n"a",1\n"b",3\n')
    assert not same_table(one, two)
    two.write_text('"Contract","TV"\n"a",1\n')
    assert not same_table(one, two)


def test_further_columns_are_passed_over_only_behind_rows_that_are_the_same(
    tmp_path: Path,
) -> None:
    narrow, wide = tmp_path / "narrow.csv", tmp_path / "wide.csv"
    narrow.write_text("Contract,TV\na,1\nb,2\n")
    for text, alike in {
        "Contract,TV,Total\na,1,1\nb,2,2\n": True,
        "Contract,TV,Total\na,1,1\nb,3,3\n": False,
        "Contract,TV,Total\na,1,1\n": False,
        "Contract,TV,Total\na,1,1\nb,2,2\nc,3,3\n": False,
        "Contract,TV\na,1\nb,2\n": False,
    }.items():
        wide.write_text(text)
        assert begins_with(wide, narrow) is alike, text


@pytest.mark.parametrize("part", ["options", "features"])
def test_a_part_runs_to_its_end_on_small_logs(part: str, tmp_path: Path) -> None:
    settings = Settings((1,), 300, (), 0, (), 1, 60.0, 1, tmp_path, tmp_path / "results.json", 50)
    bench = Bench(settings, Results({}), tmp_path / "work")
    bench.work.mkdir()
    next(one for one in PARTS if one.name == part).run(bench)
    races = bench.results.races
    assert [(race.other, race.trouble, len(race.pairs)) for race in races] == [
        (race.other, "", 1) for race in races
    ]
    assert [race.other for race in races] == {
        "options": ["run --dedupe-id", "run --features devices", "run --features all", "transform"],
        "features": ["export with features"],
    }[part]


def tables(tmp_path: Path) -> list[Race]:
    """The races of fifty rows into tables."""
    settings = Settings((), 0, (), 0, (), 1, 60.0, 1, tmp_path, tmp_path / "results.json", 50)
    bench = Bench(settings, Results({}), tmp_path / "work")
    next(part for part in PARTS if part.name == "sql").run(bench)
    return bench.results.races


def test_tables_are_raced_where_client_and_server_are_there(tmp_path: Path) -> None:
    for race in tables(tmp_path):
        if race.trouble:
            assert race.trouble.startswith("left out: ")
        else:
            assert len(race.pairs) == 1
            assert all(ours.wall > 0 and ours.peak >= 0 for _, ours in race.pairs)


def test_a_client_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [(race.case, race.trouble) for race in tables(tmp_path)] == [
        ("PostgreSQL", "left out: psql is not installed"),
        ("SQLite", "left out: sqlite3 is not installed"),
        ("MariaDB", "left out: mariadb is not installed"),
    ]


def test_a_server_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for client in ("psql", "sqlite3", "mariadb"):
        fake = tmp_path / client
        fake.write_text("#!/bin/sh\necho nobody there >&2; exit 2\n")
        fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert [race.trouble for race in tables(tmp_path)] == [
        "left out: psql ended with 2: nobody there",
        "left out: sqlite3 ended with 2: nobody there",
        "left out: mariadb ended with 2: nobody there",
    ]


def test_a_program_that_tells_its_own_cost_is_believed(tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = """print('{"wall": 1.5, "cpu": 2.5, "peak": 7}')"""
    program = Program("x", (sys.executable, "-c", code), finish=order.touch, tells=True)
    assert run(program) == Cost(1.5, 2.5, 7)
    assert order.exists()


def test_outputs_that_differ_are_an_error(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    base = Program("base", writer(one, "a\n").command, one)
    other = Program("other", writer(two, "b\n").command, two)
    with pytest.raises(RunError, match="base and other do not give the same table"):
        run_pairs(base, other, runs=1, budget=60)


def test_kept_logs_are_made_once_and_made_again_when_they_were_not_finished(tmp_path: Path) -> None:
    logs = data.Logs(1, 10)
    folder = data.kept(logs, tmp_path)
    mark = folder / "mark"
    mark.touch()
    assert data.kept(logs, tmp_path) == folder
    assert mark.exists()
    (tmp_path / f"{folder.name}.stamp").unlink()
    data.kept(logs, tmp_path)
    assert not mark.exists()


def results() -> Results:
    costs = tuple((Cost(wall, 2 * wall, 10**6), Cost(3 * wall, 9.0, 10**7)) for wall in (1.0, 2.0))
    won = Race("days", "1 day", 1, 10**6, "engagement", "duckdb", costs)
    lost = Race("days", "1 day", 1, 10**6, "engagement", "chdb", (), "chdb ended with 1: no | yes")
    return Results({"Cores": "2"}, [won, lost], {"days": {"Figure": "1"}}, {"days": "2022-04-01"})


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results().save(path)
    assert load(path) == results()


def test_the_page_is_written_anew_around_the_notes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from benchmarks import report  # noqa: PLC0415 - it draws with a package that may be missing

    page = report.write(results(), tmp_path)
    text = page.read_text("utf-8")
    row = "| 1 day | duckdb | 2 | 4.50 (3.00 to 6.00) | 0 (0 to 0) | 9.00 | 10 |"
    assert f"{row} 3.00 (3.00 to 3.00) |" in text
    assert "chdb ended with 1: no \\| yes" in text
    noted = text.replace("## Notes\n", "## Notes\n\nBy hand.\n")
    page.write_text(noted, encoding="utf-8")
    report.write(results(), tmp_path)
    assert page.read_text("utf-8") == noted


def test_targets_are_held_against_the_worst_of_the_races_that_were_run() -> None:
    race = Race(
        "state", "day 2", 2, 0, "engagement run --state", "duckdb", results().races[0].pairs
    )
    measured = Results({}, [*results().races, race])
    assert list(targets.rows(measured)) == [
        ("whole job: the fastest peer's time", "at least 1.5", "3", "yes"),
        ("whole job: peak MB", "at most 1000", "1", "yes"),
        ("day folded in: DuckDB's time", "at least 15", "3", "**no**"),
        ("day folded in: peak MB", "at most 1000", "1", "yes"),
    ]


def test_the_command_line_names_what_it_does_not_know() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--peers", "excel"],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "excel is none of duckdb, polars" in told.stderr
