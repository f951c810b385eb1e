"""Golden folders: from these logs, this table and these options come these bytes and no others.

A folder of ``golden/`` holds ``logs/``, perhaps ``categories.yaml`` and ``args`` (an argument a
line), and what a run must write: ``expected.csv``, ``expected.json`` (the account), and perhaps
``expected.jsonl`` (the rejects).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from program import run

pytestmark = pytest.mark.usefixtures("reader")

GOLDEN = Path(__file__).with_name("golden")


@pytest.mark.parametrize("strategy", ["incremental", "batch"])
@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir() if path.is_dir()))
def test_a_golden_folder_gives_its_expected_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, strategy: str
) -> None:
    folder = tmp_path / name
    shutil.copytree(GOLDEN / name, folder)
    monkeypatch.chdir(folder)
    args = Path("args").read_text().split() if Path("args").exists() else []
    table = ["--categories", "categories.yaml"] if Path("categories.yaml").exists() else []
    fixed = ["-i", "logs", "-o", "out.csv", "--summary", "out.json", "--strategy", strategy]
    result = run("run", "-q", *fixed, *table, *args)
    assert result == (0, b"", "")
    written = {"expected.csv": "out.csv", "expected.json": "out.json"}
    if Path("rejects.jsonl").exists():
        written["expected.jsonl"] = "rejects.jsonl"
    expected = {path.name: path.read_bytes() for path in Path().glob("expected.*")}
    assert {want: Path(got).read_bytes() for want, got in written.items()} == expected
