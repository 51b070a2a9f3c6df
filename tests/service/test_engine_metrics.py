"""Metrics of engines and of the requests to them: what each call counts, and sums over engines."""

import pytest
from prometheus_client import CollectorRegistry

from service.engine_metrics import BOUNDS, MIRRORED, OUTCOMES, EngineMetrics, ModelMetrics


class Counted:
    """The metrics of one model, and what they show."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.all = EngineMetrics(self._registry)
        self.model: ModelMetrics = self.all.of("m")

    def __call__(self, name: str, **labels: str) -> float | None:
        """The value of a sample of the model."""
        return self._registry.get_sample_value(f"gatehouse_{name}", {"model": "m", **labels})

    def within(self, name: str, bound: str) -> float | None:
        """The observations of a histogram up to a bucket's bound."""
        return self(f"{name}_bucket", le=bound)


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_every_series_is_there_from_the_start(counted: Counted) -> None:
    # A rate over a series that appears with its first event misses that event.
    for outcome in OUTCOMES:
        assert counted("inference_requests_total", outcome=outcome) == 0
    for bound in BOUNDS:
        assert counted("refusals_total", bound=bound) == 0
    for outcome in MIRRORED:
        assert counted("mirrored_requests_total", outcome=outcome) == 0
    for direction in ("in", "out"):
        assert counted("tokens_total", direction=direction) == 0
    for result in ("hit", "miss"):
        assert counted("cache_lookups_total", result=result) == 0
    for name in ("texts_total", "batch_tokens_total", "waiting_rows", "running_sequences"):
        assert counted(name) == 0


def test_an_answered_request_counts_its_tokens_and_times(counted: Counted) -> None:
    counted.model.answered(tokens=7, queue_seconds=0.0004, compute_seconds=0.02)
    counted.model.decoded(tokens=5, first_token_seconds=0.003)
    counted.model.texts(3)
    assert counted("inference_requests_total", outcome="answered") == 1
    assert counted("tokens_total", direction="in") == 7
    assert counted("tokens_total", direction="out") == 5
    assert counted("texts_total") == 3
    assert counted.within("queue_seconds", "0.0005") == 1
    assert counted.within("compute_seconds", "0.01") == 0
    assert counted.within("compute_seconds", "0.025") == 1
    assert counted.within("first_token_seconds", "0.005") == 1
    assert counted("queue_seconds_sum") == 0.0004


def test_other_outcomes_count_nothing_else(counted: Counted) -> None:
    for outcome in ("expired", "cancelled", "failed"):
        counted.model.outcome(outcome)
        assert counted("inference_requests_total", outcome=outcome) == 1
    assert counted("inference_requests_total", outcome="answered") == 0
    assert counted("queue_seconds_count") == 0


def test_a_refusal_counts_as_an_outcome_and_by_its_bound(counted: Counted) -> None:
    counted.model.refused("rows")
    counted.model.refused("wait")
    counted.model.refused("wait")
    assert counted("inference_requests_total", outcome="refused") == 3
    assert counted("refusals_total", bound="rows") == 1
    assert counted("refusals_total", bound="wait") == 2


def test_lookups_and_comparisons_are_counted(counted: Counted) -> None:
    counted.model.cached(hits=2, misses=3)
    counted.model.mirrored("different")
    assert counted("cache_lookups_total", result="hit") == 2
    assert counted("cache_lookups_total", result="miss") == 3
    assert counted("mirrored_requests_total", outcome="different") == 1


def test_an_engine_counts_batches_and_steps(counted: Counted) -> None:
    engine = counted.model.engine()
    engine.batch(rows=3, tokens=60, seconds=0.0002)
    engine.step(rows=40, seconds=0.00005)
    assert counted("batch_tokens_total") == 60
    assert counted.within("batch_rows", "2.0") == 0
    assert counted.within("batch_rows", "4.0") == 1
    assert counted.within("batch_seconds", "0.0001") == 0
    assert counted.within("batch_seconds", "0.00025") == 1
    assert counted.within("step_rows", "64.0") == 1
    assert counted.within("step_seconds", "0.0001") == 1


def test_the_load_of_a_model_is_the_sum_over_its_engines(counted: Counted) -> None:
    first, second = counted.model.engine(), counted.model.engine()
    first.load(waiting=5, running=2)
    second.load(waiting=1, running=0)
    first.load(waiting=3, running=4)
    assert counted("waiting_rows") == 4
    assert counted("running_sequences") == 4
    first.load(waiting=0, running=0)
    assert counted("waiting_rows") == 1
    assert counted("running_sequences") == 0


def test_models_are_counted_apart(counted: Counted) -> None:
    counted.all.of("other").texts(9)
    assert counted("texts_total") == 0
    assert counted.all.of("m") is counted.model
