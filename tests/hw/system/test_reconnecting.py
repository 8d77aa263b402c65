"""A reader that reconnects, with a source that gives, fails, hangs and returns under control of the test."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest
from peers.waiting import until

from edge.errors import ReaderFault
from hw.system.reconnecting import PAUSES_S, Connection, ReconnectingReader

LONG_S = 30.0  # for a busy machine; no measurement
GONE = ReaderFault("gone", hint="check the cable")


class Steps(Sequence[float]):
    """Pauses without waiting; it notes which of them were taken."""

    def __init__(self, pauses_s: Sequence[float] = (0, 0, 0)) -> None:
        self.pauses_s, self.taken = pauses_s, []

    def __getitem__(self, number):
        self.taken.append(number)
        return self.pauses_s[number]

    def __len__(self) -> int:
        return len(self.pauses_s)


class Source:
    """A Connection that follows `orders`; without one it gives 0 every millisecond."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def read(self) -> int:
        try:
            order = self._bench.orders.get(timeout=0.001)
        except queue.Empty:
            return 0
        if isinstance(order, BaseException):
            raise order
        return order() if callable(order) else order

    def close(self) -> None:
        self._bench.story.append("closed")


class Bench:
    """A reader, the orders to its source, and the events that it reported, in order."""

    def __init__(
        self,
        *openings: BaseException | None,
        pauses_s: Sequence[float] = (0,),
        take: Callable[[int], None] | None = None,
    ) -> None:
        self.orders: queue.Queue[int | BaseException | Callable[[], int]] = queue.Queue()
        self.story: list[object] = []
        self._openings = iter(openings)
        self._take_also = take
        self.reader = ReconnectingReader(
            "test", self._open, take=self._take, lost=self.story.append, faults=ReaderFault, pauses_s=pauses_s
        )

    def until_told(self, *last: object) -> list[object]:
        """Wait until the events end with `last`, and return all of them."""
        assert self.reader.wait_for(lambda: tuple(self.story[-len(last) :]) == last, LONG_S)
        return list(self.story)

    def _open(self) -> Connection[int]:
        fault = next(self._openings, None)
        self.story.append("opening")
        if fault is not None:
            raise fault
        return Source(self)

    def _take(self, item: int) -> None:
        if item:
            self.story.append(item)
        if self._take_also is not None:
            self._take_also(item)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.reader.close()


def test_items_are_passed_on_in_order(bench: Bench) -> None:
    for item in (1, 2, 3):
        bench.orders.put(item)
    bench.reader.start()
    assert bench.until_told(3) == ["opening", 1, 2, 3]


def test_after_a_fault_it_is_reported_closed_and_opened_again(bench: Bench) -> None:
    for order in (1, GONE, 2):
        bench.orders.put(order)
    bench.reader.start()
    assert bench.until_told(2) == ["opening", 1, GONE, "closed", "opening", 2]


def test_a_fault_of_the_listener_is_one_of_the_source() -> None:
    def refuse(item: int) -> None:
        if item == 1:
            raise GONE

    bench = Bench(take=refuse)
    bench.orders.put(1)
    bench.orders.put(2)
    bench.reader.start()
    assert bench.until_told(2) == ["opening", 1, GONE, "closed", "opening", 2]
    bench.reader.close()


def test_each_failed_attempt_takes_the_next_pause_and_an_item_resets_it() -> None:
    steps = Steps()
    bench = Bench(GONE, GONE, GONE, GONE, pauses_s=steps)
    bench.reader.start()
    bench.orders.put(1)
    bench.until_told(1)
    assert steps.taken == [0, 1, 2, 2, 2]
    bench.orders.put(GONE)
    bench.orders.put(2)
    bench.until_told(2)
    assert steps.taken[5:] == [1]
    bench.reader.close()


def test_the_first_attempt_has_no_pause_and_later_pauses_grow_to_a_few_seconds() -> None:
    assert PAUSES_S[0] == 0
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert PAUSES_S[-1] < 5


def test_close_does_not_wait_for_the_end_of_a_pause() -> None:
    bench = Bench(GONE, pauses_s=(0, 3_600))
    bench.reader.start()
    bench.until_told(GONE)
    bench.reader.close(LONG_S)
    assert bench.story == ["opening", GONE]
    assert "test" not in {thread.name for thread in threading.enumerate()}


