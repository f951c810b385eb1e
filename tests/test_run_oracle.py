"""Rows and account are the oracle's, whatever the shape, compression, blocks, jobs and order."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hostile_files
from encode import COMPRESSIONS, SHAPES
from hostile_lines import ACCEPTED, BLANK, FILTERED, LINES, Line, hit
from oracle import answer, rows_of
from program import TOLERANT, run, summarised, verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import DataObject

pytestmark = pytest.mark.usefixtures("reader")

WAYS = [
    ("incremental", "64", 1),
    ("incremental", "1000", 2),
    ("incremental", None, 2),
    ("batch", "1000", 2),
    ("batch", None, 1),
]
STRATEGIES = ["incremental", "batch"]
HITS = hostile_files.month(60).splitlines()


def options(strategy: str, block: str | None, jobs: int = 1) -> list[str]:
    blocks = ["--block-size", block] if block else []
    return ["--strategy", strategy, *blocks, "--jobs", str(jobs), *TOLERANT]


def agrees(folder: Path, files: list[Path], *args: str, shape: str | None = None) -> None:
    """Run on the files and compare the bytes out and the account with the oracle's."""
    inputs = itertools.chain.from_iterable(("-i", path) for path in files)
    forced = ["--format", shape] if shape else []
    out = folder / "out.csv"
    result, account = summarised(folder, *inputs, "-o", out, *forced, *args)
    expected = answer(*files, shape=shape)
    assert result == (0, b"", "")
    assert out.read_bytes() == expected.csv()
    assert verdicts(account) == expected.account()


def rows_in(rejects: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rejects.read_bytes().splitlines()]


@pytest.mark.parametrize(("strategy", "block", "jobs"), WAYS)
@pytest.mark.parametrize("name", hostile_files.FILES)
def test_every_hostile_file_gives_the_oracles_rows_and_account(
    tmp_path: Path, name: str, strategy: str, block: str | None, jobs: int
) -> None:
    log = tmp_path / "20220401.json"
    log.write_bytes(hostile_files.FILES[name])
    agrees(tmp_path, [log], *options(strategy, block, jobs))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("jobs", [1, 2])
def test_all_hostile_files_together_give_the_oracles_rows_with_any_number_of_jobs(
    tmp_path: Path, strategy: str, jobs: int
) -> None:
    files: list[Path] = []
    for name, data in hostile_files.FILES.items():
        files.append(tmp_path / f"20220401-{name}.json")
        files[-1].write_bytes(data)
    agrees(tmp_path, files, *options(strategy, "4096", jobs))


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_and_compression_of_the_same_hits_gives_the_same_bytes(
    tmp_path: Path, shape: str, compression: str
) -> None:
    plain, encoded = tmp_path / "20220401.json", tmp_path / "20220402.json"
    plain.write_bytes(SHAPES["hits"](HITS))
    encoded.write_bytes(COMPRESSIONS[compression](SHAPES[shape](HITS)))
    assert answer(encoded).csv() == answer(plain).csv()
    for forced in (None, shape.split("-", maxsplit=1)[0]):
        agrees(tmp_path, [encoded], *options("incremental", "100"), shape=forced)


def test_two_jobs_read_every_shape_and_compression_as_one_job_does(tmp_path: Path) -> None:
    files: list[Path] = []
    for (shape, write), (method, pack) in itertools.product(SHAPES.items(), COMPRESSIONS.items()):
        hits = hostile_files.month(20 + len(files)).splitlines()
        files.append(tmp_path / f"20220401-{shape}-{method}.json")
        files[-1].write_bytes(pack(write(hits)))
    for strategy in STRATEGIES:
        agrees(tmp_path, files, *options(strategy, "1000", 2))


FATES: dict[str, dict[int, str]] = {}


@pytest.fixture
def judged(reader: str, tmp_path: Path) -> dict[int, str]:
    """The reason that a reader gives for each rejected line of the hostile lines, by number."""
    if reader not in FATES:
        log, rejects = tmp_path / "20220401.json", tmp_path / "rejects.jsonl"
        log.write_bytes(hostile_files.file_of(LINES))
        args = ["-i", log, "-o", tmp_path / "out.csv", "--rejects", rejects, *TOLERANT]
        assert run("run", *args).status == 0
        FATES[reader] = {row["line"]: row["reason"] for row in rows_in(rejects)}
    return FATES[reader]


