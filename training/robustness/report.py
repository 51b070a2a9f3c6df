"""What was found of some translators, as tables in Markdown, as a list of failures and as JSON."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from training.robustness.glossary import Honoured
from training.robustness.odd import OddAnswer
from training.robustness.searches import BEAMS
from training.robustness.study import Findings, Measures
from training.robustness.typed import Cost
from training.tables import markdown_table

_NOTHING = "–"


def report(findings: Findings) -> str:
    """A title and a table for each part: a row for each set, a column for each model."""
    parts = {
        "kept": _kept,
        "typed": _typed,
        "odd": _odd,
        "glossary": _glossary,
        "search": _search,
    }
    return "\n\n".join(parts[part](findings) for part in findings.parts)


def failures(findings: Findings) -> str:
    """What went wrong, model by model: the text, its translation and what is amiss."""
    return "\n\n".join(
        f"failures of {name}\n\n" + ("\n".join(_failures(measures)) or "none")
        for name, measures in findings.models.items()
    )


def write_findings(findings: Findings, path: Path) -> None:
    """All of it as JSON, the failures and the answers to odd texts among it. Raises OSError."""
    content = json.dumps(asdict(findings), indent=2, ensure_ascii=False)
    path.write_text(content + "\n", encoding="utf-8")


def _kept(findings: Findings) -> str:
    found = [one.kept for one in findings.models.values() if one.kept is not None]
    rows = [
        [name, str(share.stretches), *(f"{one.shares[name].intact:.1f}" for one in found)]
        for name, share in found[0].shares.items()
    ]
    return _table(
        f"kept: stretches of {findings.direction} that are intact, in percent",
        ["kind", "stretches", *findings.models],
        rows,
    )


def _typed(findings: Findings) -> str:
    found = [one.typed for one in findings.models.values() if one.typed is not None]
    base = found[0]
    rows = [["as written, cased", *(f"{one.plain:.2f}" for one in found)]]
    for name in base.costs:
        rows.append(
            [name, *(_cost(one.costs[name], base.costs[name], one is base) for one in found)]
        )
    return _table(
        f"typed: {base.sentences:,} sentences of {findings.test_set}, beam {findings.beam_size}; "
        f"BLEU / points lost / as a share of what {next(iter(findings.models))} loses\n"
        "(capitals and lower case: without regard to case; no end: references have none)",
        ["sentences", *findings.models],
        rows,
    )


def _cost(cost: Cost, base: Cost, is_base: bool) -> str:
    cell = f"{cost.typed:.2f} / {cost.lost:.2f}"
    if is_base:
        return cell
    # Of nothing that is lost there is no share.
    return f"{cell} / {cost.lost / base.lost:.2f}" if base.lost > 0 else f"{cell} / {_NOTHING}"


def _odd(findings: Findings) -> str:
    found = [one.odd for one in findings.models.values() if one.odd is not None]
    rows = [
        ["failed", *(f"{one.failed:.1f}" for one in found)],
        ["nothing written", *(f"{one.empty:.1f}" for one in found)],
        ["words where there are none", *(f"{one.invented:.1f}" for one in found)],
        ["endless", *(f"{one.endless:.1f}" for one in found)],
    ]
    return _table(
        f"odd: {len(found[0].answers)} texts, what became of them in percent",
        ["what", *findings.models],
        rows,
    )


def _glossary(findings: Findings) -> str:
    found = [one.glossary for one in findings.models.values()]
    count = next((one.sentences for one in found if one is not None), None)
    if count is None:
        return "glossary: no model takes one, or no sentence has a term"

    def row(name: str, cell: Callable[[Honoured], str]) -> list[str]:
        return [name, *(_NOTHING if one is None else cell(one) for one in found)]

    return _table(
        f"glossary: {count:,} sentences of {findings.test_set}, each with a term",
        ["what", *findings.models],
        [
            row("term appears, in percent", lambda one: f"{one.appears:.1f}"),
            row("BLEU without a glossary", lambda one: f"{one.none:.2f}"),
            row("with an irrelevant one", lambda one: f"{one.irrelevant:.2f}"),
            row("with the term's", lambda one: f"{one.relevant:.2f}"),
        ],
    )


def _search(findings: Findings) -> str:
    found = [one.search for one in findings.models.values() if one.search is not None]
    rows = [[f"beam {beam}", *(f"{one.bleu[beam]:.2f}" for one in found)] for beam in BEAMS]
    rows.append(["lost by greedy", *(f"{one.lost:.2f}" for one in found)])
    return _table(
        f"search: BLEU of {found[0].sentences:,} sentences of {findings.test_set}",
        ["search", *findings.models],
        rows,
    )


def _table(title: str, header: list[str], rows: list[list[str]]) -> str:
    return f"{title}\n\n{markdown_table(header, rows)}"


def _amiss(answer: OddAnswer) -> str:
    if answer.error is not None:
        return answer.error
    found = {
        "nothing written": answer.empty,
        "words where there are none": answer.invented,
        "endless": answer.endless,
    }
    return ", ".join(name for name, is_so in found.items() if is_so)


def _failures(measures: Measures) -> Iterator[str]:
    if measures.kept is not None:
        for lost in measures.kept.lost:
            missing = ", ".join(f"{one.kind} {one.text}" for one in lost.stretches)
            yield f"kept: {lost.text}\n   -> {lost.translation}\n   lost: {missing}"
    if measures.odd is not None:
        for answer in measures.odd.answers:
            if answer.bad:
                yield f"odd: {answer.text}\n   -> {answer.translation}\n   {_amiss(answer)}"
    if measures.glossary is not None:
        for missed in measures.glossary.missed:
            yield (
                f"glossary: {missed.text}\n   -> {missed.translation}\n"
                f"   lacks: {missed.wanted} for {missed.term}"
            )
