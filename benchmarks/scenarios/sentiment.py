"""Sentiment: one text a request with 32 and 128 clients, lists of texts, one client alone.

Every system is started once a round and put through all scenarios in turn; answers are checked in
the first round. The ceiling, the same model in-process, takes its turn like a system.
"""

import time
from collections.abc import Sequence
from functools import partial

from benchmarks import in_process
from benchmarks.answers import ask_alone, ask_in_a_crowd, compare_labels
from benchmarks.bench import Bench
from benchmarks.catalogue import SENTIMENT, Best, System
from benchmarks.plan import rounds
from benchmarks.server import ROOT, Server
from benchmarks.texts import reviews

IN_PROCESS = "in-process"
WORDS = 20
LIST = 32  # texts of a request in sentiment-lists
CLIENTS = {"sentiment-32": 32, "sentiment-128": 128, "sentiment-lists": 8, "sentiment-alone": 1}
SCENARIOS = tuple(CLIENTS)
_TEXTS = 2048
_CHECKED = 256


def measure(bench: Bench, scenarios: Sequence[str], systems: Sequence[str]) -> None:
    """All rounds of the chosen scenarios for the chosen systems."""
    texts = reviews(_TEXTS, WORDS)
    listed = bench.write_json("reviews", texts)
    checked = texts[:_CHECKED]
    (answers,) = in_process.run(
        [in_process.command("answers", bench.sentiment, bench.write_json("checked", checked))],
        ROOT,
        0,
    )
    expected = [(label, score) for label, score in answers]
    steps = [
        partial(_in_process, bench, listed),
        *(
            partial(_system, bench, system, texts, expected, scenarios)
            for system in SENTIMENT
            if system.name in systems
        ),
    ]
    for number, order in enumerate(rounds(steps, bench.choices.rounds)):
        for step in order:
            step(number)


def _in_process(bench: Bench, texts: object, number: int) -> None:
    bench.say(f"sentiment, round {number + 1}: in-process")
    seconds = bench.choices.seconds
    model = bench.sentiment

    def step() -> None:
        command = in_process.command
        lines = [
            command("classify", model, texts, "--core", core, "--seconds", seconds)
            for core in bench.cores
        ]
        (alone,) = in_process.run(lines[:1], ROOT, seconds)
        together = in_process.run(lines, ROOT, seconds)
        values = {
            "cpu_ms_per_text": alone["cpu_ms_per_text"],
            "texts_per_second": sum(each["texts_per_second"] for each in together),
        }
        bench.results.add("sentiment-ceiling", IN_PROCESS, number, values)

    bench.attempt(IN_PROCESS, "sentiment", step)


def _system(
    bench: Bench,
    system: System,
    texts: Sequence[str],
    expected: Sequence[Best],
    scenarios: Sequence[str],
    number: int,
) -> None:
    bench.say(f"sentiment, round {number + 1}: {system.name}")
    single = bench.write_lines(
        f"single-{system.name}", [system.body([text], True) for text in texts]
    )
    lists = bench.write_lines(
        f"lists-{system.name}",
        [system.body(texts[i : i + LIST], False) for i in range(0, len(texts), LIST)],
    )

    def step() -> None:
        first = system.body(texts[:1], True)
        with bench.serving(system, bench.sentiment, first) as server:
            if number == 0 and not system.constant:
                _check(bench, server, texts, expected)
            for scenario in scenarios:
                if system.constant and scenario in ("sentiment-lists", "sentiment-128"):
                    continue
                bodies, size = (lists, LIST) if scenario == "sentiment-lists" else (single, 1)
                values = bench.closed_loop(server, bodies, CLIENTS[scenario], size)
                bench.results.add(scenario, system.name, number, values)
            bench.results.add("idle", system.name, number, idle(server, bench.choices.seconds))

    bench.attempt(system.name, "sentiment", step)


def _check(bench: Bench, server: Server, texts: Sequence[str], expected: Sequence[Best]) -> None:
    """Compare the answers to single texts, alone and in a crowd, and to a list.

    Raises WrongAnswers where a system answers another number of texts.
    """
    system = server.system
    checked = texts[: len(expected)]
    bodies = [system.body([text], True) for text in checked]
    for way, answers in (
        ("alone", ask_alone(server, bodies)),
        ("crowd", ask_in_a_crowd(server, bodies * 2)[len(bodies) :]),
    ):
        found = [best for answer in answers for best in system.read(answer)]
        bench.results.add(f"answers-{way}", system.name, 0, compare_labels(expected, found))
    together = system.read(server.ask(system.body(checked[:LIST], False)))
    values = compare_labels(expected[:LIST], together)
    bench.results.add("answers-list", system.name, 0, values)


def idle(server: Server, seconds: float) -> dict[str, float]:
    """Processor time of a system that nobody asks, in percent of a core, and its memory."""
    time.sleep(1)
    before, begin = server.family.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    used = server.family.cpu_seconds() - before
    return {
        "cpu_percent": 100 * used / (time.monotonic() - begin),
        "resident_mb": server.family.resident_bytes() / 1e6,
        "processes": server.family.processes(),
    }
