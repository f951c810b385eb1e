"""The job in chdb, ClickHouse as a library: one INSERT from the lines into the CSV.

Usage: python -m benchmarks.peers.chdb FOLDER OUT.csv THREADS

``JSONExtract`` over whole lines parses with simdjson and takes half the CPU time of the
``JSONEachRow`` reader. It gives NULL where a line does not fit, so the query throws on NULL.
"""

from __future__ import annotations

import sys

import chdb

from benchmarks.peers.table import COLUMNS, MAPPED, NOBODY, sql_list

HIT = "Tuple(Contract Nullable(String), TotalDuration Nullable(Int64), AppName Nullable(String))"


def query(folder: str, out: str, threads: str) -> str:
    """Return the whole job as one INSERT."""
    sums = ",\n".join(
        f"sumIf(seconds, app IN ({sql_list(apps)})) AS {column}" for column, apps in COLUMNS.items()
    )
    return f"""
        INSERT INTO FUNCTION file('{out}', CSVWithNames)
        SELECT contract AS Contract, {sums}
        FROM (
            SELECT
                assumeNotNull(hit.Contract) AS contract,
                assumeNotNull(hit.TotalDuration) AS seconds,
                ifNull(hit.AppName, '') AS app
            FROM (
                SELECT JSONExtract(line, '_source', '{HIT}') AS hit
                FROM file('{folder}/*.json', LineAsString, 'line String')
            )
            WHERE NOT throwIf(
                isNull(hit.Contract) OR isNull(hit.TotalDuration), 'a line is not a hit'
            )
        )
        WHERE app IN ({sql_list(MAPPED)})
            AND contract NOT IN ({sql_list(NOBODY)}) AND trim(contract) <> ''
        GROUP BY contract
        ORDER BY contract
        SETTINGS max_threads = {threads}, engine_file_truncate_on_insert = 1
    """


def main() -> None:
    """Do the job."""
    chdb.query(query(*sys.argv[1:]))


if __name__ == "__main__":
    main()
