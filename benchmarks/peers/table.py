"""The table that every peer applies, written out here so that no peer imports its rival."""

COLUMNS = {
    "TVDuration": ("CHANNEL", "DSHD", "KPLUS", "KPlus"),
    "MovieDuration": ("VOD", "FIMS_RES", "BHD_RES", "VOD_RES", "FIMS", "BHD", "DANET"),
    "ChildDuration": ("CHILD",),
    "RelaxDuration": ("RELAX",),
    "SportDuration": ("SPORT",),
}
"""Output column to the apps it sums, in the order of the columns."""

MAPPED = tuple(app for apps in COLUMNS.values() for app in apps)
"""Every app that some column sums."""

NOBODY = ("", "0", "None", "NULL", "null")
"""Contracts that mean nobody; so does one of white space alone."""


def sql_list(texts: tuple[str, ...]) -> str:
    """Return texts without quotes in them as the inside of a SQL ``IN (...)``."""
    return ", ".join(f"'{text}'" for text in texts)
