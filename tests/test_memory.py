"""What the program does with memory."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

REUSED = """
import pathlib
from engagement_cli.__main__ import _reuse_memory

_reuse_memory()
import numpy, pyarrow

def pages():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1])

array = numpy.ones(2_000_000)
before = pages()
del array
freed = before - pages()
buffer = pyarrow.allocate_buffer(12_000_000)
numpy.frombuffer(buffer, numpy.uint8)[:] = 1
print(pyarrow.default_memory_pool().backend_name, freed < 1_000, pages() - before < 1_000)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are left alone")
def test_memory_that_numpy_frees_is_kept_and_used_again_by_arrow() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", REUSED], capture_output=True, check=True, text=True
    )
    assert ended.stdout == "system True True\n"


def test_arrow_loads_without_the_clients_of_stores_that_no_path_names() -> None:
    code = """
import sys
sys.argv = ["engagement", "inspect", "--help"]
try:
    from engagement_cli.__main__ import main
    main()
except SystemExit:
    from pyarrow import fs, parquet
    print(hasattr(parquet, "write_table"), "S3FileSystem" in vars(fs), file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert ended.stderr == "True False\n"
