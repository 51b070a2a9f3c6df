import re
from pathlib import Path

import pytest

from benchmarks.catalogue import GATEHOUSE, SENTIMENT, TRANSLATION
from benchmarks.report import render, write_report
from benchmarks.results import Failure, Results


@pytest.fixture
def results() -> Results:
    found = Results(
        facts={
            "machine": {"processor": "a processor"},
            "cores": 2,
            "versions": {"onnxruntime": "1.0"},
            "wrk": "wrk 4",
            "models": ["sentiment 1"],
            "command": "python -m benchmarks run",
            "seconds": 6.0,
            "rounds": 2,
            "load_before": 0.1,
            "date": "2030-01-01",
            "complete": True,
            "quick": False,
            "peers": {"litserve": {"litserve": "0.2.19"}},
        }
    )
    for number, rate in enumerate((1000.0, 3000.0)):
        values = {
            "requests_per_second": rate, "p50": 1.0, "p99": 2.0, "server_cpu_ms": 0.3,
            "generator_cpu_ms": 0.05, "errors": number,
        }  # fmt: skip
        found.add("sentiment-32", "gatehouse", number, values)
        found.add("sentiment-32", "litserve", number, {**values, "requests_per_second": 1.5 * rate})
    found.curves["resident memory"] = [[0.0, 100.0], [1.0, 110.0]]
    for system in SENTIMENT:
        found.commands[system.title] = f"start {system.name} PORT"
    return found


def test_results_survive_being_saved(results: Results, tmp_path: Path) -> None:
    results.failures.append(Failure("mlserver", "installation", "no"))
    results.save(tmp_path / "deep" / "raw.json")
    assert Results.load(tmp_path / "deep" / "raw.json") == results


def test_medians_over_the_rounds_and_their_range(results: Results) -> None:
    page = render(results)
    assert "2,000 (1,000–3,000)" in page
    assert results.median("sentiment-32", "gatehouse", "requests_per_second") == 2000
    assert results.median("sentiment-32", "gatehouse", "unknown") is None


def test_the_fastest_system_comes_first(results: Results) -> None:
    page = render(results)
    rows = re.findall(r"^\| (LitServe|Gatehouse) \(1 errors\)", page, re.MULTILINE)
    assert rows == ["LitServe", "Gatehouse"]


def test_what_was_not_measured_has_no_section(results: Results) -> None:
    page = render(results)
    assert "## Sentiment" in page
    assert "## Translation" not in page
    assert "## Overload" not in page
    assert "## Failures" not in page


def test_a_system_that_failed_is_reported(results: Results) -> None:
    results.failures.append(Failure("mlserver", "installation", "ERROR: no\nmatching | wheel"))
    page = render(results)
    assert "| MLServer | installation | ERROR: no matching / wheel |" in page


def test_versions_and_settings_stand_beside_the_commands(results: Results) -> None:
    page = render(results)
    assert "LitServe (0.2.19)" in page
    assert GATEHOUSE.settings.format(workers=2) in page
    assert "{workers}" not in page


def test_partial_and_quick_runs_say_so(results: Results) -> None:
    results.facts["complete"] = False
    assert "A part of the suite" in render(results)
    results.facts["quick"] = True
    assert "A quick run" in render(results)


def test_notes_are_taken_over(results: Results) -> None:
    assert render(results, notes="## Notes\n\nTried this.\n").endswith("Tried this.\n")


def test_plots_are_written_beside_the_page_and_shown(results: Results, tmp_path: Path) -> None:
    write_report(results, tmp_path / "RESULTS.md")
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "(plots/sentiment.png)" in page
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert names == {"sentiment.png", "memory.png"}


def test_every_system_of_the_catalogue_can_be_reported(results: Results) -> None:
    for system in TRANSLATION:
        results.add("translation-greedy", system.name, 0, {"requests_per_second": 1.0})
        results.commands[system.title] = "start"
    page = render(results)
    assert all(system.title in page for system in (*SENTIMENT, *TRANSLATION))
