"""Reading by shape gives what the strict reader gives, whatever stands in a file."""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encode import COMPRESSIONS
from engagement_cli import kernel
from engagement_cli.kernel.shapes import KnownShapes
from engagement_cli.parse.formats import SHAPES
from engagement_cli.parse.rules import Fields
from engagement_cli.scan import Reading, scan
from engagement_cli.sources.blocks import BOM
from engagement_cli.sources.discover import Source
from oracle import NOBODY, answer
from readers import FIELDS, WHOLE, Result, alike, made, ordinary, read, result_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from engagement_cli.parse.formats import Shape

BLOCK_SIZES = [7, 64, 200, 1000, WHOLE]
EXAMPLES = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
RANDOM = st.randoms(use_true_random=False)


def result(read_as: Result | str) -> Result:
    assert isinstance(read_as, Result), read_as
    return read_as


def log(folder: Path, text: bytes) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_bytes(text)
    return path


# --- the same as without ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@EXAMPLES
@given(RANDOM, st.sampled_from(FIELDS), st.sampled_from(BLOCK_SIZES))
def test_files_are_read_by_shape_as_the_strict_reader_and_as_the_rules_alone_read_them(
    tmp_path: Path, shape: Shape, random: Random, fields: Fields, block_size: int
) -> None:
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        pack = COMPRESSIONS[random.choice([*COMPRESSIONS, *["plain"] * 9])]
        path.write_bytes(pack(made(shape, random)))
    told = random.choice([shape, None])
    read_all = partial(read, [*paths, paths[0]], shape=told, fields=fields)
    strictly = read_all(block_size=block_size)
    assert alike(read_all(KnownShapes(), block_size=block_size), strictly)
    assert alike(strictly, read_all(by_rules=True))


