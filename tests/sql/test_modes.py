"""What becomes of a table that is there already."""

from __future__ import annotations

import datetime as dt
import re
import sys

import pandas as pd
import pytest

from engagement_cli.errors import ConflictError, UsageError
from engagement_cli.sinks.sql import SqlTarget, ddl, load, parse_url
from sql.frames import COLUMNS, assert_same, large, odd, result, small
from sql.servers import Place, ledger, leftovers, read, target

APRIL = (dt.date(2022, 4, 1), dt.date(2022, 4, 30))
MAY = (dt.date(2022, 5, 1), dt.date(2022, 5, 31))


def append(frame: pd.DataFrame, place: Place, span: tuple[dt.date, dt.date] = APRIL) -> None:
    load(frame, target(place, if_exists="append"), since=span[0], until=span[1])


def counts(frame: pd.DataFrame, place: Place, **options: object) -> dict[str, int]:
    report = load(frame, target(place, **options))
    names = ("written", "changed", "unchanged", "gone", "pruned")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def test_a_repeated_load_touches_nothing_and_says_so(place: Place) -> None:
    assert not load(small(), target(place)).repeated
    report = load(small(), target(place))
    assert (report.repeated, report.written, report.unchanged) == (True, 0, 3)
    assert ledger(place) == [("replace", 3, 276)]


@pytest.mark.parametrize(
    "tamper",
    [
        "DELETE FROM {table} WHERE {key} = 'HNH1'",
        "UPDATE {table} SET {tv} = {tv} + 1 WHERE {key} = 'HNH2'",
        "UPDATE {table} SET {key} = 'HNH1234' WHERE {key} = 'HNH1'",
        "UPDATE {table} SET {key} = 'HNH9' WHERE {key} = 'HNH1'",
        "UPDATE {table} SET {tv} = 255 - {tv} WHERE {key} IN ('HNH1', 'HNH2')",
    ],
)
def test_a_table_that_somebody_changed_is_not_taken_for_loaded(place: Place, tamper: str) -> None:
    load(small(), target(place))
    mark = "`" if place.sql.startswith("`") else '"'
    names = {"key": f"{mark}Contract{mark}", "tv": f"{mark}TVDuration{mark}"}
    place.ask(tamper.format(table=place.sql, **names))
    assert not load(small(), target(place)).repeated
    assert_same(read(place), small())


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE {table} SET {share} = {share} / 2 WHERE {key} = 'HNH1'",
        "UPDATE {table} SET {label} = 'sport' WHERE {key} = 'HNH1'",
        "UPDATE {table} SET {label} = 'Movie' WHERE {key} = 'HNH1'",
    ],
)
def test_a_changed_share_or_label_is_not_taken_for_loaded_either(place: Place, tamper: str) -> None:
    frame = small()[["Contract"]].assign(
        Share=[0.1, 0.2, float("nan")], Label=pd.Series(["Sport", None, ""], dtype="str")
    )
    mark = "`" if place.sql.startswith("`") else '"'
    names = {"key": "Contract", "share": "Share", "label": "Label"}
    quoted = {name: f"{mark}{column}{mark}" for name, column in names.items()}
    load(frame, target(place))
    assert load(frame, target(place)).repeated
    place.ask(tamper.format(table=place.sql, **quoted))
    assert not load(frame, target(place)).repeated
    there = read(place)
    assert there is not None
    assert there["Label"][0] == "Sport"
    assert there["Share"][0] == 0.1


def test_an_older_result_is_not_taken_for_the_last_one(place: Place) -> None:
    for shift in (0, 1, 0):
        assert not load(small(shift=shift), target(place)).repeated
    assert_same(read(place), small())


def test_a_dropped_table_is_made_again(place: Place) -> None:
    load(small(), target(place))
    place.ask(f"DROP TABLE {place.sql}")
    load(small(), target(place))
    assert_same(read(place), small())


def test_upsert_touches_only_rows_that_differ(place: Place) -> None:
    load(small(), target(place))
    later = result(
        {
            "HNH1": (254, 0, 0, 0, 0),
            "HNH2": (1, 2, 3, 4, 6),
            "HNH9": (9, 9, 9, 9, 9),
        }
    )
    done = counts(later, place, if_exists="upsert")
    assert done == {"written": 1, "changed": 1, "unchanged": 1, "gone": 1}
    left = small()[small()["Contract"] == "HNH3"]
    merged = pd.concat([later, left]).sort_values("Contract", ignore_index=True)
    assert_same(read(place), merged)


def test_upsert_with_prune_leaves_the_result_alone(place: Place) -> None:
    load(small(), target(place))
    later = small(shift=1).iloc[:2]
    assert counts(later, place, if_exists="upsert", prune=True) == {"changed": 2, "pruned": 1}
    assert_same(read(place), later)


