"""A tagger on a file of one's own, through the command line: trained, published, served alike."""

import gzip
import logging
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from service.artifact import TaggingManifest, read_artifact
from service.pipelines.loading import load_pipeline
from service.pipelines.proof import prove
from service.pipelines.tagging import TaggingPipeline
from tests.training.small_runs import TrainedRun, flags
from training.cli import main
from training.corpora import OwnData, own_tagged
from training.data.errors import DataError
from training.data.examples import TaggedSentence
from training.recipe import TaggingRecipe, read_recipe
from training.run_folder import RunFolder
from training.task import Task
from training.tasks.tagging import TaggingTask
from training.word_vocabulary import vocabulary_and_vectors

SETTINGS = (
    "network.word_size=12",
    "network.casing_size=4",
    "network.character_size=6",
    "network.filters=8",
    "network.hidden_size=16",
    "network.dropout=0.1",
    "training.epochs=12",
    "training.minimum_steps=0",
    "training.patience=100",
    "training.tokens_per_batch=50",
    "training.learning_rate=0.01",
    "training.warmup_steps=5",
    "training.ema=0.5",
    "training.precision=fp32",
    "training.checkpoint_minutes=1000",
)
_NAMES = ("Anna", "Bert", "Carl", "Dora", "Emil", "Fred", "Gina", "Hans")


