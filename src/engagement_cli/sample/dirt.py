r"""What goes wrong in real exports, and what only looks wrong.

Every kind that the rules for a line tell apart is here, but for a line of more than 16 MiB. Each is
a change of a shape's template. A lone surrogate such as ``\udcff`` stands for the raw byte 0xFF, as
in Python's ``surrogateescape``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement_cli.sample.shapes import SOURCE

if TYPE_CHECKING:
    from engagement_cli.sample.shapes import Shape

_CONTRACT = '"<contract>"'
_SECONDS = "<seconds>"
_DURATION = '"TotalDuration":<seconds>'
_APP = "<app>"
_MAC = '"<mac>"'
_SOURCE = f'"_source":{SOURCE}'

_REJECTED = (
    (_SOURCE, '"found":false'),
    (_SOURCE, '"_source":null'),
    (_SOURCE, '"_source":[<seconds>]'),
    ('{"index":', '{"update":'),
    ('"Contract":"<contract>",', ""),
    (_CONTRACT, "null"),
    (_CONTRACT, "true"),
    (_CONTRACT, "579912.5"),
    (_CONTRACT, '["<contract>"]'),
    (_CONTRACT, '{"id":"<contract>"}'),
    (_CONTRACT, r'"<contract>\u0000"'),
    (_CONTRACT, r'"\ud800<contract>"'),
    (_CONTRACT, r'"<contract>\udc00\ud800"'),
    (f"{_DURATION}<app>", '"AppName":"KPLUS"'),
    (_SECONDS, "null"),
    (_SECONDS, "true"),
    (_SECONDS, "[<seconds>]"),
    (_SECONDS, '{"s":<seconds>}'),
    (_SECONDS, '""'),
    (_SECONDS, '"1h"'),
    (_SECONDS, '"<seconds>s"'),
    (_SECONDS, '"٢٥٤"'),
    (_SECONDS, "254.5"),
    (_SECONDS, "1e-3"),
    (_SECONDS, "-254"),
    (_SECONDS, "-1.0"),
    (_SECONDS, "2147483648"),
    (_SECONDS, "99999999999999999999"),
    (_SECONDS, "1e300"),
    (_SECONDS, '"2147483648"'),
    (_APP, ',"AppName":5'),
    (_APP, ',"AppName":false'),
    (_APP, ',"AppName":["KPLUS"]'),
    (_APP, ',"AppName":{"name":"KPLUS"}'),
)

_ACCEPTED = (
    (_CONTRACT, "579912"),
    (_CONTRACT, "0"),
    (_CONTRACT, "123456789012345678901234567890"),
    (_CONTRACT, '"007"'),
    (_CONTRACT, '"0042"'),
    (_CONTRACT, '"   "'),
    (_CONTRACT, '" <contract> "'),
    (_CONTRACT, r'"<contract> \t"'),
    (_CONTRACT, '"Hợp đồng 7"'),
    (_CONTRACT, r'"H\u1ee3p \u0111\u1ed3ng 7"'),
    (_CONTRACT, r'"\u0048NH579912"'),
    (_CONTRACT, r'"\ud83d\udcfa<contract>"'),
    (_CONTRACT, '"SIXTEEN-BYTES-16"'),
    (_CONTRACT, '"SEVENTEEN-BYTES17"'),
    (_CONTRACT, '"<contract>/2001:db8:0:0:0:0:0:1/<mac>"'),
    (_CONTRACT, '"=1+1"'),
    (_CONTRACT, '"+84<contract>"'),
    (_CONTRACT, '"-5"'),
    (_CONTRACT, '"@<contract>"'),
    (_CONTRACT, r'"<contract>,\"A\""'),
    (_CONTRACT, r'"<contract>\nB"'),
    (_CONTRACT, r'"<contract>\/\\"'),
    ('"Contract":', '"Contract":null,"Contract":'),
    ('"Contract":', '"Extra":{"Contract":"X","TotalDuration":-1},"Contract":'),
    ('"Contract":', r'"\u0043ontract":'),
    (_DURATION, f'"TotalDuration":7,{_DURATION}'),
    (_DURATION, f'"TotalDuration":"x",{_DURATION}'),
    ('"_source":', '"_source":{"Contract":"X","TotalDuration":9},"_source":'),
    (_SECONDS, '"<seconds>"'),
    (_SECONDS, '"0254"'),
    (_SECONDS, "<seconds>.0"),
    (_SECONDS, "2.54e2"),
    (_SECONDS, "1E2"),
    (_SECONDS, "86401"),
    (_SECONDS, "2147483647"),
    (_APP, ',"AppName":""'),
    (_APP, ',"AppName":"kplus"'),
    (_APP, ',"AppName":" VOD"'),
    (_APP, r',"AppName":"KPL\u0055S"'),
    (_APP, ',"AppName":"Phim Truyện"'),
    (f'"Mac":{_MAC},', ""),
    (_MAC, "null"),
    (_MAC, "12"),
    ('"_id":"<id>"', '"_id":null'),
    ('"_id":"<id>"', '"_id":7'),
)

# The others spoil the document when it is more than a line.
_NOT_JSON = (
    (_CONTRACT, '"\udcff<contract>"'),
    (_CONTRACT, '"<contract>\udcc0\udcaf"'),
    (_CONTRACT, '"<contract>\udced\udca0\udc80"'),
    (_CONTRACT, '"<contract>\0"'),
    (_CONTRACT, '"<contract>\t"'),
    (_CONTRACT, r'"<contract>\x41"'),
    (_CONTRACT, "'<contract>'"),
    (_CONTRACT, "<contract>"),
    (_SECONDS, "007"),
    (_SECONDS, "+254"),
    (_SECONDS, ".5"),
    (_SECONDS, "NaN"),
    (_SECONDS, "Infinity"),
    (_APP, "<app>,"),
    (_APP, "<app>/* KPLUS */"),
    (_APP, f'<app>,"Extra":{"[" * 100_000}{"]" * 100_000}'),
)

_LINES = (
    "",
    " \t ",
    "  <line>\t",
    "<line>\r",
    "<cut>",
    "<line><line>",
    "<line> <line>",
    "<line>,",
    "<line>}",
    "<line> KPLUS",
    "[<line>]",
    '"<contract>"',
    "<seconds>",
    "null",
    "Error: connect ECONNREFUSED 127.0.0.1:9200",
)


def dirt_for(shape: Shape) -> tuple[str, ...]:
    """Return the template of a hit of each kind that can stand in a file of this shape."""
    values = (*_REJECTED, *_ACCEPTED, *(_NOT_JSON if shape.one_hit_a_line else ()))
    kinds = [shape.record.replace(old, new, 1) for old, new in values if old in shape.record]
    if shape.one_hit_a_line:
        kinds += [_spoilt_line(shape.record, kind) for kind in _LINES]
    return tuple(shape.spell(kind) for kind in kinds)


def _spoilt_line(record: str, kind: str) -> str:
    *action, line = record.splitlines(keepends=True)
    cut, _, _ = line.partition('"TotalDuration"')
    spoilt = kind.replace("<line>", line).replace("<cut>", cut)
    return "".join([*action, spoilt]) if spoilt.strip() else spoilt
