"""Figures and other grains of five contracts, worked out by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_oracle import day_of
from households import FIVE, View, write_days
from oracle import NOBODY, TABLE, column_of
from program import run
from test_features_oracle import logs


@pytest.fixture
def five(tmp_path: Path) -> Path:
    return write_days(tmp_path / "logs", FIVE)


def shown(folder: Path, *options: object) -> str:
    """What goes to standard output, the same for both strategies and any number of jobs."""
    outputs = {
        run("run", "-q", "-i", folder, *options, "--strategy", strategy, "--jobs", jobs).out
        for strategy in ("incremental", "batch")
        for jobs in (1, 3)
    }
    (output,) = outputs
    return output.decode()


def figures(folder: Path, *options: object) -> str:
    return shown(folder, "-o", folder.parent / "out.csv", "--figures", "-", *options)


HEAD = (
    "Date,Lines,Contracts,NewContracts,TotalDuration,TVDuration,TVContracts,MovieDuration,"
    "MovieContracts,ChildDuration,ChildContracts,RelaxDuration,RelaxContracts,SportDuration,"
    "SportContracts,UnmappedDuration,AvgDurationPerContract,Missing\n"
)


def test_figures_by_day_with_a_missing_day(five: Path) -> None:
    assert figures(five) == HEAD + (
        "2022-04-01,7,4,4,880,680,4,100,1,100,1,0,0,0,0,0,220,0\n"
        "2022-04-02,3,3,0,280,50,1,30,1,0,0,200,1,0,0,999,93.33,0\n"
        "2022-04-03,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\n"
        "2022-04-04,3,3,1,107,0,1,0,0,0,0,0,0,107,2,0,35.67,0\n"
    )


def test_figures_of_unmapped_apps_that_are_kept(five: Path) -> None:
    day = figures(five, "--unmapped", "keep").splitlines()[2]
    assert day == "2022-04-02,4,4,1,1279,50,1,30,1,0,0,200,1,0,0,999,1,999,319.75,0"


def test_figures_by_week_count_a_contract_once_and_begin_on_monday(five: Path) -> None:
    assert figures(five, "--period", "week") == HEAD + (
        "2022-03-28,10,4,4,1160,730,4,130,2,100,1,200,1,0,0,999,290,1\n"
        "2022-04-04,3,3,1,107,0,1,0,0,0,0,0,0,107,2,0,35.67,0\n"
    )


def test_figures_by_month_over_an_asked_range_in_hours_with_devices(five: Path) -> None:
    options = ["--period", "month", "--since", "2022-03-31", "--until", "2022-05-01"]
    found = figures(five, *options, "--unit", "hours", "--features", "devices")
    assert found.replace("\r", "") == HEAD.replace("Avg", "UniqueDevices,Avg") + (
        "2022-03-01,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\n"
        "2022-04-01,13,5,5,0.3519,0.2028,4,0.0361,2,0.0278,1,0.0556,1,0.0297,2,0.2775,6,0.0704,27\n"
        "2022-05-01,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\n"
    )


def test_one_row_a_day_is_the_figures_by_day(five: Path) -> None:
    assert shown(five, "-o", "-", "--by", "day") == figures(five)


def test_one_row_a_category(five: Path) -> None:
    assert shown(five, "-o", "-", "--by", "category", "--labels", "label") == (
        "Category,Contracts,Lines,TotalDuration\n"
        "Truyền Hình,4,7,730\n"
        "Phim Truyện,2,2,130\n"
        "Thiếu Nhi,1,1,100\n"
        "Giải Trí,1,1,200\n"
        "Thể Thao,2,2,107\n"
    )


def test_one_row_an_app(five: Path) -> None:
    assert shown(five, "-o", "-", "--by", "app", "--unmapped", "keep") == (
        "AppName,Category,Contracts,Lines,TotalDuration\n"
        "CHANNEL,TV,4,5,630\n"
        "CHILD,Child,1,1,100\n"
        "DSHD,TV,1,1,50\n"
        "KARAOKE,Other,1,1,999\n"
        "KPLUS,TV,1,1,50\n"
        "RELAX,Relax,1,1,200\n"
        "SPORT,Sport,2,2,107\n"
        "VOD,Movie,2,2,130\n"
    )


def test_one_row_a_contract_and_day(five: Path) -> None:
    assert shown(five, "-o", "-", "--by", "contract-day", "--unit", "minutes") == (
        "Date,Contract,TVDuration,MovieDuration,ChildDuration,RelaxDuration,SportDuration\n"
        "2022-04-01,A,2.5,0,0,0,0\n"
        "2022-04-01,B,0.5,0,0,0,0\n"
        "2022-04-01,C,0,0,0,0,0\n"
        "2022-04-01,D,8.33,1.67,1.67,0,0\n"
        "2022-04-02,A,0.83,0,0,0,0\n"
        "2022-04-02,B,0,0.5,0,0,0\n"
        "2022-04-02,D,0,0,0,3.33,0\n"
        "2022-04-04,A,0,0,0,0,0\n"
        "2022-04-04,D,0,0,0,0,1.67\n"
        "2022-04-04,E,0,0,0,0,0.12\n"
    )


def test_a_grain_of_other_than_contracts_takes_no_features(five: Path) -> None:
    for options in (["--features", "taste"], ["--top", 3], ["--min-total", 1]):
        result = run("run", "-i", five, "-o", "-", "--by", "category", *options)
        assert (result.status, result.out) == (2, b"")
        assert "--by category" in result.err


def test_rows_of_contract_and_day_are_whole_or_not_there(five: Path, out: Path) -> None:
    before = out.read_bytes()
    (five / "20220405.json").write_text("broken\n")
    assert run("run", "-q", "-i", five, "-o", out, "--by", "contract-day").status == 3
    assert out.read_bytes() == before
    assert [path.name for path in out.parent.iterdir()] == [out.name]


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet", "out.jsonl"])
def test_every_format_takes_every_column(five: Path, tmp_path: Path, name: str) -> None:
    (five / "20220405.json").write_text(View('a "quoted", long name', "CHANNEL", 60).line() + "\n")
    result = run("run", "-q", "-i", five, "-o", tmp_path / name, "--features", "all")
    assert (result.status, result.err) == (0, "")
    if name == "out.csv":
        rows = (tmp_path / name).read_text().splitlines()
        assert rows[6].startswith('"a ""quoted"", long name",60,0,0,0,0,60,TV,TV,1,2022-04-05,')
        assert "25,Low,0,1,0,0,0,0," in rows[6]


@settings(max_examples=25, deadline=None)
@given(logs, st.sampled_from(["day", "week", "month"]))
def test_figures_are_what_a_slow_oracle_counts(days: dict[str, list[View]], period: str) -> None:
    days = {day: [View(f"only{day}", "CHANNEL", 1), *views] for day, views in sorted(days.items())}
    with TemporaryDirectory() as folder:
        found = figures(write_days(Path(folder) / "logs", days), "--period", period)
    seconds: defaultdict[date, int] = defaultdict(int)
    contracts: defaultdict[date, set[str]] = defaultdict(set)
    missing: defaultdict[date, int] = defaultdict(int)
    new: defaultdict[date, set[str]] = defaultdict(set)
    known: set[str] = set()
    first, last = day_of(min(days)), day_of(max(days))
    for place in range((last - first).days + 1):
        day = first + timedelta(place)
        start = {"day": day, "week": day - timedelta(day.weekday()), "month": day.replace(day=1)}
        missing[start[period]] += day.strftime("%Y%m%d") not in days
        for view in days.get(day.strftime("%Y%m%d"), []):
            is_nobody = view.contract in NOBODY or not view.contract.strip()
            if not is_nobody and column_of(view.app, TABLE):
                seconds[start[period]] += view.seconds
                contracts[start[period]].add(view.contract)
                new[start[period]] |= {view.contract} - known
                known.add(view.contract)
    assert [[*row.split(",")[:5], row.split(",")[-1]] for row in found.splitlines()[1:]] == [
        [
            str(start),
            found.splitlines()[place].split(",")[1],
            str(len(contracts[start])),
            str(len(new[start])),
            str(seconds[start]),
            str(missing[start]),
        ]
        for place, start in enumerate(missing, start=1)
    ]
