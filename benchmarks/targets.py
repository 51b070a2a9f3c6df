"""What the service has to reach, computed from the raw results. Pure.

A target whose measurements are missing has no value, and is neither reached nor missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.results import Results, ceiling_of
from benchmarks.statistics import median

GATEHOUSE = "gatehouse"
IN_PROCESS = "in-process"
PLAIN = ("fastapi", "fastapi-threads")
MOSEC = ("mosec-1", "mosec-8", "mosec-32")
_NEVER = ("lost", "mixed_up", "answered_twice", "other")


@dataclass(frozen=True)
class Target:
    """A figure and its limit."""

    area: str
    text: str
    value: float | None
    limit: float
    at_least: bool  # else at most
    unit: str = "×"

    @property
    def reached(self) -> bool | None:
        """None where nothing was measured."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def ratio(value: float | None, base: float | None) -> float | None:
    """value / base; None where one of them is missing."""
    return None if value is None or not base else value / base


def by_rounds(values: Mapping[int, float], bases: Mapping[int, float]) -> float | None:
    """The median over the rounds of value / base; None where no round has both.

    Within a round both were measured shortly after each other. A machine that is slower in one
    round than in the next then changes both, and their ratio little.
    """
    found = [value / bases[number] for number, value in values.items() if bases.get(number)]
    return median(found) if found else None


def sentiment_limits(results: Results, scenario: str) -> dict[int, float]:
    """Requests a second that the cores allow, of each round: every part at its least price.

    cores / (a text in-process in full batches + a constant FastAPI answer + the generator).
    """
    parts = (
        results.by_round(ceiling_of(scenario), IN_PROCESS, "cpu_ms_per_text"),
        results.by_round(scenario, "fastapi-constant", "server_cpu_ms"),
        results.by_round(scenario, GATEHOUSE, "generator_cpu_ms"),
    )
    complete = set.intersection(*(set(part) for part in parts))
    cores: float = results.facts["cores"]
    return {
        number: 1000 * cores / sum(part[number] for part in parts) for number in sorted(complete)
    }


def best_of(results: Results, scenario: str, systems: Sequence[str], key: str) -> dict[int, float]:
    """The rounds of the system with the largest median."""
    best = results.largest(scenario, systems, key)
    return results.by_round(scenario, best[0], key) if best else {}


def targets(results: Results) -> list[Target]:
    """All of them, in the order of the report."""
    return [
        *_sentiment(results),
        *_translation(results),
        *_overload(results),
        *_process(results),
    ]


def _sentiment(results: Results) -> Iterator[Target]:
    rates = "requests_per_second"
    for clients in (32, 128):
        scenario = f"sentiment-{clients}"
        ours = results.by_round(scenario, GATEHOUSE, rates)
        area = f"sentiment, {clients} clients"
        for text, base, limit in (
            ("the limit", sentiment_limits(results, scenario), 0.9),
            ("mosec at its best setting", best_of(results, scenario, MOSEC, rates), 1.0),
        ):
            yield Target(area, f"requests a second, to {text}", by_rounds(ours, base), limit, True)
    yield Target(
        "sentiment, 32 texts a request",
        "texts a second, to the model in-process",
        by_rounds(
            results.by_round("sentiment-lists", GATEHOUSE, "texts_per_second"),
            results.by_round(ceiling_of("sentiment-lists"), IN_PROCESS, "texts_per_second"),
        ),
        0.8,
        True,
    )
    for key, limit in (("p50", 1.0), ("p99", 2.0)):
        plain = results.smallest("sentiment-alone", PLAIN, key)
        yield Target(
            "sentiment, one client",
            f"{key}, to plain FastAPI",
            by_rounds(
                results.by_round("sentiment-alone", GATEHOUSE, key),
                results.by_round("sentiment-alone", plain[0], key) if plain else {},
            ),
            limit,
            False,
        )
    different = [
        value
        for way in ("alone", "crowd", "list")
        for key in ("other_label", "other_score")
        for value in results.values(f"answers-{way}", GATEHOUSE, key)
    ]
    yield Target(
        "sentiment",
        "answers that differ from the model's, alone, in a crowd or in a list",
        sum(different) if different else None,
        0,
        False,
        "",
    )


