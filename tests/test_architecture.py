"""The floors that the code stands on: who may import whom, and who may import which package."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "engagement_cli"
PACKAGE = "engagement_cli"

FLOORS = [
    {"errors", "durable", "schema", "tally", "files", "secret", "version"},
    {
        "sources",
        "parse",
        "kernel",
        "categories",
        "contracts",
        "vocabulary",
        "aggregate",
        "compact",
        "devices",
        "ordered",
        "rounding",
        "frames",
        "memory",
    },
    {
        "scan",
        "state",
        "pivot",
        "batch",
        "quality",
        "sinks",
        "sample",
        "features",
        "units",
        "figures",
        "grains",
        "repeats",
        "lines",
    },
    {"views", "fold", "planning", "pipeline", "transform", "ingest", "export", "survey", "api"},
    {"cli", "__main__"},
]
DRAWN = {
    ("tally", "schema"),
    ("files", "errors"),
    ("files", "durable"),
    ("files", "secret"),
    ("durable", "errors"),
    ("sources", "memory"),
    ("parse", "sources"),
    ("parse", "contracts"),
    ("parse", "kernel"),
    ("parse", "vocabulary"),
    ("aggregate", "contracts"),
    ("aggregate", "kernel"),
    ("aggregate", "vocabulary"),
    ("aggregate", "parse"),
    ("compact", "aggregate"),
    ("compact", "contracts"),
    ("compact", "kernel"),
    ("contracts", "kernel"),
    ("vocabulary", "kernel"),
    ("batch", "pivot"),
    ("quality", "pivot"),
    ("devices", "contracts"),
    ("devices", "kernel"),
    ("devices", "parse"),
    ("devices", "vocabulary"),
    ("figures", "features"),
    ("figures", "pivot"),
    ("figures", "units"),
    ("grains", "pivot"),
    ("lines", "pivot"),
    ("fold", "views"),
    ("planning", "fold"),
    ("planning", "views"),
    ("pipeline", "fold"),
    ("transform", "fold"),
    ("export", "fold"),
    ("pipeline", "planning"),
    ("pipeline", "views"),
    ("transform", "pipeline"),
    ("transform", "planning"),
    ("transform", "views"),
    ("ingest", "pipeline"),
    ("ingest", "planning"),
    ("export", "pipeline"),
    ("export", "planning"),
    ("export", "views"),
    ("api", "pipeline"),
    ("api", "planning"),
    ("api", "transform"),
    ("api", "views"),
    ("__main__", "cli"),
}
"""Imports between neighbours on one floor: the way of the data."""

OWNERS = {
    "click": {"cli"},
    "rich": {"cli"},
    "sqlalchemy": {"sinks"},
    "psycopg": {"sinks"},
    "pymysql": {"sinks"},
    "yaml": {"categories"},
    "msgspec": {"parse", "categories"},
    "numba": {"kernel"},
    "llvmlite": {"kernel"},
}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name below the package."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    del found[""]
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it, also for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own(name: str) -> str | None:
    """The module of the package that an imported name lies in, below the package."""
    if not name.startswith(f"{PACKAGE}."):
        return None
    below = name.removeprefix(f"{PACKAGE}.")
    while below and below not in MODULES:
        below = below.rpartition(".")[0]
    return below or None


def unit(module: str) -> str:
    return module.partition(".")[0]


def floor(module: str) -> int:
    return next(number for number, units in enumerate(FLOORS) if unit(module) in units)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_stands_on_a_floor_and_imports_downward_only(module: str) -> None:
    for target in filter(None, map(own, imports(MODULES[module]))):
        same = unit(target) == unit(module)
        drawn = (unit(module), unit(target)) in DRAWN
        assert same or drawn or floor(target) < floor(module), f"{module} imports {target}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {target for name in imports(path) if (target := own(name)) and target != module}
        for module, path in MODULES.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("package", OWNERS)
def test_a_package_is_imported_by_its_owner_only(package: str) -> None:
    users = {
        unit(module)
        for module, path in MODULES.items()
        if any(name.split(".")[0] == package for name in imports(path))
    }
    assert users <= OWNERS[package]


def test_the_ground_floor_uses_the_standard_library_only() -> None:
    for module, path in MODULES.items():
        if floor(module) == 0:
            roots = {name.split(".")[0] for name in imports(path)} - {PACKAGE}
            assert roots <= sys.stdlib_module_names, module


def test_every_module_imports_alone() -> None:
    """Each in a process of its own that has imported nothing of the package before.

    What others made is imported once for all of them: it takes nearly all the time.
    """
    script = (
        "import importlib, os, sys\n"
        "import click, msgspec, numpy, pandas, pyarrow.parquet, rich, sqlalchemy, yaml\n"
        "for name in sys.argv[1:]:\n"
        "    if not (child := os.fork()):\n"
        "        importlib.import_module(name)\n"
        "        os._exit(0)\n"
        "    status = os.waitpid(child, 0)[1]\n"
        "    assert status == 0, name\n"
    )
    names = [f"{PACKAGE}.{module}" for module in MODULES if module != "__main__"]
    subprocess.run([sys.executable, "-c", script, *names], check=True)


@pytest.mark.parametrize("more", [[], ["--state", "state"]], ids=["run", "run --state"])
def test_reading_begins_before_what_a_result_is_made_with_is_imported(
    more: list[str], tmp_path: Path
) -> None:
    script = (
        "import sys\n"
        "from engagement_cli import ingest, pipeline\n"
        "from engagement_cli.cli import stored\n"
        "stored.import_meanwhile = pipeline.import_meanwhile = lambda *_: None\n"
        "def scan(*_): sys.exit(' '.join(sys.modules))\n"
        "ingest.scan = pipeline.scan = scan\n"
        "from engagement_cli.__main__ import main\n"
        "main()\n"
    )
    (tmp_path / "20220401.json").touch()
    arguments = ["run", "-i", "20220401.json", "-o", "out.csv", *more]
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    modules = set(done.stderr.split())
    assert "engagement_cli.scan" in modules, done.stderr
    assert not {"pandas", "pyarrow"} & modules


HEAVY = {"pandas", "pyarrow", "numpy", "sqlalchemy", "numba", "rich"}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["categories", "list"], ["run", "--help"], ["inspect", "--help"]],
    ids=" ".join,
)
def test_a_quick_command_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from engagement_cli.__main__ import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True
    )
    assert not HEAVY & set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "-i", "20220401.json", "-o", "out.csv"],
        ["run", "-i", "20220401.json", "--state", "state", "-o", "out.csv"],
        ["export", "--state", "state", "-o", "again.csv"],
    ],
    ids=["run", "run --state", "export"],
)
def test_a_plain_result_is_written_without_pandas(arguments: list[str], tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from engagement_cli.__main__ import main\n"
        "try: main()\n"
        "finally: print('pandas' in sys.modules)\n"
    )
    line = '{"_source": {"Contract": "HNH1", "AppName": "VOD", "TotalDuration": 5}}\n'
    (tmp_path / "20220401.json").write_text(line)
    run = partial(subprocess.run, cwd=tmp_path, check=True, capture_output=True, text=True)
    if arguments[0] == "export":
        stored = ["ingest", "-i", "20220401.json", "--state", "state"]
        run([sys.executable, "-m", PACKAGE, *stored])
    assert run([sys.executable, "-c", script, *arguments]).stdout == "False\n"