def sentences(count: int) -> list[list[tuple[str, str]]]:
    """A capitalised word is a person where it speaks, and a place where somebody stays in it."""
    made = []
    for number in range(count):
        first, second = _NAMES[number % 8], _NAMES[number // 8 % 8].lower()
        name = [(f"{first}{second}", 1), (f"{first}{second} {first}son", 2)][number % 3 == 0]
        words = name[0].split()
        spoken = number % 2
        kind = "person" if spoken else "place"
        tags = [f"{'I' if i else 'B'}-{kind}" for i in range(name[1])]
        rest = [("said", "O"), (f"no{number}", "O"), (".", "O")]
        before = [] if spoken else [("They", "O"), ("stay", "O"), ("in", "O")]
        made.append([*before, *zip(words, tags, strict=True), *(rest if spoken else rest[2:])])
    return made


def write_sentences(path: Path, count: int) -> Path:
    lines = ("\n".join(f"{token}\t{tag}" for token, tag in one) for one in sentences(count))
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    folder = tmp_path_factory.mktemp("names")
    trained = TrainedRun(folder / "run", folder / "models", "names")
    data = write_sentences(folder / "names.conll", 240)
    where = ("--run", str(trained.run), "--publish", str(trained.models / trained.name))
    arguments = ["train", "tagger-entities", "--data", str(data), "--license", "CC0-1.0", *where]
    assert main([*arguments, "--quiet", *flags(SETTINGS)]) == 0
    return trained


def test_it_finds_names_that_it_never_read(names: TrainedRun) -> None:
    artifact = read_artifact(names.published)
    manifest = artifact.manifest
    assert isinstance(manifest, TaggingManifest)
    assert manifest.tags == ("O", "B-person", "I-person", "B-place", "I-place")
    assert (manifest.scheme, manifest.language) == ("BIO", None)
    scores = {score.metric: score.value for score in manifest.scores}
    assert scores["span F1"] >= 90 and scores["accuracy"] >= 95
    assert [source.license for source in manifest.sources] == ["CC0-1.0"]

    pipeline = load_pipeline(artifact)
    assert isinstance(pipeline, TaggingPipeline)
    prove(pipeline)
    assert len(manifest.examples) == 5
    (words,) = pipeline.tag(["They stay in Annacarl."])
    assert [word.tag for word in words] == ["O", "O", "O", "B-place", "O"]
    card = (names.published / "README.md").read_text(encoding="utf-8")
    assert "Finds entities of 2 kinds in a text: person, place." in card
    assert re.search(r"vocabulary: \d+ words, \d+ characters", card)


def test_an_export_and_an_evaluation_say_the_same(
    names: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "names"
    export = ["export", str(names.run), "--publish", str(target), "--precision", "fp32", "--quiet"]
    assert main(export) == 0
    assert "torch and onnxruntime agree" in capsys.readouterr().out
    data = names.run.parent / "names.conll"
    assert main(["evaluate", str(target / "1"), "--on", str(data), "--quiet"]) == 0
    measured = capsys.readouterr().out
    assert re.search(r"names\.conll span F1: (100\.0|9\d\.\d+) \(240 rows\)", measured)
    assert main(["evaluate", str(target / "1"), "--quiet"]) == 1
    assert "names no public test set" in capsys.readouterr().err


def test_a_condition_holds_a_version_back(
    names: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = names.run.parent / "names.conll"
    export = ["export", str(names.run), "--publish", str(tmp_path / "names"), "--on", str(data)]
    assert main([*export, "--promote-if", "span_f1 > 1.5", "--quiet"]) == 1
    assert "span_f1" in capsys.readouterr().err
    assert not (tmp_path / "names").exists()
    assert main([*export, "--promote-if", "BLEU > 3", "--quiet"]) == 1
    assert "'BLEU' is not measured in tagging" in capsys.readouterr().err


def test_a_stopped_run_ends_with_the_same_weights(
    names: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "run")
    data = names.run.parent / "names.conll"
    loss, calls = TaggingTask.loss, [0]

    def broken(self: TaggingTask, batch: np.ndarray) -> tuple[torch.Tensor, int]:
        calls[0] += 1
        if calls[0] == 60:
            raise KeyboardInterrupt
        return loss(self, batch)

    monkeypatch.setattr(TaggingTask, "loss", broken)
    train = ["train", "tagger-entities", "--data", str(data), "--run", str(folder.path)]
    assert main([*train, "--quiet", *flags(SETTINGS)]) != 0
    monkeypatch.setattr(TaggingTask, "loss", loss)
    assert 0 < folder.read_tensors(folder.checkpoint)["position"]["step"] < 60
    assert main(["train", "--resume", "--run", str(folder.path), "--quiet"]) == 0
    mine = folder.read_tensors(folder.best)
    expected = RunFolder(names.run).read_tensors(names.run / "best.pt")
    assert mine.keys() == expected.keys()
    assert all(weights.equal(expected[name]) for name, weights in mine.items())


def test_parts_of_speech_of_a_treebank_of_ones_own(tmp_path: Path) -> None:
    lines = []
    for number in range(60):
        for place, (word, tag) in enumerate(
            [("the", "DET"), (f"cat{number}s", "NOUN"), ("sleep", "VERB")], start=1
        ):
            lines.append(f"{place}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_")
        lines.append("")
    path = tmp_path / "cats.conllu.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    target = tmp_path / "models" / "cats"
    train = ["train", "tagger-pos", "--data", str(path), "--run", str(tmp_path / "run")]
    assert main([*train, "--publish", str(target), "--quiet", *flags(SETTINGS)]) == 0
    manifest = read_artifact(target / "1").manifest
    assert isinstance(manifest, TaggingManifest)
    assert (manifest.tags, manifest.scheme) == (("DET", "NOUN", "VERB"), None)
    assert {score.metric for score in manifest.scores} == {"accuracy"}
    assert manifest.scores[0].value == 100.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Anna\n", "1 bad line"),
        ("Anna\tO\n\nBert\tO\n", "has the tag O alone; expected several"),
    ],
)
def test_files_that_nothing_can_be_learnt_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    path = tmp_path / "x.conll"
    path.write_text(content, encoding="utf-8")
    run = tmp_path / "run"
    assert main(["train", "tagger-entities", "--data", str(path), "--run", str(run)]) == 1
    assert message in capsys.readouterr().err
    assert not run.exists()


def test_parts_of_speech_have_no_entities_to_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.conll"
    path.write_text("Anna\tNOUN\nruns\tVERB\n", encoding="utf-8")
    run = ("--data", str(path), "--run", str(tmp_path / "run"), "--quiet")
    gate = ("--publish", str(tmp_path / "models" / "x"), "--on", str(path), "--promote-if")
    assert main(["train", "tagger-pos", *run, *gate, "span_f1 > 0.5"]) == 1
    assert "'span_f1' is not measured in tagging; choose from acc" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_is_too_small_to_hold_out_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "x.conll"
    path.write_text("Anna\tNOUN\nruns\tVERB\n", encoding="utf-8")
    corpora = own_tagged(OwnData(path), seed=1)
    assert [*corpora.validation.values()] == [*corpora.train]
    validation, test = caplog.messages
    assert "x.conll is so small that nothing is held out for validation: " in validation
    assert test == "x.conll is so small that nothing is held out for a test"


def recipe(**settings: object) -> TaggingRecipe:
    read = read_recipe("tagger-entities", dict(settings))
    assert isinstance(read, TaggingRecipe)
    return read


def test_words_of_texts_stand_behind_those_of_the_sentences() -> None:
    own = [TaggedSentence(("Rome", "Rome", "once"), ("B-place", "B-place", "O"))]
    settings = {"vectors.words": 100, "vectors.minimum_count": 2, "vectors.size": 2}
    texts = {"made": ["Paris is in France, Rome is not."] * 3}
    vocabulary, vectors = vocabulary_and_vectors(recipe(**settings), own, texts)
    assert vocabulary.known.words[0] == "rome"
    assert "paris" in vocabulary.known.words and "once" not in vocabulary.known.words
    assert vocabulary.trained == 3  # padding, unknown, rome
    assert vectors.shape == (vocabulary.known.word_count, 2)
    assert (vectors[:2] == 0).all() and (vectors[2] != 0).any()

    plain, none = vocabulary_and_vectors(recipe(), own, {})
    assert plain.known.words == ("rome",) and plain.trained == 3
    assert none.shape == (3, 0)


def test_vectors_are_never_made_of_held_out_texts(tmp_path: Path) -> None:
    from training.kinds.tagging import TaggingKind
    from training.origin import Origin

    held_out = recipe(**{"vectors.texts": ["imdb:test"], "data.train": [{"source": "none"}]})
    with pytest.raises(DataError):
        TaggingKind().begin(held_out, Origin(tmp_path))
    from training.corpora import load_texts

    with pytest.raises(DataError, match='"imdb:test" is held out'):
        load_texts(tmp_path, ["imdb:test"])


def test_it_is_a_task_for_the_training_loop(names: TrainedRun) -> None:
    from training.kinds.registry import kind_of
    from training.run_settings import RunSettings

    run = RunFolder(names.run)
    settings = RunSettings.read(run)
    task: Task = kind_of("tagging").resume(run, settings)
    assert task.metric == "span F1"
    again = kind_of("tagging").resume(run, settings)
    assert task.fingerprint() == again.fingerprint()
    assert [one.tolist() for one in task.epoch(3)] == [one.tolist() for one in again.epoch(3)]
