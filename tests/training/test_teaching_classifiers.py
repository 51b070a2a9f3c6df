"""Teachers write their probabilities, once and whole; a student learns from them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.artifact import read_artifact
from service.pipelines.classification import ClassificationPipeline
from tests.training.small_runs import flags
from training.cli import main
from training.data.taught import read_taught
from training.run_folder import RunError, RunFolder
from training.teaching.classifiers import (
    CHUNK,
    BaselineTeacher,
    NetworkTeacher,
    VersionTeacher,
    teach,
)

PARTS = {
    part: f'[{{source="synthetic", split="{part}"}}]' for part in ("train", "validation", "test")
}
DATA = [f"data.{part}={value}" for part, value in PARTS.items()]
SMALL = (
    "tokenizer.vocabulary=340",
    "network.embedding_size=12",
    "network.hidden_size=10",
    "network.dropout=0.1",
    "network.word_dropout=0.0",
    "training.tokens_per_batch=600",
    "training.epochs=3",
    "training.minimum_steps=0",
    "training.warmup_steps=5",
    "training.learning_rate=0.02",
    "training.ema=0.0",
    "training.precision=fp32",
)
TRAIN = ["train", "sentiment-bilstm", "--quiet", *flags((*DATA, *SMALL))]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two teachers of other seeds; the second names its classes the other way round."""
    folder = tmp_path_factory.mktemp("teachers")
    orders = ('["negative", "positive"]', '["positive", "negative"]')
    for seed, labels in enumerate(orders, start=1):
        run = folder / f"run{seed}"
        settings = flags([f"training.seed={seed}", f"labels={labels}"])
        assert main([*TRAIN, *settings, "--run", str(run)]) == 0
    return [folder / "run1", folder / "run2"]


class Counting:
    """A teacher that says nothing new and counts what it is asked; it may give up."""

    name, labels = "counting", ("a", "b")

    def __init__(self, digest: str = "1", patience: int = 1000) -> None:
        self.digest, self.patience = digest, patience
        self.asked: list[str] = []

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        self.patience -= 1
        if self.patience < 0:
            raise MemoryError
        self.asked += texts
        share = np.array([len(text) / 100 for text in texts])
        return np.stack([share, 1 - share], axis=1)


def test_the_mean_of_the_teachers_by_the_names_of_the_classes(
    runs: list[Path], tmp_path: Path
) -> None:
    teachers = [NetworkTeacher(RunFolder(run)) for run in runs]
    texts = ["the film was great.", "my order was not helpful, but the food was lovely.", "\u200b"]
    out = tmp_path / "deep" / "taught.jsonl"
    assert teach(teachers, {"one": texts[:2], "two": [texts[0], texts[2]]}, out, quiet=True) == 3
    file = read_taught(out)
    assert file.labels == ("negative", "positive")
    assert [(row.text, row.source) for row in file.rows] == [
        (texts[0], "one"), (texts[1], "one"), (texts[2], "two"),
    ]  # fmt: skip
    first, second = (teacher.probabilities(texts) for teacher in teachers)
    expected = (first + second[:, ::-1]) / 2
    np.testing.assert_allclose([row.probabilities for row in file.rows], expected, rtol=1e-5)
    assert abs(first - second[:, ::-1]).max() > 0.001  # so that a mean is another number


def test_a_baseline_teaches_too(runs: list[Path], tmp_path: Path) -> None:
    first, *others = (BaselineTeacher("tfidf", run, tmp_path) for run in runs)
    shares = first.probabilities(["the film was awful.", "the film was great."])
    assert shares[0, 0] > 0.5 > shares[1, 0]
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-6)
    assert [*first.labels] == [*others[0].labels][::-1]
    assert first.digest != others[0].digest


def test_a_published_version_teaches_what_it_serves(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models" / "teacher"
    assert main(["export", str(runs[0]), "--publish", str(models), "--quiet"]) == 0
    version, out = models / "1", tmp_path / "taught.jsonl"
    command = ["teach", str(version), "--texts", "synthetic", "--out", str(out), "--quiet"]
    assert main([*command, "--baseline", "tfidf"]) == 0
    assert "2,000 texts with the mean probabilities of 2 teachers" in capsys.readouterr().out
    file = read_taught(out)
    texts = [row.text for row in file.rows[:50]]
    pipeline = ClassificationPipeline(read_artifact(version))
    served = [{one.label: one.score for one in ranked} for ranked in pipeline.classify(texts)]
    # The baseline learns from what the version's recipe names: the same as from its run.
    baseline = BaselineTeacher("tfidf", runs[0], tmp_path).probabilities(texts)
    shares = [[scores[label] for label in file.labels] for scores in served]
    expected = (np.array(shares) + baseline) / 2
    np.testing.assert_allclose(
        [row.probabilities for row in file.rows[:50]], expected, rtol=1e-4, atol=1e-6
    )
    assert VersionTeacher(version).digest != NetworkTeacher(RunFolder(runs[0])).digest


def test_a_version_of_a_file_has_no_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"the film no {n} was {word}.,{word}" for n in range(60) for word in ("good", "bad")]
    own = tmp_path / "own.csv"
    own.write_text("\n".join(["text,label", *rows]) + "\n", "utf-8")
    models = tmp_path / "models" / "own"
    train = ["train", "sentiment-bilstm", "--quiet", *flags(SMALL), "--run", str(tmp_path / "run")]
    assert main([*train, "--data", str(own), "--publish", str(models)]) == 0
    out = tmp_path / "taught.jsonl"
    command = ["teach", str(models / "1"), "--texts", "synthetic", "--out", str(out), "--quiet"]
    assert main([*command, "--baseline", "tfidf"]) == 1
    assert "was trained on own.csv, which no recipe names" in capsys.readouterr().err
    assert not out.exists()
    assert main(command) == 0  # by itself it can
    assert read_taught(out).labels == ("bad", "good")


