"""`python -m training cost`, on small runs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from service.artifact import read_artifact
from tests.training.small_runs import TrainedRun
from training.cli import main
from training.costs.contenders import BEAM, GREEDY, LABELS, eager, served
from training.costs.rounds import median_ratio, seconds_by_round, seconds_of
from training.costs.study import AT_ONCE, of_length
from training.run_folder import RunFolder
from training.runs import load_run
from training.trained import ClassificationRun, TranslationRun


def table(printed: str) -> dict[str, dict[str, str]]:
    """The cells of the printed table by row and column."""
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")]
             for line in printed.splitlines() if line.startswith("|")]  # fmt: skip
    header, _, *rows = lines
    return {first: dict(zip(header[1:], cells, strict=False)) for first, *cells in rows}


def test_a_classifier_beside_its_published_version(
    stars: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["cost", str(stars.run), str(stars.published), "--rounds", "2", "--quiet"]
    assert main(line) == 0
    found = table(capsys.readouterr().out)
    columns = [f"{stars.name} 1", f"{stars.run.name} int8", f"{stars.run.name} fp32",
               "PyTorch", "PyTorch without oneDNN"]  # fmt: skip
    assert list(found["megabytes"]) == columns
    (work,) = [cells for name, cells in found.items() if name == "alone"]
    assert work[columns[0]].endswith("ms, 1.00")
    assert all(float(cell.split()[0]) > 0 for cell in work.values())


def test_a_translator_without_another_is_compared_with_its_own_int8(
    reverse: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", str(reverse.run), "--rounds", "1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    found = table(printed)
    assert f"to {reverse.run.name} int8" in printed
    assert list(found)[1:] == [
        f"{way}, {asked}" for way in (GREEDY, BEAM) for asked in ("alone", f"{AT_ONCE} at once")
    ]
    assert found[f"{BEAM}, alone"].get("PyTorch", "") == ""  # which has no beam
    assert found[f"{GREEDY}, alone"]["PyTorch"].endswith(tuple("0123456789"))


@pytest.mark.parametrize("onednn", [True, False])
def test_all_contenders_do_the_same_work(
    stars: TrainedRun, reverse: TrainedRun, onednn: bool
) -> None:
    classifier, translator = (load_run(RunFolder(one.run)) for one in (stars, reverse))
    assert isinstance(classifier, ClassificationRun)
    assert isinstance(translator, TranslationRun)
    texts = ["The hotel no. 1 was superb, really lovely.", "The food was awful."]
    shares = eager(classifier, onednn).answers[LABELS](texts)
    labels = served(read_artifact(stars.published), "served").answers[LABELS](texts)
    best = [classifier.labels[i] for i in np.argmax(shares, axis=1)]  # type: ignore[call-overload]
    assert best == [ranked[0].label for ranked in labels]  # type: ignore[attr-defined]
    sentences = ["a b c", "b b d a"]
    translations = eager(translator, onednn).answers[GREEDY](sentences)
    answers = served(read_artifact(reverse.published), "served").answers
    assert translations == answers[GREEDY](sentences) == answers[BEAM](sentences)
    enabled, *_ = torch.backends.mkldnn.set_flags()  # type: ignore[no-untyped-call]
    assert enabled


def test_a_version_of_another_task_is_refused(
    stars: TrainedRun, reverse: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", str(stars.run), str(reverse.published)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == (
        f"error: {reverse.published} is a translation model; name one of classification, as the run"
    )


def test_no_rounds_are_refused(stars: TrainedRun, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cost", str(stars.run), "--rounds", "0"])
    assert "'0' is no whole number of 1 or more" in capsys.readouterr().err


def test_turns_come_forwards_and_backwards() -> None:
    order: list[str] = []
    turns = {name: lambda name=name: order.append(name) for name in "abc"}
    found = seconds_by_round(turns, rounds=2, enough=0.0)
    assert "".join(order) == "abcabccba"
    assert {name: len(times) for name, times in found.items()} == {"a": 2, "b": 2, "c": 2}


def test_a_turn_is_repeated_until_it_has_taken_enough() -> None:
    calls: list[int] = []
    spent = seconds_of(lambda: calls.append(sum(range(10_000))), enough=0.02)
    assert len(calls) > 1
    assert spent * len(calls) >= 0.02


def test_ratios_are_of_what_was_measured_beside_each_other() -> None:
    # The machine was three times slower in the second round.
    assert median_ratio([2.0, 6.0, 2.0], [1.0, 3.0, 1.0]) == 2.0


def test_texts_are_of_about_the_length_asked_for() -> None:
    texts = [" ".join(["word"] * words) for words in range(1, 400)]
    assert [len(text.split()) for text in of_length(texts, 20)] == [18, 19, 20, 21, 22]
    many = of_length(texts * 3, 200)
    assert len(many) == AT_ONCE
    assert {180 <= len(text.split()) <= 220 for text in many} == {True}
    assert of_length(["one word"], 200) == []


def test_nothing_is_left_behind(reverse: TrainedRun, tmp_path: Path) -> None:
    before = sorted(path.name for path in reverse.run.iterdir())
    assert main(["cost", str(reverse.run), "--rounds", "1", "--quiet"]) == 0
    assert sorted(path.name for path in reverse.run.iterdir()) == before
