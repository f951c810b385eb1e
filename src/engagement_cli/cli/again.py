"""The command that goes on where this one was stopped."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from engagement_cli.errors import UsageError
from engagement_cli.secret import SCHEME
from engagement_cli.sources.discover import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterator

_URL = re.compile(rf"{SCHEME}://", re.IGNORECASE)
_MASK = "***"


def command() -> str:
    """The command line, with what the environment gave it and without passwords."""
    context = click.get_current_context()
    given = [_masked(argument) for argument in sys.argv[1:]]
    told = f"engagement {shlex.join([*given, *_from_environment(context)])}"
    if given != sys.argv[1:]:
        told += f"\nwith the password in the place of {_MASK}."
    if STDIN in context.params.get("inputs", ()):
        told += "\nStandard input must be given again, from its beginning."
    return told


def _from_environment(context: click.Context) -> Iterator[str]:
    """The options that the environment gave, as a command line gives them."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is ParameterSource.ENVIRONMENT and isinstance(parameter, click.Option):
            yield parameter.opts[-1]
            yield str(context.params[parameter.name or ""])


def _masked(argument: str) -> str:
    """An argument without the password of a URL in it."""
    found = _URL.search(argument)
    if not found:
        return argument
    from engagement_cli.sinks.sql import parse_url  # noqa: PLC0415 - SQLAlchemy

    before, url = argument[: found.start()], argument[found.start() :]
    try:
        return before + parse_url(url).scrub(url)
    except UsageError:
        return before + _MASK
