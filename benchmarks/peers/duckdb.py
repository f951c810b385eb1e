"""The job in DuckDB: one typed scan, one aggregation, one COPY.

Usage: python -m benchmarks.peers.duckdb FOLDER OUT.csv THREADS

The scan is DuckDB's own NDJSON reader with its types given, so nothing is sniffed and no other
field is read; a line that does not fit stops it, for ``ignore_errors`` stays off. Conditional sums
in one aggregation were as fast as PIVOT and use less memory than a first aggregation by app.
"""

from __future__ import annotations

import sys

import duckdb

from benchmarks.peers.table import COLUMNS, MAPPED, NOBODY, sql_list

HIT = "STRUCT(Contract VARCHAR, TotalDuration BIGINT, AppName VARCHAR)"


def query(folder: str) -> str:
    """Return the whole job as one SELECT."""
    sums = ",\n".join(
        f"sum(CASE WHEN AppName IN ({sql_list(apps)}) THEN TotalDuration ELSE 0 END)::BIGINT"
        f" AS {column}"
        for column, apps in COLUMNS.items()
    )
    return f"""
        SELECT Contract, {sums}
        FROM (
            SELECT unnest(_source)
            FROM read_json(
                '{folder}/*.json', format = 'newline_delimited', columns = {{_source: '{HIT}'}}
            )
        )
        WHERE AppName IN ({sql_list(MAPPED)})
            AND Contract NOT IN ({sql_list(NOBODY)}) AND trim(Contract) <> ''
        GROUP BY Contract
        ORDER BY Contract
    """


def main() -> None:
    """Do the job."""
    folder, out, threads = sys.argv[1:]
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.execute(f"COPY ({query(folder)}) TO '{out}' (FORMAT csv, HEADER)")


if __name__ == "__main__":
    main()
