"""Devices in a state: the same counts as from the logs, and no device in the clear."""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engagement_cli.contracts import LONG, Contracts
from engagement_cli.devices import Devices
from engagement_cli.state import device_files
from hostile_lines import wrap
from households import View
from program import one_line, run
from stored import Place, flipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement_cli.state.manifest import StoredDevices

V1 = Path(__file__).parent / "data" / "state_v1"
V1_DEVICES = V1.with_name("state_v1_devices")
LONG_NAME = "C" * 30
MAC, LOWER, COLONS, FOREIGN = "0C96E62FC55C", "0c96e62fc55c", "0C:96:E6:2F:C5:5C", "thiết-bị"
NAMES = (MAC, LOWER, COLONS, FOREIGN)
FIRST = (
    View("A1", "CHANNEL", 5, MAC),
    View("A1", "VOD", 7, LOWER),
    View("A1", "VOD", 7, MAC),
    View("B2", "KPLUS", 1, COLONS),
    View("B2", "KPLUS", 0),
    View("0", "VOD", 9, MAC),
    View("D4", "UNKNOWN", 3, FOREIGN),
    View(" A1", "CHANNEL", 2, MAC),
)
SECOND = (
    View("A1", "UNKNOWN", 5, FOREIGN),
    View("B2", "SPORT", 2, COLONS),
    View("B2", "SPORT", 2, COLONS + "7"),
    View(LONG_NAME, "CHILD", 4, ""),
    View(LONG_NAME, "CHILD", 4, "m" * 16),
    View("Tiếng", "RELAX", 4, FOREIGN),
)
THIRD = (View("B2", "VOD", 1, MAC), View("E5", "VOD", 1))
CORRECTED = (View("A1", "VOD", 6, "other"), View("F6", "VOD", 1, MAC))
ASKED = (
    ("--features", "devices"),
    ("--features", "all"),
    ("--features", "devices", "--unmapped", "keep"),
    ("--features", "devices", "--by", "day"),
    ("--features", "devices", "--since", "2022-04-02"),
    ("--features", "devices", "--top", "1", "--by-column", "TotalDevices"),
)
TRIMMING = (
    "version: 1\ntrim: true\ncategories:\n  All:\n    column: AllDuration\n    label: All\n"
    "    apps: [CHANNEL, VOD, KPLUS]\n"
)


