"""The kernel takes a line only when the strict rules accept it, and reads what they read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement_cli import kernel
from engagement_cli.kernel import native
from engagement_cli.kernel.layout import LINES_MASK, PADDING, TAG_SHIFT, Extra, Row, Run
from engagement_cli.kernel.scan import MAX_KNOWN_APPS, Scanned, Scanner
from engagement_cli.kernel.shapes import learn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement_cli.kernel.shapes import Mode

HIT = (
    b'{"_index":"history","_type":"kplus","_score":0,"_source":{"Contract":"HNH579912",'
    b'"Mac":"0C96E62FC55C","TotalDuration":254,"AppName":"KPLUS"},"_id":"AX_momhia1FFivsGrn9o"}'
)
OTHER_ORDER = (
    b'{"_index":"history","_type":"vod","_id":"AX_momhia1FFivsGrn9p","_score":1.5,"_source":'
    b'{"Contract":"SGH000001","Mac":"0C96E62FC55D","TotalDuration":86401,"AppName":"VOD"}}'
)
SPACED = (
    b'{"_index": "history", "_score": null, "sort": [12, -3.5], "_source": {"AppName": "CHILD", '
    b'"Contract": "10.0.0.1", "TotalDuration": 0}, "_id": "x"}'
)
HITS = [
    HIT,
    OTHER_ORDER,
    SPACED,
    b'{"_source":{"TotalDuration":"77","Contract":"A","Mac":null,"AppName":null},"_id":"y"}\r',
    b'{"_source":{"TotalDuration":77.0,"Contract":"","Contract2":true},"more":{"Contract":"no"}}',
    '{"_index":"tháng","_source":{"Contract":"Hộ 7","TotalDuration":5,"AppName":"Thể"}}'.encode(),
    b'{"_index":"th\\u00e1ng","_source":{"Contract":7912,"TotalDuration":6,"AppName":"DSHD"}}',
]
SOURCES = [
    b'{"Contract":"HNH579912","Mac":"0C96E62FC55C","TotalDuration":254,"AppName":"KPLUS"}',
    b'{ "AppName" : "SPORT" , "TotalDuration" : 12345678 , "Contract" : "007" , "extra" : false }',
]


class Hit(NamedTuple):
    contract: str
    app: str
    seconds: int


def judged(line: bytes, mode: Mode) -> Hit | None:
    """The strict rules, said with ``json``: what a line holds, or None when it is not valid."""

    def refuse(_: str) -> NoReturn:
        raise ValueError

    try:
        record: Any = json.loads(line.decode("utf-8", "strict"), parse_constant=refuse)
        source = record["_source"] if mode == "hits" else record
        contract, app, seconds = source["Contract"], source.get("AppName"), source["TotalDuration"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if isinstance(contract, bool) or not isinstance(contract, (str, int)):
        return None
    if isinstance(seconds, str) and seconds.isdecimal() and seconds.isascii():
        seconds = int(seconds)
    if isinstance(seconds, float) and seconds.is_integer():
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**31:
        return None
    return Hit(str(contract), app or "", seconds) if isinstance(app, str | None) else None


class Apps:
    """App names and their codes, in the order in which they were met."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def code(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def scanned(
    text: bytes, sample: bytes, mode: Mode, *, behind: bytes = b"", **wanted: bool
) -> tuple[Scanned, list[str]]:
    apps = Apps()
    scanner = Scanner(learn(sample, mode), apps.code, **wanted)
    buffer = np.frombuffer(text + behind.ljust(PADDING, b"Z"), np.uint8).copy()
    return scanner.scan(buffer, len(text)), apps.names


def contract_of(row: Sequence[int]) -> str:
    return (int(row[Row.HI]) << 64 | int(row[Row.LO])).to_bytes(16, "big").rstrip(b"\0").decode()


