"""SQL tables as an output: whole or not at all, and fast.

``parse_url`` and ``SqlTarget`` say where, ``load`` writes, ``ddl`` shows the statements.
"""

from engagement_cli.sinks.sql.load import ddl, load, reach
from engagement_cli.sinks.sql.target import IfExists, LoadReport, SqlTarget
from engagement_cli.sinks.sql.url import (
    SecretUrl,
    is_database_url,
    parse_url,
    url_from_environment,
    url_from_file,
)

__all__ = [
    "IfExists",
    "LoadReport",
    "SecretUrl",
    "SqlTarget",
    "ddl",
    "is_database_url",
    "load",
    "parse_url",
    "reach",
    "url_from_environment",
    "url_from_file",
]
