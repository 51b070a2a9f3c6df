"""What is noted is written down: all of it, once, as if each had been counted by itself."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram

from service.tallies import Tallies

BOUNDS = (0.5, 1.0, 8.0)


class Pair:
    """A counter and a histogram, tallied, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.tallies = Tallies(self.registry)
        self.counter = Counter("requests", "r", registry=self.registry)
        self.histogram = Histogram("seconds", "s", buckets=BOUNDS, registry=self.registry)
        self.count = self.tallies.counter(self.counter)
        self.seconds = self.tallies.histogram(self.histogram)

    def samples(self, metric: Callable[[], object]) -> dict[tuple[str, str], float]:
        """Every sample of the registry, after `metric` was called."""
        metric()
        return {
            (sample.name, sample.labels.get("le", "")): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        }


@given(amounts=st.lists(st.one_of(st.sampled_from([*BOUNDS, 0.0]), st.floats(0, 100)), max_size=20))
def test_a_tally_is_what_the_metrics_themselves_would_count(amounts: list[float]) -> None:
    tallied, plain = Pair(), Pair()
    for amount in amounts:
        tallied.count.note(amount)
        tallied.seconds.note(amount)
        plain.counter.inc(amount)
        plain.histogram.observe(amount)
    assert tallied.samples(lambda: None) == pytest.approx(plain.samples(lambda: None))


def test_what_was_written_down_is_not_counted_again() -> None:
    pair = Pair()
    pair.seconds.note(0.75)
    first = pair.samples(pair.tallies.write_down)
    assert first == pair.samples(pair.tallies.write_down)
    assert first["seconds_count", ""] == first["seconds_bucket", "1.0"] == 1


def test_a_metric_has_one_tally() -> None:
    pair = Pair()
    assert pair.tallies.counter(pair.counter) is pair.count
    assert pair.tallies.histogram(pair.histogram) is pair.seconds


def test_nothing_is_lost_while_others_note_and_write_down() -> None:
    pair = Pair()
    rounds = 20_000

    def note() -> None:
        for _ in range(rounds):
            pair.count.note()
            pair.seconds.note(2.0)

    threads = [threading.Thread(target=note) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        pair.tallies.write_down()
    samples = pair.samples(lambda: None)
    assert samples["requests_total", ""] == samples["seconds_count", ""] == 3 * rounds
    assert samples["seconds_sum", ""] == 6 * rounds
