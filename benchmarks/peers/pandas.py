"""The job in plain Python and pandas: ``json`` line by line, a DataFrame a day, sums of sums.

Usage: python -m benchmarks.peers.pandas FOLDER OUT.csv THREADS

It uses one thread, whatever is asked. A day at a time keeps memory to a day and the sums so far.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

from benchmarks.peers.table import COLUMNS, NOBODY

COLUMN_OF = {app: column for column, apps in COLUMNS.items() for app in apps}


def day_sums(path: Path) -> pd.DataFrame:
    """Return the seconds of one day, one row per contract and column."""
    with path.open(encoding="utf-8") as lines:
        sources = (json.loads(line)["_source"] for line in lines)
        hits = pd.DataFrame(
            [(hit["Contract"], hit["TotalDuration"], hit.get("AppName")) for hit in sources],
            columns=["Contract", "Seconds", "Column"],
        )
    hits["Column"] = hits["Column"].map(COLUMN_OF)
    nobody = hits["Contract"].isin(NOBODY) | (hits["Contract"].str.strip() == "")
    return hits[~nobody].groupby(["Contract", "Column"], as_index=False)[["Seconds"]].sum()


def main() -> None:
    """Do the job."""
    folder, out, _ = sys.argv[1:]
    sums = pd.concat(day_sums(path) for path in sorted(Path(folder).glob("*.json")))
    wide = sums.pivot_table("Seconds", "Contract", "Column", aggfunc="sum", fill_value=0)
    wide.reindex(columns=list(COLUMNS), fill_value=0).to_csv(out)


if __name__ == "__main__":
    main()
