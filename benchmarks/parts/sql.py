"""A result loaded into a table, against what each database's own client can do."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import data
from benchmarks.clients import clients
from benchmarks.measure import Program, RunError, run
from benchmarks.results import Race

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench
    from benchmarks.clients import Client

PART = "sql"

NEW, REPLACED, AGAIN = "load, new table", "load, replaced", "load, the same again"
_LIMITED = (NEW, REPLACED)


def tables(bench: Bench) -> None:
    """Race loads of the same rows into every database that is there."""
    with data.scratch(bench.settings.cache) as folder:
        words = ("make", str(bench.settings.rows), str(folder))
        run(Program("benchmarks.loading", _loading(*words)))
        file = folder / "result.csv"
        for client in clients(folder, file):
            if why := client.missing():
                way = next(iter(client.ways))
                bench.keep(_left_out(client, way, f"left out: {why}"))
                continue
            try:
                _race(bench, client, folder)
            except RunError as error:
                bench.keep(_left_out(client, next(iter(client.ways)), str(error)))
            run(Program("drop", client.drop))


def _left_out(client: Client, way: str, why: str) -> Race:
    return Race(PART, client.database, 0, 0, way, "load", (), why)


def _race(bench: Bench, client: Client, folder: Path) -> None:
    """Race a new table, a replaced one, the same content again, and pandas once for scale."""
    base = _fastest(client, folder / "result.csv")
    size = folder.joinpath("result.csv").stat().st_size
    load = _loaded(client, folder, "load")
    # Before each of these the client has just filled the table, and there is no ledger.
    others = (
        replace(load, name=NEW, prepare=partial(run, Program("drop", client.drop))),
        replace(load, name=REPLACED),
        replace(
            _loaded(client, folder, "again"),
            name=AGAIN,
            prepare=partial(run, replace(load, finish=None)),
        ),
    )
    for other in others:
        bench.race(PART, client.database, base, other, size=size)
    once = replace(bench, settings=replace(bench.settings, runs=1))
    pandas = replace(_loaded(client, folder, "to_sql"), name="pandas.to_sql")
    once.race(PART, client.database, base, pandas, size=size, warm_up=False)
    bench.results.facts.setdefault(PART, {})[client.database] = _told(bench, client)


def _fastest(client: Client, file: Path) -> Program:
    """The way in which the client is fastest: each is tried once."""
    clear = Program("clear", client.clear)
    ways = [
        Program(name, command, file, prepare=partial(run, clear))
        for name, command in client.ways.items()
    ]
    return min(ways, key=lambda way: run(way).wall)


def _loaded(client: Client, folder: Path, how: str) -> Program:
    """A load that tells itself what it cost; behind it, the client writes down what is there."""
    dump = folder / "dump.csv"
    command = _loading(how, client.url, str(folder / "result.parquet"))
    write = Program("dump", ("bash", "-c", '"${@:2}" > "$1"', "dump", str(dump), *client.dump))
    return Program(how, command, dump, finish=partial(run, write), tells=True)


def _loading(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.loading", *words)


def _told(bench: Bench, client: Client) -> str:
    """What the races say of the limit."""
    races = [
        race
        for race in bench.results.races
        if (race.part, race.case) == (PART, client.database) and race.other in _LIMITED
    ]
    ratios = " and ".join(
        f"{race.ratio.median:.2f} ({race.other})" if race.pairs else f"? ({race.other})"
        for race in races
    )
    return f"{ratios} times the client, of {client.limit:g} at most"
