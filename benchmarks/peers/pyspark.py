"""The job in PySpark on one machine: typed read, map, pivot, sort, one CSV.

Usage: python -m benchmarks.peers.pyspark FOLDER OUT.csv THREADS

Spark writes a folder of parts; the one part is moved to where the file was asked for. The program
waits for its Java machine to end, so that CPU time and memory count that too.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from benchmarks.peers.table import COLUMNS, NOBODY

HITS = "_source struct<Contract: string, TotalDuration: bigint, AppName: string>"


def session(threads: str) -> SparkSession:
    """Return a local session without what a small machine does not need."""
    return (
        SparkSession.builder.master(f"local[{threads}]")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", 4 * int(threads))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )


def result(spark: SparkSession, folder: str) -> DataFrame:
    """Return one row per contract, ordered."""
    pairs = [text for column, apps in COLUMNS.items() for app in apps for text in (app, column)]
    column_of = f.create_map(*map(f.lit, pairs))
    hits = spark.read.schema(HITS).option("mode", "FAILFAST").json(folder).select("_source.*")
    mapped = hits.withColumn("Column", column_of[f.col("AppName")]).where("Column IS NOT NULL")
    return (
        mapped.where(~f.col("Contract").isin(*NOBODY) & (f.trim("Contract") != ""))
        .groupBy("Contract")
        .pivot("Column", list(COLUMNS))
        .agg(f.sum("TotalDuration"))
        .na.fill(0)
        .orderBy("Contract")
    )


def main() -> None:
    """Do the job."""
    folder, out, threads = sys.argv[1:]
    spark = session(threads)
    parts = Path(f"{out}.parts")
    result(spark, folder).coalesce(1).write.mode("overwrite").csv(
        str(parts),
        header=True,
        escape='"',  # as RFC 4180 has it
        ignoreLeadingWhiteSpace=False,
        ignoreTrailingWhiteSpace=False,
    )
    next(parts.glob("part-*.csv")).replace(out)
    shutil.rmtree(parts)
    java = spark.sparkContext._gateway  # noqa: SLF001 - there is no public way to wait for it
    spark.stop()
    java.shutdown()
    java.proc.stdin.close()
    java.proc.wait()


if __name__ == "__main__":
    main()
