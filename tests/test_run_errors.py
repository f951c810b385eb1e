"""What bad input gets: its exit status, one clear line, and the old output untouched."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from hostile_files import long_line, month
from hostile_lines import LINES, Line, hit
from program import OLD, one_line, run, run_bound, untouched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# --- inputs -----------------------------------------------------------------------------------


def test_a_path_that_does_not_exist_is_named(tmp_path: Path, out: Path) -> None:
    one_line(run("run", "-q", "-i", tmp_path / "nowhere", "-o", out), 2, "nowhere")
    untouched(out)


def test_a_path_that_does_not_exist_fails_the_run_though_another_one_does(
    tmp_path: Path, logs: Path, out: Path
) -> None:
    one_line(run("run", "-q", "-i", logs, "-i", tmp_path / "nowhere", "-o", out), 2, "nowhere")
    untouched(out)


def test_a_glob_that_matches_nothing_is_no_input(tmp_path: Path, out: Path) -> None:
    one_line(run("run", "-q", "-i", tmp_path / "*.json", "-o", out), 4, "*.json")
    untouched(out)


@pytest.mark.parametrize("names", [[], [".hidden.json", "_SUCCESS", "20220401.json.crc"]])
def test_a_folder_without_logs_is_no_input(tmp_path: Path, out: Path, names: list[str]) -> None:
    folder = tmp_path / "nothing-here"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(month())
    one_line(run("run", "-q", "-i", folder, "-o", out), 4, "nothing-here")
    untouched(out)


def test_a_range_without_a_log_is_no_input(logs: Path, out: Path) -> None:
    one_line(run("run", "-q", "-i", logs, "-o", out, "--since", "2022-05-01"), 4, "2022-05-01")
    untouched(out)


def test_a_file_that_fails_while_it_is_read_fails_the_run(logs: Path, out: Path) -> None:
    (logs / "20220402.json").symlink_to("/proc/self/mem")  # reading its first byte is EIO
    one_line(run("run", "-q", "-i", logs, "-o", out, "--max-rejects", "100%"), 1, "20220402.json")
    untouched(out)


@pytest.mark.parametrize("closed", ["20220402.json", "2022-04-03"])
def test_a_file_or_folder_that_may_not_be_read_fails_the_run(
    logs: Path, out: Path, closed: str
) -> None:
    (logs / "2022-04-03").mkdir()
    for path in (logs / "20220402.json", logs / "2022-04-03" / "part-0.json"):
        path.write_bytes(month(50))
    (logs / closed).chmod(0)
    one_line(run_bound("run", "-q", "-i", logs, "-o", out), 1, closed)
    (logs / closed).chmod(0o700)
    untouched(out)


MEMBERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}),
}


@pytest.mark.parametrize("strategy", ["incremental", "batch"])
@pytest.mark.parametrize("damage", ["cut", "cut-to-its-head", "flipped"])
@pytest.mark.parametrize("method", MEMBERS)
def test_damage_in_the_last_member_writes_nothing_though_lines_before_it_were_readable(
    logs: Path, out: Path, method: str, damage: str, strategy: str
) -> None:
    pack = MEMBERS[method]
    first, last = pack(month()), bytearray(pack(month(2000)))
    if damage == "flipped":
        last[len(last) // 2] ^= 0x10
    else:
        del last[len(last) // 2 if damage == "cut" else 8 :]
    (logs / "20220402.json").write_bytes(first + last)
    args = ["--max-rejects", "100%", "--strategy", strategy]
    one_line(run("run", "-q", "-i", logs, "-o", out, *args), 1, "20220402.json")
    untouched(out)


@pytest.mark.parametrize("method", MEMBERS)
def test_damage_reads_the_same_in_every_compression(logs: Path, out: Path, method: str) -> None:
    stored = bytearray(MEMBERS[method](month(2000)))
    stored[len(stored) // 2] ^= 0x10
    (logs / "20220402.json").write_bytes(stored)
    name = {"bz2": "bzip2"}.get(method, method)
    told = f"20220402.json: damaged or cut short ({name}: "
    one_line(run("run", "-q", "-i", logs, "-o", out), 1, told, "fetch the file again")


@pytest.mark.parametrize("field", ["checksum", "length"])
def test_a_gzip_whose_trailer_disagrees_writes_nothing(logs: Path, out: Path, field: str) -> None:
    stored = bytearray(gzip.compress(month(), mtime=0))
    stored[-8 if field == "checksum" else -4] ^= 1
    (logs / "20220402.json").write_bytes(stored)
    one_line(run("run", "-q", "-i", logs, "-o", out), 1, "20220402.json")
    untouched(out)


@pytest.mark.parametrize("method", MEMBERS)
def test_garbage_after_the_last_member_writes_nothing(logs: Path, out: Path, method: str) -> None:
    (logs / "20220402.json").write_bytes(MEMBERS[method](month()) + b"garbage after the end")
    args = ["--max-rejects", "100%"]
    one_line(run("run", "-q", "-i", logs, "-o", out, *args), 1, "20220402.json")
    untouched(out)


@pytest.mark.parametrize(
    "line", [line for line in LINES if "-" in line.fate], ids=lambda line: line.name
)
def test_each_bad_line_alone_stops_the_run_and_is_named(logs: Path, out: Path, line: Line) -> None:
    (logs / "20220402.json").write_bytes(hit() + b"\n" + line.text + b"\n")
    result = run("run", "-i", logs, "-o", out)
    assert result.status == 3
    assert "Traceback" not in result.err
    assert "20220402.json:2" in result.err
    assert line.fate in result.err
    untouched(out)


@pytest.mark.parametrize("text", [b"{\n", hit(seconds="1.5") + b"\n"])
def test_a_quiet_run_still_names_the_first_reject(logs: Path, out: Path, text: bytes) -> None:
    (logs / "20220402.json").write_bytes(hit() + b"\n" + text)
    one_line(run("run", "-q", "-i", logs, "-o", out), 3, "1 of 42", "20220402.json:2")
    untouched(out)


@pytest.mark.parametrize("strategy", ["incremental", "batch"])
def test_all_rejects_are_counted_before_the_run_is_refused(
    logs: Path, out: Path, tmp_path: Path, strategy: str
) -> None:
    for day in (2, 3):
        (logs / f"2022040{day}.json").write_bytes(hit(seconds=f"-{day}") + b"\n{\n")
    rejects = tmp_path / "rejects.jsonl"
    args = ["--rejects", rejects, "--strategy", strategy]
    result = run("run", "-i", logs, "-o", out, *args)
    assert result.status == 3
    assert rejects.read_bytes().count(b"\n") == 4
    untouched(out)


@pytest.mark.parametrize(
    ("limit", "status"),
    [("0", 3), ("1", 3), ("2", 0), ("3", 0), ("0%", 3), ("4.7%", 3), ("4.8%", 0), ("100%", 0)],
)
def test_rejects_within_the_limit_are_accepted_and_one_more_is_not(
    logs: Path, out: Path, limit: str, status: int
) -> None:
    (logs / "20220402.json").write_bytes(hit(seconds="-1") + b"\n{\n")  # 2 of 42 lines
    assert run("run", "-q", "-i", logs, "-o", out, "--max-rejects", limit).status == status
    assert (out.read_bytes() == OLD) == (status == 3)


@pytest.mark.parametrize("rejected", [1, 7, 29, 57, 58])
def test_a_share_of_rejects_that_is_reached_exactly_is_accepted(
    logs: Path, out: Path, rejected: int
) -> None:
    lines = [b"{"] * rejected + [hit()] * (1000 - rejected)
    (logs / "20220401.json").write_bytes(b"\n".join(lines))
    share = f"{rejected // 10}.{rejected % 10}%"
    below = f"{(rejected - 1) // 10}.{(rejected - 1) % 10}%"
    args = ["run", "-q", "-i", logs, "-o", out, "--max-rejects"]
    assert [run(*args, limit).status for limit in (below, share)] == [3, 0]


def test_a_file_of_all_rejects_is_offered_only_if_it_is_not_written_already(
    logs: Path, out: Path, tmp_path: Path
) -> None:
    (logs / "20220402.json").write_bytes(b"{\n" * 25)
    args = ["run", "-i", logs, "-o", out]
    assert "and 5 more (--rejects FILE keeps all)\n" in run(*args).err
    assert "and 5 more\n" in run(*args, "--rejects", tmp_path / "bad.ndjson").err


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *{
            "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 20,
            "parquet": b"PAR1" + bytes(range(256)) * 20 + b"PAR1",
            "zip": b"PK\x03\x04" + bytes(range(256)) * 20,
            "csv": b"Contract,AppName,TotalDuration\nHNH1,VOD,5\n" * 20,
            "html": b"<!doctype html>\n<title>404</title>\n" * 20,
            "zeros": bytes(5000),
        }.items()
    ],
)
def test_a_file_that_is_not_json_at_all_is_named_and_nothing_is_written(
    logs: Path, out: Path, name: str, data: bytes
) -> None:
    (logs / f"20220402-{name}.json").write_bytes(data)
    result = run("run", "-i", logs, "-o", out)
    assert result.status in {1, 3}
    assert f"20220402-{name}.json" in result.err
    assert "Traceback" not in result.err
    untouched(out)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-16-be", "UTF-16BE"),
        ("utf-32", "UTF-32"),
        ("utf-32-le", "UTF-32LE"),
        ("utf-32-be", "UTF-32BE"),
    ],
)
def test_text_of_another_encoding_is_refused_with_the_line_that_converts_it(
    logs: Path, out: Path, written: str, named: str
) -> None:
    data = month().decode().encode(written)
    (logs / "20220402.json").write_bytes(data)
    convert = f"iconv -f {named} -t UTF-8"
    one_line(run("run", "-i", logs, "-o", out), 1, "20220402.json", f"{convert}.")
    untouched(out)
    done = subprocess.run(convert.split(), input=data, capture_output=True, check=True)
    assert done.stdout == month()


def test_a_document_that_is_read_by_lines_is_refused_with_the_option_that_names_its_shape(
    logs: Path, out: Path
) -> None:
    text = json.dumps({"unheard_of": 1, "hits": {"hits": [json.loads(hit())]}}, indent=2)
    (logs / "20220402.json").write_text(text)
    one_line(run("run", "-q", "-i", logs, "-o", out), 3, "20220402.json are not JSON", "--format")
    untouched(out)
    (logs / "20220402.json").write_bytes(hit() + b"\n{\n{\n{\n")
    assert "--format" not in run("run", "-q", "-i", logs, "-o", out).err


@pytest.mark.parametrize(
    "text",
    [
        b'{"took":1,"hits":{"hits":[' + hit() + b",",
        b'{"took":1,"hits":{"hits":[' + hit() + b"]",
        b'{"took":1,"hits":{"hits":[' + hit() + b"]}}{",
        b'{"took":1,"hits":{"hits":[' + hit() + b"]}}]",
        b"[" + hit() + b",",
        b"[" + hit(),
        b"[" + hit() + b",]",
        b"[" + hit() + b"]" + hit(),
        b"[" + hit() + hit() + b"]",
        b'{"index":{}}\n' + hit() + b'\n{"index":{}}\n',
    ],
)
def test_a_cut_or_broken_document_writes_nothing(logs: Path, out: Path, text: bytes) -> None:
    (logs / "20220402.json").write_bytes(text)
    result = run("run", "-i", logs, "-o", out)
    assert result.status in {1, 3}
    assert "20220402.json" in result.err
    untouched(out)


def test_an_error_of_the_server_in_place_of_an_export_is_named(logs: Path, out: Path) -> None:
    text = b'{"error":{"type":"index_not_found_exception"},"status":404}'
    (logs / "20220402.json").write_bytes(text)
    result = run("run", "-i", logs, "-o", out)
    assert result.status in {1, 3}
    assert "20220402.json" in result.err
    untouched(out)


def test_a_line_of_17_mib_is_a_reject_and_no_crash(logs: Path, out: Path) -> None:
    (logs / "20220402.json").write_bytes(long_line())
    result = run("run", "-i", logs, "-o", out)
    assert result.status == 3
    assert "line-too-long" in result.err
    assert max(map(len, result.err.splitlines())) < 1000
    untouched(out)
