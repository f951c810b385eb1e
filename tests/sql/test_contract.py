"""What every sink must do, whatever it writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from sql.frames import assert_same, large, odd, small
from sql.sinks import BrokenOffError, Sink


def test_what_is_read_is_what_was_written(sink: Sink) -> None:
    sink.write(small())
    assert_same(sink.read(), small())


def test_odd_contracts_come_back_to_the_sign(sink: Sink) -> None:
    sink.write(odd())
    assert_same(sink.read(), odd())


def test_several_batches_come_back_whole(sink: Sink) -> None:
    sink.write(large())
    assert_same(sink.read(), large())


def test_an_empty_result_has_columns_and_no_rows(sink: Sink) -> None:
    sink.write(small().iloc[:0])
    there = sink.read()
    assert there is not None
    assert (list(there.columns), len(there)) == (list(small().columns), 0)


def test_an_empty_result_replaces_a_full_one(sink: Sink) -> None:
    sink.write(small())
    sink.write(small().iloc[:0])
    there = sink.read()
    assert there is not None
    assert len(there) == 0


def test_writing_again_changes_nothing(sink: Sink) -> None:
    sink.write(small())
    sink.write(small())
    assert_same(sink.read(), small())


def test_a_later_result_takes_the_place_of_the_first(sink: Sink) -> None:
    sink.write(small())
    sink.write(small(shift=9).iloc[1:])
    assert_same(sink.read(), small(shift=9).iloc[1:])


def test_a_failure_leaves_the_old(sink: Sink) -> None:
    sink.write(small())
    with pytest.raises(BrokenOffError):
        sink.break_off(large())
    assert_same(sink.read(), small())


def test_a_failure_of_the_first_write_leaves_nothing(sink: Sink) -> None:
    with pytest.raises(BrokenOffError):
        sink.break_off(large())
    assert sink.read() is None


def test_a_write_after_a_failure_is_whole(sink: Sink) -> None:
    with pytest.raises(BrokenOffError):
        sink.break_off(large())
    sink.write(small())
    assert_same(sink.read(), small())


def test_readers_see_the_old_or_the_new(sink: Sink) -> None:
    results = [large(20_000), large(30_000, shift=1)]
    sink.write(results[0])
    done = Event()

    def watch() -> list[tuple[int, int]]:
        seen = []
        while not done.is_set():
            there = sink.read()
            assert there is not None
            seen.append((len(there), int(there["SportDuration"].sum())))
        return seen

    with ThreadPoolExecutor() as pool:
        watcher = pool.submit(watch)
        try:
            for turn in range(1, 6):
                sink.write(results[turn % 2])
        finally:
            done.set()
        seen = watcher.result()
    assert set(seen) <= {(len(r), int(r["SportDuration"].sum())) for r in results}
