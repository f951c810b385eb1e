"""The command group, and the one seam from an error to an exit status."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import click

from engagement_cli.cli import interrupts
from engagement_cli.errors import EngagementError
from engagement_cli.secret import masked, without_logins
from engagement_cli.version import __version__

_COMMANDS = {
    "run": ("run", "Read logs and write one row a contract."),
    "ingest": ("ingest", "Store what logs hold, each file on its own, so that none is read twice."),
    "export": ("export", "Write one row a contract out of what is stored."),
    "state": ("state", "List, check and mend what is stored."),
    "categories": ("categories", "Show, check and try out category tables."),
    "transform": ("transform", "Write the lines themselves, cleaned and with their category."),
    "features": ("features", "Tell what derived columns say, and by which parameters."),
    "inspect": ("inspect", "Tell what is in log files, reading the first 8 MiB of each."),
    "sample": ("sample", "Write logs that look like real ones into the folder OUT."),
}
"""Each command's module and one line of help, so that ``--help`` imports none of them."""

_INTERRUPTED = 130
_WHEN_INTERRUPTED = (
    "interrupted before the end. Files and tables that were not finished are as they were: "
    "run it again."
)


class _PastClick(Exception):  # noqa: N818 - no error of ours
    """Carries what click would make something else of: a broken pipe, ctrl-C."""


class _LazyGroup(click.Group):
    """Imports the module of a command when the command is asked for."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, KeyboardInterrupt) as ended:
            raise _PastClick from ended

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in _COMMANDS:
            return None
        module = import_module(f"engagement_cli.cli.{_COMMANDS[name][0]}")
        command = getattr(module, name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="engagement")
def cli() -> None:
    """Sum daily viewing logs into one row a contract.

    \b
    Examples:
      engagement run -i logs/ -o out.csv
      engagement run -i 'logs/202204*.json.gz' -o april.parquet
      engagement inspect logs/20220401.json
      engagement categories list
    """


def run() -> int:
    """Run the command line; the exit status.

    Raises:
        BrokenPipeError: Nobody reads standard output any more.
    """
    interrupts.heed()
    try:
        status = cli.main(prog_name="engagement", standalone_mode=False)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "engagement"
        return _failed(f"{masked(error.format_message())} See {path} --help.", error.exit_code)
    except click.ClickException as error:
        return _failed(masked(error.format_message()), error.exit_code)
    except EngagementError as error:
        return _failed(without_logins(str(error)), error.exit_status)
    except _PastClick as ended:
        if isinstance(ended.__cause__, BrokenPipeError):
            raise ended.__cause__ from None
        return _failed(_WHEN_INTERRUPTED, _INTERRUPTED)
    except OSError as error:  # what nobody foresaw, such as a full disk behind standard error
        return _failed(f"{error}. Mend that and run again.", EngagementError.exit_status)
    return status if isinstance(status, int) else 0


def _failed(message: str, status: int) -> int:
    with suppress(OSError):  # nobody can be told that standard error cannot be written
        click.echo(f"engagement: {message}", err=True)
    return status
