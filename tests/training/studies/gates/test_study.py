"""The study from the command line, on a small LSTM that was trained here and on small data."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.data.test_sentiment import write_imdb, write_sst
from tests.training.small_runs import TrainedRun, review
from training.cli import main
from training.studies.gates.measures import STEPS
from training.studies.gates.readings import NAMES, GatedClassifier, columns
from training.studies.gates.report import report
from training.studies.gates.run import Choice, run_and_write
from training.studies.gates.study import number_words, occurrences
from training.studies.gates.word_classes import CLASSES, lexicon

TREES = ["(4 (3 lovely) (3 superb))", "(0 (0 awful) (1 rude))", "(2 (2 hotel) (2 film))"]
SENTENCES = [f"{review('10', n)} {review('1', n)} It is not what I had." for n in range(12)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews and trees in the formats of IMDb and the treebank."""
    root = tmp_path_factory.mktemp("data")
    write_sst(root, {"train": TREES})
    write_imdb(root, {f"test/pos/{n}_9": text for n, text in enumerate(SENTENCES)})
    return root


@pytest.fixture(scope="module")
def model(stars: TrainedRun) -> GatedClassifier:
    return GatedClassifier(stars.published)


def study(stars: TrainedRun, data: Path, out: Path, *more: str) -> int:
    where = ("--model", str(stars.published), "--root", str(data), "--out", str(out))
    return main(["study", "gates", *where, "--samples", "40", "--quiet", *more])


def test_the_study_leaves_results_words_and_plots(
    stars: TrainedRun, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study"
    assert study(stars, data, out) == 0
    printed = capsys.readouterr().out
    found = json.loads((out / "results.json").read_text("utf-8"))
    assert found["model"]["name"] == "stars"
    assert found["reviews"] == {"of": "imdb test", "all": 12, "read": 12}
    assert list(found["directions"]) == ["forward", "backward"]
    assert found["recomputed states"]["largest difference from the served"] < 1e-5
    assert found["words"] == sum(one["words"] for one in found["classes"].values())
    assert found["classes"]["positive words"]["words"] > 0
    low, high = 0.0, 1.0
    for direction in found["directions"].values():
        for measure in ("input", "forget", "output", "left_1"):
            assert low < direction["means"]["stop words"]["all units alike"][measure][0] < high
    assert report(found) in printed
    plots = printed.splitlines()[-3:]
    assert plots == [
        str(out / name) for name in ("differences.png", "words-forward.png", "words-backward.png")
    ]
    assert all(Path(plot).stat().st_size > 5000 for plot in plots)
    with (out / "words.tsv").open(encoding="utf-8", newline="") as file:
        words = {row["word"]: row for row in csv.DictReader(file, delimiter="\t", quoting=3)}
    assert words["not"]["class"] == "negations"
    assert int(words["not"]["in the reviews"]) == len(SENTENCES)


def test_a_draw_of_reviews_is_that_of_its_seed(
    stars: TrainedRun, data: Path, tmp_path: Path
) -> None:
    results = []
    for seed in (7, 7, 8):
        choice = Choice(stars.published, data, limit=5, seed=seed, samples=20)
        results.append(run_and_write(choice, tmp_path, quiet=True))
    assert results[0]["reviews"] == {"of": "imdb test", "all": 12, "read": 5}
    assert results[0] == results[1]
    assert results[0]["directions"] != results[2]["directions"]


def test_a_batch_measures_what_its_texts_measure_alone(model: GatedClassifier) -> None:
    readings = [model.read(text) for text in ("Lovely.", *SENTENCES[:3], "so " * 70)]
    together = dict(model.measure(readings))
    assert sorted(together) == list(range(5))
    for index, one in enumerate(readings):
        ((_, alone),) = model.measure([one])
        for several, single in zip(together[index], alone, strict=True):
            assert columns(single).shape == (len(one.tokens), len(NAMES))
            inside = slice(STEPS, len(one.tokens) - STEPS)  # where all have a meaning
            np.testing.assert_allclose(
                columns(several)[inside], columns(single)[inside], rtol=1e-3, atol=1e-5
            )


def test_words_well_inside_a_text_have_the_means_of_their_tokens(model: GatedClassifier) -> None:
    text = SENTENCES[0]
    reading = model.read(text)
    words = number_words([text], [reading], lexicon({"superb": {4}, "film": {2}}))
    ((_, directions),) = model.measure([reading])
    length = len(reading.tokens)
    for number, measured in enumerate(directions):
        found = occurrences(reading, words.of_text[0], measured, number > 0)
        values = columns(measured)
        wanted = []
        for word in range(len(reading.spans)):
            own = np.flatnonzero(reading.owners == word)
            if own[0] >= STEPS and own[-1] < length - STEPS:
                wanted.append(values[own].mean(axis=0))
        np.testing.assert_allclose(found.values, wanted, rtol=1e-5)
        assert len(found.numbers) == len(wanted) > 5
        # The place counts tokens from where the direction begins; this text has fewer than 64.
        early = (found.places == 0) if number == 0 else (found.places == 0)[::-1]
        assert early.tolist() == sorted(early.tolist(), reverse=True)
        assert early.any() and not early.all()
    spelt = words.spelt.index("superb")
    assert CLASSES[words.classes[spelt]] == "positive words"
    assert words.counts.sum() == len(reading.spans)


def test_texts_that_are_all_too_short_are_refused(
    stars: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sst(tmp_path, {"train": TREES})
    write_imdb(tmp_path, {"test/pos/0_9": "Lovely."})
    assert study(stars, tmp_path, tmp_path / "out") == 1
    assert "no text has a word that is 5 tokens from both its ends" in capsys.readouterr().err


def test_other_models_are_refused(
    reverse: TrainedRun, published_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "gates", "--model", str(reverse.published)]) == 1
    assert "holds a model for translation; give a classifier's version" in capsys.readouterr().err
    assert main(["study", "gates", "--model", str(published_models / "sentiment" / "1")]) == 1
    assert "names no LSTM layer, so its gates cannot be computed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "'0' is no whole number of 1 or more"),
        (["--seed", "-1"], "'-1' is no whole number of 0 or more"),
        (["--limit", "3", "--text", "x"], "not allowed with argument"),
    ],
)
def test_arguments_are_checked(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["study", "gates", *arguments])
    assert message in capsys.readouterr().err
