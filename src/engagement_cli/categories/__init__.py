"""Which app counts in which column: the table, and the YAML it is read from."""

from engagement_cli.categories.load import (
    builtin_table,
    builtin_text,
    check,
    examine,
    load_table,
    write_builtin,
)
from engagement_cli.categories.table import Category, CategoryTable, Fault, Settings

__all__ = [
    "Category",
    "CategoryTable",
    "Fault",
    "Settings",
    "builtin_table",
    "builtin_text",
    "check",
    "examine",
    "load_table",
    "write_builtin",
]
