"""``engagement categories``, as a terminal, a pipe and a script see it."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import program
from engagement_cli.categories import builtin_text
from engagement_cli.cli.categories import categories
from engagement_cli.cli.columns import aligned, width
from engagement_cli.errors import CategoriesError, EngagementError, InputError, UsageError
from engagement_cli.features import FEATURES

GUIDE = Path(__file__).parents[1] / "docs" / "categories.md"
NAMES = [one.name for one in FEATURES]
HEAVY = {"numba", "numpy", "pandas", "pyarrow", "rich", "sqlalchemy"}

LISTED = """\
category  column         label        apps
TV        TVDuration     Truyền Hình  CHANNEL,DSHD,KPLUS,KPlus
Movie     MovieDuration  Phim Truyện  VOD,FIMS_RES,BHD_RES,VOD_RES,FIMS,BHD,DANET
Child     ChildDuration  Thiếu Nhi    CHILD
Relax     RelaxDuration  Giải Trí     RELAX
Sport     SportDuration  Thể Thao     SPORT
"""

MINE = """\
version: 1
case: fold
ignore_contracts: ['', TEST]
categories:
  A: {column: First one, label: 電視, apps: [x y, 'a,b', ''], match: ['F*']}
  B: {column: 'Second "2"', apps: ["\\e[31m"]}
features: {rfm: {recency: [2.5, 1]}}
"""


def run(*arguments: str, stdin: str | bytes | None = None, **env: str) -> str:
    """What the command prints; an error of the program's own is raised, for the caller to show."""
    result = CliRunner().invoke(categories, arguments, input=stdin, env=env)
    if isinstance(result.exception, EngagementError):
        raise result.exception
    assert (result.exit_code, result.stderr) == (0, ""), result
    return result.stdout


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


# --- list -------------------------------------------------------------------------------------


def test_list_shows_the_table_in_force_in_the_order_of_its_columns() -> None:
    assert run("list") == LISTED


def test_list_takes_a_table_from_the_option_before_the_environment(mine: str) -> None:
    listed = run("list", "--categories", mine)
    assert run("list", ENGAGEMENT_CATEGORIES=mine) == listed
    assert run("list", "--categories", mine, ENGAGEMENT_CATEGORIES="/absent.yaml") == listed
    assert run("list", ENGAGEMENT_CATEGORIES="") == LISTED
    assert listed == dedent("""\
        category  column      label  apps
        A         First one   電視   x y,a,b,'',F*
        B         Second "2"  B      \\x1b[31m
        """)


def test_list_as_csv_has_the_same_cells_unescaped(mine: str) -> None:
    listed = run("list", "--categories", mine, "--format", "csv")
    assert list(csv.reader(io.StringIO(listed))) == [
        ["category", "column", "label", "apps"],
        ["A", "First one", "電視", "x y,a,b,'',F*"],
        ["B", 'Second "2"', "B", "\x1b[31m"],
    ]
    assert "\r" not in listed


def test_list_as_json_keeps_names_and_patterns_apart(mine: str) -> None:
    assert json.loads(run("list", "--categories", mine, "--format", "json")) == [
        {
            "category": "A",
            "column": "First one",
            "label": "電視",
            "apps": ["x y", "a,b", ""],
            "match": ["F*"],
        },
        {
            "category": "B",
            "column": 'Second "2"',
            "label": "B",
            "apps": ["\x1b[31m"],
            "match": [],
        },
    ]


