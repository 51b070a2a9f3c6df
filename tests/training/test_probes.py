"""The probe set is balanced, holds nothing twice, and stands in no dataset."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from training.corpora import labelled_tests
from training.data.errors import DataError
from training.data.sentiment import SOURCES, load_sentiment_splits
from training.data.splits import normalise
from training.probes import Probe, phenomenon_scores, read_probes
from training.recipe import Data, Source

LEAST = 220


def test_labels_and_phenomena_are_balanced() -> None:
    probes = read_probes()
    assert len(probes) >= LEAST
    assert len({normalise(probe.text) for probe in probes}) == len(probes)
    counts = Counter((probe.phenomenon, probe.label) for probe in probes)
    phenomena = {probe.phenomenon for probe in probes}
    assert len(phenomena) >= 10
    for phenomenon in phenomena:
        assert counts[phenomenon, "negative"] == counts[phenomenon, "positive"] >= 5, phenomenon
    assert {probe.label for probe in probes} == {"negative", "positive"}
    for probe in probes:
        assert probe.text == probe.text.strip()
        assert len(probe.text.split()) <= 30, "probes are short"


def test_scores_by_phenomenon() -> None:
    probes = [Probe("a", "positive", "x"), Probe("b", "negative", "y"), Probe("c", "negative", "x")]
    correct = np.array([True, True, False])
    assert phenomenon_scores(probes, correct) == [
        ("x", 50.0, 2), ("y", 100.0, 1), ("all", 66.67, 3),
    ]  # fmt: skip


def test_a_recipe_can_test_on_them_and_train_on_nothing(tmp_path: Path) -> None:
    synthetic = Source(source="synthetic")
    data = Data(
        train=(synthetic,), validation=(synthetic,), test=(Source(source="probes", split="test"),)
    )
    (examples,) = labelled_tests(tmp_path, data).values()
    assert [example.text for example in examples] == [probe.text for probe in read_probes()]
    data = Data(train=(synthetic,), validation=(synthetic,), test=(Source(source="probes"),))
    with pytest.raises(DataError, match='"probes" has no split "train"; it has test'):
        labelled_tests(tmp_path, data)


@pytest.mark.skipif("TRAINING_DATA" not in os.environ, reason="TRAINING_DATA names no folder")
def test_none_stands_in_a_dataset() -> None:
    root = Path(os.environ["TRAINING_DATA"])
    wanted = {normalise(probe.text) for probe in read_probes()}
    texts = [
        example.text
        for source in SOURCES
        for examples, _ in load_sentiment_splits(root, source).values()
        for example in examples
    ]
    padded = (f" {normalise(text)} " for text in texts)
    found = {probe for text in padded for probe in wanted if f" {probe} " in text}
    assert found == set()
