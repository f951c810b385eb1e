"""What the docs say is what the program does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import engagement_cli as eng
from cli_reference import commands, help_of, page, ready_pages
from engagement_cli.schema import Reason

ROOT = Path(__file__).parent.parent
COMMANDS = list(commands())
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_cli_reference_is_what_help_prints() -> None:
    assert (ROOT / "docs" / "cli.md").read_text().splitlines() == page().splitlines()


def test_the_pages_printed_without_click_are_what_click_prints() -> None:
    folder = ROOT / "src" / "engagement_cli" / "pages"
    assert {page.name: page.read_text() for page in folder.iterdir()} == ready_pages()


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(p) for p, _ in COMMANDS])
def test_every_command_and_option_has_help(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(p) for p, _ in COMMANDS])
def test_help_shows_examples_that_can_be_copied(
    path: tuple[str, ...], command: click.Command
) -> None:
    if not isinstance(command, click.Group) or path == ("engagement",):
        assert re.search(rf"^ +.*\b{' '.join(path)}( |$)", help_of(path, command), re.MULTILINE)


def test_the_one_line_of_help_in_the_list_is_the_first_of_the_commands_own() -> None:
    listed = help_of(*COMMANDS[0])
    for path, command in COMMANDS[1:]:
        if len(path) == 2:
            assert (command.help or "").splitlines()[0] in listed


@pytest.mark.parametrize("page_path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page_path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page_path.read_text()):
        assert (page_path.parent / target).exists(), target


def test_the_page_on_input_names_every_reason() -> None:
    text = (ROOT / "docs" / "input.md").read_text()
    missing = [reason for reason in Reason if f"`{reason}`" not in text]
    assert missing == [Reason.MAC_TYPE, Reason.ID_TYPE]


def test_the_page_on_the_account_names_every_key() -> None:
    text = (ROOT / "docs" / "account.md").read_text()
    table = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    named = re.findall(r"`(\w+)`", table)
    assert sorted(named) == sorted(eng.run(str(ROOT / "sample_data")).attrs["account"])


def readme_commands() -> list[str]:
    """The indented lines of README's Use it section."""
    text = (ROOT / "README.md").read_text().split("## Use it")[1].split("##")[0]
    return re.findall(r"^    (engagement .*)$", text, re.MULTILINE)


def test_the_commands_of_the_readme_run_one_after_another(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample_data", tmp_path / "logs")
    program = f"{sys.executable} -m engagement_cli"
    for command in readme_commands():
        short = command.replace("--lines 1600000", "--lines 100 --force")
        done = subprocess.run(
            ["bash", "-c", f'set -o pipefail; engagement() {{ {program} "$@"; }}; {short}'],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 141}, f"{command}\n{done.stderr}"


def test_the_readmes_two_lines_are_one_line_each() -> None:
    text = (ROOT / "README.md").read_text()
    lines = re.findall(r"^    (python3 -m venv .*)$", text, re.MULTILINE)
    assert [("sample_data" in line, "pytest" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]
