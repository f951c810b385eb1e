"""Every fault that the YAML of a category table can have, with its line and what to do about it."""
# ruff: noqa: E501 - a message stands on one line here as it does on a terminal

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engagement_cli.categories import builtin_text, check, load_table, write_builtin
from engagement_cli.errors import CategoriesError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_INIT = "`engagement categories init FILE` writes a table to begin with"
_TOP = "version, case, trim, other, ignore_contracts, categories, features"
_QUOTE = "; quote a name that holds a colon or begins with one of * & ! @ % `"
_MORE = "they must differ in more than case"


def in_table(lines: str) -> str:
    """A sound table, then these lines, from line 4 on."""
    return "version: 1\ncategories:\n  TV: {column: A, apps: [X]}\n" + lines


def with_categories(lines: str) -> str:
    """A sound table, then these categories in it, from line 4 on."""
    return in_table(indent(dedent(lines), "  "))


FAULTS = {
    # the whole
    "an empty file": ("", [f"1: the table is empty: {_INIT}"]),
    "comments alone": ("# x\n", [f"1: the table is empty: {_INIT}"]),
    "null": ("~\n", [f"1: the table is empty: {_INIT}"]),
    "a list": ("\n- a\n", [f"2: the table must be a mapping with the keys {_TOP}"]),
    "a word": ("hello\n", [f"1: the table must be a mapping with the keys {_TOP}"]),
    "a version alone": ("version: 1\n", [f"1: categories is missing: {_INIT}"]),
    "no version": (
        "# x\ncategories: {A: {column: A, apps: [X]}}\n",
        ["2: version is missing: write version: 1"],
    ),
    "two documents": (
        in_table("---\nversion: 1\n"),
        ["4: a second document begins here: keep one to a file"],
    ),
    "an unknown key": (
        in_table("extra: 1\n"),
        [f"4: the table does not know the key 'extra': it knows {_TOP}"],
    ),
    "misspelt keys, and what is wrong under them": (
        "Version: 2\nCategory:\n  TV: {Column: A, aps: VOD}\n",
        [
            "1: the table does not know the key 'Version': did you mean version?",
            "1: version must be the number 1: there is no other yet",
            "2: the table does not know the key 'Category': did you mean categories?",
            "3: apps of category 'TV' must be a list: write ['VOD']",
            "3: category 'TV' does not know the key 'Column': did you mean column?",
            "3: category 'TV' does not know the key 'aps': did you mean apps?",
        ],
    ),
    "a key that is a truth value": (
        in_table("on: 1\n"),
        [f"4: the table does not know the key 'on': it knows {_TOP}"],
    ),
    # options
    "a wrong case": (
        in_table("case: folded\n"),
        ["4: case must be exact or fold, not 'folded'"],
    ),
    "a case that is a truth value": (
        in_table("case: off\n"),
        ["4: case: off is a truth value to YAML: quote it, 'off', if it is a name"],
    ),
    "a quoted truth value": (
        in_table("trim: 'true'\n"),
        ["4: trim must be true or false, without quotes"],
    ),
    "numbers among the contracts of nobody": (
        in_table("ignore_contracts: [0, '1', null]\n"),
        [
            "4: an entry of ignore_contracts: 0 is a number to YAML: quote it, '0', if it is a name",
            "4: an entry of ignore_contracts: null is nothing to YAML: quote it, 'null', if it is a name",
        ],
    ),
    "one contract of nobody": (
        in_table("ignore_contracts: 0\n"),
        ["4: ignore_contracts must be a list: write ['0']"],
    ),
    "no contract of nobody": (
        in_table("ignore_contracts:\n"),
        ["4: ignore_contracts must be a list: write [NAME, NAME]"],
    ),
    "an empty name for other": (in_table("other: ''\n"), ["4: other is empty: write a name"]),
    "features that are no mapping": (
        in_table("features: [a]\n"),
        ["4: features must be a mapping"],
    ),
    # categories
    "no categories": (
        "version: 1\ncategories: {}\n",
        [f"2: the table is empty, categories lists none: {_INIT}"],
    ),
    "null categories": (
        "version: 1\ncategories:\n",
        [f"2: the table is empty, categories lists none: {_INIT}"],
    ),
    "an empty list of categories": (
        "version: 1\ncategories: []\n",
        [f"2: the table is empty, categories lists none: {_INIT}"],
    ),
    "a list of categories": (
        "version: 1\ncategories:\n  - TV: {column: A}\n",
        [f"3: categories must be a mapping, each category under its name: {_INIT}"],
    ),
    "a name for categories": (
        "version: 1\ncategories: TV\n",
        [f"2: categories must be a mapping, each category under its name: {_INIT}"],
    ),
    "a category of nothing": (
        in_table("  Kid:\n"),
        ["4: category 'Kid' must be a mapping with the keys column, label, apps, match"],
    ),
    "a category without column and apps": (
        in_table("  Kid: {label: x}\n"),
        [
            "4: category 'Kid' has no column: write column: NAME",
            "4: category 'Kid' lists no apps: write apps: [NAME, NAME]",
        ],
    ),
    "a category with empty lists": (
        in_table("  Kid: {column: B, apps: [], match: []}\n"),
        ["4: category 'Kid' lists no apps: write apps: [NAME, NAME]"],
    ),
    "a category named by a truth value": (
        in_table("  NO: {column: ON, label: Yes, apps: [Y]}\n"),
        [
            "4: column of category 'NO': ON is a truth value to YAML: quote it, 'ON', if it is a name",
            "4: label of category 'NO': Yes is a truth value to YAML: quote it, 'Yes', if it is a name",
            "4: the name of a category: NO is a truth value to YAML: quote it, 'NO', if it is a name",
        ],
    ),
    "an empty category name": (
        in_table("  '': {column: B, apps: [Y]}\n"),
        ["4: the name of a category is empty: write a name"],
    ),
    "a key that is a list": (
        in_table("  [a]: {column: B, apps: [Y]}\n"),
        ["4: a key must be a name; quote one that starts with [ or {"],
    ),
    # texts
    "control characters and blanks in names": (
        with_categories("""\
          A:
            column: "B\\0"
            label: "a\\u00a0b"
            apps: [Y]
          B: {column: " C", label: "\\u202eD", apps: [Z]}
          C: {column: " \\u200d ", label: "", apps: [W]}
        """),
        [
            "5: column of category 'A': 'B\\x00' holds U+0000 (control character), which does not show: remove it",
            "6: label of category 'A': 'a\\xa0b' holds U+00A0 (NO-BREAK SPACE), which does not show: remove it",
            "8: column of category 'B': ' C' has white space around it: remove it",
            "8: label of category 'B': '\\u202eD' holds U+202E (RIGHT-TO-LEFT OVERRIDE), which does not show: remove it",
            "9: column of category 'C' is empty: write a name",
            "9: label of category 'C' is empty: write a name",
        ],
    ),
    # apps
    "one app for a list": (
        in_table("  B: {column: B, apps: VOD}\n"),
        ["4: apps of category 'B' must be a list: write ['VOD']"],
    ),
    "a mapping for a list": (
        in_table("  B: {column: B, apps: {VOD: 1}}\n"),
        ["4: apps of category 'B' must be a list: write [NAME, NAME]"],
    ),
    "nothing for a list": (
        in_table("  B:\n    column: B\n    apps:\n"),
        ["6: apps of category 'B' must be a list: write [NAME, NAME]"],
    ),
    "apps that YAML takes for something else": (
        with_categories("""\
          B:
            column: B
            apps:
              - 007
              - 1.5
              - 0x10
              - 1:30
              - NO
              - ~
              -
              - 2022-04-01
              - =
              - .inf
              - {a: b}
              - [c]
        """),
        [
            f"{line}: an entry of apps of category 'B': {text} is {kind} to YAML: quote it, '{text}', if it is a name"
            for line, text, kind in [
                (7, "007", "a number"),
                (8, "1.5", "a number"),
                (9, "0x10", "a number"),
                (10, "1:30", "a number"),
                (11, "NO", "a truth value"),
                (12, "~", "nothing"),
            ]
        ]
        + [
            "13: an entry of apps of category 'B' is empty: write a name",
            "14: 2022-04-01 is a date to YAML, and a table has none: quote it, '2022-04-01', if it is a name",
            "15: = is a default value to YAML, and a table has none: quote it, '=', if it is a name",
            "16: .inf is no usable float: quote it, '.inf', if it is a name",
            "17: an entry of apps of category 'B' must be a name; quote one that holds a colon",
            "18: an entry of apps of category 'B' must be one name, not a list",
        ],
    ),
    "an app in two categories": (
        in_table("  B: {column: B, apps: [Y, X]}\n"),
        ["4: app 'X' is in category 'B' and, on line 3, in category 'TV': keep one"],
    ),
    "an app twice in one category": (
        in_table("  B: {column: B, apps: [Y, Y]}\n"),
        ["4: app 'Y' stands twice in category 'B', first on line 4: keep one"],
    ),
    "an app in two categories under fold and trim": (
        "case: fold\ntrim: true\n" + in_table("  B: {column: B, apps: [Y, y, ' x']}\n"),
        ["6: app ' x' is in category 'B' and, as 'X' on line 5, in category 'TV': keep one"],
    ),
    "a pattern without end": (
        in_table(f"  B: {{column: B, match: ['{'*a' * 501}']}}\n"),
        [
            f"4: match of category 'B': pattern '{'*a' * 30}...' is longer than 1000 characters: shorten it"
        ],
    ),
    "a pattern in two categories, and an empty one": (
        in_table("  B: {column: B, match: [F*, '']}\n  C: {column: C, match: [F*]}\n"),
        [
            "4: match of category 'B': a pattern is empty: write one, such as 'FIMS*'",
            "5: pattern 'F*' is in category 'C' and, on line 4, in category 'B': keep one",
        ],
    ),
    # names alike
    "two columns alike": (
        in_table("  B: {column: A, apps: [Y]}\n  C: {column: a, apps: [Z]}\n"),
        [
            f"4: column 'A' is too much like 'A' on line 3: {_MORE}",
            f"5: column 'a' is too much like 'A' on line 3: {_MORE}",
        ],
    ),
    "two columns alike but for the coding of an accent": (
        in_table('  B: {column: "Phim Truy\\u1ec7n", apps: [Y]}\n')
        + '  C: {column: "Phim Truye\\u0323\\u0302n", apps: [Z]}\n',
        [f"5: column 'Phim Truye\u0323\u0302n' is too much like 'Phim Truyện' on line 4: {_MORE}"],
    ),
    "a column like the first column": (
        in_table("  B: {column: CONTRACT, apps: [Y]}\n"),
        [
            f"4: column 'CONTRACT' is too much like 'Contract', the first column of every result: {_MORE}"
        ],
    ),
    "a column like the column of unmapped apps": (
        in_table("  B: {column: otherduration, apps: [Y]}\n"),
        [
            f"4: column 'otherduration' is too much like 'OtherDuration', the default of other: {_MORE}"
        ],
    ),
    "a column like the name given to other": (
        "other: Rest\n" + in_table("  B: {column: rest, apps: [Y]}\n"),
        [f"5: column 'rest' is too much like 'Rest' on line 1: {_MORE}"],
    ),
    "other like the first column": (
        "other: contract\n" + in_table(""),
        [
            f"1: other 'contract' is too much like 'Contract', the first column of every result: {_MORE}"
        ],
    ),
    "two categories alike": (
        in_table("  tv: {column: B, apps: [Y]}\n"),
        [f"4: category 'tv' is too much like 'TV' on line 3: {_MORE}"],
    ),
    "two labels alike": (
        with_categories("""\
          B: {column: B, label: Phim, apps: [Y]}
          C: {column: C, label: phim, apps: [Z]}
          D: {column: D, label: TV, apps: [W]}
          phim: {column: E, apps: [V]}
        """),
        [
            f"5: label 'phim' is too much like 'Phim' on line 4: {_MORE}",
            f"6: label 'TV' is too much like 'TV' on line 3: {_MORE}",
            f"7: label 'phim' is too much like 'Phim' on line 4: {_MORE}",
        ],
    ),
    "keys that stand twice, at any depth": (
        with_categories("""\
          B: {column: B, apps: [Y]}
          B: {column: C, apps: [Z]}
          C:
            column: D
            column: E
            apps: [W]
        """)
        + "features:\n  x:\n    y: 1\n    y: 2\nversion: 1\n",
        [
            "5: key 'B' stands twice, first on line 4: keep one",
            "8: key 'column' stands twice, first on line 7: keep one",
            "13: key 'y' stands twice, first on line 12: keep one",
            "14: key 'version' stands twice, first on line 1: keep one",
        ],
    ),
    # YAML that a table does not need
    "an alias bomb": (
        "version: &a [x, x]\ncase: &b [*a, *a]\ncategories: *b\n",
        [
            "1: &a is an anchor to YAML, and a table has none: quote it, '&a', if it is a name",
            "1: version must be the number 1: there is no other yet",
            "2: &b is an anchor to YAML, and a table has none: quote it, '&b', if it is a name",
            "2: *a is an alias to YAML, and a table has none: quote it, '*a', if it is a name",
            "2: case must be one name, not a list",
            "3: *b is an alias to YAML, and a table has none: quote it, '*b', if it is a name",
        ],
    ),
    "a table that holds itself": (
        "&a {version: 1, categories: *a}\n",
        [
            "1: &a is an anchor to YAML, and a table has none: quote it, '&a', if it is a name",
            "1: *a is an alias to YAML, and a table has none: quote it, '*a', if it is a name",
        ],
    ),
    "a pattern that reads as an alias": (
        in_table("  B: {column: B, match: [*VOD ]}\n"),
        ["4: *VOD is an alias to YAML, and a table has none: quote it, '*VOD', if it is a name"],
    ),
    "a merge": (
        in_table("  B:\n    <<: {label: x}\n    column: B\n    apps: [Y]\n"),
        [
            "5: << is a merge of mappings to YAML, and a table has none: quote it, '<<', if it is a name"
        ],
    ),
    "tags": (
        with_categories("""\
          B: {column: !!python/name:os.system x, apps: [!!binary aGk=, !mine Y, Z]}
          C: {column: !!str 5, apps: !!set {W}}
          D: {column: D, apps: [!!int abc]}
        """),
        [
            "4: the tag '!!binary' has no place in a table: remove it",
            "4: the tag '!!python/name:os.system' has no place in a table: remove it",
            "4: the tag '!mine' has no place in a table: remove it",
            "5: the tag '!!set' has no place in a table: remove it",
            "6: abc is no usable int: quote it, 'abc', if it is a name",
        ],
    ),
    "python objects": (
        "version: 1\ncategories: !!python/object/apply:os.system ['echo']\n",
        ["2: the tag '!!python/object/apply:os.system' has no place in a table: remove it"],
    ),
    "numbers beyond counting": (
        in_table(f"features: [{'9' * 5000}, 1{':30' * 5000}, {2**63}, .nan, 0b_]\n"),
        [
            "4: .nan is no usable float: quote it, '.nan', if it is a name",
            "4: 0b_ is no usable int: quote it, '0b_', if it is a name",
            f"4: 1{':30' * 19}:3... is no usable int: quote it, '1{':30' * 19}:3...', if it is a name",
            f"4: {2**63} is no usable int: quote it, '{2**63}', if it is a name",
            f"4: {'9' * 60}... is no usable int: quote it, '{'9' * 60}...', if it is a name",
            "4: features must be a mapping",
        ],
    ),
    "flow nesting": ("[" * 100_000, ["1: nested deeper than 16 levels: no table is"]),
    "block nesting": (
        "".join(" " * depth + "a:\n" for depth in range(100)),
        ["17: nested deeper than 16 levels: no table is"],
    ),
    # not YAML, not text
    "a tab": ("version: 1\ncategories:\n\tTV: 1\n", ["3: indented with a tab: YAML wants spaces"]),
    "a no-break space": (
        "version: 1\ncategories:\n  TV:\n\u00a0   column: A\n    apps: [X]\n",
        [
            "5: not YAML: mapping values are not allowed in this context; line 4 holds a no-break space (U+00A0), which is no space to YAML"
        ],
    ),
    "a colon in a name": (
        in_table("  B: {column: B}\n  C: D: E\n"),
        [f"5: not YAML: mapping values are not allowed in this context{_QUOTE}"],
    ),
    "a star that begins and ends a pattern": (
        in_table("  B:\n    match:\n    - *VOD*\n"),
        [f"6: not YAML: did not find expected alphabetic or numeric character{_QUOTE}"],
    ),
    "an open bracket": (
        in_table("  B: [\n\n"),
        [
            f"5: not YAML: did not find expected node content{_QUOTE}",
        ],
    ),
    "an open quote": (
        in_table("  B: 'x\n\n"),
        [
            "5: not YAML: found unexpected end of stream, while scanning a quoted scalar that begins on line 4"
        ],
    ),
    "a newer YAML": (
        "%YAML 3.0\n---\n",
        [f"1: not YAML: found incompatible YAML document{_QUOTE}"],
    ),
    "control characters": (
        "# \x00\n# ok\n# \x1b[31m\n",
        [
            "1: holds the control character U+0000: remove it",
            "3: holds the control character U+001B: remove it",
        ],
    ),
    "another encoding": (b"version: 1\n# \xe9\n", ["2: not UTF-8: save the file as UTF-8"]),
    "UTF-16": ("version: 1\n".encode("utf-16"), ["1: not UTF-8: save the file as UTF-8"]),
    "ten megabytes": (b"#" * 10_000_000, ["1: larger than 1,000,000 bytes: no category table is"]),
}


