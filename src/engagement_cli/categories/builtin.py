"""The built-in table, as ``builtin.yaml`` says it, for runs that shall not wait for yaml."""

from __future__ import annotations

from engagement_cli.categories.table import Category, CategoryTable

TABLE = CategoryTable(
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
"""Whoever changes it changes the YAML, too: a test holds the two together."""
