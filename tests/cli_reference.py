"""Writes what is made from ``--help``: ``docs/cli.md``, and the pages that need no click.

Run it when an option changes: ``python tests/cli_reference.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from engagement_cli.__main__ import PAGES
from engagement_cli.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 100


def commands(
    command: click.Command = cli, path: tuple[str, ...] = ("engagement",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, the group itself first."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if (child := command.get_command(context, name)) is not None:
                yield from commands(child, (*path, name))


def help_of(path: tuple[str, ...], command: click.Command) -> str:
    """What ``--help`` prints, 100 columns wide."""
    context = click.Context(
        command,
        info_name=" ".join(path),
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    command._help_option = None  # click keeps the first it made, whichever names that had
    return command.get_help(context)


def page() -> str:
    """The whole page."""
    parts = ["# Commands\n\nWritten from `--help` by `tests/cli_reference.py`.\n"]
    for path, command in commands():
        parts.append(f"## {' '.join(path)}\n\n```text\n{help_of(path, command)}\n```\n")
    return "\n".join(parts)


def ready_pages() -> dict[str, str]:
    """The pages that the program prints without importing click, by file name."""
    runner = CliRunner(env={"ENGAGEMENT_CATEGORIES": None, "COLUMNS": "80"})
    return {
        page: runner.invoke(cli, list(arguments) or ["--help"], prog_name="engagement").output
        for arguments, page in PAGES.items()
    }


if __name__ == "__main__":
    root = Path(__file__).parent.parent
    (root / "docs" / "cli.md").write_text(page(), encoding="utf-8")
    for name, text in ready_pages().items():
        (root / "src" / "engagement_cli" / "pages" / name).write_text(text, encoding="utf-8")
