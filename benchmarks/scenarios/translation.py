"""Sentences of 5 to 60 words: 32 clients, greedy and with a beam; one client; streamed."""

import json
import socket
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks import in_process
from benchmarks.answers import ask_alone, ask_in_a_crowd, compare_texts
from benchmarks.bench import Bench
from benchmarks.catalogue import TRANSLATION, TRANSLATION_TORCH, System
from benchmarks.load.exchange import header, request_bytes
from benchmarks.load.wrk import LoadError
from benchmarks.plan import rounds
from benchmarks.scenarios.sentiment import IN_PROCESS
from benchmarks.server import ROOT, Server
from benchmarks.statistics import latencies
from benchmarks.texts import sentences
from benchmarks.turns import Turns

CLIENTS = 32
BEAM = 5
SHORTEST, LONGEST = 5, 60  # words
SCENARIOS = (
    "translation-greedy", "translation-beam", "translation-alone", "translation-stream",
)  # fmt: skip
# Who takes part in what. PyTorch's beam search would have to be written first.
TAKING_PART = {
    "translation-greedy": ("gatehouse", "fastapi", "lockstep", "torch"),
    "translation-beam": ("gatehouse", "fastapi"),
    "translation-alone": ("gatehouse", "fastapi", "lockstep"),
    "translation-stream": ("gatehouse",),
}
_SENTENCES = 512
_CHECKED = 48
_STREAMED = 56  # each length once
_LEAST_SECONDS = 2.0  # of a measurement, for it to hold sentences of all lengths
_SLOW = 3  # times as long for PyTorch, for the same reason
_ANSWER_PART = 65_536  # bytes read at once


def body(text: str, beam: int) -> str:
    """A request to translate, in the form that all systems read."""
    return json.dumps({"q": text, "source": "en", "target": "de", "beam_size": beam})


def mixed_sentences() -> list[str]:
    """What is sent, in the order in which it is sent."""
    return sentences(_SENTENCES, SHORTEST, LONGEST)


def measure(bench: Bench, scenarios: Sequence[str], systems: Sequence[str]) -> None:
    """All rounds of the chosen scenarios for the chosen systems."""
    texts = mixed_sentences()
    listed = bench.write_json("sentences", texts)
    checked = bench.write_json("checked-sentences", texts[:_CHECKED])
    (expected,) = in_process.run(
        [in_process.command("answers", bench.translation, checked)], ROOT, 0
    )
    bodies = {
        beam: bench.write_lines(f"translate-{beam}", [body(text, beam) for text in texts])
        for beam in (1, BEAM)
    }
    with Turns(bench, bench.translation) as turns:
        for system in TRANSLATION:
            if system.name in systems and any(
                system.name in TAKING_PART[scenario] for scenario in scenarios
            ):
                check = partial(_check, bench, texts=texts[: len(expected)], expected=expected)
                turns.start(system, body(texts[0], 1), check)
        for scenario in scenarios:
            steps = [partial(_in_process, bench, listed)] * (scenario == "translation-greedy")
            steps += [
                partial(_turn, bench, turns, system, texts, bodies, scenario)
                for system in turns.systems
                if system.name in TAKING_PART[scenario]
            ]
            for number, order in enumerate(rounds(steps, bench.choices.rounds)):
                bench.say(f"{scenario}, round {number + 1}")
                for step in order:
                    step(number)


def _in_process(bench: Bench, texts: Path, number: int) -> None:
    seconds = bench.choices.seconds

    def step() -> None:
        lines = [
            in_process.command(
                "translate", bench.translation, texts, "--core", core, "--seconds", seconds
            )
            for core in bench.cores
        ]
        together = in_process.run(lines, ROOT, seconds)
        values = {
            key: sum(each[key] for each in together)
            for key in ("sentences_per_second", "words_per_second")
        }
        bench.results.add("translation-ceiling", IN_PROCESS, number, values)

    bench.attempt(IN_PROCESS, "translation", step)


def _turn(
    bench: Bench,
    turns: Turns,
    system: System,
    texts: Sequence[str],
    bodies: dict[int, Path],
    scenario: str,
    number: int,
) -> None:
    beam = BEAM if scenario == "translation-beam" else 1
    clients = 1 if scenario == "translation-alone" else CLIENTS
    seconds = max(_LEAST_SECONDS, bench.choices.seconds)
    if system == TRANSLATION_TORCH:
        seconds *= _SLOW

    def step() -> None:
        with turns.turn(system) as server:
            if scenario == "translation-stream":
                values = stream(server, texts[:_STREAMED])
            else:
                values = bench.closed_loop(server, bodies[beam], clients, seconds=seconds)
        bench.results.add(scenario, system.name, number, values)

    bench.attempt(system.name, scenario, step)


def _check(bench: Bench, server: Server, texts: Sequence[str], expected: Sequence[str]) -> None:
    """Compare the greedy translations, alone and in a crowd."""
    requests = [body(text, 1) for text in texts]
    for way, answers in (
        ("alone", ask_alone(server, requests)),
        ("crowd", ask_in_a_crowd(server, requests)),
    ):
        found = [answer["translatedText"] for answer in answers]
        values = compare_texts(expected, found)
        bench.results.add(f"translations-{way}", server.system.name, 0, values)


def stream(server: Server, texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds until the first streamed token and until the end, one client alone.

    A plain socket, because http.client takes longer than a decoder step. Raises LoadError where
    the answer is no stream of tokens.
    """
    first, whole = [], []
    tokens = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for text in texts:
            request = request_bytes(
                "POST", server.system.path, body(text, 1).encode(), {"Accept": "text/event-stream"}
            )
            begin = time.perf_counter()
            connection.sendall(request)
            to_token, to_end, count = _read_stream(connection)
            first.append(to_token - begin)
            whole.append(to_end - begin)
            tokens += count
    after_first = sum(whole) - sum(first)
    return {
        **latencies("first", first),
        **latencies("whole", whole),
        "per_token": 1000 * after_first / (tokens - len(texts)),
    }


def _read_stream(connection: socket.socket) -> tuple[float, float, int]:
    """When the first token and the end of an answer came, and how many tokens it had."""
    answer = b""
    to_token: float | None = None
    while not answer.endswith(b"\r\n0\r\n\r\n"):
        part = connection.recv(_ANSWER_PART)
        now = time.perf_counter()
        answer += part
        if to_token is None and b"event: token" in answer:
            to_token = now
        head, _, rest = answer.partition(b"\r\n\r\n")
        plain = header(head, b"content-length")
        if not part or (plain is not None and len(rest) >= int(plain)):
            break
    if to_token is None or b"event: done" not in answer:
        raise LoadError(f"no whole stream of tokens: {answer[:80]!r}")
    return to_token, now, answer.count(b"event: token")