def test_an_interrupted_command_goes_on_to_the_same_file(tmp_path: Path) -> None:
    texts = {"one": [f"text no. {number}\u2028\x85" for number in range(3 * CHUNK + 7)]}
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    teach([Counting()], texts, whole, quiet=True)
    with pytest.raises(MemoryError):
        teach([Counting(patience=2)], texts, broken, quiet=True)
    assert not broken.exists()
    partial = tmp_path / "broken.jsonl.partial"
    partial.write_bytes(partial.read_bytes()[:-10])  # the last line is torn
    before = partial.read_bytes()
    for teacher, others in ((Counting("2"), texts), (Counting(), {"one": ["other"]})):
        with pytest.raises(RunError, match="was begun with other teachers or other texts; remove"):
            teach([teacher], others, broken, quiet=True)
        assert partial.read_bytes() == before
    again = Counting()
    teach([again], texts, broken, quiet=True)
    assert again.asked == texts["one"][2 * CHUNK - 1 :]
    assert broken.read_bytes() == whole.read_bytes()
    assert not partial.exists()


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "taught.jsonl"
    out.write_text("mine")
    teacher = Counting()
    with pytest.raises(RunError, match=r"taught\.jsonl is there already; name another file"):
        teach([teacher], {"one": ["a"]}, out, quiet=True)
    assert out.read_text() == "mine"
    assert teacher.asked == []


def test_teachers_of_other_classes_are_refused(tmp_path: Path) -> None:
    other = Counting()
    other.labels = ("a", "c")
    with pytest.raises(RunError, match="counting has the classes a, c, counting a, b: teachers"):
        teach([Counting(), other], {"one": ["a"]}, tmp_path / "taught.jsonl", quiet=True)
    assert not list(tmp_path.iterdir())


def test_from_teachers_to_a_published_student(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, run, target = tmp_path / "taught.jsonl", tmp_path / "run", tmp_path / "models" / "student"
    command = ["teach", *map(str, runs), "--texts", "synthetic", "--out", str(out), "--quiet"]
    command += ["--baseline", "nbsvm"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert f"{out}: 2,000 texts with the mean probabilities of 3 teachers" in said
    setting = said.rpartition("--set ")[2].strip().strip("'")
    assert setting == f'data.taught=[{{file="{out}"}}]'
    text = out.read_text("utf-8")
    out.write_text(text.replace('"source": "synthetic"', '"source": "elsewhere"'), "utf-8")
    # A handful of labelled texts an epoch; the rest is the teachers' word.
    labelled = 'data.train=[{source="synthetic", take=4}]'
    student = [*TRAIN, *flags([labelled, setting]), "--run", str(run)]
    assert main(student) == 0
    assert main(["export", str(run), "--publish", str(target), "--quiet"]) == 0
    manifest = read_artifact(target / "1").manifest
    scores = {score.metric: score.value for score in manifest.scores}
    assert scores["accuracy"] > 80
    assert [(source.name, source.rows) for source in manifest.sources] == [
        ("synthetic", 2000), ("elsewhere", 2000),
    ]  # fmt: skip
    assert main(command) == 1
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ("synthetic:test", '"synthetic:test" is held out; its texts are not to be learnt from'),
        ("nothing", 'no sentiment dataset is called "nothing"'),
        ("synthetic:unlabelled", '"synthetic" has no unlabelled texts'),
    ],
)
def test_texts_that_cannot_be_taught_are_named(
    runs: list[Path], tmp_path: Path, texts: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "taught.jsonl"
    assert main(["teach", str(runs[0]), "--texts", texts, "--out", str(out)]) == 1
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_that_cannot_teach_is_named(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    early = RunFolder(tmp_path / "early")
    early.create()
    settings = json.loads((runs[0] / "recipe.json").read_text("utf-8"))
    early.write_json(early.recipe, settings)
    early.write_bytes(early.tokenizer, (runs[0] / "tokenizer.model").read_bytes())
    for run, said in (
        (tmp_path / "none", "none holds no run"),
        (early.path, "early/best.pt does not exist: the run has not come that far yet"),
    ):
        out = ["--out", str(tmp_path / "taught.jsonl")]
        assert main(["teach", str(run), "--texts", "synthetic", *out]) == 1
        assert said in capsys.readouterr().err
