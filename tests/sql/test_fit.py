"""What a table that is there must be like, and that no load reaches past it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from engagement_cli.errors import ConflictError, DatabaseError, UsageError
from engagement_cli.sinks.sql import SqlTarget, load, parse_url
from sql.frames import COLUMNS, assert_same, odd, result, small
from sql.servers import (
    POSTGRES,
    MariaDbPlace,
    Place,
    PostgresPlace,
    SqlitePlace,
    leftovers,
    read,
    target,
)

EXACT = "VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
SHARES = pd.DataFrame(
    {"Contract": pd.Series(["HNH1", "HNH2"], dtype="str"), "Share": [0.1234567890123, 1e-9]}
)


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def quoted(place: Place, name: str) -> str:
    return f"`{name}`" if isinstance(place, MariaDbPlace) else f'"{name}"'


def make(place: Place, contract: str, values: str, *, columns: tuple[str, ...] = COLUMNS) -> None:
    """A table with these types."""
    listed = ", ".join(f"{quoted(place, name)} {values}" for name in columns)
    place.ask(
        f"CREATE TABLE {place.sql} ({quoted(place, 'Contract')} {contract} PRIMARY KEY, {listed})"
    )


def refused(place: Place, frame: pd.DataFrame, mode: str = "upsert") -> list[str]:
    """The statements that a load asks for."""
    with pytest.raises(ConflictError) as error:
        load(frame, target(place, if_exists=mode))
    return [line for line in str(error.value).splitlines() if line.startswith("ALTER")]


# --- foreign keys -----------------------------------------------------------------------------


def referred(place: Place, rule: str) -> str:
    """A loaded table that rows of another table refer to: HNH1 and HNH2."""
    load(small(), target(place))
    kind = "text"
    if isinstance(place, MariaDbPlace):
        kind = EXACT
    child = f"{place.here}child"
    key = quoted(place, "Contract")
    place.ask(
        f"CREATE TABLE {child} (c {kind} NULL, CONSTRAINT watched FOREIGN KEY (c)"
        f" REFERENCES {place.sql} ({key}) ON DELETE {rule})"
    )
    place.ask(f"INSERT INTO {child} VALUES ('HNH1'), ('HNH2')")
    return child


RULES = ["CASCADE", "SET NULL", "NO ACTION", "RESTRICT"]


@pytest.mark.parametrize("rule", RULES)
def test_replace_of_a_table_that_others_refer_to_touches_no_other(server: Place, rule: str) -> None:
    child = referred(server, rule)
    later = result({"HNH1": (1, 1, 1, 1, 1), "HNH2": (1, 2, 3, 4, 5), "HNH9": (9, 9, 9, 9, 9)})
    load(later, target(server))
    assert_same(read(server), later)
    assert sorted(server.ask(f"SELECT c FROM {child}")) == [("HNH1",), ("HNH2",)]
    assert leftovers(server) == []


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_load_that_would_reach_into_other_tables_is_refused(
    server: Place, mode: str, rule: str
) -> None:
    child = referred(server, rule)
    later = small(shift=1).iloc[1:]
    with pytest.raises(ConflictError, match=r"1 rows of child refer by watched .* --if-exists"):
        load(later, target(server, if_exists=mode, prune=mode == "upsert"))
    assert_same(read(server), small())
    assert sorted(server.ask(f"SELECT c FROM {child}")) == [("HNH1",), ("HNH2",)]
    server.ask(f"DELETE FROM {child} WHERE c = 'HNH1'")
    load(later, target(server, if_exists=mode, prune=mode == "upsert"))
    assert_same(read(server), later)
    assert server.ask(f"SELECT c FROM {child}") == [("HNH2",)]


def test_a_key_to_a_column_that_loads_change_is_refused(server: Place) -> None:
    load(small(), target(server))
    tv = quoted(server, "TVDuration")
    server.ask(f"ALTER TABLE {server.sql} ADD UNIQUE ({tv})")
    server.ask(
        f"CREATE TABLE {server.here}child (c BIGINT, CONSTRAINT watched FOREIGN KEY (c)"
        f" REFERENCES {server.sql} ({tv}) ON UPDATE CASCADE)"
    )
    server.ask(f"INSERT INTO {server.here}child VALUES (254)")
    for mode in ("replace", "upsert"):
        with pytest.raises(ConflictError, match="child refers by watched to a column"):
            load(small(shift=1), target(server, if_exists=mode))
    assert server.ask(f"SELECT c FROM {server.here}child") == [(254,)]


# --- types ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["upsert", "replace"])
@pytest.mark.parametrize("kind", ["real", "numeric(10,0)", "numeric(20,6)", "float(24)"])
def test_a_share_is_never_rounded(postgres: PostgresPlace, kind: str, mode: str) -> None:
    make(postgres, 'text COLLATE "C"', kind, columns=("Share",))
    statement = f'ALTER TABLE {postgres.sql} ALTER COLUMN "Share" TYPE DOUBLE PRECISION;'
    if mode == "upsert":
        assert refused(postgres, SHARES) == [statement]
        postgres.ask(statement)
    load(SHARES, target(postgres, if_exists=mode))
    assert_same(read(postgres), SHARES)


@pytest.mark.parametrize("mode", ["upsert", "replace"])
@pytest.mark.parametrize("kind", ["FLOAT", "DECIMAL(10,0)", "DECIMAL(20,6)", "DOUBLE(10,2)"])
def test_a_share_is_never_rounded_by_mariadb(mariadb: MariaDbPlace, kind: str, mode: str) -> None:
    make(
        mariadb,
        EXACT,
        kind,
        columns=("Share",),
    )
    if mode == "upsert":
        (statement,) = refused(mariadb, SHARES)
        assert "MODIFY `Share` DOUBLE" in statement
        mariadb.ask(statement)
    load(SHARES, target(mariadb, if_exists=mode))
    assert_same(read(mariadb), SHARES)


@pytest.mark.parametrize("mode", ["upsert", "replace"])
@pytest.mark.parametrize("kind", ["INTEGER", "SMALLINT", "NUMERIC(8,2)"])
def test_seconds_too_many_for_a_column_widen_it_or_are_refused(
    server: Place, kind: str, mode: str
) -> None:
    contract = 'text COLLATE "C"'
    if isinstance(server, MariaDbPlace):
        contract = EXACT
    make(server, contract, f"{kind} NOT NULL", columns=COLUMNS)
    load(small(), target(server, if_exists="upsert"))
    assert_same(read(server).astype(small().dtypes.to_dict()), small())  # type: ignore[union-attr] # it is there
    many = small().assign(TVDuration=[2**31, 1, 2**40])
    if mode == "upsert":
        (statement,) = refused(server, many)
        assert "BIGINT" in statement
        server.ask(statement)
    load(many, target(server, if_exists=mode))
    there = read(server)
    assert there is not None
    assert there["TVDuration"].tolist() == [2**31, 1, 2**40]


@pytest.mark.parametrize("kind", ["varchar(3)", "char(10)", "varchar(10)"])
def test_a_contract_column_that_is_too_narrow_or_pads_is_refused(
    postgres: PostgresPlace, kind: str
) -> None:
    make(postgres, kind, "bigint")
    frame = small().assign(Contract=pd.Series(["a", "b ", "HNH12345678"], dtype="str"))
    statement = f'ALTER TABLE {postgres.sql} ALTER COLUMN "Contract" TYPE TEXT COLLATE "C";'
    assert refused(postgres, frame) == [statement]
    report = load(frame, target(postgres))
    assert report.notes == ("Contract got a type that holds the result exactly",)
    assert_same(read(postgres), frame.sort_values("Contract", ignore_index=True))


def test_a_narrow_table_that_others_lean_on_is_widened_where_it_stands(
    postgres: PostgresPlace,
) -> None:
    make(postgres, "varchar(3)", "bigint")
    postgres.ask(f"ALTER TABLE {postgres.sql} SET (fillfactor = 70)")
    load(small(), target(postgres))
    assert_same(read(postgres), small())


def test_a_collation_that_ignores_case_is_refused_by_upsert(postgres: PostgresPlace) -> None:
    postgres.ask(
        f"CREATE COLLATION {postgres.here}lax"
        " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    make(postgres, f"text COLLATE {postgres.here}lax", "bigint")
    (statement,) = refused(postgres, odd())
    postgres.ask(statement)
    load(odd(), target(postgres, if_exists="upsert"))
    assert_same(read(postgres), odd())


def test_a_type_that_ignores_case_is_refused_by_upsert(postgres: PostgresPlace) -> None:
    schema = postgres.here[:-1]
    postgres.ask(f"CREATE EXTENSION citext SCHEMA {schema}")
    postgres.url += f"&options=-csearch_path%3D{schema}"
    make(postgres, f"{postgres.here}citext", "bigint")
    (statement,) = refused(postgres, odd())
    postgres.ask(statement)
    load(odd(), target(postgres, if_exists="upsert"))
    assert_same(read(postgres), odd())


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_sqlite_key_that_ignores_case_is_refused(sqlite: SqlitePlace, mode: str) -> None:
    make(sqlite, "TEXT COLLATE NOCASE", "BIGINT")
    sqlite.ask("INSERT INTO engagement VALUES ('hnh1', 1, 1, 1, 1, 1)")
    assert refused(sqlite, small(), mode) == [
        'ALTER TABLE "engagement" RENAME TO "engagement_old";'
    ]
    assert sqlite.ask("SELECT count(*), sum(TVDuration) FROM engagement") == [(1, 1)]
    sqlite.ask('ALTER TABLE "engagement" RENAME TO "engagement_old"')
    load(odd(), target(sqlite, if_exists=mode))
    assert_same(read(sqlite), odd())


def test_a_label_that_differs_by_case_only_is_changed(place: Place) -> None:
    frame = small()[["Contract"]].assign(Label=pd.Series(["sport", "a", "é"], dtype="str"))
    collation = {
        "SqlitePlace": "TEXT COLLATE NOCASE",
        "PostgresPlace": "text",
        "MariaDbPlace": "VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_ci",
    }[type(place).__name__]
    contract = "text"
    if isinstance(place, MariaDbPlace):
        contract = EXACT
    make(place, contract, collation, columns=("Label",))
    load(frame, target(place, if_exists="upsert"))
    frame["Label"] = ["Sport", "a", "É"]
    assert load(frame, target(place, if_exists="upsert")).changed == 2
    assert_same(read(place), frame.astype({"Label": "str"}))


@pytest.mark.parametrize("name", ["xmin", "tableoid", "ctid", "cmax"])
def test_the_names_of_system_columns_are_refused_before_any_work(
    postgres: PostgresPlace, name: str
) -> None:
    assert_name_refused(postgres, name)


@pytest.mark.parametrize("name", ["DB_ROW_ID", "db_trx_id", "Db_Roll_Ptr"])
def test_the_names_that_innodb_keeps_are_refused_before_any_work(
    mariadb: MariaDbPlace, name: str
) -> None:
    assert_name_refused(mariadb, name)


def assert_name_refused(place: Place, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}' is a column of its own"):
        load(small().rename(columns={"TVDuration": name}), target(place))
    assert read(place) is None


def test_a_table_whose_name_is_the_fault_is_blamed_itself(postgres: PostgresPlace) -> None:
    with pytest.raises(UsageError, match=r"^--table x{64}: .*63 are the most\. Give another"):
        load(small(), SqlTarget(parse_url(postgres.url), "x" * 64))


def test_policies_that_hide_rows_are_told(postgres: PostgresPlace) -> None:
    load(small(), target(postgres))
    schema = postgres.here[:-1]
    name = f"{schema}_role"
    for statement in (
        f"CREATE ROLE {name} LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {name}",
        f"ALTER TABLE {postgres.sql} ENABLE ROW LEVEL SECURITY",
        f"""CREATE POLICY p ON {postgres.sql} USING ("Contract" <> 'HNH1') WITH CHECK (true)""",
    ):
        postgres.ask(statement)
    try:
        place = PostgresPlace(f"postgresql://{name}@{POSTGRES.rpartition('@')[2]}", schema)
        for mode in ("replace", "upsert"):
            with pytest.raises(DatabaseError, match=r"row-level security .* BYPASSRLS"):
                load(small(shift=1), target(place, if_exists=mode))
    finally:
        postgres.ask(f"DROP OWNED BY {name}")
        postgres.ask(f"DROP ROLE {name}")
    assert_same(read(postgres), small())