@pytest.mark.parametrize("shape", ["hits", "source"])
@EXAMPLES
@given(RANDOM, st.sampled_from(BLOCK_SIZES))
def test_a_file_read_by_shape_gives_the_sums_and_rejects_of_the_oracle(
    tmp_path: Path, shape: Shape, random: Random, block_size: int
) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(made(shape, random).removeprefix(BOM))
    by_shape = result(read([path], KnownShapes(), shape=shape, block_size=block_size))
    expected = answer(path, shape=shape)
    rejects = [(reject.line, reject.byte, reject.reason) for _, reject in by_shape.rejects]
    sums: Counter[tuple[object, object]] = Counter()
    for contract, app, seconds, *_ in zip(*by_shape.columns[:3], strict=True):
        if contract not in NOBODY and cast("str", contract).strip():
            sums[contract, app] += cast("int", seconds)
    assert rejects == expected.rejects
    assert sums == expected.seconds
    assert by_shape.tally.valid == expected.accepted + expected.filtered
    assert by_shape.tally.blank == expected.blank


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_cut_into_blocks_at_any_byte_is_read_by_shape_as_a_whole(
    tmp_path: Path, shape: Shape
) -> None:
    text = text_of(shape, [ordinary(shape, n, n // 3) for n in range(7)])
    path = log(tmp_path, BOM + text.rstrip())
    whole = read([path], shape=shape, fields=FIELDS[-1])
    for block_size in range(7, len(text) + 4, 3):
        known = KnownShapes()
        assert alike(
            read([path], known, shape=shape, fields=FIELDS[-1], block_size=block_size), whole
        )


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_threads_over_many_files_read_by_shape_what_the_strict_reader_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: Shape, jobs: int
) -> None:
    monkeypatch.setattr(kernel, "PAYS_FROM_BYTES", 0)
    odd = 0.0 if shape in {"search", "array"} else 0.6
    paths = [log(tmp_path, made(shape, Random(seed), odd)) for seed in range(20)]
    sources = [Source(str(path), None, path.stat().st_size) for path in paths]
    for block_size in (100, 1000):
        chunks, rejects = [], []
        reading = Reading(shape, FIELDS[-1], jobs=jobs, block_size=block_size, fingerprints=True)
        for step in scan(sources, reading, lambda _, chunk: chunk):
            chunks += [] if step.kept is None else [step.kept]
            rejects += [(step.source.path.name, reject) for reject in step.rejects]
        by_shape = result_of(chunks, rejects)
        assert alike(by_shape, read(paths, shape=shape, fields=FIELDS[-1]))
        assert by_shape.tally.shape_matched > by_shape.tally.valid / 3


# --- what is matched --------------------------------------------------------------------------


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_ordinary_hits_are_all_matched_in_every_shape(
    tmp_path: Path, shape: Shape, fields: Fields
) -> None:
    path = log(tmp_path, text_of(shape, [ordinary(shape, n, 0) for n in range(300)]))
    tally = result(read([path], KnownShapes(), fields=fields, block_size=2000)).tally
    assert tally.shape_matched == tally.lines == 300


@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_order_that_comes_late_is_matched_from_the_next_block_on(
    tmp_path: Path, shape: Shape
) -> None:
    path = log(tmp_path, text_of(shape, [ordinary(shape, n, n // 100) for n in range(300)]))
    tally = result(read([path], KnownShapes(), block_size=1000)).tally
    assert tally.lines == 300
    assert tally.shape_matched > 250


def test_what_one_file_taught_is_known_in_the_next(tmp_path: Path) -> None:
    first = log(tmp_path, text_of("hits", [ordinary("hits", 1, order) for order in range(12)]))
    known = KnownShapes()
    read([first], known)
    second = log(tmp_path, b"no hit\n" * 5000 + ordinary("hits", 2, 5) + b"\n")
    assert result(read([second], known)).tally.shape_matched == 1


def test_pairs_are_matched_behind_blank_lines_and_actions_without_a_source(tmp_path: Path) -> None:
    between = [b"", b"\r", b'{"delete":{}}', b'{"update":{}}\n{"doc":{}}', b'{"index":{}}\n5']
    pairs = [ordinary("bulk", n, 0) + b"\n" + between[n % len(between)] for n in range(100)]
    tally = result(read([log(tmp_path, text_of("bulk", pairs))], KnownShapes())).tally
    assert tally.shape_matched == tally.valid == 100
    assert tally.rejects == 60


def test_a_pair_that_is_a_source_and_an_action_is_not_matched(tmp_path: Path) -> None:
    known = KnownShapes()
    pair = ordinary("bulk", 1, 0)
    read([log(tmp_path, pair + b"\n")], known)
    path = log(tmp_path, b'{"index":{}}\n' + pair + b"\n")
    by_shape = result(read([path], known))
    assert [reject.line for _, reject in by_shape.rejects] == [2, 3]
    assert by_shape.columns[0] == []


# --- bulk files -------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [None, KnownShapes()])
def test_the_id_of_a_pair_is_its_actions_whatever_its_source_calls_so(
    tmp_path: Path, known: KnownShapes | None
) -> None:
    source = b'{"_id":"own","Contract":"A","TotalDuration":1}\n'
    pairs = [b'{"index":{"_id":"%d"}}\n' % n + source for n in range(9)]
    path = log(tmp_path, b"".join(pairs) + b'{"index":{}}\n' + source)
    ids = result(read([path], known, fields=Fields(hit_id=True))).columns[-1]
    assert ids == [*"012345678", None]


@pytest.mark.parametrize("known", [None, KnownShapes()])
@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(
    "line",
    [
        b'{"index":{"_id":"\xff"}}',
        b'{"index":{"\xff":0}}',
        b'{"index":{"_id":"\\ud800"}}',
        b'{"index":{"x":' + b"[" * 511 + b"]" * 511 + b"}}",
        b'{"index":{"x":' + b"[" * 990 + b"]" * 990 + b"}}",
    ],
)
def test_a_line_that_is_not_utf_8_or_nested_too_deep_is_no_action(
    tmp_path: Path, line: bytes, fields: Fields, known: KnownShapes | None
) -> None:
    path = log(tmp_path, line + b"\n" + ordinary("bulk", 1, 0) + b"\n")
    read_as = result(read([path], known, shape="bulk", fields=fields))
    assert [(reject.line, reject.reason) for _, reject in read_as.rejects] == [(1, "bulk-action")]
    assert read_as.tally.valid == 1


@pytest.mark.parametrize("block_size", [3, 10, 48, WHOLE])
def test_an_action_behind_a_byte_order_mark_has_its_source_whatever_the_blocks(
    tmp_path: Path, block_size: int
) -> None:
    path = log(tmp_path, BOM + ordinary("bulk", 1, 0) + b"\n" + ordinary("bulk", 2, 0) + b"\n")
    read_as = result(read([path], shape="bulk", block_size=block_size))
    assert (read_as.tally.valid, read_as.rejects) == (2, [])
