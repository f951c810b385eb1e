"""The lines themselves: the same lines as in the sums, in their order, whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import engagement_cli as eng
from engagement_cli import kernel
from engagement_cli.errors import QualityError
from households import FIVE, View, write_days
from program import COMMAND, ENVIRONMENT, one_line, run, summarised

if TYPE_CHECKING:
    from pathlib import Path

LINES = """\
Date,Contract,Mac,AppName,Type,TotalDuration
2022-04-01,A,m1,CHANNEL,TV,100
2022-04-01,A,m1,DSHD,TV,50
2022-04-01,B,m1,CHANNEL,TV,30
2022-04-01,C,,CHANNEL,TV,0
2022-04-01,D,d1,CHANNEL,TV,500
2022-04-01,D,d2,VOD,Movie,100
2022-04-01,D,d1,CHILD,Child,100
2022-04-02,A,m1,KPLUS,TV,50
2022-04-02,B,m2,VOD,Movie,30
2022-04-02,D,d3,RELAX,Relax,200
2022-04-04,A,m2,CHANNEL,TV,0
2022-04-04,D,,SPORT,Sport,100
2022-04-04,E,e1,SPORT,Sport,7
"""
HEADER = "Date,Contract,Mac,AppName,Type,TotalDuration"
TWICE = {
    "20220401": [
        View("A", "CHANNEL", 10, "m1", "x1"),
        View("A", "CHANNEL", 10, "m1", "x2"),
        View("A", "CHANNEL", 99, "m2", "x1"),
        View("B", "VOD", 5),
        View("B", "VOD", 5),
    ],
    "20220401-again": [
        View("A", "CHANNEL", 10, "m1", "x2"),
        View("B", "VOD", 1, None, "x3"),
        View("C", "VOD", 90000, None, "x3"),
    ],
    "20220402": [View("A", "CHANNEL", 7, "m1", "x1")],
}


@pytest.fixture
def five(tmp_path: Path) -> Path:
    return write_days(tmp_path / "logs", FIVE)


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("block_size", ["64", "4MiB"])
def test_the_lines_that_count_in_their_order(five: Path, jobs: int, block_size: str) -> None:
    asked = ["-q", "-i", five, "-o", "-", "--jobs", jobs, "--block-size", block_size]
    assert run("transform", *asked).out.decode() == LINES


def test_unmapped_apps_are_lines_too_where_they_are_kept(five: Path) -> None:
    found = run("transform", "-q", "-i", five, "-o", "-", "--unmapped", "keep", "--labels", "label")
    assert "2022-04-02,E,e1,KARAOKE,Other,999" in found.out.decode().splitlines()
    assert "2022-04-02,D,d3,RELAX,Giải Trí,200" in found.out.decode().splitlines()


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet", "x.jsonl", "x/"])
def test_every_kind_of_target_holds_the_same_lines(five: Path, tmp_path: Path, name: str) -> None:
    assert run("transform", "-q", "-i", five, "-o", f"{tmp_path}/{name}").status == 0
    if name == "x.jsonl":
        frame = pd.read_json(tmp_path / name, lines=True, dtype=False)
    elif "csv" in name:
        frame = pd.read_csv(tmp_path / name, keep_default_na=False)
    else:
        frame = pd.read_parquet(tmp_path / name)
    header = HEADER.split(",")
    rows = frame.astype({"Date": str})[header].sort_values("Date", kind="stable").values.tolist()
    assert ["".join(f"{value}," for value in row) for row in rows] == [
        f"{line}," for line in LINES.splitlines()[1:]
    ]


def test_the_account_is_that_of_a_run(five: Path, tmp_path: Path) -> None:
    assert run("transform", "-q", "-i", five, "-o", tmp_path / "x.csv", "--summary", "-").out
    transformed = json.loads(
        run("transform", "-q", "-i", five, "-o", tmp_path / "x.csv", "--summary", "-").out
    )
    _, account = summarised(tmp_path, "-i", five, "-o", tmp_path / "y.csv")
    assert transformed == account


def test_the_columns_stand_where_no_line_counts(tmp_path: Path) -> None:
    logs = write_days(tmp_path / "logs", {"20220401": [View("0", "VOD", 1)]})
    assert run("transform", "-q", "-i", logs, "-o", "-").out == f"{HEADER}\n".encode()
    assert run("transform", "-q", "-i", logs, "-o", tmp_path / "x.parquet").status == 0
    assert [*pd.read_parquet(tmp_path / "x.parquet")] == HEADER.split(",")


@pytest.mark.parametrize("name", ["x.parquet", "x/"])
def test_with_a_rejected_line_what_stood_there_still_stands(
    five: Path, tmp_path: Path, name: str
) -> None:
    target = f"{tmp_path}/out/{name}"
    (tmp_path / "out").mkdir()
    assert run("transform", "-q", "-i", five, "-o", target).status == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    (five / "20220405.json").write_text("broken\n")
    assert run("transform", "-q", "-i", five, "-o", target).status == 3
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert after == before


def test_a_folder_of_days_is_exchanged_whole(five: Path, tmp_path: Path) -> None:
    target = f"{tmp_path}/out/"
    assert run("transform", "-q", "-i", five, "-o", target).status == 0
    (five / "20220401.json").unlink()
    assert run("transform", "-q", "-i", five, "-o", target).status == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Date=2022-04-02",
        "Date=2022-04-04",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out"]


def test_a_folder_that_holds_anything_else_is_left_alone(five: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    result = run("transform", "-q", "-i", five, "-o", tmp_path / "home")
    assert (result.status, (tmp_path / "home" / "letter.txt").read_text()) == (2, "dear")
    assert "letter.txt" in result.err


@pytest.mark.parametrize(
    "strange",
    [
        "Date=2022-04-01/letter.txt",
        "Date=2022-04-01/part-0.parquet/letter.txt",
        "Date=someday/part-0.parquet",
        "Date=2022-04-01.txt",
        "letter.txt",
    ],
)
def test_a_folder_that_no_run_has_written_is_left_alone(
    five: Path, tmp_path: Path, strange: str
) -> None:
    letter = tmp_path / "home" / strange
    letter.parent.mkdir(parents=True)
    letter.write_text("dear")
    result = run("transform", "-q", "-i", five, "-o", f"{tmp_path}/home/")
    one_line(result, 2, "home/: holds", "Name another folder")
    assert letter.read_text() == "dear"


@pytest.mark.parametrize("ending", ["/", "//"])
def test_a_file_is_never_replaced_by_a_folder(five: Path, ending: str) -> None:
    day = five / "20220401.json"
    before = day.read_bytes()
    one_line(run("transform", "-q", "-i", five, "-o", f"{day}{ending}"), 2, "is a file")
    assert day.read_bytes() == before


@pytest.mark.parametrize("place", ["logs/", "logs/lines/", "./"])
def test_a_folder_of_lines_is_apart_from_the_inputs(
    five: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    day = five / "Date=2022-04-01" / "part-0.parquet"  # a log, whatever it is called
    day.parent.mkdir()
    (five / "20220401.json").rename(day)
    for log in five.glob("*.json"):
        log.unlink()
    monkeypatch.chdir(tmp_path if place != "./" else five)
    one_line(run("transform", "-q", "-i", day, "-i", five, "-o", place), 2, "the input")
    assert day.exists()


def test_a_folder_of_lines_holds_no_other_output(five: Path, tmp_path: Path) -> None:
    asked = ["-q", "-i", five, "-o", f"{tmp_path}/out/"]
    for option in ("--summary", "--rejects"):
        result = run("transform", *asked, option, tmp_path / "out" / "more.json")
        one_line(result, 2, "more.json: lies in")


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x/"])
def test_a_transform_that_is_killed_leaves_the_old_lines_and_the_next_run_the_new(
    five: Path, tmp_path: Path, name: str
) -> None:
    target, folder = f"{tmp_path}/out/{name}", tmp_path / "out"
    folder.mkdir()
    assert run("transform", "-q", "-i", five, "-o", target).status == 0
    before = contents(folder)
    os.mkfifo(five / "20220409.json")  # the program waits at it for a writer that never comes
    asked = ["-q", "-i", five, "-i", five / "20220409.json", "-o", target]
    with subprocess.Popen([*COMMAND, "transform", *map(str, asked)], env=ENVIRONMENT) as process:
        while len(list(folder.iterdir())) < 2:
            assert process.poll() is None
        process.kill()
    assert {path: data for path, data in contents(folder).items() if path in before} == before
    assert len(list(folder.iterdir())) == 2
    (five / "20220409.json").unlink()
    (five / "20220404.json").unlink()
    assert run("transform", "-q", "-i", five, "-o", target).status == 0
    assert [path.name for path in folder.iterdir()] == [name.rstrip("/")]
    assert run("transform", "-q", "-i", five, "-o", f"{tmp_path}/fresh{name}").status == 0
    if name == "x/":
        assert contents(folder / "x") == contents(tmp_path / "freshx")
    else:
        assert (folder / name).read_bytes() == (tmp_path / f"fresh{name}").read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, and what it holds."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_folder_by_day_wants_days(tmp_path: Path) -> None:
    logs = write_days(tmp_path / "logs", {"today": FIVE["20220401"]})
    result = run("transform", "-q", "-i", logs, "-o", f"{tmp_path}/out/")
    assert result.status == 2
    assert "--date" in result.err


def test_no_text_of_a_log_is_a_formula_where_that_is_asked_for(tmp_path: Path) -> None:
    """Contracts, devices and apps come from whoever sends a log; names of categories do not."""
    table = tmp_path / "table.yaml"
    table.write_text("version: 1\ncategories:\n  '-TV': {column: TV, apps: ['=A1', '@b', C]}\n")
    views = [View("+1", "=A1", 1, "-2"), View("D", "@b", 2, "\t3"), View("E=", "C", 3, "4-")]
    logs = write_days(tmp_path / "logs", {"20220401": views})
    asked = ["-q", "-i", logs, "-o", "-", "--csv-safe", "--categories", table]
    assert run("transform", *asked).out.decode() == (
        f"{HEADER}\n"
        "2022-04-01,'+1,'-2,'=A1,-TV,1\n"
        "2022-04-01,D,'\t3,'@b,-TV,2\n"
        "2022-04-01,E=,4-,C,-TV,3\n"
    )
    assert run("run", *asked, "--by", "app").out.decode() == (
        "AppName,Category,Contracts,Lines,TotalDuration\n"
        "'=A1,-TV,1,1,1\n"
        "'@b,-TV,1,1,2\n"
        "C,-TV,1,1,3\n"
    )
    assert run("run", *asked, "--by", "contract-day").out.decode() == (
        "Date,Contract,TV\n2022-04-01,'+1,1\n2022-04-01,D,2\n2022-04-01,E=,3\n"
    )


def test_read_gives_the_same_lines_as_frames(five: Path) -> None:
    frame = pd.concat(eng.read(five, block_size=64), ignore_index=True)
    assert frame.to_csv(index=False, lineterminator="\n") == LINES
    (five / "20220405.json").write_text("broken\n")
    with pytest.raises(QualityError):
        list(eng.read(five))


def hit_id(n: int) -> str | None:
    """Every seventh repeats the one before it, every eleventh one long ago; some have none."""
    if n % 501 == 0:
        return None
    return f"AX_{n - (n % 7 == 0) - (30_000 if n % 11 == 0 and n > 30_000 else 0):017}"


class TestDedupe:
    @pytest.mark.parametrize("jobs", [1, 3])
    @pytest.mark.parametrize("block_size", ["64", "4MiB"])
    @pytest.mark.parametrize("strategy", ["incremental", "batch"])
    def test_equal_ids_of_a_day_count_once_the_first(
        self, tmp_path: Path, jobs: int, block_size: str, strategy: str
    ) -> None:
        logs = write_days(tmp_path / "logs", TWICE)
        options = ["--jobs", jobs, "--block-size", block_size, "--strategy", strategy]
        asked = ["-i", logs, "-o", tmp_path / "x.csv", "--dedupe-id", "--features", "devices"]
        result, account = summarised(tmp_path, *asked, *options)
        assert result.status == 0
        rows = (tmp_path / "x.csv").read_text().splitlines()[1:]
        assert rows == ["A,27,0,0,0,0,1", "B,0,11,0,0,0,0"]
        assert account["lines"] == 9
        assert (account["accepted"], account["repeated"], account["over_86400"]) == (6, 3, 0)

    def test_without_the_option_nothing_is_dropped(self, tmp_path: Path) -> None:
        """Equal rows are not the same event: only equal ids are, and only where asked for."""
        frame = eng.run(write_days(tmp_path / "logs", TWICE))
        assert frame["TVDuration"].tolist() == [136, 0, 0]
        assert frame["MovieDuration"].tolist() == [0, 11, 90000]
        assert frame.attrs["account"]["repeated"] == 0

    def test_files_without_a_day_are_each_a_day_of_their_own(self, tmp_path: Path) -> None:
        one, other = [View("A", "VOD", 1, None, "x")], [View("A", "VOD", 2, None, "x")]
        logs = write_days(tmp_path / "logs", {"one": one * 2, "other": other})
        assert eng.run(logs, dedupe_id=True)["MovieDuration"].tolist() == [3]

    def test_an_id_of_another_type_is_rejected_only_where_it_matters(self, tmp_path: Path) -> None:
        (tmp_path / "20220401.json").write_text(View("A", "VOD", 1).line()[:-1] + ', "_id": 7}\n')
        assert len(eng.run(tmp_path)) == 1
        with pytest.raises(QualityError, match="id-not-a-string"):
            eng.run(tmp_path, dedupe_id=True)

    @pytest.mark.parametrize("compressed", [False, True])
    def test_bulk_files_have_their_id_in_the_action(self, tmp_path: Path, compressed: bool) -> None:
        source = '{"Contract":"A","TotalDuration":%d,"AppName":"VOD"}'
        pairs = [
            ('{"index":{"_id":"x1"}}', source % 1),
            ('{"create":{"_id":"x1"}}', source % 2),
            ('{"index":{"_id":null}}', source % 4),
            ('{"index":{}}', source % 8),
            ('{"index":{"_id":"x2"}}', "broken"),
            ('{"index":{"_id":"x2"}}', source % 16),
            ('{"index":{"_id":3}}', source % 32),
        ]
        data = "".join(f"{action}\n{line}\n" for action, line in pairs).encode()
        name = "20220401.json"
        (tmp_path / name).write_bytes(gzip.compress(data) if compressed else data)
        for block_size in (64, 4096):
            frame = eng.run(tmp_path, dedupe_id=True, max_rejects=2, block_size=block_size)
            assert frame["MovieDuration"].tolist() == [29]
            account = frame.attrs["account"]
            assert (account["lines"], account["repeated"]) == (7, 1)
            assert account["rejected_by_reason"] == {"id-not-a-string": 1, "not-json": 1}

    @pytest.mark.parametrize("way", ["file", "stdin", "read"])
    def test_a_day_that_machine_code_reads_is_deduped_as_any_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        """Repeats stand side by side and far apart, among lines of other shapes and a reject."""
        views = [
            View(f"HNH{n % 977:06}", "VOD" if n % 3 else "KPLUS", n % 4000, f"m{n % 9}", hit_id(n))
            for n in range(70_000)
        ]
        lines = [view.line().encode() for view in views]
        lines[::1000] = [
            line.replace(b'"_index"', b'"_type": "x", "_index"') for line in lines[::1000]
        ]
        lines[1] = b"broken"
        log = tmp_path / "20220401.json"
        log.write_bytes(b"\n".join(lines) + b"\n")
        assert log.stat().st_size > kernel.PAYS_FROM_BYTES
        first: dict[object, View] = {}
        for place, view in enumerate(views):
            if place != 1:
                first.setdefault(view.hit_id or place, view)
        if way == "read":
            frame = pd.concat(eng.read(log, dedupe_id=True, max_rejects=1), ignore_index=True)
            assert frame[["Contract", "Mac", "AppName", "TotalDuration"]].values.tolist() == [
                [view.contract, view.mac, view.app, view.seconds] for view in first.values()
            ]
            return
        asked = ["-q", "-o", "-", "--dedupe-id", "--max-rejects", 1, "--features", "devices"]
        piped = ["-i", "-", "--date", "20220401"]
        fast = (
            run("run", *asked, *piped, stdin=log.read_bytes())
            if way == "stdin"
            else run("run", *asked, "-i", log, "--jobs", 2)
        )
        monkeypatch.setenv("ENGAGEMENT_NO_KERNEL", "1")
        assert fast == run("run", *asked, "-i", log)
        expected: dict[str, list[int]] = {}
        devices: dict[str, set[str | None]] = {}
        for view in first.values():
            row = expected.setdefault(view.contract, [0, 0])
            row[view.app == "VOD"] += view.seconds
            devices.setdefault(view.contract, set()).add(view.mac)
        assert fast.out.decode().splitlines()[1:] == [
            f"{name},{row[0]},{row[1]},0,0,0,{len(devices[name])}"
            for name, row in sorted(expected.items())
        ]

    def test_a_state_keeps_no_ids_and_says_so(self, tmp_path: Path) -> None:
        logs = write_days(tmp_path / "logs", TWICE)
        asked = ["-i", logs, "-o", tmp_path / "x.csv", "--dedupe-id", "--state", tmp_path / "state"]
        result = run("run", *asked)
        assert result.status == 2
        assert "--dedupe-id" in result.err
        assert not (tmp_path / "state").exists()
