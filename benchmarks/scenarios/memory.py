"""Resident memory of one worker with both models, over many requests of varied length."""

import subprocess
import time
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.catalogue import GATEHOUSE, json_inputs
from benchmarks.load import counted
from benchmarks.load.wrk import LoadError
from benchmarks.scenarios.sentiment import idle
from benchmarks.scenarios.translation import body
from benchmarks.server import ROOT
from benchmarks.statistics import outer_quarters
from benchmarks.texts import reviews, sentences

SCENARIOS = ("memory",)
_CLIENTS = 16
_REQUESTS, _QUICK_REQUESTS = 100_000, 8_000
_TRANSLATIONS = 0.02  # share of the requests
_LENGTHS = tuple(round(12 * 25 ** (step / 99)) for step in range(100))  # words: 12 to 300
_INTERVAL = 0.25  # seconds between two looks
_PATIENCE = 600  # seconds


def measure(bench: Bench, scenarios: Sequence[str], systems: Sequence[str]) -> None:
    """One run."""
    if "gatehouse" in systems:
        bench.attempt("gatehouse", "memory", lambda: _measure(bench))


def requests(count: int) -> list[str]:
    """Lines `PATH BODY`: reviews of 12 to 300 words, short ones more often (every doubling of the
    length is as likely as any other), and now and then a sentence to translate.
    """
    each = max(1, count // len(_LENGTHS))
    by_length = [reviews(each, words, seed=words) for words in _LENGTHS]
    lines = [
        f"/predict {json_inputs([texts[i]], True)}" for i in range(each) for texts in by_length
    ]
    every = round(1 / _TRANSLATIONS)
    for place, text in enumerate(sentences(len(lines) // every)):
        lines[place * every] = f"/translate {body(text, 1)}"
    return lines


def _measure(bench: Bench) -> None:
    total = _QUICK_REQUESTS if bench.choices.quick else _REQUESTS
    lines = bench.write_lines("varied", requests(5000))
    first = json_inputs(reviews(1, 20), True)
    with bench.serving(GATEHOUSE, bench.sentiment, first, workers=1) as server:
        at_start = server.family.resident_bytes() / 1e6
        values = {
            f"idle_{key}": value for key, value in idle(server, 2 * bench.choices.seconds).items()
        }
        bench.say(f"memory: {total} requests to one worker")
        begin = time.monotonic()
        samples = []
        with subprocess.Popen(
            counted.command(server.port, lines, total, _CLIENTS),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while process.poll() is None:
                samples.append([time.monotonic() - begin, server.family.resident_bytes() / 1e6])
                if samples[-1][0] > _PATIENCE:
                    process.kill()
                    raise LoadError(f"not done in {_PATIENCE} seconds")
                time.sleep(_INTERVAL)
            output, errors = process.communicate()
        if process.returncode:
            raise LoadError(errors.strip().splitlines()[-1])
        early, late = outer_quarters([resident for _, resident in samples])
    bench.results.curves["resident memory"] = samples
    bench.results.facts["memory_answers"] = output.strip()
    values |= {
        "requests": total,
        "at_start_mb": at_start,
        "first_quarter_mb": early,
        "last_quarter_mb": late,
        "largest_mb": max(resident for _, resident in samples),
        "seconds": time.monotonic() - begin,
    }
    bench.results.add("memory", "gatehouse", 0, values)
