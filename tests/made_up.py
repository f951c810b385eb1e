"""Small made-up logs and what stands in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from engagement_cli.sample import ShapeName, write_days

if TYPE_CHECKING:
    from pathlib import Path

SHAPE_NAMES: tuple[ShapeName, ...] = get_args(ShapeName)
NOBODY = {"", "0", "None", "NULL", "null"}
CATEGORY = {
    **dict.fromkeys(("CHANNEL", "DSHD", "KPLUS", "KPlus"), "TV"),
    **dict.fromkeys(("VOD", "FIMS_RES", "BHD_RES", "VOD_RES", "FIMS", "BHD", "DANET"), "Movie"),
    "CHILD": "Child",
    "RELAX": "Relax",
    "SPORT": "Sport",
}


def made(folder: Path, **options: Any) -> bytes:
    """The bytes of one small day."""
    [file] = write_days(folder, **{"days": 1, "lines": 500, "seed": 1, "force": True} | options)
    return file.path.read_bytes()


def hits_of(text: bytes, shape: ShapeName = "hits") -> list[Any]:
    """The hits of a file; of bulk pairs, the sources."""
    if shape == "array":
        return list(json.loads(text))
    if shape == "search":
        return [hit for page in text.splitlines() for hit in json.loads(page)["hits"]["hits"]]
    lines = text.splitlines()
    return [json.loads(line) for line in (lines[1::2] if shape == "bulk" else lines)]
