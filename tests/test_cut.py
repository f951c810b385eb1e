"""Documents are cut by machine code as they are cut without, into the same lines and places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement_cli.errors import InputError
from engagement_cli.kernel.cut import Cutter
from engagement_cli.kernel.layout import PADDING
from engagement_cli.parse.formats import blocks
from engagement_cli.sources.discover import Source
from engagement_cli.sources.streams import open_stream

if TYPE_CHECKING:
    from pathlib import Path

    from engagement_cli.parse.formats import Shape

ELEMENTS = [
    b"{}",
    b'{"a":"x"}',
    b'{"a":{"b":[1,{"c":[{}]}]},"d":[]}',
    b'{"a":"}{][,","b\\"}":"\\\\","c":"\\\\\\""}',
    b'{\r\n  "a" : [\n 1 ]\r}',
    b'{"a":"raw\nline end","b":"\\\n"}',
    b'{"a":"' + b"long " * 30 + b'"}',
    '{"a":"Thể Thao"}'.encode(),
    b'{"a":[}',
    b'{"a":1]',
    b'{"a" "b" 5 ,, \xff\x00}',
    b"[{}]",
    b"17",
    b'"text, {"',
    b"null",
]
BREAKS = [b"", b'{"a":"', b"{", b"}", b"]", b",", b"\\", b'"', b"[", b"{{", b"x"]
SPACES = [b"", b"", b" ", b"\n", b"\r\n", b"\n\t  "]


def lines_of(
    path: Path, shape: Shape, block_size: int, *, fast: bool
) -> tuple[list[tuple[bytes, int, int]], str]:
    """Every line of a document and its place, and how reading it failed, if it did."""
    lines: list[tuple[bytes, int, int]] = []
    trouble = ""
    with open_stream(Source(str(path), None, path.stat().st_size)) as stream:
        try:
            for block in blocks(stream, shape, block_size, fast=fast):
                one = block()
                assert one.places is not None
                cut = one.bytes.split(b"\n")
                lines += zip(cut, one.places[::2], one.places[1::2], strict=True)
        except InputError as error:
            trouble = str(error)
    return lines, trouble


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    text = b""
    spaces = st.sampled_from(SPACES)
    for _ in range(draw(st.integers(1, 3))):
        elements = draw(st.lists(st.sampled_from(ELEMENTS), max_size=30))
        inside = b"".join(
            (draw(spaces) if n % 3 else b"\n") + element + draw(spaces) + b","
            for n, element in enumerate(elements)
        )
        text += b"[" + inside[:-1] + b"]" + draw(spaces)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(BREAKS)) + text[at:]


@pytest.mark.parametrize("shape", ["array", "search"])
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents(), st.sampled_from([7, 100, 300, 1000, 1 << 20]))
def test_documents_are_cut_into_the_same_lines_places_and_errors(
    tmp_path: Path, shape: Shape, text: bytes, block_size: int
) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(text if shape == "array" else b'{"hits":{"hits":' + text + b"}}")
    fast, trouble = lines_of(path, shape, block_size, fast=True)
    slow, same_trouble = lines_of(path, shape, block_size, fast=False)
    assert trouble == same_trouble
    before_trouble = min(len(fast), len(slow)) if trouble else None  # a block may not be full then
    assert fast[:before_trouble] == slow[:before_trouble]


def test_all_objects_but_those_at_the_end_of_the_text_are_cut_at_once() -> None:
    objects = [b'{"a":"%d","b":{\n}}' % number for number in range(1000)]
    text = b"[" + b",\n ".join(objects) + b"]"
    cut = Cutter().objects(text, 1, 1, 10)
    assert cut is not None
    lines = cut.text.split(b"\n")
    assert lines == [line.replace(b"\n", b"\t") for line in objects[: len(lines)]]
    assert len(lines) > 1000 - PADDING // 10
    starts = [text.index(b'{"a":"%d"' % number) for number in range(len(lines))]
    assert cut.places.tolist()[1::2] == [10 + start for start in starts]
    assert cut.places.tolist()[::2] == [1 + 2 * number for number in range(len(lines))]
    assert text[: cut.end].endswith(objects[len(lines) - 1])
    assert cut.line == 1 + text[: cut.end].count(b"\n")


@pytest.mark.parametrize("text", [b"", b"5,", b"[{}],", b'"{}",', b"]", b'{"a":', b'{"a":"}'])
def test_what_is_no_whole_object_is_left(text: bytes) -> None:
    assert Cutter().objects(b" " + text + b" " * 100, 0, 1, 0) is None
    assert Cutter().objects(b"{}" + b" " * (PADDING - 2), 0, 1, 0) is None
