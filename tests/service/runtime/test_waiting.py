"""Who is served when: order, priority, turns, and nobody for ever last."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.runtime.job import Item, Job
from service.runtime.waiting import PATIENCE, WaitingQueue


def job(rows: int, bulk: bool = False) -> list[Item]:
    """The items of a job, whose rows are as long as their index from behind."""
    return Job(lambda events: None, bulk=bulk).items([[1] * (rows - i) for i in range(rows)])


def everything(item: Item) -> bool:
    return True


def nothing(item: Item) -> bool:
    return False


def of_another_length(length: int) -> Callable[[Item], bool]:
    return lambda item: len(item.tokens) != length


def queue_of(*jobs: list[Item]) -> WaitingQueue:
    queue = WaitingQueue()
    for items in jobs:
        queue.push(items, items[0].job.bulk)
    return queue


def test_an_empty_queue_gives_nothing() -> None:
    queue = WaitingQueue()
    assert queue.take(everything, 10) == []
    assert queue.clear() == []
    assert len(queue) == 0


@pytest.mark.parametrize("in_order", [False, True])
def test_small_ones_come_in_their_order_and_before_bulk(in_order: bool) -> None:
    bulk, one, two = job(3, bulk=True), job(1), job(2)
    queue = queue_of(bulk, one, two)
    assert len(queue) == 6
    assert queue.take(everything, 2, in_order) == [*one, two[0]]
    assert queue.take(everything, 10, in_order) == [two[1], *bulk]
    assert len(queue) == 0


def test_bulk_requests_take_turns() -> None:
    one, two, three = job(4, bulk=True), job(4, bulk=True), job(1, bulk=True)
    queue = queue_of(one, two, three)
    turns = [queue.take(everything, 2) for _ in range(5)]
    assert turns == [one[:2], two[:2], [*three, one[2]], two[2:], [one[3]]]


def test_a_bulk_request_that_comes_later_waits_for_its_turn_only() -> None:
    long, late = job(100, bulk=True), job(2, bulk=True)
    queue = queue_of(long)
    queue.take(everything, 8)
    queue.push(late, bulk=True)
    assert queue.take(everything, 8) == long[8:16]
    assert queue.take(everything, 8)[:2] == late


def test_what_is_not_wanted_keeps_its_place() -> None:
    items = job(6)
    queue = queue_of(items)
    even = queue.take(lambda item: item.index % 2 == 0, 10)
    assert even == items[0::2]
    assert len(queue) == 3
    assert queue.take(everything, 10) == items[1::2]


def test_a_bulk_request_without_a_fitting_row_holds_up_no_other() -> None:
    unfit, fit = job(3, bulk=True), job(3, bulk=True)
    queue = queue_of(unfit, fit)
    asked: list[Item] = []

    def of_fit(item: Item) -> bool:
        asked.append(item)
        return item.job is fit[0].job

    assert queue.take(of_fit, 10) == fit
    assert asked == [*unfit, *fit]  # each once
    assert queue.take(everything, 2) == unfit[:2]


def test_in_order_nothing_passes_a_row_that_is_not_wanted() -> None:
    small, bulk = job(3), job(3, bulk=True)
    queue = queue_of(small, bulk)
    asked: list[Item] = []

    def not_the_second(item: Item) -> bool:
        asked.append(item)
        return item is not small[1]

    assert queue.take(not_the_second, 10, in_order=True) == small[:1]
    assert asked == small[:2]
    assert queue.take(not_the_second, 10, in_order=False) == [small[2], *bulk]
    assert queue.take(everything, 10) == [small[1]]


def test_in_order_a_bulk_row_that_is_not_wanted_holds_up_bulk_alone() -> None:
    one, two = job(2, bulk=True), job(2, bulk=True)
    queue = queue_of(one, two)
    queue.push(small := job(1), bulk=False)
    assert queue.take(lambda item: item is not one[0], 10, in_order=True) == small
    assert queue.take(everything, 10, in_order=True) == [*one, *two]


@pytest.mark.parametrize("in_order", [False, True])
def test_bulk_is_served_after_so_many_turns(in_order: bool) -> None:
    bulk = job(3, bulk=True)
    queue = queue_of(bulk)
    served: list[bool] = []
    for _ in range(3 * (PATIENCE + 1)):
        queue.push(job(2), bulk=False)
        (item,) = queue.take(everything, 1, in_order)
        served.append(item.job.bulk)
    assert served == ([False] * PATIENCE + [True]) * 3


@pytest.mark.parametrize("wanted", [everything, nothing])
def test_rows_that_nobody_waits_for_are_dropped(wanted: Callable[[Item], bool]) -> None:
    cancelled, failed, alive = job(3), job(3, bulk=True), job(2)
    queue = queue_of(cancelled, failed, alive)
    cancelled[0].job.cancelled = True
    failed[0].job.fail(ValueError("for a test"))
    assert len(queue) == 8
    assert queue.take(wanted, 10) == (alive if wanted is everything else [])
    assert len(queue) == (0 if wanted is everything else 2)


def test_clear_returns_what_waits() -> None:
    bulk, small = job(3, bulk=True), job(2)
    queue = queue_of(bulk, small)
    assert set(queue.clear()) == {*bulk, *small}
    assert len(queue) == 0
    assert queue.take(everything, 10) == []


@settings(max_examples=100)
@given(data=st.data())
def test_every_row_comes_once_and_the_length_is_right(
    data: st.DataObject,
) -> None:
    queue = WaitingQueue()
    jobs: list[list[Item]] = []
    waiting: set[Item] = set()
    taken: list[Item] = []
    for _ in range(data.draw(st.integers(1, 20))):
        act = data.draw(st.sampled_from(["push", "push", "take", "cancel"]))
        if act == "push":
            items = job(data.draw(st.integers(1, 5)), data.draw(st.booleans()))
            queue.push(items, items[0].job.bulk)
            jobs.append(items)
            waiting.update(items)
        elif act == "take":
            limit = data.draw(st.integers(1, 6))
            in_order = data.draw(st.booleans())
            unwanted = data.draw(st.integers(2, 6))
            got = queue.take(of_another_length(unwanted), limit, in_order)
            assert len(got) <= limit
            assert set(got) <= waiting
            assert not any(item.job.over or len(item.tokens) == unwanted for item in got)
            taken += got
            waiting -= set(got)
        elif jobs:
            data.draw(st.sampled_from(jobs))[0].job.cancelled = True
        alive = sum(not item.job.over for item in waiting)
        assert alive <= len(queue) <= len(waiting)
    while queue:
        got = queue.take(everything, 2, in_order=data.draw(st.booleans()))
        assert len(got) == 2 or not queue
        taken += got
    assert len(taken) == len(set(taken))
    assert all(item.job.over for item in waiting - set(taken))
    assert {item for items in jobs for item in items if not item.job.over} <= set(taken)


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    limit=st.integers(1, 4),
    in_order=st.booleans(),
)
def test_however_much_small_work_comes_every_bulk_request_gets_its_turns(
    sizes: list[int], limit: int, in_order: bool
) -> None:
    bulk = [job(size, bulk=True) for size in sizes]
    queue = queue_of(*bulk)
    missing = {item for items in bulk for item in items}
    turns = 0
    while missing:
        queue.push(job(limit), bulk=False)
        missing -= set(queue.take(everything, limit, in_order))
        turns += 1
        assert turns <= (PATIENCE + 1) * sum(sizes)
