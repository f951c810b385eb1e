"""Places that tests run in."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from engagement_cli import kernel
from hostile_files import month
from program import OLD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
    disk = tmp_path / "small-disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        if "CI" in os.environ:
            pytest.fail("a small tmpfs cannot be mounted, and no check may be left out here")
        pytest.skip("only root can mount the small file system that this needs")
    yield disk
    subprocess.run(["umount", disk], check=True)
