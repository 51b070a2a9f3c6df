"""The translator in-process on one core: source words a second, and what its steps cost."""

from collections.abc import Sequence
from functools import partial

from benchmarks import in_process
from benchmarks.bench import Bench
from benchmarks.scenarios.sentiment import IN_PROCESS
from benchmarks.scenarios.translation import BEAM, mixed_sentences
from benchmarks.server import ROOT

SCENARIOS = ("in-process",)


def measure(bench: Bench, scenarios: Sequence[str], systems: Sequence[str]) -> None:
    """All rounds."""
    texts = bench.write_json("sentences", mixed_sentences())
    for number in range(bench.choices.rounds):
        bench.say(f"in-process, round {number + 1}")
        bench.attempt(IN_PROCESS, "in-process", partial(_round, bench, texts, number))


def _round(bench: Bench, texts: object, number: int) -> None:
    seconds = bench.choices.seconds
    common = (bench.translation, texts, "--core", bench.cores[0], "--seconds", seconds)
    values: dict[str, float] = {}
    for name, beam in (("greedy", 1), ("beam", BEAM)):
        line = in_process.command("translate", *common, "--beam", beam)
        (found,) = in_process.run([line], ROOT, seconds)
        values |= {f"{name}_{key}": value for key, value in found.items()}
    (costs,) = in_process.run([in_process.command("costs", *common)], ROOT, seconds)
    bench.results.add("in-process", IN_PROCESS, number, values | costs)
