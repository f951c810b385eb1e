"""Every kind of output holds the oracle's rows, and every place that a run meets is dealt with."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from hostile_files import FILES, month
from hostile_lines import hit
from oracle import TABLE, answer
from program import (
    COMMAND,
    ENVIRONMENT,
    TOLERANT,
    one_line,
    run,
    run_process,
    summarised,
    verdicts,
)

pytestmark = pytest.mark.usefixtures("reader")

STRATEGIES = pytest.mark.parametrize("strategy", ["incremental", "batch"])


@pytest.fixture
def hostile(logs: Path) -> Path:
    """A log of every hostile line."""
    (logs / "20220402.json").write_bytes(FILES["every-hostile-line"])
    return logs / "20220402.json"


@STRATEGIES
@pytest.mark.parametrize(
    ("name", "unpack"),
    [("out.csv", bytes), ("out.csv.gz", gzip.decompress), ("out.csv.zst", zstd.decompress)],
)
def test_csv_is_the_same_text_however_it_is_compressed(
    hostile: Path, tmp_path: Path, name: str, unpack: type[bytes], strategy: str
) -> None:
    args = ["-i", hostile, "-o", tmp_path / name, "--strategy", strategy, *TOLERANT]
    assert run("run", "-q", *args).status == 0
    assert unpack((tmp_path / name).read_bytes()) == answer(hostile).csv()


@STRATEGIES
@pytest.mark.parametrize("target", ["-", "/dev/stdout"])
def test_csv_goes_to_stdout_and_everything_else_to_stderr(
    hostile: Path, strategy: str, target: str
) -> None:
    result = run_process("run", "-i", hostile, "-o", target, "--strategy", strategy, *TOLERANT)
    assert (result.status, result.out) == (0, answer(hostile).csv())
    assert "accepted" in result.err


@STRATEGIES
def test_parquet_holds_strings_and_int64_and_the_account(
    hostile: Path, tmp_path: Path, strategy: str
) -> None:
    out = tmp_path / "out.parquet"
    args = ["-i", hostile, "-o", out, "--strategy", strategy, *TOLERANT]
    _, account = summarised(tmp_path, *args)
    table = pq.read_table(out)
    types = {field.name: field.type for field in table.schema}
    text = types.pop("Contract")
    assert text in {pa.string(), pa.large_string()}
    assert types == dict.fromkeys(TABLE, pa.int64())
    assert [list(row.values()) for row in table.to_pylist()] == answer(hostile).rows()
    assert json.loads(pq.read_metadata(out).metadata[b"engagement"]) == account


@STRATEGIES
def test_jsonl_holds_an_object_a_row(hostile: Path, tmp_path: Path, strategy: str) -> None:
    out = tmp_path / "out.jsonl"
    args = ["-i", hostile, "-o", out, "--strategy", strategy, *TOLERANT]
    assert run("run", "-q", *args).status == 0
    names = ["Contract", *TABLE]
    rows = [dict(zip(names, row, strict=True)) for row in answer(hostile).rows()]
    assert [json.loads(line) for line in io.BytesIO(out.read_bytes())] == rows


@pytest.mark.parametrize(
    "name", ["out.csv", "out.csv.gz", "out.csv.zst", "out.parquet", "out.jsonl"]
)
def test_blocks_jobs_and_strategy_change_no_byte_of_any_output(
    hostile: Path, tmp_path: Path, name: str
) -> None:
    seen = set()
    for n, args in enumerate(
        (
            ["--jobs", "1", "--block-size", "1000"],
            ["--jobs", "2", "--block-size", "10k"],
            ["--strategy", "batch"],
        )
    ):
        (tmp_path / str(n)).mkdir()
        out = tmp_path / str(n) / name
        assert run("run", "-q", "-i", hostile, "-o", out, *args, *TOLERANT).status == 0
        seen.add(out.read_bytes())
    assert len(seen) == 1


def test_a_link_as_output_stays_a_link_and_its_file_keeps_its_mode(
    logs: Path, tmp_path: Path
) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.touch(0o640)
    real.chmod(0o640)
    link.symlink_to(real.name)
    assert run("run", "-q", "-i", logs, "-o", link).status == 0
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes() == answer(logs / "20220401.json").csv()


def test_stdin_is_read_whatever_its_compression(tmp_path: Path, logs: Path) -> None:
    out = tmp_path / "out.csv"
    for data in (month(), gzip.compress(month())):
        assert run("run", "-q", "-i", "-", "-o", out, stdin=data).status == 0
        assert out.read_bytes() == answer(logs / "20220401.json").csv()


def test_a_file_that_is_named_in_several_ways_is_read_once(logs: Path, tmp_path: Path) -> None:
    log = logs / "20220401.json"
    ways = ["-i", logs, "-i", log, "-i", logs / "*.json", "-i", logs / ".." / "logs"]
    _, account = summarised(tmp_path, *ways, "-o", tmp_path / "out.csv")
    assert (account["files"], account["lines"], account["warnings"]) == (1, 40, [])


def test_only_files_alike_to_the_last_byte_are_taken_for_one(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    text = month(3000)
    at = len(text) // 2
    other = text[:at] + text[at:].replace(b"VOD", b"DVO", 1)
    assert len(text) > 3 * 64 * 1024
    for day, data in enumerate((text, other, text, other, text.swapcase(), text), start=1):
        (folder / f"2022040{day}.json").write_bytes(data)
    _, account = summarised(tmp_path, "-i", folder, "-o", tmp_path / "out.csv", *TOLERANT)
    names = [[Path(name).name[7:8] for name in pair] for pair in account["identical_files"]]
    assert (account["files"], names) == (3, [["1", "3"], ["2", "4"], ["1", "6"]])


@pytest.mark.parametrize("first", ["aggregations", "num_reduce_phases", "status", "_clusters"])
def test_a_pretty_response_is_known_by_whatever_key_comes_first(tmp_path: Path, first: str) -> None:
    hits = [json.loads(line) for line in month().splitlines()]
    log = tmp_path / "20220401.json"
    log.write_text(json.dumps({first: {}, "took": 1, "hits": {"hits": hits}}, indent=2))
    plain = tmp_path / "plain.json"
    plain.write_bytes(month())
    result = run("run", "-q", "-i", log, "-o", "-")
    assert (result.status, result.out) == (0, answer(plain).csv())


def test_links_in_a_circle_end(logs: Path, tmp_path: Path) -> None:
    (logs / "again").symlink_to(".")
    _, account = summarised(tmp_path, "-i", logs, "-o", tmp_path / "out.csv")
    assert (account["files"], account["lines"]) == (1, 40)


@pytest.mark.parametrize("name", [b"20220402\xff.json", b"20220402\n.json"])
def test_a_file_name_that_no_terminal_can_show_is_shown_on_one_line(
    logs: Path, tmp_path: Path, name: bytes
) -> None:
    path = bytes(logs) + b"/" + name
    with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(hit(seconds="-1"))
    one_line(run("run", "-q", "-i", logs, "-o", tmp_path / "out.csv"), 3, "20220402")


def test_an_empty_path_is_a_usage_error(tmp_path: Path) -> None:
    one_line(run("run", "-q", "-i", "", "-o", tmp_path / "out.csv"), 2)


def test_a_terminal_of_ascii_alone_breaks_nothing(logs: Path) -> None:
    (logs / "20220402.json").write_bytes(hit('"\u0110\u00e0 N\u1eb5ng"', app='"Th\u1ec3"'))
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [*COMMAND, "run", "-i", logs, "-o", "-", "--unmapped", "keep"],
        capture_output=True,
        env={**ENVIRONMENT, **environment},
        check=False,
    )
    files = logs / "20220401.json", logs / "20220402.json"
    assert (done.returncode, done.stdout) == (0, answer(*files).csv(other="OtherDuration"))


@pytest.mark.parametrize(
    ("args", "closed", "status"),
    [
        ("-i {logs} -o -", ">&-", 1),
        ("-i - -o {out}", "<&-", 1),
        ("-i {logs} -o {out}", "2>&-", 0),
        ("-i {logs} -o {out}", "<&- >&- 2>&-", 0),
    ],
)
def test_a_closed_stream_is_missed_only_where_it_is_needed(
    logs: Path, tmp_path: Path, args: str, closed: str, status: int
) -> None:
    filled = args.format(logs=logs, out=tmp_path / "out.csv")
    command = f"{' '.join(COMMAND)} run {filled} {closed}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "out.csv").exists() == (status == 0)


@STRATEGIES
def test_logs_of_the_sampler_with_all_its_dirt_give_the_oracles_rows(
    tmp_path: Path, strategy: str
) -> None:
    folder, out = tmp_path / "logs", tmp_path / "out.csv"
    size = ["--days", "2", "--lines", "3000", "--seed", "7"]
    assert run("sample", folder, *size, "--dirty").status == 0
    expected = answer(*(path for path in folder.rglob("*") if path.is_file()))
    args = ["-i", folder, "-o", out, "--strategy", strategy, *TOLERANT]
    _, account = summarised(tmp_path, *args)
    assert out.read_bytes() == expected.csv()
    assert verdicts(account) == expected.account()
