"""Logs of a few households, written line by line where a test needs to see every number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class View(NamedTuple):
    """One line of a log."""

    contract: str
    app: str
    seconds: int
    mac: str | None = None
    hit_id: str | None = None

    def line(self) -> str:
        """The hit as an export writes it."""
        source: dict[str, object] = {"Contract": self.contract, "Mac": self.mac}
        source |= {"TotalDuration": self.seconds, "AppName": self.app}
        hit: dict[str, object] = {"_index": "history", "_source": source}
        return json.dumps(hit | ({"_id": self.hit_id} if self.hit_id else {}), ensure_ascii=False)


def write_days(folder: Path, days: Mapping[str, Iterable[View]]) -> Path:
    """Write one file a day, named by it, into a folder."""
    folder.mkdir(exist_ok=True)
    for day, views in days.items():
        text = "".join(view.line() + "\n" for view in views)
        (folder / f"{day}.json").write_text(text, encoding="utf-8")
    return folder


FIVE = {
    "20220401": [
        View("A", "CHANNEL", 100, "m1"),
        View("A", "DSHD", 50, "m1"),
        View("B", "CHANNEL", 30, "m1"),
        View("C", "CHANNEL", 0),
        View("D", "CHANNEL", 500, "d1"),
        View("D", "VOD", 100, "d2"),
        View("D", "CHILD", 100, "d1"),
        View("0", "CHANNEL", 9999, "m9"),
    ],
    "20220402": [
        View("A", "KPLUS", 50, "m1"),
        View("B", "VOD", 30, "m2"),
        View("D", "RELAX", 200, "d3"),
        View("E", "KARAOKE", 999, "e1"),
    ],
    "20220404": [
        View("A", "CHANNEL", 0, "m2"),
        View("D", "SPORT", 100, ""),
        View("E", "SPORT", 7, "e1"),
    ],
}
"""Five contracts: one category; a tie; nothing but a tune-in; all categories; an unmapped app.

The third of April has no file.
"""
