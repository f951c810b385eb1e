"""What the measurements were made on and with."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import CORES
from benchmarks.peers import PEERS
from engagement_cli.version import __version__

_GIB = 2**30


def describe() -> dict[str, str]:
    """Return processor, cores, memory, system and versions, each by its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "Processor": _processor(),
        "Cores": str(len(CORES)),
        "Memory": f"{memory / _GIB:.0f} GiB",
        "System": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": platform.python_version(),
        "engagement": __version__,
        **{name: _version(name) for name in (*PEERS, "pyarrow", "numpy", "numba")},
        "Java": _java(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _java() -> str:
    if shutil.which("java") is None:
        return "not installed"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True)
    return said.stderr.splitlines()[0]