@pytest.mark.parametrize(("text", "faults"), FAULTS.values(), ids=list(FAULTS))
def test_each_fault_is_told_with_its_line(
    tmp_path: Path, text: str | bytes, faults: list[str]
) -> None:
    path = tmp_path / "table.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert [f"{fault.line}: {fault.message}" for fault in check(path)] == faults
    with pytest.raises(CategoriesError) as error:
        load_table(path)
    assert str(error.value) == "\n".join(f"{path}:{fault}" for fault in faults)


def test_a_load_tells_twenty_faults_and_where_to_get_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text("".join(f"extra{number}: 1\n" for number in range(30)), encoding="utf-8")
    with pytest.raises(CategoriesError) as error:
        load_table(path)
    told = str(error.value).splitlines()
    assert len(check(path)) == 32
    assert len(told) == 21
    assert told[-1] == (
        f"{path}: and 12 faults more; `engagement categories check {path}` gives all"
    )


@pytest.mark.parametrize("read", [check, load_table])
def test_a_table_that_cannot_be_read_is_named(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    absent = tmp_path / "absent.yaml"
    (tmp_path / "file").touch()
    inside = tmp_path / "file" / "table.yaml"
    told = {}
    for path in (absent, tmp_path, inside):
        with pytest.raises(CategoriesError) as error:
            read(path)
        told[path] = str(error.value)
    assert told == {
        absent: f"{absent}: no such category table; `engagement categories init {absent}` writes"
        " one to begin with",
        tmp_path: f"{tmp_path}: cannot be read: Is a directory",
        inside: f"{inside}: cannot be read: Not a directory",
    }


_WORDS = [
    *("version", "case", "trim", "other", "ignore_contracts", "categories", "features"),
    *("column", "label", "apps", "match", "TV", "1", "NO", "007", "VOD", "<<:", "---", "!!int"),
    *("&a", "*a", "\n", "\n  ", "\r", "\t", " ", "\u00a0", "\u0085", "\u2028", "\ufeff"),
    *"*&!|>-?:,[]{}#'\"%@`",
]
_words = st.sampled_from(_WORDS)


@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(str.encode),
        st.lists(_words, max_size=40).map(lambda words: "".join(words).encode()),
        st.tuples(st.integers(0, 2000), _words).map(
            lambda cut: (builtin_text()[: cut[0]] + cut[1] + builtin_text()[cut[0] :]).encode()
        ),
    )
)
@example(b"\xef\xbb\xbf")
@example(b"!!int")
@example(b'a: "\\ud800"')
def test_whatever_a_file_holds_it_loads_or_its_faults_are_told_with_lines_it_has(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.yaml"
    path.write_bytes(content)
    faults = check(path)
    if not faults:
        assert load_table(path).categories
        return
    with pytest.raises(CategoriesError):
        load_table(path)
    lines = len(content.decode(errors="replace").splitlines())
    assert faults == sorted(faults)
    assert all(1 <= fault.line <= max(lines, 1) for fault in faults)
    assert all(fault.message.isprintable() for fault in faults)


# --- writing one to begin with ----------------------------------------------------------------


def test_a_new_table_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    write_builtin(path)
    assert path.read_text(encoding="utf-8") == builtin_text()
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_that_stands_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already; --force replaces it"):
        write_builtin(path)
    assert path.read_text() == "mine"
    write_builtin(path, overwrite=True)
    assert path.read_text(encoding="utf-8") == builtin_text()
    assert list(tmp_path.iterdir()) == [path]


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "absent.yaml")
    with pytest.raises(UsageError, match="exists already"):
        write_builtin(link)
    assert list(tmp_path.iterdir()) == [link]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_is_no_place_for_a_table(tmp_path: Path, overwrite: bool) -> None:
    with pytest.raises(UsageError, match="is a folder; name the file to write"):
        write_builtin(tmp_path, overwrite=overwrite)


@pytest.mark.parametrize(
    ("folder", "reason"), [("absent", "No such file or directory"), ("file", "Not a directory")]
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, folder: str, reason: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / folder / "new.yaml"
    with pytest.raises(OutputError) as error:
        write_builtin(path)
    assert str(error.value).startswith(f"{path}: cannot be written: {reason}.")
