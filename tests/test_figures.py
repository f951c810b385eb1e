"""Figures and other grains of five contracts, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_oracle import figure_rows
from households import FIVE, View, write_days
from program import one_line, run
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


def test_a_day_with_the_bytes_of_another_is_present_however_it_is_counted(five: Path) -> None:
    (five / "20220403.json").write_bytes((five / "20220402.json").read_bytes())
    expected = HEAD + (
        "2022-04-01,7,4,4,880,680,4,100,1,100,1,0,0,0,0,0,220,0\n"
        "2022-04-02,3,3,0,280,50,1,30,1,0,0,200,1,0,0,999,93.33,0\n"
        "2022-04-03,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
        "2022-04-04,3,3,1,107,0,1,0,0,0,0,0,0,107,2,0,35.67,0\n"
    )
    assert figures(five) == expected
    assert from_state(five) == expected
    assert from_state(five, "--since", "2022-04-03") == figures(five, "--since", "2022-04-03")


def test_devices_of_contracts_that_watched_only_unmapped_apps_are_not_counted(five: Path) -> None:
    def on_the_second(how: str) -> str:
        table = figures(five, "--features", "devices", "--unmapped", how)
        header, _, second, *_ = (line.split(",") for line in table.splitlines())
        return second[header.index("UniqueDevices")]

    assert (on_the_second("drop"), on_the_second("keep")) == ("3", "4")


def from_state(folder: Path, *options: object) -> str:
    """The figures that an export gives of what was ingested."""
    state = folder.parent / "state"
    assert run("ingest", "-q", "-i", folder, "--state", state).status == 0
    asked = ["-q", "--state", state, "-o", folder.parent / "out.csv", "--figures", "-"]
    return run("export", *asked, *options).out.decode()


@settings(max_examples=25, deadline=None)
@given(logs, st.sampled_from(["day", "week", "month"]), st.booleans())
def test_figures_are_what_a_slow_oracle_counts(
    days: dict[str, list[View]], period: str, keep: bool
) -> None:
    days = {day: [View(f"only{day}", "CHANNEL", 1), *views] for day, views in sorted(days.items())}
    options = ["--period", period, "--unmapped", "keep" if keep else "drop"]
    with TemporaryDirectory() as folder:
        place = write_days(Path(folder) / "logs", days)
        with_devices = figures(place, *options, "--features", "devices")
        without, stored = figures(place, *options), from_state(place, *options)
    expected = figure_rows(days, period, keep_unmapped=keep)
    assert with_devices == csv_of(expected)
    for row in expected:
        del row["UniqueDevices"]
    assert without == stored == csv_of(expected)


def csv_of(rows: list[dict[str, object]]) -> str:
    lines = [list(rows[0]), *(row.values() for row in rows)]
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


def test_figures_stay_as_they_were_where_the_result_is_refused(five: Path, tmp_path: Path) -> None:
    database, kept = f"sqlite:///{tmp_path}/o.db", tmp_path / "figures.csv"
    asked = ["-q", "-i", five, "-o", database, "--figures", kept, "--if-exists", "fail"]
    assert run("run", *asked).status == 0
    before = kept.read_bytes()
    (five / "20220404.json").unlink()
    one_line(run("run", *asked), 3, "engagement")
    assert kept.read_bytes() == before


@pytest.mark.parametrize("grain", ["contract", "contract-day"])
def test_figures_that_are_refused_say_that_the_result_is_written(
    five: Path, tmp_path: Path, grain: str
) -> None:
    database, out = f"sqlite:///{tmp_path}/o.db", tmp_path / "out.csv"
    asked = ["-q", "-i", five, "-o", out, "--by", grain]
    expected = run("run", *asked[:3], "-o", "-", "--by", grain).out
    figures_too = [*asked, "--figures", database, "--if-exists", "fail"]
    assert run("run", *figures_too).status == 0
    out.unlink()
    told = f"The result is written to {out}, and its figures are not: "
    one_line(run("run", *figures_too), 1, told, "engagement_figures")
    assert out.read_bytes() == expected


def test_days_that_no_figures_follow_leave_nothing_aside(five: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "out.parquet"
    out.parent.mkdir()
    asked = ["-q", "-i", five, "-o", out, "--by", "contract-day"]
    assert run("run", *asked, "--figures", out.parent / "f.csv").status == 0
    assert sorted(path.name for path in out.parent.iterdir()) == ["f.csv", "out.parquet"]
    assert [*pd.read_parquet(out)["Contract"]] == [*"ABCDABDADE"]
