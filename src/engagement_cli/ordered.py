"""Tasks run by several threads, their results taken in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")


def ordered(tasks: Iterable[Callable[[], T]], jobs: int, ahead: int | None = None) -> Generator[T]:
    """The results of the tasks, in their order, computed by ``jobs`` threads.

    Args:
        tasks: The tasks; they are asked for a few ahead of the results that were taken.
        jobs: How many threads compute.
        ahead: How many results may be in work or wait, so that memory stays bounded; twice the
            threads by default.
    """
    if jobs == 1:
        for task in tasks:
            yield task()
        return
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for task in tasks:
                pending.append(pool.submit(task))
                if len(pending) > (ahead or 2 * jobs):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
