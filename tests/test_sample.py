"""Made-up logs are always the same bytes, in every shape, and never half a file."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from engagement_cli.cli.sample import sample
from engagement_cli.errors import OutputError, UsageError
from engagement_cli.sample import SHAPES, write_days
from engagement_cli.sample.day import CONTRACTS_LIMIT
from made_up import CATEGORY, NOBODY, SHAPE_NAMES, hits_of, made
from plain_judge import VALID, verdict

if TYPE_CHECKING:
    from engagement_cli.sample import ShapeName

SAMPLE_DATA = Path(__file__).parent.parent / "sample_data"


# --- the same bytes ---------------------------------------------------------------------------


@pytest.mark.parametrize("dirty", [False, True])
@pytest.mark.parametrize("shape", SHAPE_NAMES)
def test_the_same_arguments_give_the_same_bytes(
    tmp_path: Path, shape: ShapeName, dirty: bool
) -> None:
    once = made(tmp_path / "a", shape=shape, dirty=dirty)
    assert once == made(tmp_path / "b", shape=shape, dirty=dirty)


def test_a_day_is_the_same_in_whichever_range_it_is_made(tmp_path: Path) -> None:
    month = write_days(tmp_path / "a", days=3, lines=300, seed=5)
    later = write_days(tmp_path / "b", days=2, lines=300, seed=5, start=date(2022, 4, 2))
    assert [file.path.name for file in month] == ["20220401.json", "20220402.json", "20220403.json"]
    assert [file.path.read_bytes() for file in month[1:]] == [f.path.read_bytes() for f in later]


@pytest.mark.parametrize("other", [{"seed": 2}, {"start": date(1969, 7, 20)}])
def test_another_seed_or_day_shares_no_line(tmp_path: Path, other: dict[str, Any]) -> None:
    first = made(tmp_path / "a").splitlines()
    assert not set(first) & set(made(tmp_path / "b", **other).splitlines())


def test_blocks_leave_no_seam(tmp_path: Path) -> None:
    lines = made(tmp_path, lines=30_001).split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == 30_001
    assert {line[:20] + line[-2:] for line in lines} == {b'{"_index":"history",' + b'"}'}


def test_compressed_files_hold_the_same_lines_and_no_time(tmp_path: Path) -> None:
    packed = made(tmp_path, gzip=True)
    assert (tmp_path / "20220401.json.gz").read_bytes() == packed
    assert gzip.decompress(packed) == made(tmp_path)
    assert packed[3:8] == bytes(5)  # no name, no time


# --- shapes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPE_NAMES)
def test_every_shape_holds_the_same_sources(tmp_path: Path, shape: ShapeName) -> None:
    expected = [hit["_source"] for hit in hits_of(made(tmp_path, lines=10_500))]
    hits = hits_of(made(tmp_path, lines=10_500, shape=shape), shape)
    assert [hit.get("_source", hit) for hit in hits] == expected


def test_every_shape_has_a_name() -> None:
    assert tuple(SHAPES) == SHAPE_NAMES


@pytest.mark.parametrize(
    ("shape", "start"),
    [
        ("hits", b'{"_index":"history","_type":"dshd","_score":0,"_source":{"Contract":"'),
        ("id-first", b'{"_index":"history","_type":"dshd","_id":"AX_'),
        ("no-type", b'{"_index":"history","_score":0,"_source":{"Contract":"'),
        (
            "spaced",
            b'{"_index": "history", "_type": "dshd", "_score": 0, "_source": {"Contract": "',
        ),
        ("source", b'{"Contract":"'),
        ("bulk", b'{"index":{"_index":"history","_type":"dshd","_id":"AX_'),
        ("search", b'{"took":12,"timed_out":false,'),
        ("array", b'[\n{"_index":"history","_type":"dshd",'),
    ],
)
def test_shapes_are_laid_out_as_they_are_named(
    tmp_path: Path, shape: ShapeName, start: bytes
) -> None:
    text = made(tmp_path, shape=shape)
    assert text[: len(start)] == start
    assert text.endswith(b"\n")


def test_search_responses_come_in_pages_of_ten_thousand(tmp_path: Path) -> None:
    pages = made(tmp_path, lines=20_001, shape="search").splitlines()
    assert [len(json.loads(page)["hits"]["hits"]) for page in pages] == [10_000, 10_000, 1]


# --- files ------------------------------------------------------------------------------------


def test_a_file_that_exists_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    old = tmp_path / "20220402.json"
    old.write_text("mine")
    with pytest.raises(UsageError, match=r"20220402\.json: there already, .* --force"):
        write_days(tmp_path, days=3, lines=10, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["20220402.json"]
    assert old.read_text() == "mine"


def test_force_replaces_files(tmp_path: Path) -> None:
    first = made(tmp_path, seed=1)
    assert made(tmp_path, seed=2, force=True) != first
    assert [path.name for path in tmp_path.iterdir()] == ["20220401.json"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_stood_there_stands_when_writing_is_stopped(
    tmp_path: Path, stop: BaseException
) -> None:
    first = made(tmp_path)

    def fail(_: int) -> None:
        raise stop

    with pytest.raises((KeyboardInterrupt, OutputError)):
        made(tmp_path, seed=2, advance=fail)
    assert [path.name for path in tmp_path.iterdir()] == ["20220401.json"]
    assert (tmp_path / "20220401.json").read_bytes() == first


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="the folder cannot be made: Not a directory"):
        write_days(tmp_path / "file" / "logs", days=1, lines=1, seed=1)


@pytest.mark.parametrize(
    "bad",
    [
        {"days": 0},
        {"days": 2, "start": date.max},
        {"lines": 0},
        {"contracts": 0},
        {"contracts": CONTRACTS_LIMIT + 1},
    ],
)
def test_arguments_out_of_range_are_a_usage_error(tmp_path: Path, bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="give a number from 1 to"):
        made(tmp_path, **bad)
    assert not list(tmp_path.iterdir())


def test_progress_adds_up_to_the_lines(tmp_path: Path) -> None:
    steps: list[int] = []
    write_days(tmp_path, days=2, lines=10_001, seed=1, advance=steps.append)
    assert steps == [10_000, 1, 10_000, 1]


# --- the command and the data that comes with the program ----------------------------------------


def test_the_command_says_on_stderr_what_it_wrote(tmp_path: Path) -> None:
    out = str(tmp_path / "logs")
    result = CliRunner().invoke(sample, [out, "--days", "2", "--lines", "100", "--gzip"])
    files = sorted(Path(out).iterdir())
    assert [file.name for file in files] == ["20220401.json.gz", "20220402.json.gz"]
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{file}  100 lines  {file.stat().st_size:,} bytes" for file in files
    ]


def test_the_command_hands_on_every_option(tmp_path: Path) -> None:
    options = "--lines 300 --seed 9 --start 2023-01-31 --contracts 7 --shape bulk --dirty --force"
    assert not CliRunner().invoke(sample, [str(tmp_path), *options.split()]).exception
    made_by_command = (tmp_path / "20230131.json").read_bytes()
    assert made_by_command == made(
        tmp_path, lines=300, seed=9, start=date(2023, 1, 31), contracts=7, shape="bulk", dirty=True
    )


def test_the_help_text_waits_for_no_numpy() -> None:
    code = "import engagement_cli.cli.sample, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sample_data_is_what_the_command_makes(tmp_path: Path) -> None:
    for options in ("--days 2", "--start 2022-04-03 --gzip"):
        command = [str(tmp_path), "--lines", "2000", "--seed", "25", *options.split()]
        assert CliRunner().invoke(sample, command).exit_code == 0
    names = ["20220401.json", "20220402.json", "20220403.json.gz"]
    assert sorted(path.name for path in SAMPLE_DATA.iterdir()) == names
    plain, other, packed = ((tmp_path / name).read_bytes() for name in names)
    assert (SAMPLE_DATA / names[0]).read_bytes() == plain
    assert (SAMPLE_DATA / names[1]).read_bytes() == other
    assert gzip.decompress((SAMPLE_DATA / names[2]).read_bytes()) == gzip.decompress(packed)


def test_sample_data_has_what_real_files_have_and_no_rejects() -> None:
    for path in SAMPLE_DATA.iterdir():
        text = path.read_bytes()
        assert len(text) < 400_000
        lines = (gzip.decompress(text) if path.suffix == ".gz" else text).splitlines()
        assert Counter(map(verdict, lines)) == {VALID: 2_000}
        sources = [json.loads(line)["_source"] for line in lines]
        assert len(set(lines)) < len(lines)
        assert any(source["Contract"] in NOBODY for source in sources)
        assert any(source["TotalDuration"] == 0 for source in sources)
        assert any(source.get("AppName") not in CATEGORY for source in sources)