def text(views: Sequence[View]) -> bytes:
    return "".join(view.line() + "\n" for view in views).encode()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A state of three days with devices; two files are of the first day."""
    place = Place(tmp_path)
    place.log("2022-04-01/part-0.json", text(FIRST))
    place.log("2022-04-01/part-1.json", text(THIRD) + wrap(b'{"Contract":"G7","TotalDuration":1}'))
    place.log("20220402.json", text(SECOND))
    place.log("20220404.json", text(THIRD))
    assert place.ingest("-q", "--devices").status == 0
    return place


@pytest.fixture
def without(tmp_path: Path) -> Place:
    """A state of two days without devices."""
    place = Place(tmp_path)
    place.log("20220401.json", text(FIRST))
    place.log("20220402.json", text(SECOND))
    assert place.ingest("-q").status == 0
    return place


def same(place: Place) -> None:
    """Whatever asks for devices gives the bytes that the logs alone give."""
    for asked in ASKED:
        assert place.export(*asked) == place.plain(*asked), asked
    for period in ("day", "week", "month"):
        asked = ("--features", "devices", "--figures", "-", "--period", period)
        out = ("-q", "-o", place.folder / "out.csv", *asked)
        stored = run("export", "--state", place.state, *out)
        plain = run("run", "-i", place.logs, *out)
        assert (stored.status, stored.out) == (0, plain.out), stored.err
        assert b"UniqueDevices" in plain.out


def files_of_devices(place: Place) -> list[Path]:
    return sorted((place.state / "devices").iterdir())


def export(place: Place, *asked: object) -> tuple[int, bytes, str]:
    return run("export", "-q", "--state", place.state, "-o", "-", *asked)


# --- counts -----------------------------------------------------------------------------------


def test_devices_are_counted_from_a_state_as_from_the_logs(place: Place) -> None:
    same(place)
    assert place.export("--features", "devices").decode().splitlines()[1:3] == [
        " A1,2,0,0,0,0,1",
        "A1,5,14,0,0,0,3",
    ]


def test_a_run_with_state_counts_devices_as_one_without(place: Place) -> None:
    for asked in ASKED:
        args = ("-q", "-i", place.logs, "--state", place.state, "-o", "-")
        assert run("run", *args, *asked).out == place.plain(*asked)
        assert run("run", *args, *asked, "--devices").out == place.plain(*asked)


def test_devices_are_counted_with_a_table_that_trims_contracts(place: Place) -> None:
    table = place.folder / "table.yaml"
    table.write_text(TRIMMING)
    asked = ("--features", "devices", "--categories", table)
    found = place.export(*asked)
    assert found == place.plain(*asked)
    assert found.startswith(b"Contract,AllDuration,TotalDevices\nA1,21,3\n")


def test_a_corrected_file_brings_its_own_devices(place: Place) -> None:
    place.log("20220402.json", text(CORRECTED))
    assert len(place.told("--devices")["replaced"]) == 1
    same(place)
    assert len(files_of_devices(place)) == 4


def test_a_day_that_is_removed_takes_its_devices_along(place: Place) -> None:
    (place.logs / "20220402.json").unlink()
    place.ask("remove", "2022-04-02")
    same(place)
    assert len(files_of_devices(place)) == 3


def test_files_under_two_names_count_once_and_keep_their_devices(place: Place) -> None:
    place.log("20220405.json", text(SECOND))
    assert len(place.told("--devices")["identical"]) == 1
    same(place)
    (place.logs / "20220402.json").unlink()
    place.ask("remove", "2022-04-02")
    same(place)


@pytest.mark.parametrize("options", [[], ["--devices"]])
def test_a_file_that_was_moved_keeps_its_devices(place: Place, options: list[str]) -> None:
    (place.logs / "20220402.json").rename(place.logs / "log_20220402.json")
    assert len(place.told(*options)["moved"]) == 1
    same(place)
    assert len(files_of_devices(place)) == 4


def test_bytes_that_are_stored_with_devices_keep_them_without_the_option(place: Place) -> None:
    assert place.told()["replaced"] == []
    same(place)


def test_a_log_without_any_device_has_none(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.log("20220401.json", text([View("A", "VOD", 1), View("B", "VOD", 1, "")]))
    place.log("20220402.json", b"")
    assert place.ingest("-q", "--devices").status == 0
    same(place)


def test_lines_are_judged_with_their_device_as_without_state(tmp_path: Path) -> None:
    place = Place(tmp_path)
    bad = wrap(b'{"Contract":"A","Mac":5,"TotalDuration":1,"AppName":"VOD"}') + b"\n"
    place.log("20220401.json", text(FIRST) + bad)
    assert place.ingest("-q", "--devices").status == 3
    assert place.told("--devices", "--max-rejects", "1")["rejected"] == 1
    asked = ("--features", "devices")
    assert place.export(*asked) == place.plain(*asked, "--max-rejects", "1")


# --- states without devices -------------------------------------------------------------------


def test_devices_are_added_to_what_is_stored_where_its_log_is_there(without: Place) -> None:
    sums = without.export()
    told = without.told("--devices")
    assert told["devices_added"] == [str(path) for path in sorted(without.logs.iterdir())]
    assert (told["new"], told["replaced"], len(told["unchanged"])) == ([], [], 2)
    same(without)
    assert without.export() == sums
    assert without.told("--devices")["devices_added"] == []
    assert len(without.partials) == 2


def test_an_export_names_the_days_that_lack_devices_and_the_command_that_adds_them(
    without: Place,
) -> None:
    without.log("20220403.json", text(THIRD))
    log = without.logs / "20220403.json"
    assert run("ingest", "-q", "-i", log, "--state", without.state, "--devices").status == 0
    for features in ("devices", "all"):
        result = run("export", "--state", without.state, "-o", "-", "--features", features)
        one_line(result, 2, "no devices are stored of 2022-04-01, 2022-04-02.", "--features")
    command = shlex.split(result.err.rpartition(": engagement ")[2])
    assert command == ["ingest", "-i", "LOGS", "--state", str(without.state), "--devices"]
    since = ("--features", "devices", "--since", "2022-04-03")
    assert without.export(*since) == without.plain(*since)
    assert run(*(str(without.logs) if word == "LOGS" else word for word in command)).status == 0
    same(without)


def test_a_run_stores_no_new_file_without_the_devices_that_it_is_asked_for(
    without: Place,
) -> None:
    before = (without.state / "manifest.json").read_bytes()
    log = without.log("20220403.json", text(THIRD))
    args = ("run", "-q", "-i", without.logs, "--state", without.state, "-o", "-")
    one_line(run(*args, "--features", "all"), 2, str(log), "Add --devices")
    assert (without.state / "manifest.json").read_bytes() == before
    assert run(*args, "--features", "all", "--devices").out == without.plain("--features", "all")


def test_a_run_that_lacks_devices_begins_no_state(without: Place) -> None:
    new = without.folder / "new"
    args = ("run", "-q", "-i", without.logs, "--state", new, "-o", "-", "--features", "devices")
    one_line(run(*args), 2, "Add --devices")
    assert not new.exists()


def test_a_state_that_is_asked_for_no_devices_holds_nothing_of_them(without: Place) -> None:
    assert not (without.state / "devices").exists()
    assert not (without.state / "devices.key").exists()
    assert b"evices" not in (without.state / "manifest.json").read_bytes()


def test_devices_are_added_to_a_state_of_format_1(tmp_path: Path) -> None:
    shutil.copytree(V1, tmp_path / "state")
    place = Place(tmp_path)
    place.log("20220403.json", text(FIRST))
    assert place.ingest("-q", "--devices").status == 0
    one_line(run(*export_args(place)), 2, "2022-04-01, 2022-04-02")
    since = ("--features", "devices", "--since", "2022-04-03")
    assert place.export(*since) == place.plain(*since)


def export_args(place: Place) -> tuple[object, ...]:
    return ("export", "-q", "--state", place.state, "-o", "-", "--features", "devices")


@pytest.mark.parametrize("options", [("--devices",), ("--devices", "--features", "devices")])
def test_the_option_is_about_a_state(without: Place, options: tuple[str, ...]) -> None:
    result = run("run", "-i", without.logs, "-o", "-", *options)
    one_line(result, 2, "--devices says what a state keeps", "--state")


def test_repeats_are_dropped_from_logs_alone(without: Place) -> None:
    args = ("-i", without.logs, "--state", without.state, "-o", "-", "--dedupe-id", "--devices")
    one_line(run("run", *args), 2, "Leave out --state, or --dedupe-id")


# --- what is kept -----------------------------------------------------------------------------


def test_no_device_is_kept_in_the_clear(place: Place) -> None:
    place.export("--features", "all")
    files = [path for path in place.state.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes().lower()
        assert not any(name.lower().encode() in data for name in NAMES), path


def test_two_states_hash_the_same_device_otherwise(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert run("ingest", "-q", "-i", place.logs, "--state", other, "--devices").status == 0
    names = {path.name for path in files_of_devices(place)}
    assert names.isdisjoint(path.name for path in (other / "devices").iterdir())
    assert (other / "devices.key").read_bytes() != (place.state / "devices.key").read_bytes()


def test_devices_and_their_key_are_private_whatever_the_umask(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.log("20220401.json", text(FIRST))
    before = os.umask(0o000)
    try:
        assert place.ingest("-q", "--devices").status == 0
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (place.state / "devices", place.state / "devices.key", *files_of_devices(place))
    }
    assert [modes.pop("devices"), *set(modes.values())] == [0o700, 0o600]


def test_hashes_of_devices_are_told_apart_from_none_and_from_long_names() -> None:
    names = ["", "a", "b", "c" * 17, "b"]
    pairs = Devices(Contracts.pack(["A", "A", "B", "B", "C"]), Contracts.pack(names))
    hashed = pairs.hashed(b"k" * 32)
    assert len(hashed) == 5
    assert not (hashed.macs.hi == LONG).any()
    assert hashed.macs.hi.all()
    everyone = hashed.contracts.starts() | True
    assert hashed.distinct(everyone) == 4
    assert hashed.count(Contracts.pack(["A", "B", "C", "D"])).tolist() == [2, 2, 1, 0]


def test_all_that_is_stored_is_counted_and_told(place: Place) -> None:
    whole = place.ask("show")
    sizes = [path.stat().st_size for path in (*place.partials, *files_of_devices(place))]
    assert (whole["files_with_devices"], whole["bytes_stored"]) == (4, sum(sizes))
    told = {file["devices"] for file in place.ask("list")["files"]}
    assert told == {path.name for path in files_of_devices(place)}
    assert place.ask("verify") == {"partials": 4, "bytes": sum(sizes), "faults": []}


# --- damage -----------------------------------------------------------------------------------


def named(place: Place, name: str) -> None:
    """What needs devices names the file that is wrong; what does not gives what it gave."""
    asked = ("--features", "devices")
    result = run("export", "-q", "--state", place.state, "-o", "-", *asked)
    one_line(result, 1, name, "20220402.json (2022-04-02)", "state remove")
    verified = run("state", "verify", place.state)
    assert (verified.status, name in verified.err) == (1, True)
    assert place.export() == place.plain()
    since = ("--features", "devices", "--since", "2022-04-04")
    assert place.export(*since) == place.plain(*since)


def of_the_second_day(place: Place) -> Path:
    [path] = (path for path in files_of_devices(place) if path.name.startswith("2022-04-02"))
    return path


@pytest.mark.parametrize("hurt", ["missing", "cut", "flipped", "another"])
def test_damaged_devices_are_named_and_mended_by_the_command_that_is_printed(
    place: Place, hurt: str
) -> None:
    path = of_the_second_day(place)
    match hurt:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-1])
        case "flipped":
            flipped(path, 50, 1)
        case "another":
            path.write_bytes(files_of_devices(place)[-1].read_bytes())
    named(place, path.name)
    told = run("export", "-q", "--state", place.state, "-o", "-", "--features", "devices").err
    assert run(*shlex.split(told.rpartition("engagement ")[2])).status == 0
    assert place.ingest("-q", "--devices").status == 0
    same(place)


def test_devices_whose_file_is_missing_are_stored_again_with_their_log(place: Place) -> None:
    of_the_second_day(place).unlink()
    assert place.told("--devices")["devices_added"] == [str(place.logs / "20220402.json")]
    same(place)


def test_every_flipped_byte_of_devices_is_reported(place: Place) -> None:
    path, dice = of_the_second_day(place), random.Random(1)
    good = path.read_bytes()
    for at in range(0, len(good), 3):
        flipped(path, at, dice.randrange(8))
        faults = run("state", "verify", place.state)
        assert (faults.status, path.name in faults.err) == (1, True), at
        path.write_bytes(good)


@pytest.mark.parametrize("hurt", ["missing", "cut", "another"])
def test_a_lost_key_adds_no_devices_and_takes_none(place: Place, hurt: str) -> None:
    path = place.state / "devices.key"
    good = path.read_bytes()
    path.unlink() if hurt == "missing" else path.write_bytes(good[: 31 if hurt == "cut" else 0])
    if hurt == "another":
        path.write_bytes(bytes(32))
    one_line(place.ingest("-q", "--devices"), 1, "devices.key", "Restore it")
    one_line(run("state", "verify", place.state), 1, "devices.key")
    assert place.ingest("-q").status == 0
    same(place)
    path.write_bytes(good)
    assert place.ingest("-q", "--devices").status == 0


def test_a_file_that_no_state_holds_among_the_devices_is_named(place: Place) -> None:
    (place.state / "devices" / "notes.txt").write_text("mine")
    one_line(run("export", "--state", place.state, "-o", "-"), 1, "notes.txt")


# --- the cached union -------------------------------------------------------------------------


def unions(place: Place) -> list[Path]:
    return sorted((place.state / "sums").glob("devices-*"))


def test_the_cached_union_of_devices_may_be_deleted(place: Place) -> None:
    asked = ("--features", "devices")
    expected = place.plain(*asked)
    assert place.export(*asked) == expected
    [path] = unions(place)
    path.unlink()
    assert place.export(*asked) == expected
    assert unions(place) == [path]
    shutil.rmtree(place.state / "sums")
    assert place.export(*asked) == expected


def test_only_devices_that_are_not_united_yet_are_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.export("--features", "devices")
    place.log("20220405.json", text(CORRECTED))
    assert place.ingest("-q", "--devices").status == 0
    read, names = device_files.read, []

    def noted(folder: Path, stored: StoredDevices) -> Devices:
        names.append(stored.file[:10])
        return read(folder, stored)

    monkeypatch.setattr(device_files, "read", noted)
    for _ in range(2):
        same_whole = place.export("--features", "devices")
        assert same_whole == place.plain("--features", "devices")
    assert names == ["2022-04-05"]
    place.export("--features", "devices", "--since", "2022-04-04")
    assert sorted(names) == ["2022-04-04", *["2022-04-05"] * 2]


def test_few_unions_of_devices_are_kept_beside_the_sums(place: Place) -> None:
    for since in ("2022-04-01", "2022-04-02", "2022-04-03", "2022-04-04"):
        place.export("--features", "devices", "--since", since)
    assert len(unions(place)) <= 3
    assert len(list((place.state / "sums").glob("sum-*"))) <= 3
    same(place)


def test_every_flipped_byte_of_a_cached_union_changes_nothing(place: Place) -> None:
    expected = place.export("--features", "devices")
    [path] = unions(place)
    good, dice = path.read_bytes(), random.Random(4)
    for at in range(0, len(good), 7):
        flipped(path, at, dice.randrange(8))
        assert export(place, "--features", "devices")[:2] == (0, expected), at
        path.write_bytes(good)


# --- rebuilding -------------------------------------------------------------------------------


@pytest.mark.parametrize("hurt", ["missing", "damaged", "whole"])
def test_a_rebuild_finds_devices_again(place: Place, hurt: str) -> None:
    path = place.state / "manifest.json"
    path.unlink() if hurt == "missing" else path.write_bytes(
        path.read_bytes()[:: 1 + (hurt != "whole")]
    )
    place.ask("rebuild")
    same(place)
    assert run("state", "verify", place.state).status == 0


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_rebuild_leaves_damaged_devices_out_and_keeps_the_sums(
    place: Place, *, is_lost: bool
) -> None:
    path = of_the_second_day(place)
    flipped(path, 50, 1)
    if is_lost:
        (place.state / "manifest.json").unlink()
    result = run("state", "rebuild", place.state)
    assert (result.status, path.name in result.err) == (1, True)
    [told] = place.ask("rebuild", "--skip-damaged")["left_out"]
    assert path.name in told
    assert (place.state / "damaged" / path.name).exists()
    assert place.export() == place.plain()
    one_line(run(*export_args(place)), 2, "no devices are stored of 2022-04-02")
    (place.logs / "20220402.json").rename(place.logs / "log_20220402.json")
    assert len(place.told()["moved"]) == 1
    one_line(run(*export_args(place)), 2, "no devices are stored of 2022-04-02")
    assert len(place.told("--devices")["devices_added"]) == 1
    same(place)


def test_the_manifest_of_a_state_with_devices_names_no_device(place: Place) -> None:
    told = json.loads((place.state / "manifest.json").read_bytes())
    assert {tuple(sorted(partial["devices"])) for partial in told["partials"]} == {
        ("bytes", "file", "key", "pairs", "sha256")
    }


# --- states of other versions -----------------------------------------------------------------


def test_a_state_of_format_1_with_devices_can_be_read_for_ever(tmp_path: Path) -> None:
    shutil.copytree(V1_DEVICES, tmp_path / "state")
    place = Place(tmp_path)
    place.log("20220401.json", text(FIRST))
    assert run("state", "verify", place.state).status == 0
    for asked in ASKED[:4]:
        assert place.export(*asked) == place.plain(*asked), asked
    place.log("20220402.json", text(SECOND))
    assert len(place.told("--devices")["new"]) == 1
    same(place)
