"""The same hits written in every shape and every compression."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from typing import TYPE_CHECKING

from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

    Packer = Callable[[bytes], bytes]
    Writer = Callable[[list[bytes]], bytes]


def _source_of(hit: bytes) -> bytes:
    return json.dumps(json.loads(hit)["_source"], ensure_ascii=False).encode()


def _ndjson(hits: list[bytes]) -> bytes:
    return b"".join(hit + b"\n" for hit in hits)


def _sources(hits: list[bytes]) -> bytes:
    return _ndjson([_source_of(hit) for hit in hits])


def _bulk(hits: list[bytes]) -> bytes:
    action = b'{"index":{"_index":"history","_id":"%d"}}\n'
    return b"".join(action % n + _source_of(hit) + b"\n" for n, hit in enumerate(hits))


def _page(hits: list[bytes]) -> bytes:
    head = b'{"took":3,"_shards":{"total":1},"hits":{"total":{"value":%d},"hits":[' % len(hits)
    return head + b",".join(hits) + b'],"max_score":null},"_scroll_id":"DXF1"}'


def _pages(hits: list[bytes]) -> bytes:
    return b"\n".join(_page(hits[n : n + 7]) for n in range(0, len(hits), 7))


def _pretty(text: bytes) -> bytes:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode() + b"\n"


def _array(hits: list[bytes]) -> bytes:
    return b"[" + b",".join(hits) + b"]"


SHAPES: dict[str, Writer] = {
    "hits": _ndjson,
    "source": _sources,
    "bulk": _bulk,
    "search": _page,
    "search-pages": _pages,
    "search-pages-adjacent": lambda hits: _page(hits[:9]) + _page(hits[9:]),
    "search-pretty": lambda hits: _pretty(_page(hits)),
    "array": _array,
    "array-pretty": lambda hits: _pretty(_array(hits)),
    "array-a-hit-a-line": lambda hits: b"[\n" + b",\n".join(hits) + b"\n]\n",
}


_SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00size"
"""A zstd frame without data, as parallel compressors put before each of theirs."""


def _in_three(pack: Packer) -> Packer:
    """Pack as three members one after the other, cut without regard to lines."""

    def packed(data: bytes) -> bytes:
        third = len(data) // 3
        return b"".join(map(pack, (data[:third], data[third : 2 * third], data[2 * third :])))

    return packed


COMPRESSIONS: dict[str, Packer] = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "gzip-members": _in_three(lambda data: gzip.compress(data, mtime=0)),
    "bz2": bz2.compress,
    "bz2-members": _in_three(bz2.compress),
    "xz": lzma.compress,
    "xz-members": _in_three(lzma.compress),
    "zstd": zstd.compress,
    "zstd-frames": _in_three(zstd.compress),
    "zstd-after-skippable": _in_three(lambda data: _SKIPPABLE + zstd.compress(data)),
}
