"""Gzip: by ISA-L, much faster than zlib, where there is a build of it for this processor."""

from gzip import BadGzipFile
from typing import Any

DeflateError: Any
try:
    from isal.igzip import GzipFile
    from isal.isal_zlib import error as DeflateError  # noqa: N812 - an exception like the others
except ImportError:
    from gzip import GzipFile
    from zlib import error as DeflateError  # noqa: N812 - likewise

__all__ = ["BadGzipFile", "DeflateError", "GzipFile"]