def test_upsert_tells_odd_contracts_apart(place: Place) -> None:
    load(odd(), target(place))
    later = odd()
    later["TVDuration"] += 1
    done = counts(later, place, if_exists="upsert", prune=True)
    assert done == {"changed": len(later)}
    assert_same(read(place), later)


def test_upsert_makes_a_table_that_is_not_there(place: Place) -> None:
    assert counts(small(), place, if_exists="upsert") == {"written": 3}
    assert_same(read(place), small())


def test_upsert_of_many_rows_is_whole(place: Place) -> None:
    load(large(), target(place))
    later = large(75_000)
    later.loc[10:12, "TVDuration"] = 1
    done = counts(later, place, if_exists="upsert")
    assert done == {"written": 5_000, "changed": 3, "unchanged": 69_997}
    assert_same(read(place), later)


def test_append_adds_the_range_to_each_row(place: Place) -> None:
    append(small(), place)
    append(small(shift=1), place, MAY)
    there = read(place, "TVDuration")
    assert there is not None
    assert list(there.columns) == ["Contract", *COLUMNS, "Since", "Until"]
    assert sorted(zip(there["Contract"], there["Since"].astype(str), strict=True)) == sorted(
        (contract, day) for contract in small()["Contract"] for day in ("2022-04-01", "2022-05-01")
    )


@pytest.mark.parametrize("shift", [0, 1])
def test_append_refuses_a_range_that_is_there(place: Place, shift: int) -> None:
    append(small(), place)
    with pytest.raises(ConflictError, match="2022-04-01 to 2022-04-30 already"):
        append(small(shift=shift), place)
    there = read(place)
    assert there is not None
    assert len(there) == 3


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize(
    "span",
    [
        (dt.date(2022, 4, 15), dt.date(2022, 5, 15)),
        (dt.date(2022, 4, 1), dt.date(2022, 4, 29)),
        (dt.date(2022, 4, 2), dt.date(2022, 4, 2)),
    ],
)
def test_append_refuses_a_range_that_overlaps_one_that_is_there(
    place: Place, span: tuple[dt.date, dt.date], shift: int
) -> None:
    append(small(), place)
    with pytest.raises(ConflictError, match=r"ranges already: 2022-04-01 to 2022-04-30\."):
        append(small(shift=shift), place, span)
    assert len(ledger(place)) == 1


def test_append_needs_a_range(place: Place) -> None:
    with pytest.raises(UsageError, match="--since and --until"):
        load(small(), target(place, if_exists="append"))


def test_fail_refuses_a_table_that_is_there(place: Place) -> None:
    load(small(), target(place, if_exists="fail"))
    with pytest.raises(ConflictError, match="is there already"):
        load(small(shift=1), target(place, if_exists="fail"))
    assert_same(read(place), small())


def test_replace_adds_columns_that_lack(place: Place) -> None:
    load(small()[["Contract", "TVDuration"]], target(place))
    load(small(), target(place))
    there = read(place)
    assert there is not None
    assert_same(there[small().columns], small())


@pytest.mark.parametrize("mode", ["upsert", "append"])
def test_other_modes_refuse_to_add_columns_and_give_the_statement(place: Place, mode: str) -> None:
    few = small()[["Contract", "TVDuration"]]
    load(few, target(place, if_exists=mode), since=APRIL[0], until=APRIL[1])
    with pytest.raises(ConflictError) as refused:
        load(small(), target(place, if_exists=mode), since=MAY[0], until=MAY[1])
    statements = [line for line in str(refused.value).splitlines() if line.startswith("ALTER")]
    assert len(statements) == 4
    for statement in statements:
        place.ask(statement)
    load(small(shift=1), target(place, if_exists=mode), since=MAY[0], until=MAY[1])
    there = read(place)
    assert there is not None
    assert there["SportDuration"].dropna().astype("int64").tolist() == [1, 6, 8]


def test_a_column_that_the_result_lost_is_empty_and_spoken_of(place: Place) -> None:
    mark = "`" if place.sql.startswith("`") else '"'
    load(small(), target(place))
    place.ask(f"ALTER TABLE {place.sql} ADD COLUMN {mark}Note{mark} VARCHAR(20)")
    place.ask(f"UPDATE {place.sql} SET {mark}Note{mark} = 'old'")
    report = load(small(shift=1), target(place))
    assert report.notes == ("not part of the result, and empty or at their default now: Note",)
    there = read(place)
    assert there is not None
    assert there["Note"].isna().all()
    assert_same(there[small().columns], small(shift=1))


