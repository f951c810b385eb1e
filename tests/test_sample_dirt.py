"""Made-up dirt is of every kind that the rules know, rare, and only where it is asked for."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from made_up import hits_of, made
from plain_judge import VALID, verdict

if TYPE_CHECKING:
    from pathlib import Path

    from engagement_cli.sample import ShapeName


@pytest.mark.parametrize("shape", ["hits", "id-first", "no-type", "spaced"])
def test_dirty_logs_hold_every_kind_of_reject(tmp_path: Path, shape: ShapeName) -> None:
    verdicts = Counter(map(verdict, made(tmp_path, shape=shape, dirty=True).split(b"\n")[:-1]))
    assert verdicts.total() == 500
    assert set(verdicts) == {
        VALID,
        "blank",
        "not UTF-8",
        "not JSON",
        "too deep",
        "not an object",
        "no source",
        "source of another type",
        "no contract",
        "contract of another type",
        "NUL in contract",
        "lone surrogate in contract",
        "no seconds",
        "seconds are no number",
        "fraction of seconds",
        "negative seconds",
        "too many seconds",
        "app of another type",
    }


def test_dirty_logs_hold_what_only_looks_bad(tmp_path: Path) -> None:
    lines = [line for line in made(tmp_path, dirty=True).split(b"\n") if verdict(line) == VALID]
    sources = [json.loads(line)["_source"] for line in lines]
    contracts = [source["Contract"] for source in sources]
    seconds = [source["TotalDuration"] for source in sources]
    assert any(line.endswith(b"}\r") for line in lines)
    assert any(line.count(b'"TotalDuration":') > 1 for line in lines)
    assert {579_912, 0, "007", "   ", "Hợp đồng 7", "=1+1", "-5"} <= set(contracts)
    assert max(len(str(contract).encode()) for contract in contracts) > 16
    assert {str, int, float} == set(map(type, seconds))
    assert any(isinstance(each, int) and each > 86_400 for each in seconds)
    assert {"", "kplus", " VOD", "KPLUS"} <= {source.get("AppName") for source in sources}


def test_dirt_is_rare_in_a_long_file_and_leaves_the_other_lines_alone(tmp_path: Path) -> None:
    clean = made(tmp_path, lines=60_000).split(b"\n")
    dirty = made(tmp_path, lines=60_000, dirty=True).split(b"\n")
    assert len(clean) == len(dirty)
    assert sum(a != b for a, b in zip(clean, dirty, strict=True)) == 60_000 // 500


@pytest.mark.parametrize("shape", ["search", "array"])
def test_dirt_leaves_a_document_readable(tmp_path: Path, shape: ShapeName) -> None:
    hits = hits_of(made(tmp_path, shape=shape, dirty=True), shape)
    assert len(hits) == 500
    assert len({verdict(json.dumps(hit).encode()) for hit in hits}) == 13


def test_dirt_leaves_bulk_actions_paired_with_sources(tmp_path: Path) -> None:
    lines = [line for line in made(tmp_path, shape="bulk", dirty=True).split(b"\n") if line.strip()]
    actions = Counter(next(iter(json.loads(line))) for line in lines[::2])
    assert set(actions) == {"index", "update"}
    assert actions.total() * 2 == len(lines)
