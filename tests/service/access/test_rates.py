"""Limits hold over time, over processes, and over more clients than there is room for."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.access.addresses import client_of
from service.access.counts import _SETS, _WAYS, Counts, create_counts
from service.access.rates import Rates


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(Counts(clock=clock))


def test_a_limit_holds_and_says_how_a_client_stands(rates: Rates, clock: Clock) -> None:
    first = rates.hit("a", "3/minute")
    assert first == (True, 3, 60, 2, 0.0)
    assert rates.hit("a", "3/minute").remaining == 1
    assert rates.hit("a", "3/minute").remaining == 0
    refused = rates.hit("a", "3/minute")
    assert (refused.allowed, refused.remaining, refused.wait) == (False, 0, 60.0)
    assert rates.hit("b", "3/minute").allowed
    clock.now += 59.9
    assert not rates.hit("a", "3/minute").allowed
    clock.now += 0.2
    assert rates.hit("a", "3/minute").allowed


def test_the_window_slides(rates: Rates, clock: Clock) -> None:
    for _ in range(10):
        assert rates.hit("a", "10/minute").allowed
    clock.now += 90  # half of those ten still count
    allowed = [rates.hit("a", "10/minute").allowed for _ in range(10)]
    assert sum(allowed) == 5
    clock.now += 200
    assert rates.hit("a", "10/minute").remaining == 9


@given(
    limit=st.integers(1, 20),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 30)), max_size=8),
)
@example(limit=1, steps=[(0.0, 1), (30.0, 1), (30.0, 1)])
def test_who_comes_again_when_told_is_answered_and_not_before(
    limit: int, steps: list[tuple[float, int]]
) -> None:
    clock = Clock()
    rates = Rates(Counts(clock=clock))
    rate = f"{limit}/minute"
    for seconds, count in steps:
        clock.now += seconds
        for _ in range(count):
            standing = rates.hit("a", rate)
            assert (standing.wait == 0) == (standing.remaining > 0)
    while rates.hit("a", rate).allowed:
        pass
    wait = rates.hit("a", rate).wait
    assert 0 <= wait <= 120
    early = max(0.0, wait * 0.999 - 1e-3)
    clock.now += early
    assert not rates.hit("a", rate).allowed
    clock.now += wait - early + 1e-3
    assert rates.hit("a", rate).allowed


def test_what_is_refused_does_not_count(rates: Rates, clock: Clock) -> None:
    for _ in range(100):
        rates.hit("a", "2/second")
    clock.now += 1.01
    assert rates.hit("a", "2/second").allowed


def test_another_limit_of_a_client_begins_anew(rates: Rates) -> None:
    assert rates.hit("a", "1/minute").allowed
    assert not rates.hit("a", "1/minute").allowed
    assert rates.hit("a", "1/hour").allowed


def test_many_clients_take_no_more_memory_and_push_out_each_other(rates: Rates) -> None:
    for _ in range(5):
        rates.hit("heavy", "5/day")
    for number in range(3 * _SETS * _WAYS):
        assert rates._counts.acquire_sliding_window_entry(f"c{number}", 100, 86_400)
    assert not rates.hit("heavy", "5/day").allowed


def test_a_clock_that_began_anew_locks_nobody_out(rates: Rates, clock: Clock) -> None:
    while rates.hit("a", "3/day").allowed:
        pass
    clock.now = 5.0
    assert rates.hit("a", "3/day").allowed


def test_a_client_and_all_clients_can_be_forgotten(rates: Rates) -> None:
    counts = rates._counts
    for client in ("a", "b"):
        assert rates.hit(client, "1/day").allowed
        assert not rates.hit(client, "1/day").allowed
    counts.clear_sliding_window(rates._limits["1/day"].key_for("a"), 86_400)
    assert rates.hit("a", "1/day").allowed
    assert not rates.hit("b", "1/day").allowed
    counts.reset()
    assert rates.hit("b", "1/day").allowed


def _ask(path: Path, times: int, gate: Callable[[], object]) -> int:
    rates = Rates.of(path)
    gate()
    allowed = sum(rates.hit("a", "1000/day").allowed for _ in range(times))
    rates.close()
    return allowed


def _worker(path: Path, barrier: object, results: object) -> None:
    results.put(_ask(path, 800, barrier.wait))  # type: ignore[attr-defined]


def test_processes_share_one_count(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    create_counts(path)
    assert path.stat().st_mode & 0o777 == 0o600
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.SimpleQueue()
    workers = [context.Process(target=_worker, args=(path, barrier, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    allowed = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
        worker.close()
    assert sum(allowed) == 1000


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("somebody", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_addresses_that_are_one_client(address: str, client: str) -> None:
    assert client_of(address) == client
