import pytest

from benchmarks.results import Results
from benchmarks.targets import Target, by_rounds, first_token_steps, sentiment_limits, targets


def results(*measured: tuple[str, str, dict[str, float]]) -> Results:
    found = Results(facts={"cores": 2})
    for scenario, system, values in measured:
        found.add(scenario, system, 0, values)
    return found


CEILING = (
    ("sentiment-32-ceiling", "in-process", {"cpu_ms_per_text": 0.23, "texts_per_second": 8000.0}),
    ("sentiment-32", "fastapi-constant", {"server_cpu_ms": 0.12}),
)


def find(found: Results, area: str, text: str) -> Target:
    (target,) = [t for t in targets(found) if t.area == area and text in t.text]
    return target


def test_the_limit_adds_up_what_a_request_costs_at_least() -> None:
    found = results(*CEILING, ("sentiment-32", "gatehouse", {"generator_cpu_ms": 0.05}))
    assert sentiment_limits(found, "sentiment-32") == {0: pytest.approx(2 / 0.0004)}
    assert sentiment_limits(found, "sentiment-128") == {}


def test_ratios_are_those_of_each_round() -> None:
    # The machine is half as fast in the second round, and its neighbours spoil the third.
    ours, theirs = {0: 4000.0, 1: 2000.0, 2: 1900.0}, {0: 2000.0, 1: 1000.0, 2: 2000.0}
    assert by_rounds(ours, theirs) == 2.0
    assert by_rounds(ours, {1: 4000.0}) == 0.5
    assert by_rounds(ours, {3: 1.0}) is None


def test_the_best_setting_of_a_peer_counts() -> None:
    gatehouse = {"requests_per_second": 4500.0, "generator_cpu_ms": 0.05}
    found = results(
        *CEILING,
        ("sentiment-32", "gatehouse", gatehouse),
        ("sentiment-32", "mosec-8", {"requests_per_second": 5000.0}),
        ("sentiment-32", "mosec-32", {"requests_per_second": 3000.0}),
    )
    assert find(found, "sentiment, 32 clients", "to mosec").value == pytest.approx(0.9)
    assert find(found, "sentiment, 32 clients", "to mosec").reached is False
    assert find(found, "sentiment, 32 clients", "to the limit").reached is True


def test_latency_is_compared_with_the_better_plain_endpoint() -> None:
    found = results(
        ("sentiment-alone", "gatehouse", {"p50": 0.9, "p99": 3.0}),
        ("sentiment-alone", "fastapi", {"p50": 1.0, "p99": 1.0}),
        ("sentiment-alone", "fastapi-threads", {"p50": 2.0, "p99": 2.0}),
    )
    assert find(found, "sentiment, one client", "p50").value == pytest.approx(0.9)
    assert find(found, "sentiment, one client", "p50").reached is True
    assert find(found, "sentiment, one client", "p99").reached is False


def test_the_first_token_is_counted_in_steps() -> None:
    found = results(
        ("translation-stream", "gatehouse", {"first_p50": 2.0}),
        ("in-process", "in-process", {"encode_ms": 1.0, "step_1_ms": 0.25}),
    )
    assert first_token_steps(found) == pytest.approx(4)


def test_one_lost_request_misses_the_target() -> None:
    area, text = "overload, 3 times the capacity", "requests lost"
    found = results(("overload", "300%", {"translation_lost": 0, "health_answered_twice": 0}))
    assert find(found, area, text).reached is True
    found.add("overload", "80%", 1, {"sentiment_lost": 1})
    assert find(found, area, text).reached is False


def test_memory_may_neither_grow_nor_shrink() -> None:
    for last, reached in ((204.0, True), (211.0, False), (189.0, False)):
        found = results(
            ("memory", "gatehouse", {"first_quarter_mb": 200.0, "last_quarter_mb": last})
        )
        assert find(found, "memory, one worker", "change").reached is reached


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    assert {target.reached for target in targets(results())} == {None}
