"""Sentiment: one text a request with 32 and 128 clients, lists of texts, one client alone.

Every system is started and checked once; in every round of a scenario all take their turns, and the
ceiling, the same model in-process, takes its turn like a system.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks import in_process
from benchmarks.answers import ask_alone, ask_in_a_crowd, compare_labels
from benchmarks.bench import Bench
from benchmarks.catalogue import SENTIMENT, Best, System
from benchmarks.plan import rounds
from benchmarks.results import ceiling_of
from benchmarks.server import ROOT, Server
from benchmarks.texts import reviews
from benchmarks.turns import Turns

IN_PROCESS = "in-process"
WORDS = 20
LIST = 32  # texts of a request in sentiment-lists
CLIENTS = {"sentiment-32": 32, "sentiment-128": 128, "sentiment-lists": 8, "sentiment-alone": 1}
SCENARIOS = tuple(CLIENTS)
_CEILINGS = ("sentiment-32", "sentiment-128", "sentiment-lists")  # those that are held against it
_IDLE_SECONDS = 6.0  # a tick of processor time is 10 ms: a sixth of a percent
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
    bodies = {
        system.name: _bodies(bench, system, texts) for system in SENTIMENT if system.name in systems
    }
    with Turns(bench, bench.sentiment) as turns:
        for system in SENTIMENT:
            if system.name in systems:
                check = partial(_check, bench, texts=texts, expected=expected)
                turns.start(system, system.body(texts[:1], True), check)
        for scenario in scenarios:
            steps = [partial(_in_process, bench, listed, scenario)] * (scenario in _CEILINGS)
            steps += [
                partial(_turn, bench, turns, system, bodies[system.name], scenario)
                for system in turns.systems
                if not (system.constant and scenario == "sentiment-lists")
            ]
            for number, order in enumerate(rounds(steps, bench.choices.rounds)):
                bench.say(f"{scenario}, round {number + 1}")
                for step in order:
                    step(number)
        for system in turns.systems:
            bench.say(f"idle: {system.name}")
            bench.attempt(system.name, "idle", partial(_idle, bench, turns, system))


def _bodies(bench: Bench, system: System, texts: Sequence[str]) -> dict[bool, Path]:
    """What is sent to a system: lists of texts (True) and single texts."""
    lists = [system.body(texts[i : i + LIST], False) for i in range(0, len(texts), LIST)]
    return {
        False: bench.write_lines(
            f"single-{system.name}", [system.body([text], True) for text in texts]
        ),
        True: bench.write_lines(f"lists-{system.name}", lists),
    }


def _in_process(bench: Bench, texts: object, scenario: str, number: int) -> None:
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
        bench.results.add(ceiling_of(scenario), IN_PROCESS, number, values)

    bench.attempt(IN_PROCESS, scenario, step)


def _turn(
    bench: Bench,
    turns: Turns,
    system: System,
    bodies: dict[bool, Path],
    scenario: str,
    number: int,
) -> None:
    lists = scenario == "sentiment-lists"

    def step() -> None:
        with turns.turn(system) as server:
            values = bench.closed_loop(
                server, bodies[lists], CLIENTS[scenario], LIST if lists else 1
            )
        bench.results.add(scenario, system.name, number, values)

    bench.attempt(system.name, scenario, step)


def _idle(bench: Bench, turns: Turns, system: System) -> None:
    seconds = 1.0 if bench.choices.quick else _IDLE_SECONDS
    with turns.turn(system) as server:
        bench.results.add("idle", system.name, 0, idle(server, seconds))


def _check(bench: Bench, server: Server, texts: Sequence[str], expected: Sequence[Best]) -> None:
    """Compare the answers to single texts, alone and in a crowd, and to a list.

    Raises WrongAnswers where a system answers another number of texts.
    """
    system = server.system
    if system.constant:
        return
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