def test_a_column_that_must_have_a_value_is_refused(place: Place) -> None:
    load(small(), target(place))
    with pytest.raises(ConflictError, match="SportDuration must have a value"):
        load(small().drop(columns="SportDuration"), target(place))
    assert_same(read(place), small())


def test_a_contract_column_of_numbers_is_refused(place: Place) -> None:
    mark = "`" if place.sql.startswith("`") else '"'
    place.ask(f"CREATE TABLE {place.sql} ({mark}Contract{mark} BIGINT PRIMARY KEY)")
    with pytest.raises(ConflictError, match="Contract is BIGINT"):
        load(small(), target(place))


def test_upsert_without_a_key_gives_the_statement(place: Place) -> None:
    mark = "`" if place.sql.startswith("`") else '"'
    columns = ", ".join(f"{mark}{name}{mark} BIGINT" for name in COLUMNS)
    place.ask(f"CREATE TABLE {place.sql} ({mark}Contract{mark} VARCHAR(64), {columns})")
    with pytest.raises(ConflictError, match="ADD PRIMARY KEY"):
        load(small(), target(place, if_exists="upsert"))


def test_a_view_is_refused(place: Place) -> None:
    place.ask(f"CREATE VIEW {place.sql} AS SELECT 1 AS x")
    with pytest.raises(UsageError, match="is a view"):
        load(small(), target(place))


def test_a_key_of_several_columns_is_the_primary_key(place: Place) -> None:
    frame = pd.DataFrame(
        {
            "Contract": pd.Series(["HNH1", "HNH1", "HNH2"], dtype="str"),
            "Date": [dt.date(2022, 4, 1), dt.date(2022, 4, 2), dt.date(2022, 4, 1)],
            "TVDuration": [1, 2, 3],
        }
    )
    key = ("Contract", "Date")
    load(frame, target(place), key=key)
    frame.loc[1, "TVDuration"] = 5
    report = load(frame, target(place, if_exists="upsert"), key=key)
    assert (report.changed, report.unchanged) == (1, 2)


def test_labels_shares_and_dates_come_back(place: Place) -> None:
    frame = pd.DataFrame(
        {
            "Contract": pd.Series(["HNH1", "HNH2", "HNH3"], dtype="str"),
            "Top": pd.Series(["Truyền Hình", None, ""], dtype="str"),
            "Share": [0.1, float("nan"), 1e-300],
            "First": [dt.date(2022, 4, 1), None, dt.date(2022, 4, 30)],
        }
    )
    load(frame, target(place))
    assert not counts(frame, place, if_exists="upsert").get("changed")
    there = read(place)
    assert there is not None
    assert [None if pd.isna(v) else v for v in there["Top"]] == ["Truyền Hình", None, ""]
    assert [None if pd.isna(v) else v for v in there["Share"]] == [0.1, None, 1e-300]
    assert [None if pd.isna(v) else str(v) for v in there["First"]] == [
        "2022-04-01",
        None,
        "2022-04-30",
    ]


def test_nothing_but_table_and_ledger_is_left(place: Place) -> None:
    load(small(), target(place))
    load(small(shift=1), target(place))
    load(small(shift=2), target(place, if_exists="upsert"))
    assert leftovers(place) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"if_exists": "merge"}, "expected one of"),
        ({"prune": True}, "use it with upsert"),
        ({"lock_timeout": 0}, "more than 0 seconds"),
        ({"lock_timeout": float("nan")}, "more than 0 seconds"),
        ({"lock_timeout": float("inf")}, "1,000,000 at the most"),
        ({"table": "a.b.c"}, "name or schema.name"),
        ({"table": ""}, "name or schema.name"),
        ({"table": "_engagement_x"}, "the program's"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        SqlTarget(parse_url("sqlite:///x.db"), **options)  # type: ignore[arg-type] # the point


@pytest.mark.parametrize(
    ("url", "driver", "line"),
    [
        ("postgresql://host/db", "psycopg", "pip install 'engagement-cli[postgres]'"),
        ("mysql://host/db", "pymysql", "pip install 'engagement-cli[mysql]'"),
        ("duckdb:///x.duckdb", "duckdb_engine", "pip install duckdb-engine"),
    ],
)
def test_a_missing_driver_is_named_with_the_line_that_installs_it(
    url: str, driver: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(UsageError, match=re.escape(line)):
        load(small(), SqlTarget(parse_url(url)))


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb", "sqlite"])
def test_the_statements_are_shown_without_a_connection(scheme: str) -> None:
    place = "/x.db" if scheme == "sqlite" else "no-such-host.invalid/db"
    shown = ddl(small(), SqlTarget(parse_url(f"{scheme}://{place}")))
    assert shown.count("CREATE TABLE") == 2
    assert shown.count("BIGINT NOT NULL") == 5 + 2
    assert "_engagement_loads" in shown
