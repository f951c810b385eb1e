"""A month, given one file a day in any order, with kills between and inside, is one clean run."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

from faults import forked, killed, program
from program import run
from stored import Lines, Place, log_of

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(dice: random.Random) -> Lines:
    return tuple(
        (f"C{dice.randrange(40)}", dice.choice(["CHANNEL", "VOD", "SPORT", "ZALO"]), n)
        for n in dice.choices(range(5000), k=60)
    )


def test_a_month_of_days_in_any_order_with_kills_gives_the_bytes_of_one_clean_run(
    tmp_path: Path,
) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    place, clean = Place(tmp_path), Place(tmp_path / "clean")
    given = tmp_path / "given"
    given.mkdir()
    days = {f"202204{day:02}.json": log_of(lines_of(dice)) for day in range(1, 31)}
    corrected, duplicated = "20220407.json", "20220412.json"
    first = {**days, corrected: log_of(lines_of(dice))}
    order = [*dice.sample(sorted(days), 30), corrected, "copy-of-20220412.json"]
    days["copy-of-20220412.json"] = days[duplicated]
    out, arguments = tmp_path / "out.csv", ("--state", place.state, "--jobs", "1")
    killed_at_work = 0
    for turn, name in enumerate(order):
        path = given / name
        path.write_bytes(first[name] if turn < 30 else days[name])
        command = program("run", "-q", "-i", path, *arguments, "-o", out)
        for _ in range(2):
            ended = killed(command, tmp_path, dice.uniform(0, 0.12))
            killed_at_work += ended.status < 0
        assert forked(command, tmp_path).status == 0, (seed, name)
        if dice.random() < 0.5:
            path.unlink()  # logs may go once they are stored
    for name, data in days.items():
        clean.log(name, data)
    assert clean.ingest("-q").status == 0
    expected = clean.plain()
    assert out.read_bytes() == place.export() == clean.export() == expected, seed
    assert place.export("--since", "2022-04-05", "--until", "2022-04-20") == clean.export(
        "--since", "2022-04-05", "--until", "2022-04-20"
    )
    assert len(place.partials) == 30
    assert run("state", "verify", place.state).status == 0
    assert killed_at_work, "no kill met a run at work"
    shutil.rmtree(place.state / "sums")
    assert place.export() == expected, seed
