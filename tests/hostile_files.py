"""Named hostile files, small, each with a name that says what it is."""

from __future__ import annotations

import json

from hostile_lines import LINES, Line, hit, source, wrap

MIB = 1024 * 1024


def file_of(lines: list[Line]) -> bytes:
    """The lines as a file that begins and ends with an ordinary hit."""
    return b"\n".join([hit(), *(line.text for line in lines), hit()]) + b"\n"


def month(hits: int = 40) -> bytes:
    """Ordinary hits, no two alike."""
    apps = ["CHANNEL", "KPLUS", "KPlus", "VOD", "CHILD", "RELAX", "SPORT", "ZALO"]
    return b"".join(
        wrap(
            source(json.dumps(f"HNH{n * 7 % 11:06}"), str(n * n), json.dumps(apps[n % len(apps)]))
        ).replace(b'"x"', b'"id-%d"' % n)
        + b"\n"
        for n in range(hits)
    )


BOM = b"\xef\xbb\xbf"

FILES: dict[str, bytes] = {
    "ordinary": month(),
    "empty": b"",
    "one-line-feed": b"\n",
    "blank-lines-alone": b"\n \n\t\n\r\n",
    "byte-order-mark-alone": BOM,
    "byte-order-mark": BOM + month(),
    "byte-order-mark-and-blank-line": BOM + b"\n" + month(),
    "windows-line-ends": month().replace(b"\n", b"\r\n"),
    "windows-line-ends-and-mark": BOM + month().replace(b"\n", b"\r\n"),
    "blank-lines-between": month().replace(b"\n", b"\n\n \r\n"),
    "blank-lines-first": b"\n\r\n" + month(),
    "no-final-line-feed": month().rstrip(b"\n"),
    "white-space-after-the-last-line": month() + b"  ",
    "one-hit": hit(),
    "cut-last-line": month()[:-30],
    "cut-last-line-to-one-byte": month() + b"{",
    "cut-inside-a-character": month() + hit('"Ti\u1ebfng"').split(b"\xbfng")[0],
    "other-key-order": month().replace(
        b'"_type":"kplus",', b'"_type":"kplus","_id":"before","_score":0,'
    ),
    "without-type": month().replace(b'"_type":"kplus",', b""),
    "capital-type": month().replace(b"_type", b"_Type"),
    "key-orders-mixed": month() + b'{"_source":' + source('"B2"') + b',"_id":"z"}\n' + month(3),
    "spaces-after-colons": month().replace(b":", b": ").replace(b",", b", "),
    "repeated-lines": month(5) * 4,
    "lines-of-many-lengths": b"".join(
        hit(json.dumps("C" * n), str(n)) + b"\n" for n in range(1, 140)
    ),
    "nobody-alone": hit('"0"') + b"\n" + hit('" "') + b"\n",
    "unmapped-alone": hit(app='"ZALO"') + b"\n" + hit('"B2"', app="null") + b"\n",
    "zero-seconds-alone": hit(seconds="0") + b"\n",
    "sum-beyond-32-bits": (hit(seconds="2147483647") + b"\n") * 5,
    "rejects-alone": hit(seconds="-1") + b"\n" + hit("null") + b"\n",
    "bad-first-line": b"oops\n" + month(),
    "every-hostile-line": file_of(LINES),
    "every-hostile-line-on-windows": b"\r\n".join(
        [hit(), *(line.text for line in LINES if line.fate != "not-utf-8"), hit(), b""]
    ),
    "source-only": b"".join(source(json.dumps(f"S{n % 7}"), str(n)) + b"\n" for n in range(30)),
    "source-only-with-rejects": b"".join(
        source(token, "3") + b"\n" for token in ('"S1"', "null", "5", '""', "[]", '"S2"')
    ),
    "source-only-among-hits": source('"S1"') + b"\n" + hit() + b"\n" + source('"S2"') + b"\n",
    "bulk-with-every-action": b"\n".join(
        [
            b'{"index":{"_index":"history","_id":"1"}}',
            source('"B1"', "10"),
            b'{"delete":{"_index":"history","_id":"1"}}',
            b'{"create":{"_index":"history","_id":"2"}}',
            source('"B2"', "20", '"VOD"'),
            b'{"update":{"_index":"history","_id":"3"}}',
            b'{"doc":{"Contract":"B3","TotalDuration":30}}',
            b'{"index":{}}',
            source('"B4"', "-5"),
            b'{"index":{"_id":"5"}}',
            source('"0"', "50"),
            b'{"index":{"_id":"6"}}',
            source('"B1"', "60", "null"),
            b"",
        ]
    ),
    "search-without-hits": b'{"took":1,"hits":{"total":0,"hits":[]}}',
    "search-with-rejects": b'{"took":1,"_shards":{"failed":0},"hits":{"total":{"value":4},"hits":['
    + b",".join([hit(), hit("null"), b"{}", hit('"B2"', "7"), hit('"0"')])
    + b']}}\n{"hits":{"hits":[],"max_score":null},"_scroll_id":"x","took":2}',
    "array-with-rejects": b"["
    + b" ,\n".join([hit(), hit("null"), b"5", b"[]", hit('"B2"')])
    + b"]",
    "array-empty": b"[]",
}
"""Every hostile file that the oracle can read; the shape is told by the first document."""


def long_line(excess: int = MIB) -> bytes:
    """An ordinary hit, one longer than 16 MiB by the excess, and an ordinary hit."""
    padding = b"y" * (16 * MIB + excess - len(wrap(source(), after=b',"x":""')))
    return b"\n".join([hit(), wrap(source(), after=b',"x":"%b"' % padding), hit('"Z9"'), b""])
