"""The command line: `run` measures and reports, `report` renders the report again.

Owns the order of the groups; each group knows its own scenarios.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.bench import WORK, Bench, Choices
from benchmarks.catalogue import SENTIMENT, TRANSLATION
from benchmarks.environments import python_of
from benchmarks.plan import UnknownName, grouped, select
from benchmarks.report import write_report
from benchmarks.results import Results
from benchmarks.scenarios import costs, memory, overload, sentiment, startup, translation
from benchmarks.server import ROOT

RAW = WORK / "results.json"
RESULTS = Path(__file__).parent / "RESULTS.md"
CORES = 2
Group = Callable[[Bench, Sequence[str], Sequence[str]], None]
GROUPS: dict[str, tuple[Group, tuple[str, ...]]] = {
    "sentiment": (sentiment.measure, sentiment.SCENARIOS),
    "translation": (translation.measure, translation.SCENARIOS),
    "overload": (overload.measure, overload.SCENARIOS),
    "start": (startup.measure, startup.SCENARIOS),
    "memory": (memory.measure, memory.SCENARIOS),
    "in-process": (costs.measure, costs.SCENARIOS),
}
SCENARIOS = [name for _, names in GROUPS.values() for name in names]
SYSTEMS = list(dict.fromkeys(system.name for system in (*SENTIMENT, *TRANSLATION)))


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "run":
            return _run(options)
        results = Results.load(options.raw)
    except (UnknownName, FileNotFoundError) as error:
        print(f"benchmarks: error: {error}", file=sys.stderr)
        return 1
    write_report(results, options.results)
    print(options.results)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures the service beside its peers."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="measure, and write RESULTS.md",
        description="Starts every system itself, checks its answers, measures it, and writes the "
        "report. Takes half an hour on a machine that does nothing else.",
    )
    run.add_argument(
        "--only", metavar="NAMES", help=f"scenarios, separated by commas: {', '.join(SCENARIOS)}"
    )
    run.add_argument(
        "--systems", metavar="NAMES", help=f"systems, separated by commas: {', '.join(SYSTEMS)}"
    )
    run.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    run.add_argument(
        "--seconds", type=float, default=3.0, metavar="N", help="of one measurement; default: 3"
    )
    run.add_argument(
        "--quick", action="store_true", help="one round of a second each: does everything work?"
    )
    run.add_argument("--models", type=Path, default=ROOT / "models", metavar="DIR")
    run.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="the report; default: %(default)s",
    )
    run.add_argument("--raw", type=Path, default=RAW, metavar="FILE", help="the raw results")
    report = commands.add_parser("report", help="render the report from the raw results again")
    report.add_argument("--raw", type=Path, default=RAW, metavar="FILE", help="the raw results")
    report.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="the report")
    return parser


def _run(options: argparse.Namespace) -> int:
    scenarios = select(SCENARIOS, options.only)
    systems = select(SYSTEMS, options.systems)
    choices = Choices(
        seconds=1.0 if options.quick else options.seconds,
        rounds=1 if options.quick else options.rounds,
        quick=options.quick,
    )
    results = Results()
    bench = Bench(choices, machine.keep_to_cores(CORES), options.models, results)
    results.facts = {
        "machine": machine.machine(),
        "cores": len(bench.cores),
        "versions": machine.own_versions(),
        "wrk": machine.wrk_version(),
        "models": [
            f"{path.parent.name} {path.name}" for path in (bench.sentiment, bench.translation)
        ],
        "seconds": choices.seconds,
        "rounds": choices.rounds,
        "quick": choices.quick,
        "complete": options.only is None and options.systems is None,
        "command": _shown(options),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "load_before": machine.load_average(),
        "peers": {},
    }
    ready = _install(bench, systems)
    chosen = grouped(scenarios, {name: names for name, (_, names) in GROUPS.items()})
    for group, names in chosen.items():
        measure, _ = GROUPS[group]
        measure(bench, names, ready)
        results.save(options.raw)  # whatever stops a later group, this one is kept
    write_report(results, options.results)
    bench.say(f"written: {options.results.name}")
    return 0


def _install(bench: Bench, systems: Sequence[str]) -> list[str]:
    """The systems whose environments are there; notes the others."""
    ready = []
    for system in (*SENTIMENT, *TRANSLATION):
        if system.name not in systems or system.name in ready:
            continue
        if system.environment is not None:
            bench.say(f"environment: {system.environment}")
            environment = system.environment

            def install(name: str = environment) -> None:
                python = python_of(name)
                bench.results.facts["peers"][name] = machine.versions_in(str(python))

            if not bench.attempt(system.name, "installation", install):
                continue
        ready.append(system.name)
    return ready


def _shown(options: argparse.Namespace) -> str:
    words = ["python -m benchmarks run"]
    words += [
        f"--{name} {value}" for name in ("only", "systems") if (value := getattr(options, name))
    ]
    if options.quick:
        words.append("--quick")
    else:
        words.append(f"--rounds {options.rounds} --seconds {options.seconds:g}")
    return " ".join(words)
