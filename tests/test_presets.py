"""The tables of docs/examples reproduce the conventions that they are named for."""

from __future__ import annotations

from pathlib import Path

import pytest

import engagement_cli as eng
from households import View, write_days

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
PRESETS = sorted(path for path in EXAMPLES.glob("*.yaml"))


def month(folder: Path, households: dict[str, list[int]], day_seconds: int = 60) -> Path:
    """A month of logs in which each household watches on the days of its list."""
    days = {
        f"202204{day:02}": [
            View(f"filler{day}", "CHANNEL", 0),
            *(View(name, "CHANNEL", day_seconds) for name, on in households.items() if day in on),
        ]
        for day in range(1, 31)
    }
    return write_days(folder, days)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.name)
def test_a_preset_loads_and_gives_every_feature(preset: Path, tmp_path: Path) -> None:
    logs = write_days(tmp_path / "logs", {"20220401": [View("A", "CHANNEL", 5, "m")]})
    assert len(eng.run(logs, categories=preset, features="all")) == 1


@pytest.mark.parametrize(
    ("days", "level"),
    [
        (1, "very low"),
        (7, "very low"),
        (8, "low"),
        (14, "low"),
        (15, "moderate"),
        (21, "moderate"),
        (22, "high"),
        (28, "high"),
        (29, "very high"),
        (30, "very high"),
    ],
)
def test_five_levels_of_active_days(tmp_path: Path, days: int, level: str) -> None:
    logs = month(tmp_path / "logs", {"A": list(range(1, days + 1))})
    preset = EXAMPLES / "activity-types.yaml"
    frame = eng.run(logs, categories=preset, features="activeness", contracts=["A"])
    assert frame["ActivenessLevel"].tolist() == [level]


def test_types_of_customers_by_level_and_quartile(tmp_path: Path) -> None:
    """Totals in order: thirty fillers of 0 seconds, so that every quartile but the last is 0."""
    households = {"new": [1], "some": list(range(1, 16)), "all": list(range(1, 31))}
    logs = month(tmp_path / "logs", households)
    frame = eng.run(
        logs,
        categories=EXAMPLES / "activity-types.yaml",
        features="clinginess",
        contracts=households,
    )
    assert frame.set_index("Contract")["Clinginess"].to_dict() == {
        "all": "6",
        "new": "0",
        "some": "4",
    }


@pytest.mark.parametrize(
    ("on", "seconds", "score", "segment"),
    [
        ([1], 10, 1.0, "Low"),  # recency 29 -> 1, one day -> 1, little -> 1
        ([16], 10, 1.33, "Low"),  # recency 14 -> 2
        ([25], 10, 1.67, "Mid"),  # recency 5 -> 3
        ([20, 21, 22, 23, 24, 25], 10, 2.0, "High"),  # and six days -> 2
        (list(range(16, 31)), 51840, 2.67, "High"),  # 15 days -> 3, 777,600 seconds -> 2
        (list(range(1, 31)), 51840, 3.0, "High"),  # 1,555,200 seconds -> 3
    ],
)
def test_rfm_by_thresholds(
    tmp_path: Path, on: list[int], seconds: int, score: float, segment: str
) -> None:
    logs = month(tmp_path / "logs", {"A": on}, seconds)
    preset = EXAMPLES / "rfm-thresholds.yaml"
    frame = eng.run(logs, categories=preset, features="rfm", contracts=["A"])
    assert frame[["RFMScore", "Segment"]].values.tolist() == [[score, segment]]


@pytest.mark.parametrize(
    ("days", "level"), [(10, "Low"), (11, "Medium"), (20, "Medium"), (21, "High")]
)
def test_three_levels_are_above_ten_and_twenty(tmp_path: Path, days: int, level: str) -> None:
    logs = month(tmp_path / "logs", {"A": list(range(1, days + 1))})
    for preset in (EXAMPLES / "three-levels.yaml", None):
        frame = eng.run(logs, categories=preset, features="activeness", contracts=["A"])
        assert frame["ActivenessLevel"].tolist() == [level]


def test_the_three_most_watched_are_the_taste(tmp_path: Path) -> None:
    apps = {"CHANNEL": 10, "VOD": 40, "CHILD": 30, "RELAX": 20}
    views = [View("A", app, seconds) for app, seconds in apps.items()]
    logs = write_days(tmp_path / "logs", {"20220401": views})
    frame = eng.run(logs, categories=EXAMPLES / "top-three.yaml", features="taste", labels="label")
    assert frame["Taste"].tolist() == ["Phim Truyện - Thiếu Nhi - Giải Trí"]
