"""Reading many sources by threads: how far it is, and how it ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from encode import COMPRESSIONS
from engagement_cli.pipeline import Log, Watcher
from engagement_cli.scan import Reading, Step, scan
from engagement_cli.sources.discover import discover
from hostile_files import month

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.mark.parametrize("method", COMPRESSIONS)
def test_the_bytes_that_are_read_never_grow_fewer_and_end_with_the_size(
    tmp_path: Path, method: str
) -> None:
    path = tmp_path / "20220401.json"
    path.write_bytes(COMPRESSIONS[method](month(3000)))
    sources = discover([str(path)]).sources
    steps = scan(sources, Reading(jobs=2, block_size=20_000), lambda *_: True)
    done = [step.done for step in steps]
    assert len(done) > 10
    assert done == sorted(done)
    assert done[-1] == path.stat().st_size


def test_an_error_while_steps_are_noted_ends_the_threads_that_read_ahead(logs: Path) -> None:
    class Full(Watcher):
        def advances(self, step: Step[Any]) -> None:  # noqa: ARG002 - as its base
            raise OSError("full")

    before = threading.active_count()
    steps = scan(discover([str(logs)]).sources, Reading(jobs=3, block_size=500), lambda *_: True)
    with pytest.raises(OSError, match="full"):
        Log(Full()).follow(steps)
    assert threading.active_count() == before
