"""Load beyond capacity: translations in an open loop, with light probes of everything else.

The capacity is measured first, in a closed loop. Then come the probes alone, 80% of the capacity,
and three times the capacity.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from benchmarks.bench import Bench
from benchmarks.catalogue import TRANSLATION_GATEHOUSE, json_inputs
from benchmarks.load.open_loop import Plan, Stream, drive
from benchmarks.load.wrk import LoadError
from benchmarks.plan import rounds
from benchmarks.scenarios.sentiment import WORDS
from benchmarks.scenarios.translation import body, mixed_sentences
from benchmarks.server import Server
from benchmarks.statistics import latencies, percentile
from benchmarks.texts import reviews

SCENARIOS = ("overload",)
LOADS = {"unloaded": 0.0, "80%": 0.8, "300%": 3.0}
_CLIENTS = 32  # of the closed loop: as many as are served without a refusal
_PROBES = 40.0  # requests a second, each of sentiment and health
_OK, _BUSY = 200, 429


def measure(bench: Bench, scenarios: Sequence[str], systems: Sequence[str]) -> None:
    """All rounds."""
    if TRANSLATION_GATEHOUSE.name not in systems:
        return
    for number, order in enumerate(rounds(list(LOADS), bench.choices.rounds)):
        bench.say(f"overload, round {number + 1}")
        bench.attempt("gatehouse", "overload", partial(_round, bench, order, number))


def _round(bench: Bench, order: Sequence[str], number: int) -> None:
    bodies = [body(text, 1) for text in mixed_sentences()]
    lines = bench.write_lines("translate-1", bodies)
    with bench.serving(TRANSLATION_GATEHOUSE, bench.translation, bodies[0]) as server:
        capacity = bench.closed_loop(server, lines, _CLIENTS)["requests_per_second"]
        server.settle()
        bench.results.add(
            "overload-capacity", "gatehouse", number, {"requests_per_second": capacity}
        )
        for load in order:
            bench.say(f"overload: {load} of {capacity:.0f} requests a second")
            values = _open(bench, server, bodies, capacity * LOADS[load], number)
            bench.results.add("overload", load, number, values)


def _open(
    bench: Bench, server: Server, bodies: list[str], rate: float, number: int
) -> dict[str, float]:
    texts = [json_inputs([text], True) for text in reviews(200, WORDS)]
    streams = [
        Stream("sentiment", "POST", "/predict", texts, _PROBES),
        Stream("health", "GET", "/health/live", [], _PROBES),
    ]
    if rate:
        streams.append(Stream("translation", "POST", "/translate", bodies, rate))
    seconds = max(2 * bench.choices.seconds, 4.0)
    before = server.family.cpu_seconds()
    outcome = drive(Plan(server.port, seconds, streams, seed=number + 1))
    used = server.family.cpu_seconds() - before
    if outcome["unasked"]:
        raise LoadError(f"{outcome['unasked']} answers that nobody asked for")
    values: dict[str, float] = {
        "offered_per_second": rate,
        "server_cores": used / seconds,
        "generator_cores": outcome["generator_cpu_seconds"] / seconds,
        "late_p99": 1000 * percentile(outcome["late"], 99),
    }
    for name, found in outcome["streams"].items():
        values |= _accounts(name, found)
        accepted = found["latencies"].get(str(_OK), [])
        values |= latencies(f"{name}_accepted", accepted)
        values |= latencies(f"{name}_refused", found["latencies"].get(str(_BUSY), []))
        if name == "translation" and number == 0:
            label = f"{rate:.0f} requests a second"
            bench.results.curves[f"overload: {label}, accepted"] = _curve(accepted)
            refused = found["latencies"].get(str(_BUSY), [])
            bench.results.curves[f"overload: {label}, refused"] = _curve(refused)
    return values


def _accounts(name: str, found: dict[str, Any]) -> dict[str, float]:
    """Every request of a stream ends in one of these ways."""
    statuses = {int(status): len(values) for status, values in found["latencies"].items()}
    other = sum(count for status, count in statuses.items() if status not in (_OK, _BUSY))
    return {
        f"{name}_sent": found["sent"],
        f"{name}_other": other,
        f"{name}_lost": found["lost"],
        f"{name}_mixed_up": found["mixed_up"],
        f"{name}_answered_twice": found["answered_twice"],
    }


def _curve(seconds: Sequence[float]) -> list[list[float]]:
    """Percentiles: points of (milliseconds, percent)."""
    if not seconds:
        return []
    return [[1000 * percentile(seconds, percent), percent] for percent in range(101)]
