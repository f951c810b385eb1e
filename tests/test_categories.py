"""The category table: which category an app falls in, and every fault of a YAML with its line."""

from __future__ import annotations

import pickle
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engagement_cli.categories import (
    Category,
    CategoryTable,
    Fault,
    Settings,
    builtin_table,
    builtin_text,
    check,
    load_table,
)

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
GUIDE = EXAMPLES.parent / "categories.md"

BUILTIN = CategoryTable(
    (
        Category("TV", "TVDuration", "Truyền Hình", ("CHANNEL", "DSHD", "KPLUS", "KPlus")),
        Category(
            "Movie",
            "MovieDuration",
            "Phim Truyện",
            ("VOD", "FIMS_RES", "BHD_RES", "VOD_RES", "FIMS", "BHD", "DANET"),
        ),
        Category("Child", "ChildDuration", "Thiếu Nhi", ("CHILD",)),
        Category("Relax", "RelaxDuration", "Giải Trí", ("RELAX",)),
        Category("Sport", "SportDuration", "Thể Thao", ("SPORT",)),
    )
)


def table_of(*categories: Category, **options: object) -> CategoryTable:
    return CategoryTable(categories, **options)  # type: ignore[arg-type]  # options of many types


def category(key: str, *apps: str, match: tuple[str, ...] = ()) -> Category:
    return Category(key, key + "Duration", key, apps, match)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- the table in memory ----------------------------------------------------------------------


def test_the_builtin_table_is_the_one_that_the_pipelines_of_this_job_use() -> None:
    assert builtin_table() == BUILTIN
    assert load_table(None) == BUILTIN
    assert builtin_table().columns == (
        "TVDuration",
        "MovieDuration",
        "ChildDuration",
        "RelaxDuration",
        "SportDuration",
    )


def test_the_text_that_init_writes_loads_as_the_builtin_table(tmp_path: Path) -> None:
    assert load_table(written(tmp_path, builtin_text())) == BUILTIN


def test_the_builtin_text_loads_alike_without_the_c_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load_table(written(tmp_path, builtin_text())) == BUILTIN


@pytest.mark.parametrize(
    ("options", "app", "expected"),
    [
        ({}, "VOD", 1),
        ({}, "vod", None),
        ({}, " VOD", None),
        ({}, "", None),
        ({"case": "fold"}, "vOd", 1),
        ({"case": "fold"}, " vod", None),
        ({"trim": True}, "\t VOD\n", 1),
        ({"trim": True}, " vod ", None),
        ({"case": "fold", "trim": True}, "\u00a0vod ", 1),
    ],
)
def test_case_and_white_space_count_unless_the_table_says_otherwise(
    options: dict[str, object], app: str, expected: int | None
) -> None:
    assert table_of(*BUILTIN.categories, **options).category_of(app) == expected


def test_an_exact_name_beats_a_pattern_that_stands_before_it() -> None:
    table = table_of(category("All", match=("*",)), category("Movie", "FIMS"))
    assert [table.category_of(app) for app in ("FIMS", "FIMS_RES", "")] == [1, 0, 0]


def test_the_first_pattern_in_the_order_of_the_table_wins() -> None:
    table = table_of(category("A", match=("*_RES", "B*")), category("B", match=("FIMS*", "BHD*")))
    found = {app: table.category_of(app) for app in ("FIMS_RES", "FIMS", "BHD", "X")}
    assert found == {"FIMS_RES": 0, "FIMS": 1, "BHD": 0, "X": None}


def test_a_pattern_covers_the_whole_name_across_lines_and_with_its_case() -> None:
    table = table_of(category("A", match=("F?MS[12]*",)))
    apps = ("FIMS1", "FXMS2\nmore", "xFIMS1", "FIMS", "FIMS3", "fims1")
    assert [table.category_of(app) for app in apps] == [0, 0, None, None, None, None]


def test_fold_and_trim_hold_for_patterns_too() -> None:
    table = table_of(category("A", match=("Fims* ",)), case="fold", trim=True)
    assert table.category_of("  fIMS_res  ") == 0


def test_full_case_folding_makes_letters_equal_that_lower_case_does_not() -> None:
    assert table_of(category("A", "STRASSE"), case="fold").category_of("Straße") == 0


_letters = st.text("aAbB*?_ ", max_size=4)


@given(
    apps=st.lists(_letters, max_size=4, unique=True),
    globs=st.lists(_letters, max_size=4),
    app=_letters,
)
def test_category_of_agrees_with_a_search_of_the_whole_table(
    apps: list[str], globs: list[str], app: str
) -> None:
    places = [
        Category(str(n), str(n), str(n), tuple(apps[n::2]), tuple(globs[n::2])) for n in (0, 1)
    ]
    exact = [n for n, place in enumerate(places) if app in place.apps]
    globbed = [n for n, p in enumerate(places) if any(fnmatchcase(app, g) for g in p.match)]
    assert table_of(*places).category_of(app) == next(iter(exact + globbed), None)


@pytest.mark.parametrize(
    ("app", "near"),
    [("kplus", "KPLUS"), (" V O D ", "VOD"), ("xyz_res", "*_RES"), ("FIMS2", None), ("", None)],
)
def test_a_near_miss_differs_in_case_or_white_space_alone(app: str, near: str | None) -> None:
    table = table_of(*BUILTIN.categories, category("Res", match=("*_RES",)))
    assert table.near_miss(app) == near


