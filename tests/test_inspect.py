"""What ``inspect`` tells of files: sound ones, damaged ones, and pipes without a size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hostile_files import month
from program import one_line, run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pipe_of_more_than_is_read_has_an_unknown_size() -> None:
    many = month(1000) * 60
    assert len(many) > 8 * 1024 * 1024
    result = run("inspect", "-", stdin=many)
    assert (result.status, result.err) == (0, "")
    told = result.out.decode().splitlines()[0]
    assert told == "- (first part of unknown size; --full reads all)"


def test_a_file_that_cannot_be_read_is_told_among_the_others(logs: Path) -> None:
    (logs / "20220331.json").write_bytes(b"\x1f\x8bdamaged")
    result = run("inspect", logs)
    told = result.out.decode().splitlines()
    assert result.status == 1
    assert told[0] == f"{logs}/20220331.json"
    assert told[1].startswith("  error      damaged or cut short (gzip: ")
    assert told[2] == f"{logs}/20220401.json"
    assert result.err == "engagement: 1 of 2 files cannot be read; each is told why.\n"


def test_json_has_an_entry_with_the_error_of_a_file_that_cannot_be_read(logs: Path) -> None:
    (logs / "20220402.json").write_bytes(b"\xff\xfe{\x00")
    result = run("inspect", logs, "--json")
    sound, broken = json.loads(result.out)
    assert (result.status, sound["lines"]) == (1, 40)
    assert broken == {
        "file": f"{logs}/20220402.json",
        "day": "2022-04-02",
        "bytes": 4,
        "error": "written in UTF-16, and logs are UTF-8. Convert it: iconv -f UTF-16 -t UTF-8.",
    }


def test_a_path_that_does_not_exist_is_told_in_the_words_of_this_command(tmp_path: Path) -> None:
    result = run("inspect", tmp_path / "nope")
    one_line(result, 2, "nope: no such file or folder. Check the path.")
    assert "--input" not in result.err