def test_close_reports_the_end_and_closes_the_source(bench: Bench) -> None:
    bench.orders.put(1)
    bench.reader.start()
    bench.until_told(1)
    bench.reader.close()
    assert bench.story == ["opening", 1, None, "closed"]
    bench.reader.close()  # a second time


def test_a_reader_that_was_never_started_can_be_closed(bench: Bench) -> None:
    bench.reader.close()
    assert bench.story == []


def test_a_listener_may_close_the_reader() -> None:
    bench = Bench(take=lambda item: bench.reader.stop() if item == 2 else None)
    for item in (1, 2, 3):
        bench.orders.put(item)
    bench.reader.start()
    until(lambda: "closed" in bench.story)
    assert bench.story == ["opening", 1, 2, None, "closed"]
    assert bench.reader.stopped.is_set()


MISTAKES: dict[str, Callable[[], Bench]] = {
    "opening": lambda: Bench(ZeroDivisionError()),
    "reading": lambda: ordered(Bench(), ZeroDivisionError()),
    "taking": lambda: Bench(take=lambda item: 1 // item),
}


def ordered(bench: Bench, order: BaseException) -> Bench:
    bench.orders.put(order)
    return bench


@pytest.mark.parametrize("where", MISTAKES)
def test_a_programming_error_is_raised_to_the_caller_of_check(where: str) -> None:
    bench = MISTAKES[where]()
    bench.reader.start()
    with pytest.raises(ZeroDivisionError):
        bench.reader.wait_for(lambda: False, LONG_S)
    with pytest.raises(ZeroDivisionError):
        bench.reader.check()
    bench.reader.close()
    assert bench.story[-2:] == (["opening", None] if where == "opening" else [None, "closed"])


def test_without_an_error_check_returns(bench: Bench) -> None:
    bench.reader.check()
    bench.reader.start()
    bench.reader.check()
    assert not bench.reader.wait_for(lambda: False, 0.001)


def test_a_source_that_hangs_is_found_and_close_returns() -> None:
    bench, gate, hangs = Bench(), threading.Event(), threading.Event()
    assert bench.reader.busy_s() == 0

    def hang() -> int:
        hangs.set()
        gate.wait(LONG_S)
        return 1

    bench.orders.put(hang)
    bench.reader.start()
    assert hangs.wait(LONG_S)
    before_s = bench.reader.busy_s()
    bench.reader.close(0.001)
    assert bench.reader.busy_s() > before_s
    gate.set()
    bench.reader.close()
    assert bench.story == ["opening", 1, None, "closed"]
    assert bench.reader.busy_s() == 0


def test_a_pause_is_not_a_source_that_hangs() -> None:
    bench = Bench(GONE, pauses_s=(0, 3_600))
    bench.reader.start()
    bench.until_told(GONE)
    until(lambda: bench.reader.busy_s() == 0)
    bench.reader.close()


class PipeEnd:
    """A Connection over a real pipe, as over a device file: an end of file means that the cable was unplugged."""

    def __init__(self, reading: int) -> None:
        self._reading = reading

    def read(self) -> bytes:
        data = os.read(self._reading, 16)
        if not data:
            raise GONE
        return data

    def close(self) -> None:
        os.close(self._reading)


def test_a_pipe_is_read_to_its_end_and_the_next_one_after_it() -> None:
    pipes = [os.pipe(), os.pipe()]
    to_open = iter(pipes)
    heard: list[bytes | None] = []
    reader = ReconnectingReader(
        "pipe",
        lambda: PipeEnd(next(to_open)[0]),
        take=heard.append,
        lost=lambda fault: heard.append(None) if fault else reader.stop(),
        faults=ReaderFault,
        pauses_s=(0,),
    )
    with closing(reader):
        reader.start()
        os.write(pipes[0][1], b"first")
        assert reader.wait_for(lambda: b"".join(filter(None, heard)) == b"first", LONG_S)
        os.close(pipes[0][1])
        os.write(pipes[1][1], b"second")
        assert reader.wait_for(lambda: heard == [b"first", None, b"second"], LONG_S)
        reader.stop()
        os.write(pipes[1][1], b".")  # the reader waits in its read
    os.close(pipes[1][1])