@pytest.mark.parametrize(
    ("number", "line"), [*enumerate(LINES, 2)], ids=[line.name for line in LINES]
)
def test_each_hostile_line_meets_its_fate(judged: dict[int, str], number: int, line: Line) -> None:
    kept = {ACCEPTED, FILTERED, BLANK}
    assert judged.get(number) == (None if line.fate in kept else line.fate)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_reject_is_named_by_file_line_byte_reason_and_the_start_of_its_text(
    tmp_path: Path, strategy: str
) -> None:
    logs = [tmp_path / "20220401.json", tmp_path / "20220402.json"]
    logs[0].write_bytes(hostile_files.FILES["every-hostile-line"])
    logs[1].write_bytes(hostile_files.FILES["blank-lines-between"] + b"{oops\n")
    rejects = tmp_path / "rejects.jsonl"
    args = ["-i", logs[0], "-i", logs[1], "-o", tmp_path / "out.csv", "--rejects", rejects]
    result = run("run", *args, *options(strategy, "3333"))
    assert result.status == 0
    rows = rows_in(rejects)
    expected = [(str(log), *reject) for log in logs for reject in answer(log).rejects]
    assert [(row["file"], row["line"], row["byte"], row["reason"]) for row in rows] == expected
    for row in rows:
        data = logs[row["file"] == str(logs[1])].read_bytes()
        text = data[row["byte"] :].split(b"\n")[0].decode("utf-8", "replace")
        start = row["text"].removesuffix("…").removesuffix("...")
        assert start
        assert text.startswith(start[:30])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    ("excess", "reasons"), [(0, {}), (1, {"line-too-long": 1}), (2**20, {"line-too-long": 1})]
)
def test_a_line_of_more_than_16_mib_is_a_reject_and_its_neighbours_are_read(
    tmp_path: Path, excess: int, reasons: dict[str, int], strategy: str
) -> None:
    log, out = tmp_path / "20220401.json", tmp_path / "out.csv"
    log.write_bytes(hostile_files.long_line(excess))
    args = ["-i", log, "-o", out, *options(strategy, "4M")]
    result, account = summarised(tmp_path, *args)
    assert result.status == 0
    assert account["rejected_by_reason"] == reasons
    first = 5 if reasons else 10
    assert rows_of(out.read_bytes()) == [["A1", first, 0, 0, 0, 0], ["Z9", 5, 0, 0, 0, 0]]


def test_the_order_in_which_files_are_given_changes_no_byte(tmp_path: Path) -> None:
    logs: list[Path] = []
    for day in range(1, 4):
        logs.append(tmp_path / f"2022040{day}.json")
        logs[-1].write_bytes(hostile_files.month(10 * day) + hit('"Z"', "-1") + b"\n")
    seen = set()
    for n, order in enumerate(itertools.permutations(logs)):
        out, rejects = tmp_path / f"{n}.csv", tmp_path / f"{n}.jsonl"
        inputs = itertools.chain.from_iterable(("-i", log) for log in order)
        result = run("run", *inputs, "-o", out, "--rejects", rejects, *TOLERANT)
        assert result.status == 0
        seen.add((out.read_bytes(), rejects.read_bytes()))
    assert len(seen) == 1


# --- any files at all -------------------------------------------------------------------------

contracts = st.sampled_from(
    ["A1", "a1", "0", "", "=x", "é", "L" * 17, "L" * 16, "\U0001f600", '","']
)
durations = st.sampled_from(["0", "1", "86401", "2147483647", "-1", "1.5", '"007"', "1e2", "null"])
apps = st.sampled_from(["CHANNEL", "KPlus", "VOD", "SPORT", "ZALO", "", " VOD"])
good = st.builds(
    lambda contract, seconds, app: hit(json.dumps(contract), seconds, json.dumps(app)),
    contracts,
    durations,
    apps,
)
junk = st.one_of(
    st.sampled_from([b"", b" ", b"{", b"[]", b"{}", b"\xff", b"\xef\xbb\xbf", b'{"_source":1}']),
    good.map(lambda line: line[:-9]),
    good.map(lambda line: line + line),
    good.map(lambda line: line + b"\r"),
    st.binary(max_size=20),
)
logs = st.lists(st.one_of(good, good, good, junk), max_size=25).map(b"\n".join)
FAST = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FAST
@given(data=st.data(), log=logs, block=st.integers(1, 400), strategy=st.sampled_from(STRATEGIES))
def test_a_file_split_at_any_byte_into_files_and_blocks_gives_the_oracles_rows(
    tmp_path_factory: pytest.TempPathFactory,
    data: DataObject,
    log: bytes,
    block: int,
    strategy: str,
) -> None:
    folder = tmp_path_factory.mktemp("split")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=3)))
    files: list[Path] = []
    for n, (start, end) in enumerate(itertools.pairwise([0, *cuts, len(log)])):
        files.append(folder / f"2022040{n + 1}.json")
        files[-1].write_bytes(log[start:end])
    files = data.draw(st.permutations(files))
    agrees(folder, files, *options(strategy, str(block)), shape="hits")


@FAST
@given(hits=st.lists(good, min_size=1, max_size=25), block=st.integers(1, 400), data=st.data())
def test_any_hits_in_any_shape_and_compression_give_the_oracles_rows(
    tmp_path_factory: pytest.TempPathFactory, hits: list[bytes], block: int, data: DataObject
) -> None:
    folder = tmp_path_factory.mktemp("shaped")
    shape = data.draw(st.sampled_from(sorted(SHAPES)))
    compression = data.draw(st.sampled_from(sorted(COMPRESSIONS)))
    log = folder / "20220401.json"
    log.write_bytes(COMPRESSIONS[compression](SHAPES[shape](hits)))
    agrees(folder, [log], *options("incremental", str(block)))
