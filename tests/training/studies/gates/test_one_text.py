"""The tables of one text say what `/explain` says."""

import re

import numpy as np
import pytest

from service.explanation.classification import ClassifierExplainer, Question
from tests.training.small_runs import TrainedRun
from training.cli import main
from training.studies.gates.one_text import text_tables
from training.studies.gates.readings import GatedClassifier

TEXT = "The hotel was lovely, really superb."


def rows(table: str) -> list[list[str]]:
    """The cells of a table below its header."""
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:] if line]


def test_the_tables_say_what_an_explanation_says(stars: TrainedRun) -> None:
    model = GatedClassifier(stars.published)
    head, *parts = re.split(r"\n\n(?:forward|backward):\n\n", text_tables(model, TEXT))
    tokens, offsets = model.artifact.tokenizer.encode_with_offsets(TEXT)
    explained = ClassifierExplainer(model.artifact).explain(
        TEXT, tokens, offsets, Question(gates=True)
    )
    assert head == f"{explained.label} {explained.score:.2f}"
    assert explained.gates is not None
    for table, gates in zip(parts, explained.gates, strict=True):
        cells = rows(table)
        assert [row[0] for row in cells] == [word.text for word in explained.tokens]
        for row, word in zip(cells, explained.tokens, strict=True):
            assert float(row[1]) == pytest.approx(word.contribution, abs=0.006)
        owners = model.read(TEXT).owners
        for column, of_tokens in ((2, gates.input), (3, gates.forget), (4, gates.output)):
            means = np.bincount(owners, of_tokens) / np.bincount(owners)
            found = [float(row[column]) for row in cells]
            np.testing.assert_allclose(found, means, rtol=0, atol=0.006)


def test_what_is_left_has_no_figure_where_the_text_ends(stars: TrainedRun) -> None:
    model = GatedClassifier(stars.published)
    _, forward, backward = re.split(r"(?:forward|backward):\n\n", text_tables(model, TEXT))
    for cells in (rows(forward)[::-1], rows(backward)):
        after_one, after_five = [row[6] for row in cells], [row[7] for row in cells]
        assert after_one[0] == "-" and "-" not in after_one[1:]
        assert after_five[1] == "-" and after_five[-1] != "-"


def test_a_text_with_nothing_to_read_is_refused(
    stars: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "gates", "--model", str(stars.published), "--text", " "]) == 1
    assert "the text holds nothing to read" in capsys.readouterr().err