def test_list_is_quick_because_it_imports_nothing_heavy() -> None:
    code = """
        import sys
        from engagement_cli.cli.categories import categories
        before = 'yaml' in sys.modules
        categories(['list'], standalone_mode=False)
        print(before, *sorted(sys.modules))
    """
    command = [sys.executable, "-X", "utf8", "-c", dedent(code)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    listed, modules = result.stdout[: len(LISTED)], result.stdout[len(LISTED) :].split()
    assert listed == LISTED
    assert modules[0] == "False"
    assert HEAVY.isdisjoint(modules)


# --- show, check, init ------------------------------------------------------------------------


def test_show_tells_the_settings_of_a_table_then_its_categories(mine: str) -> None:
    assert run("show", mine) == dedent("""\
        case              fold
        trim              false
        other             OtherDuration
        ignore_contracts  ["", "TEST"]
        features          {"rfm": {"recency": [2.5, 1]}}

        """) + run("list", "--categories", mine)


def test_show_as_json_is_the_whole_table(mine: str) -> None:
    shown = json.loads(run("show", mine, "--format", "json"))
    assert shown.pop("categories") == json.loads(
        run("list", "--categories", mine, "--format", "json")
    )
    assert shown == {
        "case": "fold",
        "trim": False,
        "other": "OtherDuration",
        "ignore_contracts": ["", "TEST"],
        "features": {"rfm": {"recency": [2.5, 1]}},
    }


def test_show_as_csv_is_what_list_gives(mine: str) -> None:
    shown = run("show", mine, "--format", "csv")
    assert shown == run("list", "--categories", mine, "--format", "csv")


def faults(path: Path) -> list[str]:
    """What ``check`` has to say of a table with faults."""
    result = CliRunner().invoke(categories, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr.splitlines()


def test_check_of_a_sound_table_says_so(mine: str) -> None:
    assert run("check", mine) == f"{mine}: no faults\n"


def test_check_tells_wrong_parameters_of_features_among_the_faults_of_the_table(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(
        dedent("""\
            version: 1
            features:
              taste: {more_than: -1}
              clinginess:
                bands:
                  - 0
                  - 50
                  - 101
              colours: {}
            categories:
              TV: {column: A, apps: [X]}
              Kid: {column: B, apps: [X]}
            """)
    )
    assert faults(path) == [
        f"{path}:3: features: taste: more_than: must be at least 0, not -1",
        f"{path}:9: features: there is no 'colours'; there are {', '.join(NAMES)}",
        f"{path}:12: app 'X' is in category 'Kid' and, on line 11, in category 'TV': keep one",
    ]
    path.write_text(path.read_text().replace("-1", "1").replace("  colours: {}\n", ""))
    assert "yaml:8: features: clinginess: bands: begins at 101" in faults(path)[0]


def test_check_tells_every_fault_at_once_however_many(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text("version: 1\n" + "".join(f"  # \x07 {n}\n" for n in range(30)))
    assert faults(path) == [
        f"{path}:{line}: holds the control character U+0007: remove it" for line in range(2, 32)
    ]


def test_the_program_puts_nothing_before_a_fault_so_that_editors_can_follow_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.yaml"
    path.write_text("version: 1\n# \x07\n")
    told = f"{path}:2: holds the control character U+0007: remove it\n"
    assert program.run("categories", "check", path) == (2, b"", told)


@pytest.mark.parametrize(
    "arguments",
    [["list", "--categories"], ["show"], ["map", "VOD", "--categories"]],
    ids=lambda arguments: arguments[0],
)
def test_every_command_refuses_a_faulty_table_by_file_and_line(
    tmp_path: Path, arguments: list[str]
) -> None:
    path = tmp_path / "table.yaml"
    path.write_text("version: 1\ncategories:\n  TV: {column: TV, apps: [NO]}\n")
    with pytest.raises(CategoriesError) as error:
        run(*arguments, str(path))
    assert str(error.value) == (
        f"{path}:3: an entry of apps of category 'TV': NO is a truth value to YAML: quote it, 'NO',"
        " if it is a name"
    )


def test_init_writes_a_table_that_passes_check_and_lists_as_the_builtin_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "my.yaml"
    assert run("init", str(path)) == ""
    assert path.read_text(encoding="utf-8") == builtin_text()
    assert run("check", str(path)) == f"{path}: no faults\n"
    assert run("list", "--categories", str(path)) == LISTED


def test_init_replaces_a_file_only_with_force(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already; --force replaces it"):
        run("init", str(path))
    assert path.read_text() == "mine"
    assert run("init", "--force", str(path)) == ""
    assert path.read_text(encoding="utf-8") == builtin_text()


def test_init_of_a_dash_writes_to_standard_output() -> None:
    assert run("init", "-") == builtin_text()


# --- map --------------------------------------------------------------------------------------


def test_map_tells_the_category_of_each_app_or_what_it_may_have_meant() -> None:
    assert run("map", "VOD", "kplus", "", "FIMS 2") == dedent("""\
        app     category  column         near
        VOD     Movie     MovieDuration  -
        kplus   -         -              KPLUS
        ''      -         -              -
        FIMS 2  -         -              -
        """)


def test_map_of_a_dash_reads_names_one_a_line_in_place(mine: str) -> None:
    names = "vod\r\n\n FIMS \nx y"
    mapped = run("map", "Fi", "-", "z", "--categories", mine, "--format", "csv", stdin=names)
    assert mapped == dedent("""\
        app,category,column,near
        Fi,A,First one,
        vod,,,
        ,A,First one,
         FIMS ,,,F*
        x y,A,First one,
        z,,,
        """)


def test_map_as_json_tells_unmapped_apps_by_null() -> None:
    assert json.loads(run("map", "VOD", "vod", "--format", "json")) == [
        {"app": "VOD", "category": "Movie", "column": "MovieDuration", "near": None},
        {"app": "vod", "category": None, "column": None, "near": "VOD"},
    ]


def test_map_refuses_names_that_are_not_utf_8() -> None:
    with pytest.raises(InputError, match="standard input, line 2: not UTF-8"):
        run("map", "-", stdin=b"VOD\n\xff\n")
    with pytest.raises(UsageError, match=r"'\\udcff' is not UTF-8"):
        run("map", "\udcff")


def test_map_of_nothing_is_a_wrong_use() -> None:
    result = CliRunner().invoke(categories, ["map"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Missing argument 'APP...'" in result.stderr


# --- alignment and help -----------------------------------------------------------------------


def test_columns_stand_under_each_other_whatever_the_script_and_its_coding() -> None:
    rows = [
        ("Truyền", "1"),  # accents composed
        ("Truye\u0302\u0300n", "2"),  # accents combining
        ("電視", "3"),  # wide letters
        ("می\u200cخ", "4"),  # a joiner without width
        ("a\tb", "5"),  # escaped
        (None, "6"),
    ]
    lines = list(aligned(rows))
    assert [line.index(number) for line, (_, number) in zip(lines, rows, strict=True)] == [
        8,
        10,
        6,
        9,
        8,
        8,
    ]
    assert {width(line) for line in lines} == {9}


@given(st.lists(st.tuples(st.text(), st.none() | st.text()), min_size=1))
def test_each_row_is_one_line_that_no_cell_can_break(
    rows: list[tuple[str, str | None]],
) -> None:
    lines = list(aligned(rows))
    assert len("\n".join(lines).splitlines()) == len(rows)


COMMANDS = categories.commands
SAMPLE = Path(__file__).parent.parent / "sample_data"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_begins_with_examples_that_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.yaml").write_text(builtin_text(), encoding="utf-8")
    Path("logs").symlink_to(SAMPLE)
    examples = re.findall(
        r"^ {4}.*\bengagement categories (.+)$", run(name, "--help"), re.MULTILINE
    )
    assert run(name, "--help").splitlines()[4] == f"    engagement categories {examples[0]}"
    for example in examples:
        assert run(*shlex.split(example.partition(">")[0]), stdin="VOD\n") or name == "init"


def test_the_guide_shows_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    guide = GUIDE.read_text(encoding="utf-8")
    broken = re.search(r"This is `broken.yaml`:\n\n```yaml\n(.*?)```", guide, re.DOTALL)
    assert broken
    Path("broken.yaml").write_text(broken[1], encoding="utf-8")
    consoles = "".join(re.findall(r"```console\n(.*?)```", guide, re.DOTALL))
    shown = re.findall(r"\$ engagement categories (.+)\n((?:[^$].*\n)*)", consoles)
    assert [command.split()[0] for command, _ in shown] == ["list", "init", "check", "map", "check"]
    for command, output in shown:
        assert CliRunner().invoke(categories, shlex.split(command)).output == output


def test_every_option_has_help() -> None:
    options = [
        parameter
        for command in COMMANDS.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
    ]
    assert [option.name for option in options if not option.help] == []
