from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sql.servers import PLACES, Place
from sql.sinks import SINKS, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    with SINKS[request.param](tmp_path) as made:
        yield made


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with PLACES[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Place]:
    with PLACES["sqlite"](tmp_path) as made:
        yield made


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Place]:
    with PLACES["postgres"](tmp_path) as made:
        yield made


@pytest.fixture
def mariadb(tmp_path: Path) -> Iterator[Place]:
    with PLACES["mariadb"](tmp_path) as made:
        yield made
