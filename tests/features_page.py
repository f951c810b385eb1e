"""Writes ``docs/features.md`` from the definitions that the program computes by.

Run it when a feature changes: ``python tests/features_page.py``.
"""

from __future__ import annotations

from pathlib import Path

from engagement_cli.features.page import page

PAGE = Path(__file__).parent.parent / "docs" / "features.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