def check(text: bytes, sample: bytes, mode: Mode, *, behind: bytes = b"") -> int:
    """Compare everything the kernel says of a text with the strict rules; return lines matched."""
    result, names = scanned(text, sample, mode, behind=behind)
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    starts = np.cumsum([0, *(len(line) + 1 for line in lines)])
    unmatched: set[int] = set()
    for start, stop, first in result.runs.tolist():
        behind_run = int(np.searchsorted(starts, stop))
        assert (start, stop) == (starts[first], min(starts[behind_run], len(text)))
        assert unmatched.isdisjoint(range(first, behind_run))
        unmatched |= set(range(first, behind_run))
    matched = [line for i, line in enumerate(lines) if i not in unmatched]
    read = [
        Hit(contract_of(row), names[row[Row.TAG] >> TAG_SHIFT], row[Row.SECONDS])
        for row in result.rows.tolist()
    ]
    assert read == [judged(line, mode) for line in matched]
    assert all(row[Row.TAG] & LINES_MASK == 1 for row in result.rows.tolist())
    assert result.lines == len(lines)
    assert result.over_day == sum(hit.seconds > 86_400 for hit in read)
    assert result.runs[:, Run.START].tolist() == sorted(result.runs[:, Run.START].tolist())
    return len(matched)


def block(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


# --- what is matched --------------------------------------------------------------------------


@pytest.mark.parametrize("line", HITS)
def test_a_line_like_the_sample_is_matched(line: bytes) -> None:
    assert check(block([line] * 20), block([line]), "hits") == 20


@pytest.mark.parametrize("line", SOURCES)
def test_a_source_like_the_sample_is_matched(line: bytes) -> None:
    assert check(block([line] * 20), block([line]), "source") == 20


def test_several_shapes_in_one_file_are_matched() -> None:
    assert check(block(HITS * 5), block(HITS), "hits") == 5 * len(HITS)


def test_a_constant_that_changes_after_the_sample_is_still_matched() -> None:
    later = HIT.replace(b"history", b"another").replace(b'"_score":0', b'"_score":null')
    assert check(block([HIT, later, HIT]), block([HIT] * 50), "hits") == 3


def test_contracts_of_up_to_16_bytes_are_matched_and_longer_ones_given_back() -> None:
    lines = [HIT.replace(b"HNH579912", b"abcdefghijklmnopqrst"[:n]) for n in range(21)]
    assert check(block(lines), block([HIT]), "hits") == 17


def test_app_names_of_up_to_16_bytes_are_matched_and_longer_ones_given_back() -> None:
    lines = [HIT.replace(b"KPLUS", b"abcdefghijklmnopqrst"[:n]) for n in range(21)]
    assert check(block(lines), block([HIT]), "hits") == 17


def test_integer_contracts_of_up_to_16_digits_are_matched_and_other_numbers_given_back() -> None:
    line = HIT.replace(b'"HNH579912"', b"%b")
    digits = [b"0", b"7", b"10", *(b"9" * n for n in range(1, 17))]
    others = [b"9" * 17, b"-7", b"-0", b"007", b"00", b"1.0", b"1e3", b"", b"null", b'"7"', b"7x"]
    text = block([line % number for number in digits + others])
    assert check(text, block([line % b"579912"]), "hits") == len(digits)


def test_contracts_and_apps_of_any_script_are_matched_up_to_16_bytes() -> None:
    others = ["한국", "Truyền Hình", "😀😀😀😀", "\u2028", "\x80", "\U0010ffff"]
    names = ["é" * n for n in range(10)] + others
    lines = [HIT.replace(b"HNH579912", name.encode()) for name in names]
    lines += [HIT.replace(b"KPLUS", name.encode()) for name in names]
    assert check(block(lines), block([HIT]), "hits") == 2 * (len(names) - 1)


@pytest.mark.parametrize("field", [b"HNH579912", b"AX_momhia1FFivsGrn9o"])
def test_of_bytes_beyond_ascii_those_are_matched_that_are_utf_8(field: bytes) -> None:
    edges = [0x41, 0x7E, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xFF]
    first = range(0x80, 0x100)
    values = [bytes([a]) for a in first] + [bytes([a, b]) for a in first for b in edges]
    values += [bytes([a, b, c]) for a in range(0xE0, 0x100) for b in edges for c in edges]
    values += [v + bytes([e]) for v in values if len(v) == 3 and v[0] >= 0xF0 for e in edges]
    lines = [HIT.replace(field, b"a" * (n % 4) + value) for n, value in enumerate(values)]
    are_utf8 = sum(value.decode(errors="replace").encode() == value for value in values)
    assert check(block(lines), block([HIT]), "hits") == are_utf8 > 100


def test_escapes_are_passed_over_in_strings_that_nobody_asked_for() -> None:
    escapes = [rf"\{letter}" for letter in '"\\/bfnrt']
    escapes += [r"\u00e1", r"\uD7fF", r"\ue000", r"\uFFFF"]
    spoilt = [r"\x", r"\u12", r"\u12g4", r"\u:000", r"\ud800", r"\uDFFF", r"\ud83d\ude00", r"\0"]
    for field in (b"history", b"AX_momhia1FFivsGrn9o"):
        lines = [HIT.replace(field, b"a%bb" % text.encode()) for text in [*escapes, *spoilt]]
        assert check(block(lines), block([HIT]), "hits") == len(escapes)
    lines = [HIT.replace(b"HNH579912", text.encode()) for text in escapes]
    assert check(block(lines), block([HIT]), "hits") == 0


def test_a_key_with_an_escape_is_the_key_that_it_stands_for() -> None:
    line = HIT.replace(b"AppName", b"App\\u004eame").replace(b"_score", b"\\u005fscore")
    assert check(block([line] * 3), block([line]), "hits") == 3


def test_seconds_of_up_to_eight_digits_are_matched_and_longer_ones_given_back() -> None:
    texts = ["0", "1", "86400", "86401", "99999999", "100000000", "2147483647", "9" * 30]
    lines = [HIT.replace(b":254", b":" + text.encode()) for text in texts]
    assert check(block(lines), block([HIT]), "hits") == 5


def test_so_many_apps_that_they_fill_the_table_change_nothing_but_who_reads_them() -> None:
    lines = [HIT.replace(b"KPLUS", b"APP%d" % (i % 1500)) for i in range(3000)]
    assert check(block(lines), block([HIT]), "hits") == 2 * MAX_KNOWN_APPS


def test_values_as_long_as_a_vector_and_longer_are_matched() -> None:
    lines = [HIT.replace(b"AX_momhia1FFivsGrn9o", b"i" * n) for n in range(140)]
    assert check(block(lines), block([HIT]), "hits") == 140


def test_a_file_without_a_line_to_learn_from_is_given_back_whole() -> None:
    text = block([b"no json", b"", HIT])
    assert check(text, b"no json\n\n", "hits") == 0


def test_an_empty_block_has_no_lines() -> None:
    assert check(b"", block([HIT]), "hits") == 0


def test_neighbouring_unmatched_lines_make_one_run() -> None:
    text = block([b"", b"x", HIT, b"y", HIT])
    assert scanned(text, block([HIT]), "hits")[0].runs.tolist() == [
        [0, 3, 0],
        [3 + len(HIT) + 1, 5 + len(HIT) + 1, 3],
    ]


@pytest.mark.parametrize(
    "line",
    [
        HIT.replace(b'"_score":0', b'"_score":0,"_score":0'),
        HIT.replace(b'"_source":', b'"_source":{},"_source":'),
        HIT.replace(b'"Mac":"', b'"Contract":"'),
        HIT.replace(b":254", b":-254"),
        HIT.replace(b":254", b":2.5"),
        HIT.replace(b":254", b":2e3"),
        HIT.replace(b'"HNH579912"', b"-579912"),
        HIT.replace(b'"HNH579912"', b"579912.0"),
        HIT.replace(b'"HNH579912"', b'"HNH\\u0035"'),
        HIT.replace(b'"HNH579912"', b"null"),
        HIT.replace(b'"KPLUS"', b'"KPL\\u0055S"'),
        HIT.replace(b"AX_", b"\\/"),
        HIT.replace(b'"KPLUS"', b"7"),
        HIT.replace(b'"KPLUS"', b"{}"),
        HIT.replace(b'"KPLUS"', b'["KPLUS"]'),
        HIT.replace(b'"HNH579912"', b'{"Contract":"HNH579912"}'),
        HIT.replace(b'"_source":{', b'"_source":[{').replace(b'"},"_id', b'"}],"_id'),
        HIT.replace(b'"_score":0', b'"_score":NaN'),
        HIT.replace(b'"_score":0', b'"_score":1e999'),
        HIT.replace(b"history", b"\\ud83d"),
        HIT.replace(b"history", b"\\x"),
        HIT.replace(b"history", b"\xed\xa0\x80"),
        HIT.replace(b"history", b"\x7f"),
        HIT.replace(b"_index", b"_s\\u006furce"),
        HIT[:-1],
        HIT + b"}",
        b"[" + HIT + b"]",
        b'{"x":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_a_line_that_is_invalid_or_odd_teaches_nothing(line: bytes) -> None:
    assert learn(block([line] * 20), "hits") == ()


@pytest.mark.parametrize(
    "atom",
    [
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1.e3",
        "+1",
        "0x1",
        "tru",
        "nul",
        "True",
        "NaN",
        "1 2",
        "",
        "--1",
    ],
)
def test_an_ignored_number_out_of_grammar_is_given_back(atom: str) -> None:
    lines = [HIT.replace(b'"_score":0', b'"_score":' + text) for text in (b"1", b"-2.5", b"null")]
    bad = HIT.replace(b'"_score":0', b'"_score":' + atom.encode())
    assert check(block([*lines, bad]), block(lines), "hits") == 3


# --- hostile input ----------------------------------------------------------------------------

FRAGMENTS = [
    b'"', b"\\", b"\n", b"\r", b"\t", b"\0", b"\x1f", b"\x7f", b"\x80", b"\xc3\xa9", b"\xff", b" ",
    b"0", b"-", b"-0", b"00", b".0", b"1e3", b"9999999999", b",", b":", b"{", b"}", b"[", b"]",
    b"null", b"true", b"{}", b"\r\n", b"\xef\xbb\xbf", b"\\u0041", b"a" * 40,
    b"\\/", b"\\ud83d", b"\xe1\xbb\x81", b"\xf0\x9f\x98\x80", b'"Contract":7,',
    b'"_source":', b'"Contract":"X",', b'"TotalDuration":1,', b'"AppName":null,',
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, lines: list[bytes]) -> bytes:
    line = bytearray(draw(st.sampled_from(lines)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(line)))
        stop = draw(st.integers(start, min(start + 12, len(line))))
        line[start:stop] = draw(
            st.one_of(
                st.sampled_from(FRAGMENTS),
                st.binary(max_size=3),
                st.integers(0, 2**33).map(lambda n: str(n).encode()),
                st.just(bytes(line[start:stop])[::-1]),
            )
        )
    return bytes(line)


@settings(max_examples=200, deadline=None)
@given(st.lists(mutated(HITS), max_size=8), st.lists(mutated(HITS), max_size=4), st.booleans())
def test_mutated_hits_are_read_as_the_strict_rules_read_them(
    lines: list[bytes], taught: list[bytes], ended: bool
) -> None:
    text = block(lines)
    check(text if ended else text[:-1], block(HITS + taught), "hits")
    check(text if ended else text[:-1], block(lines * 10), "hits")


@settings(max_examples=80, deadline=None)
@given(st.lists(mutated(SOURCES), max_size=8))
def test_mutated_sources_are_read_as_the_strict_rules_read_them(lines: list[bytes]) -> None:
    check(block(lines), block(SOURCES), "source")
    check(block(lines), block(lines * 10), "source")


@pytest.mark.parametrize("mode", ["hits", "source"])
def test_a_text_cut_at_any_byte_is_read_no_further_than_the_cut(mode: Mode) -> None:
    lines = HITS if mode == "hits" else SOURCES
    text = block(lines)
    for cut in range(len(text) + 1):
        check(text[:cut], text, mode, behind=text[cut:])
        check(text[cut:], text, mode)


# --- what else a line tells -------------------------------------------------------------------


def test_mac_and_id_are_told_when_asked_and_lines_without_them_given_back() -> None:
    text = block(HITS)
    result, _ = scanned(text, text, "hits", mac=True, hit_id=True)
    assert result.extras is not None
    told = [
        (
            (int(row[Extra.MAC_HI]) << 64 | int(row[Extra.MAC_LO]))
            .to_bytes(16, "big")
            .rstrip(b"\0"),
            text[row[Extra.ID_START] : row[Extra.ID_START] + row[Extra.ID_LENGTH]],
        )
        for row in result.extras.tolist()
    ]
    assert told == [
        (b"0C96E62FC55C", b"AX_momhia1FFivsGrn9o"),
        (b"0C96E62FC55D", b"AX_momhia1FFivsGrn9p"),
    ]
    assert result.runs[:, Run.LINE].tolist() == [2]


def test_a_mac_of_more_than_16_bytes_is_given_back_only_when_asked_for() -> None:
    text = block([HIT.replace(b"0C96E62FC55C", b"0C:96:E6:2F:C5:5C")])
    assert len(scanned(text, block([HIT]), "hits")[0].rows) == 1
    assert len(scanned(text, block([HIT]), "hits", mac=True)[0].rows) == 0


# --- machine code -----------------------------------------------------------------------------


@pytest.mark.parametrize("on_file", [True, False])
def test_no_process_that_runs_the_kernel_has_numba(on_file: bool, tmp_path: Path) -> None:
    native.load("documents")
    folders = native._folders() if on_file else (tmp_path,)
    program = (
        "import sys, pathlib; from engagement_cli.kernel import native;"
        f"native._folders = lambda: [*map(pathlib.Path, {[*map(str, folders)]!r})];"
        "native.load('documents');"
        "sys.exit(any(name in sys.modules for name in ('numba', 'pandas', 'pyarrow')))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(kernel.__file__).parents[2])}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert ended.returncode == 0
    assert on_file or [path.suffix for path in tmp_path.iterdir()] == [".o"]


def test_damaged_code_on_file_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_folders", lambda: (tmp_path / "absent", tmp_path))
    native._write("code.o", b"some code")
    assert native._read("code.o") == b"some code"
    for damage in (b"", b"\0", (tmp_path / "absent" / "code.o").read_bytes()[:-1]):
        (tmp_path / "absent" / "code.o").write_bytes(damage)
        assert native._read("code.o") is None


def test_code_goes_to_the_next_folder_when_the_first_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(native, "_folders", lambda: (tmp_path / "file" / "x", tmp_path / "user"))
    native._write("code.o", b"some code")
    assert [path.name for path in (tmp_path / "user").iterdir()] == ["code.o"]
    monkeypatch.setattr(native, "_folders", lambda: (tmp_path / "file" / "x",))
    native._write("code.o", b"some code")


@pytest.mark.parametrize(("value", "usable"), [("1", False), ("", True)])
def test_the_environment_switches_the_kernel_off(
    value: str, usable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kernel.SWITCH, value)
    assert kernel.available() is usable


def test_a_compiler_that_does_not_work_leaves_the_strict_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(native, "load", broken)
    kernel._loads.cache_clear()
    assert not kernel.available()
    kernel._loads.cache_clear()