@pytest.mark.parametrize("contract", ["", "0", "None", "NULL", "null", " ", "\t\u00a0"])
def test_blank_contracts_and_words_for_nothing_are_nobody(contract: str) -> None:
    assert builtin_table().is_nobody(contract)


@pytest.mark.parametrize("contract", ["00", "none", " 0", "HNH579912", "10.0.0.1"])
def test_any_other_contract_is_somebody(contract: str) -> None:
    assert not builtin_table().is_nobody(contract)


def test_nobody_is_who_the_table_says() -> None:
    table = table_of(ignore_contracts=frozenset({"TEST"}))
    found = {name: table.is_nobody(name) for name in ("TEST", "test", " TEST", "", " ", "0")}
    assert found == {"TEST": True, "test": False, " TEST": False, "": False, " ": False, "0": False}
    assert table_of(ignore_contracts=frozenset({"TEST"}), trim=True).is_nobody(" TEST")


def test_a_table_is_the_same_in_another_process() -> None:
    table = table_of(category("A", "x", match=("F*",)), case="fold")
    copy = pickle.loads(pickle.dumps(table))
    assert copy == table
    assert hash(copy) == hash(table)
    assert [copy.category_of(app) for app in ("X", "fims", "y")] == [0, 0, None]


# --- the YAML ---------------------------------------------------------------------------------


def test_every_key_of_a_table_is_read(tmp_path: Path) -> None:
    text = """\
        version: 1
        case: fold
        trim: true
        other: Khác
        ignore_contracts: ['', TEST]
        categories:
          B:
            column: Thể Thao
            label: می‌خواهم
            apps: ['NO', '007', "a\\tb", '', 'null', y, ñ, a b]
            match: ['*_RES']
          A:
            column: A
            match:
            - FIMS*
        """
    assert load_table(written(tmp_path, dedent(text))) == CategoryTable(
        (
            Category(
                "B",
                "Thể Thao",
                "می‌خواهم",
                ("NO", "007", "a\tb", "", "null", "y", "ñ", "a b"),
                ("*_RES",),
            ),
            Category("A", "A", "A", (), ("FIMS*",)),
        ),
        other="Khác",
        ignore_contracts=frozenset({"", "TEST"}),
        case="fold",
        trim=True,
    )


def test_settings_of_features_are_kept_as_written_with_their_lines(tmp_path: Path) -> None:
    text = """\
        version: 1
        categories: {TV: {column: A, apps: [X]}}
        features:
          activeness:
            levels:
              - {name: low, from: 0}
              - [1.5, yes, ~, 'NO']
          NO: 5
        """
    assert load_table(written(tmp_path, dedent(text))).features == Settings(
        values={
            "activeness": {"levels": [{"name": "low", "from": 0}, [1.5, True, None, "NO"]]},
            "NO": 5,
        },
        lines={
            ("activeness",): 4,
            ("activeness", "levels"): 5,
            ("activeness", "levels", 0): 6,
            ("activeness", "levels", 0, "name"): 6,
            ("activeness", "levels", 0, "from"): 6,
            ("activeness", "levels", 1): 7,
            ("activeness", "levels", 1, 0): 7,
            ("activeness", "levels", 1, 1): 7,
            ("activeness", "levels", 1, 2): 7,
            ("activeness", "levels", 1, 3): 7,
            ("NO",): 8,
        },
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(
    tmp_path: Path, newline: str, mark: str
) -> None:
    text = mark + builtin_text().replace("\n", newline)
    assert load_table(written(tmp_path, text)) == BUILTIN
    newer = written(tmp_path, text.replace("version: 1", "version: 2"))
    assert check(newer) == [Fault(9, "version must be the number 1: there is no other yet")]


_any_name = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"))


@given(apps=st.lists(_any_name, min_size=1, unique=True), flow=st.booleans())
def test_any_name_of_an_app_can_be_written_and_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, apps: list[str], flow: bool
) -> None:
    content = {"version": 1, "categories": {"A": {"column": "A", "apps": apps}}}
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=flow)
    path = written(tmp_path_factory.getbasetemp(), text)
    assert load_table(path).categories == (Category("A", "A", "A", tuple(apps)),)


@pytest.mark.parametrize("name", ["kplus-in-sport", "vietnamese-columns"])
def test_the_guide_shows_the_ready_variants_as_their_files_have_them(name: str) -> None:
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    assert f"```yaml\n{text}```\n" in GUIDE.read_text(encoding="utf-8")
    assert check(EXAMPLES / f"{name}.yaml") == []


def test_kplus_in_sport_moves_kplus_and_nothing_else() -> None:
    table = load_table(EXAMPLES / "kplus-in-sport.yaml")
    apps = [app for place in BUILTIN.categories for app in place.apps]
    moved = {app for app in apps if table.category_of(app) != BUILTIN.category_of(app)}
    assert table.columns == BUILTIN.columns
    assert moved == {"KPLUS", "KPlus"}
    assert table.columns[table.category_of("KPLUS") or 0] == "SportDuration"


def test_vietnamese_columns_rename_the_columns_and_nothing_else() -> None:
    table = load_table(EXAMPLES / "vietnamese-columns.yaml")
    assert table.columns == ("Truyền Hình", "Phim Truyện", "Thiếu Nhi", "Giải Trí", "Thể Thao")
    assert [place.apps for place in table.categories] == [p.apps for p in BUILTIN.categories]


# --- start-up ---------------------------------------------------------------------------------


def test_importing_the_table_imports_no_yaml() -> None:
    code = "import sys, engagement_cli.categories; print('yaml' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
