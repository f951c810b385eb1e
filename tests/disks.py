"""Small file systems, to fill."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def mounted(disk: Path, size: str) -> Iterator[Path]:
    """A file system in memory, mounted at a new folder; only root can, and under CI must."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        if "CI" in os.environ:
            pytest.fail("a small tmpfs cannot be mounted, and no check may be left out here")
        pytest.skip("only root can mount the small file system that this needs")
    yield disk
    subprocess.run(["umount", disk], check=True)