def _translation(results: Results) -> Iterator[Target]:
    rates = "requests_per_second"
    ours = results.by_round("translation-greedy", GATEHOUSE, rates)
    area = "translation, 32 clients, greedy"
    for system, text, limit in (
        ("fastapi", "one request at a time", 2.5),
        ("torch", "PyTorch, one request at a time", 8.0),
        ("lockstep", "whole requests in batches", 1.3),
    ):
        base = results.by_round("translation-greedy", system, rates)
        yield Target(area, f"sentences a second, to {text}", by_rounds(ours, base), limit, True)
    ceiling = results.by_round("translation-ceiling", IN_PROCESS, "sentences_per_second")
    yield Target(area, "sentences a second, to in-process", by_rounds(ours, ceiling), 0.8, True)
    yield Target(
        "translation, 32 clients, beam 5",
        "sentences a second, to one request at a time",
        by_rounds(
            results.by_round("translation-beam", GATEHOUSE, rates),
            results.by_round("translation-beam", "fastapi", rates),
        ),
        1.2,
        True,
    )
    yield Target(
        "translation, one client, greedy",
        "p50, to one request at a time",
        by_rounds(
            results.by_round("translation-alone", GATEHOUSE, "p50"),
            results.by_round("translation-alone", "fastapi", "p50"),
        ),
        1.1,
        False,
    )
    yield Target(
        "translation, streamed, one client",
        "first token after the encoding, in decoder steps",
        first_token_steps(results),
        3.0,
        False,
        " steps",
    )
    yield Target(
        "translation in-process, one core, greedy",
        "source words a second",
        results.median("in-process", IN_PROCESS, "greedy_words_per_second"),
        10_000,
        True,
        "",
    )


def first_token_steps(results: Results) -> float | None:
    """Time to the first streamed token, less an encoding, in units of a decoder step."""
    first = results.median("translation-stream", GATEHOUSE, "first_p50")
    encode = results.median("in-process", IN_PROCESS, "encode_ms")
    step = results.median("in-process", IN_PROCESS, "step_1_ms")
    return None if first is None or encode is None else ratio(first - encode, step)


def _overload(results: Results) -> Iterator[Target]:
    area = "overload, 3 times the capacity"

    def of(load: str, key: str) -> dict[int, float]:
        return results.by_round("overload", load, key)

    yield Target(
        area,
        "p99 of refusals, to the median of accepted requests",
        by_rounds(of("300%", "translation_refused_p99"), of("300%", "translation_accepted_p50")),
        1.0,
        False,
    )
    yield Target(
        area,
        "p99 of accepted requests, to the same at 80%",
        by_rounds(of("300%", "translation_accepted_p99"), of("80%", "translation_accepted_p99")),
        2.0,
        False,
    )
    wrong = [
        value
        for load in results.systems("overload")
        for stream in ("translation", "sentiment", "health")
        for what in _NEVER
        for value in results.values("overload", load, f"{stream}_{what}")
    ]
    yield Target(
        area,
        "requests lost, answered twice, mixed up, or with another status than 200 and 429",
        sum(wrong) if wrong else None,
        0,
        False,
        "",
    )
    for stream in ("sentiment", "health"):
        key = f"{stream}_accepted_p99"
        yield Target(
            area,
            f"p99 of {stream}, to the same unloaded",
            by_rounds(of("300%", key), of("unloaded", key)),
            2.0,
            False,
        )


def _process(results: Results) -> Iterator[Target]:
    yield Target(
        "start",
        "until ready, to a bare import of fastapi and onnxruntime",
        by_rounds(
            results.by_round("start", GATEHOUSE, "seconds"),
            results.by_round("start", "import", "seconds"),
        ),
        1.6,
        False,
    )
    last = results.median("memory", GATEHOUSE, "last_quarter_mb")
    first = results.median("memory", GATEHOUSE, "first_quarter_mb")
    growth = ratio(last, first)
    yield Target("memory, one worker", "resident, last quarter", last, 250, False, " MB")
    yield Target(
        "memory, one worker",
        "change from the first to the last quarter",
        None if growth is None else 100 * abs(growth - 1),
        5.0,
        False,
        "%",
    )
    yield Target(
        "idle, one worker",
        "processor time, of a core",
        results.median("memory", GATEHOUSE, "idle_cpu_percent"),
        1.0,
        False,
        "%",
    )
