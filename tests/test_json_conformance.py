"""JSON is read as RFC 8259 writes it, judged on fields of a hit that nothing asks for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hostile_lines import hit, source, wrap
from json_cases import ALLOWED, FORBIDDEN, OPEN
from program import TOLERANT, run

pytestmark = pytest.mark.usefixtures("reader")

SUITE = os.environ.get("JSON_TEST_SUITE", "")
"""The folder ``test_parsing`` of nst/JSONTestSuite, if that suite is at hand."""
PLACES = {
    "of-the-hit": lambda value: wrap(source(), after=b',"x":' + value),
    "of-the-hit-before-its-source": lambda value: wrap(source(), before=b'"x":' + value + b","),
    "of-the-source": lambda value: wrap(source()[:-1] + b',"x":' + value + b"}"),
    "within-an-ignored-object": lambda value: wrap(source(), after=b',"x":{"y":[' + value + b"]}"),
}
JUDGED = {"not-json", "not-utf-8", "nested-too-deep"}


def rejected(folder: Path, lines: list[bytes], block: str = "4MiB") -> dict[int, str]:
    """The reason for each line that is rejected, by its number from 0; ordinary hits end it."""
    log, rejects = folder / "20220401.json", folder / "rejects.jsonl"
    log.write_bytes(b"\n".join([hit('"START"'), *lines, hit('"END"'), b""]))
    args = ["-i", log, "-o", folder / "out.csv", "--rejects", rejects, "--block-size", block]
    assert run("run", "-q", "--format", "hits", *args, *TOLERANT).status == 0
    rows = [json.loads(row) for row in rejects.read_bytes().splitlines()]
    assert (folder / "out.csv").read_bytes().count(b"START,5,") == 1
    assert (folder / "out.csv").read_bytes().count(b"END,5,") == 1
    return {row["line"] - 2: row["reason"] for row in rows}


@pytest.mark.parametrize("block", ["200", "4MiB"])
@pytest.mark.parametrize("place", PLACES)
def test_what_rfc_8259_allows_is_accepted_in_an_ignored_field(
    tmp_path: Path, place: str, block: str
) -> None:
    reasons = rejected(tmp_path, [PLACES[place](value) for value in ALLOWED.values()], block)
    assert {name: reasons.get(n) for n, name in enumerate(ALLOWED)} == dict.fromkeys(ALLOWED)


@pytest.mark.parametrize("block", ["200", "4MiB"])
@pytest.mark.parametrize("place", PLACES)
def test_what_rfc_8259_forbids_is_rejected_in_an_ignored_field(
    tmp_path: Path, place: str, block: str
) -> None:
    names = [name for name in FORBIDDEN if not allowed_within_a_list(place, name)]
    reasons = rejected(tmp_path, [PLACES[place](FORBIDDEN[name]) for name in names], block)
    accepted = [name for n, name in enumerate(names) if reasons.get(n) not in JUDGED]
    assert accepted == []


def allowed_within_a_list(place: str, name: str) -> bool:
    """Whether the brackets around a value make it good: ``[]``, and ``[1,5]``."""
    good = {"nothing", "space-alone", "number-comma-decimal"}
    return place == "within-an-ignored-object" and name in good


@pytest.mark.parametrize("place", PLACES)
def test_what_rfc_8259_leaves_open_is_accepted_or_rejected_and_its_neighbours_stay(
    tmp_path: Path, place: str
) -> None:
    reasons = rejected(tmp_path, [PLACES[place](value) for value in OPEN.values()])
    assert set(reasons.values()) <= JUDGED
    broken = [name for n, name in enumerate(OPEN) if n in reasons]
    assert broken == [name for name in OPEN if name.startswith(("string-", "bytes-"))]


if SUITE:

    @pytest.mark.parametrize("place", PLACES)
    def test_the_public_conformance_suite_comes_out_right(tmp_path: Path, place: str) -> None:
        wrong = []
        for path in sorted(Path(SUITE).glob("*.json")):
            value = path.read_bytes()
            # A line feed cuts a line. Where it is white space, a carriage return means the same;
            # where it is not (within a string), the cut line is as broken as the suite says.
            if path.name != "n_string_unescaped_newline.json":
                value = value.replace(b"\n", b"\r")
            of_space = path.name.startswith(("n_single_space", "n_structure_no_data"))
            if of_space and "within" in place:
                continue  # white space between brackets is an empty list
            reasons = rejected(tmp_path, [PLACES[place](value)])
            if path.name.startswith("y_" if reasons else "n_"):
                wrong.append((path.name, reasons))
        assert wrong == []
