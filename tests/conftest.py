"""Places that tests run in."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from disks import mounted
from engagement_cli import kernel
from hostile_files import month
from program import OLD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell has it that starts tests in the background; what they start would never be
    # interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=["strict", "by-shape"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which reader judges the lines: the strict one, or the kernel with that one behind it."""
    name: str = request.param
    most = sys.maxsize
    monkeypatch.setattr(kernel, "PAYS_FROM_BYTES", most if name == "strict" else 0)
    return name


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder with one good log of a day."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "20220401.json").write_bytes(month())
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output that stands already, alone in its folder."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "out.csv").write_bytes(OLD)
    return folder / "out.csv"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    with mounted(tmp_path / "small-disk", "64k") as disk:
        yield disk
