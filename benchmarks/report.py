"""RESULTS.md: what was measured on what, against which targets, from the raw results.

Measures nothing. `NOTES.md` beside it, where there is one, holds what a person has to say about
figures that were not reached, and is taken over as it stands.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.catalogue import SENTIMENT, TRANSLATION, System
from benchmarks.plots import draw
from benchmarks.results import Failure, Results, ceiling_of
from benchmarks.tables import MISSING, number, table, values_with_range
from benchmarks.targets import (
    GATEHOUSE,
    IN_PROCESS,
    MOSEC,
    Target,
    best_of,
    by_rounds,
    first_token_steps,
    sentiment_limits,
    targets,
)

NOTES = Path(__file__).parent / "NOTES.md"
PLOTS = "plots"
_TITLES = {system.name: system.title for system in SENTIMENT} | {IN_PROCESS: "the model in-process"}
_TRANSLATION_TITLES = {system.name: system.title for system in TRANSLATION} | {
    IN_PROCESS: "the model in-process, sorted, batches of 32"
}


def write_report(results: Results, path: Path) -> None:
    """Write the report, and the plots into a folder beside it."""
    plots = draw(results, path.parent / PLOTS)
    notes = NOTES.read_text(encoding="utf-8") if NOTES.exists() else ""
    path.write_text(render(results, [plot.name for plot in plots], notes), encoding="utf-8")


def render(results: Results, plots: Sequence[str] = (), notes: str = "") -> str:
    """The whole page."""
    parts = [
        "# Results\n",
        "Written by `python -m benchmarks`; how it measures stands in [README.md](README.md).\n",
        *_facts(results),
        "## Targets\n",
        _targets(targets(results)),
        *_section("Sentiment", _sentiment(results), plots, "sentiment"),
        *_section("Translation", _translation(results), plots, "translation"),
        *_section("Overload", _overload(results), plots, "overload"),
        *_section("Start, memory, idle", _process(results), plots, "memory"),
        *_section("Answers", _answers(results)),
        *_section("Systems", _systems(results)),
        *_section("Failures", _failures(results)),
        notes,
    ]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _section(
    title: str, parts: Iterator[str], plots: Sequence[str] = (), picture: str = ""
) -> list[str]:
    found = list(parts)
    if not found:
        return []
    images = [f"![{title}]({PLOTS}/{name})\n" for name in plots if name.startswith(picture)]
    return [f"## {title}\n", *found, *(images if picture else [])]


def _facts(results: Results) -> Iterator[str]:
    facts = results.facts
    if facts.get("quick"):
        yield "**A quick run: it shows that everything works; its figures say nothing.**\n"
    elif not facts.get("complete"):
        yield "**A part of the suite: some scenarios or systems were left out.**\n"
    rows = [[name, value] for name, value in facts["machine"].items()]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    rows += [
        ["cores used, load generator included", str(facts["cores"])],
        ["versions", versions],
        ["load generator", facts["wrk"]],
        ["models", ", ".join(facts["models"])],
        ["command", f"`{facts['command']}`"],
        ["rounds", f"{facts['rounds']} of {facts['seconds']:g} seconds each"],
        ["load average before", f"{facts['load_before']:.2f}"],
        ["date", facts["date"]],
    ]
    yield table(["measured on", ""], rows)
    yield (
        "Figures are medians over the rounds, with the least and the largest in brackets; ratios "
        "are medians of each round's. Compare them within this page: on another machine, or beside "
        "other work, all of them move.\n"
    )


def _targets(found: Sequence[Target]) -> str:
    words = {True: "reached", False: "**not reached**", None: "not measured"}
    rows = [
        [
            target.area,
            target.text,
            f"{'≥' if target.at_least else '≤'} {target.limit:,g}{target.unit}",
            MISSING if target.value is None else f"{number(target.value)}{target.unit}",
            words[target.reached],
        ]
        for target in found
    ]
    return table(["what", "figure", "target", "measured", ""], rows)


def _sentiment(results: Results) -> Iterator[str]:
    for scenario, text in (
        ("sentiment-32", "One text of about 20 words a request, 32 clients"),
        ("sentiment-128", "The same, 128 clients"),
    ):
        if rows := _single_rows(results, scenario):
            limits = list(sentiment_limits(results, scenario).values())
            yield f"{text}; the limit is {values_with_range(limits)} requests a second:\n"
            yield table(
                [
                    "system", "requests/s", "of the limit", "to mosec", "p50 ms", "p99 ms",
                    "server ms/request", "wrk ms/request",
                ],
                rows,
            )  # fmt: skip
    if systems := results.systems("sentiment-lists"):
        key = "texts_per_second"
        ceiling = results.by_round(ceiling_of("sentiment-lists"), IN_PROCESS, key)
        together = values_with_range(list(ceiling.values()))
        rows = [[_TITLES[IN_PROCESS], together, "1", MISSING, MISSING]]
        rows += [
            [
                _TITLES[system],
                values_with_range(results.values("sentiment-lists", system, key)),
                number(by_rounds(results.by_round("sentiment-lists", system, key), ceiling)),
                number(results.median("sentiment-lists", system, "p50")),
                number(results.median("sentiment-lists", system, "p99")),
            ]
            for system in _fastest_first(results, "sentiment-lists", systems, key)
        ]
        yield "32 texts a request, 8 clients:\n"
        yield table(["system", "texts/s", "of in-process", "p50 ms", "p99 ms"], rows)
    if systems := results.systems("sentiment-alone"):
        rows = [
            [
                _TITLES[system],
                values_with_range(results.values("sentiment-alone", system, "p50")),
                values_with_range(results.values("sentiment-alone", system, "p99")),
                number(results.median("sentiment-alone", system, "server_cpu_ms")),
                number(results.median("idle", system, "cpu_percent")),
                number(results.median("idle", system, "resident_mb")),
            ]
            for system in sorted(
                systems, key=lambda name: results.median("sentiment-alone", name, "p50") or 0
            )
        ]
        yield (
            "One client alone, one text a request; and what each system takes while nobody asks "
            "(memory summed over its processes, shared pages counted for each):\n"
        )
        yield table(
            ["system", "p50 ms", "p99 ms", "server ms/request", "idle, % of a core", "MB"], rows
        )


def _single_rows(results: Results, scenario: str) -> list[list[str]]:
    limits = sentiment_limits(results, scenario)
    mosec = best_of(results, scenario, MOSEC, "requests_per_second")
    rows = []
    systems = results.systems(scenario)
    for system in _fastest_first(results, scenario, systems, "requests_per_second"):
        rates = results.by_round(scenario, system, "requests_per_second")
        errors = sum(results.values(scenario, system, "errors"))
        rows.append([
            _TITLES[system] + (f" ({errors:.0f} errors)" if errors else ""),
            values_with_range(list(rates.values())),
            number(by_rounds(rates, limits)),
            number(by_rounds(rates, mosec)),
            number(results.median(scenario, system, "p50")),
            number(results.median(scenario, system, "p99")),
            number(results.median(scenario, system, "server_cpu_ms")),
            number(results.median(scenario, system, "generator_cpu_ms")),
        ])  # fmt: skip
    return rows


def _fastest_first(results: Results, scenario: str, systems: Sequence[str], key: str) -> list[str]:
    return sorted(systems, key=lambda name: -(results.median(scenario, name, key) or 0))


def _translation(results: Results) -> Iterator[str]:
    for scenario, text in (
        ("translation-greedy", "Sentences of 5 to 60 words, greedy, 32 clients"),
        ("translation-beam", "The same, beam 5"),
        ("translation-alone", "The same, greedy, one client"),
    ):
        if systems := results.systems(scenario):
            rows = []
            ours = results.by_round(scenario, GATEHOUSE, "requests_per_second")
            if scenario == "translation-greedy":
                key = "sentences_per_second"
                base = results.by_round("translation-ceiling", IN_PROCESS, key)
                rows.append([
                    _TRANSLATION_TITLES[IN_PROCESS], values_with_range(list(base.values())),
                    number(by_rounds(ours, base)), MISSING, MISSING, MISSING,
                ])  # fmt: skip
            for system in _fastest_first(results, scenario, systems, "requests_per_second"):
                base = results.by_round(scenario, system, "requests_per_second")
                rows.append([
                    _TRANSLATION_TITLES[system],
                    values_with_range(list(base.values())),
                    number(by_rounds(ours, base)),
                    number(results.median(scenario, system, "p50")),
                    number(results.median(scenario, system, "p99")),
                    number(results.median(scenario, system, "server_cpu_ms")),
                ])  # fmt: skip
            yield f"{text}:\n"
            yield table(
                [
                    "system", "sentences/s", "Gatehouse to it", "p50 ms", "p99 ms",
                    "server ms/request",
                ],
                rows,
            )  # fmt: skip
    if results.systems("translation-stream"):
        steps = first_token_steps(results)
        first = results.values("translation-stream", GATEHOUSE, "first_p50")
        whole = results.values("translation-stream", GATEHOUSE, "whole_p50")
        each = results.values("translation-stream", GATEHOUSE, "per_token")
        yield (
            f"Streamed, one client: the first token after {values_with_range(first)} ms, the last "
            f"after {values_with_range(whole)} ms (medians), {values_with_range(each)} ms a token. "
            f"Less an encoding, the first token took {number(steps)} decoder steps.\n"
        )
    if results.systems("in-process"):
        yield "In-process, one core, one thread:\n"
        yield table(
            ["figure", "measured"],
            [
                [text, values_with_range(results.values("in-process", IN_PROCESS, key))]
                for key, text in (
                    ("greedy_words_per_second", "source words a second, greedy"),
                    ("greedy_sentences_per_second", "sentences a second, greedy"),
                    ("beam_sentences_per_second", "sentences a second, beam 5"),
                    ("encode_ms", "encoding of one sentence, ms"),
                    ("step_1_ms", "decoder step of 1 row, ms"),
                    ("step_5_ms", "decoder step of 5 rows, ms"),
                    ("step_32_ms", "decoder step of 32 rows, ms"),
                )
            ],
        )


def _overload(results: Results) -> Iterator[str]:
    loads = results.systems("overload")
    if not loads:
        return
    capacity = results.values("overload-capacity", GATEHOUSE, "requests_per_second")
    yield (
        f"Translations arrive in an open loop (Poisson); the capacity, measured with 32 clients in "
        f"a closed loop, is {values_with_range(capacity)} a second. Latencies count from the "
        "moment at which a request was due.\n"
    )
    columns = (
        ("translation_sent", "sent"),
        ("translation_accepted_count", "accepted"),
        ("translation_accepted_p50", "p50 ms"),
        ("translation_accepted_p99", "p99 ms"),
        ("translation_refused_count", "refused"),
        ("translation_refused_p50", "p50 ms"),
        ("translation_refused_p99", "p99 ms"),
        ("sentiment_accepted_p50", "sentiment p50 ms"),
        ("sentiment_accepted_p99", "p99 ms"),
        ("health_accepted_p50", "health p50 ms"),
        ("health_accepted_p99", "p99 ms"),
        ("late_p99", "generator late, p99 ms"),
    )
    order = [load for load in ("unloaded", "80%", "300%") if load in loads]
    yield table(
        ["load", *(text for _, text in columns)],
        [[load, *(number(results.median("overload", load, key)) for key, _ in columns)]
         for load in order],
    )  # fmt: skip


def _process(results: Results) -> Iterator[str]:
    rows = []
    for name, text in (("import", "import of fastapi and onnxruntime"), (GATEHOUSE, "until ready")):
        if found := results.values("start", name, "seconds"):
            rows.append([f"{text}, s", values_with_range(found)])
    for key, text in (
        ("requests", "requests sent to one worker"),
        ("at_start_mb", "resident when ready, MB"),
        ("first_quarter_mb", "resident, first quarter of the requests, MB"),
        ("last_quarter_mb", "resident, last quarter, MB"),
        ("largest_mb", "resident, largest, MB"),
        ("idle_cpu_percent", "idle, % of a core"),
    ):
        if found := results.values("memory", GATEHOUSE, key):
            rows.append([text, values_with_range(found, 4)])
    if rows:
        yield table(["figure", "measured"], rows)
    if "memory_answers" in results.facts:
        yield f"Statuses of those requests: `{results.facts['memory_answers']}`.\n"


def _answers(results: Results) -> Iterator[str]:
    systems = results.systems("answers-alone")
    if systems:
        yield (
            "Sentiment: texts whose best label or its score (by more than 10⁻⁶) is not what the "
            "same model gives in-process, asked one after another, 32 at a time, and as a list:\n"
        )
        rows = []
        for system in systems:
            row = [_TITLES[system]]
            for way in ("alone", "crowd", "list"):
                texts = results.median(f"answers-{way}", system, "texts")
                label = results.median(f"answers-{way}", system, "other_label")
                score = results.median(f"answers-{way}", system, "other_score")
                known = label is not None and score is not None and texts is not None
                row.append(
                    f"{(label or 0) + (score or 0):.0f} of {texts:.0f}" if known else MISSING
                )
            largest = [
                value
                for way in ("alone", "crowd", "list")
                for value in results.values(f"answers-{way}", system, "largest_difference")
            ]
            rows.append([*row, f"{max(largest):.1e}"])
        yield table(["system", "alone", "in a crowd", "as a list", "largest difference"], rows)
    if systems := results.systems("translations-alone"):
        yield "Translation: sentences whose translation is another than in-process:\n"
        rows = []
        for system in systems:
            row = [_TRANSLATION_TITLES[system]]
            for way in ("alone", "crowd"):
                texts = results.median(f"translations-{way}", system, "texts")
                other = results.median(f"translations-{way}", system, "other_text")
                row.append(f"{other:.0f} of {texts:.0f}" if texts is not None else MISSING)
            rows.append(row)
        yield table(["system", "alone", "in a crowd"], rows)


def _systems(results: Results) -> Iterator[str]:
    workers = results.facts["cores"]
    rows = []
    for system in {system.title: system for system in (*SENTIMENT, *TRANSLATION)}.values():
        if command := results.commands.get(system.title):
            rows.append([
                system.title + _version(results, system),
                system.settings.format(workers=workers),
                f"`{command}`",
            ])  # fmt: skip
    if rows:
        yield table(["system", "settings", "command"], rows)


def _version(results: Results, system: System) -> str:
    if system.environment is None or system.package is None:
        return ""
    version = results.facts["peers"].get(system.environment, {}).get(system.package)
    return f" ({version})" if version else ""


def _failures(results: Results) -> Iterator[str]:
    if results.failures:
        rows = [
            [_title(failure), failure.stage,
             " ".join(failure.message.split())]
            for failure in results.failures
        ]  # fmt: skip
        yield table(["system", "stage", "what went wrong"], rows)


def _title(failure: Failure) -> str:
    """Two systems may have one name: one classifies, the other translates."""
    titles = _TRANSLATION_TITLES if failure.stage.startswith("translation") else _TITLES
    return titles.get(failure.system, failure.system)
