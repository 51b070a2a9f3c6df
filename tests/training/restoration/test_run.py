"""From a published version to a run that others begin with, through the command line."""

from pathlib import Path

import pytest

from service.artifact import ArtifactError, Placeholders, TranslationManifest, read_artifact
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import load_pipeline
from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests.training.small_runs import STARS_SETTINGS, TrainedRun, flags, write_reviews
from training.cli import main
from training.corpora import OwnData
from training.data.dictionary import SOURCE
from training.initial.classifier import InitialClassifier
from training.origin import Origin
from training.recipe import parse_override, read_recipe
from training.restoration.run import restore_run
from training.run_folder import RunError, RunFolder
from training.runs import load_run, resume_run

# A learning rate at which nothing moves.
STILL = flags(
    (
        "training.learning_rate=1e-12",
        "training.epochs=1",
        "training.minimum_steps=0",
        "training.ema=0",
    )
)
NETWORK = dict(parse_override(one) for one in STARS_SETTINGS if one.startswith("network."))
TEXTS = ["The hotel was superb, really lovely.", "Awful food.", "An ordinary book, plain."]


def test_a_classifier_is_trained_further_on_data_of_ones_own(
    stars: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restored, run, models = tmp_path / "restored", tmp_path / "run", tmp_path / "models"
    assert main(["restore", str(stars.published), "--run", str(restored)]) == 0
    assert f"--set initial_run={restored}" in capsys.readouterr().out
    reviews = write_reviews(tmp_path / "more.csv", 90, first=5000)
    own = ["--data", str(reviews), "--text-column", "review", "--label-column", "stars"]
    sizes = [f"{key}={value}" for key, value in NETWORK.items()]
    settings = [*STILL, *flags([*sizes, f"initial_run={restored}"])]
    where = ["--run", str(run), "--publish", str(models / "stars"), "--temperature", "1", "--quiet"]
    assert main(["train", "sentiment-bilstm", *own, *settings, *where]) == 0
    mine, theirs = (
        load_pipeline(read_artifact(path)) for path in (models / "stars" / "1", stars.published)
    )
    assert isinstance(mine, ClassificationPipeline) and isinstance(theirs, ClassificationPipeline)
    for one, other in zip(mine.classify(TEXTS), theirs.classify(TEXTS), strict=True):
        assert [ranked.label for ranked in one] == [ranked.label for ranked in other]
        assert [r.score for r in one] == pytest.approx([r.score for r in other], abs=1e-3)
    sources = read_artifact(models / "stars" / "1").manifest.sources
    assert [source.name for source in sources] == ["more.csv", "reviews.csv"]


def test_the_files_of_a_version_are_warned_of(
    stars: TrainedRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    restored = RunFolder(tmp_path / "restored")
    restore_run(stars.published, restored, tmp_path)
    recipe = read_recipe("sentiment-bilstm", {"initial_run": str(restored.path)} | NETWORK)
    mine = Origin(tmp_path, OwnData(tmp_path / "others.csv"))
    said = "was trained on reviews.csv: if others.csv has rows of that"
    for sources, warned in (
        (["imdb", "newstest:2008", "composed", "reviews.csv"], True),
        (["imdb", "newstest:2008", "composed"], False),
    ):
        settings = restored.read_recipe()
        (known,) = settings["sources"][:1]
        named = [{**known, "name": name} for name in sources]
        restored.write_json(restored.recipe, settings | {"sources": named})
        initial = InitialClassifier.named_by(recipe)
        assert initial is not None
        caplog.clear()
        initial.warn_of_overlap(recipe, mine)
        assert (said in caplog.text) is warned


def test_a_translator_is_trained_further_and_learns_placeholders(
    reverse: TrainedRun, tmp_path: Path
) -> None:
    restored, run = tmp_path / "restored", tmp_path / "run"
    assert main(["restore", str(reverse.published), "--run", str(restored)]) == 0
    settings = [*STILL, *flags([f"initial_run={restored}", "placeholders={names=0.5}"])]
    assert main(["train", "reverse", *settings, "--run", str(run), "--quiet"]) == 0
    assert (
        main(["export", str(run), "--publish", str(tmp_path / "models" / "reverse"), "--quiet"])
        == 0
    )
    pipelines = [
        load_pipeline(read_artifact(path))
        for path in (tmp_path / "models" / "reverse" / "1", reverse.published)
    ]
    texts = ["a b c d", "h g f e d c", "c c a"]
    for beam in (1, 5):
        mine, theirs = (
            one.translate(texts, SearchOptions(beam_size=beam))
            for one in pipelines
            if isinstance(one, TranslationPipeline)
        )
        assert mine == theirs
    sizes = [one.artifact.tokenizer.vocabulary_size for one in pipelines]
    assert sizes[0] == sizes[1] + 10


def test_the_words_that_a_version_knows_come_along(reverse: TrainedRun, tmp_path: Path) -> None:
    run, models = tmp_path / "run", tmp_path / "models" / "named"
    settings = flags(["placeholders={names=0.5}", "training.epochs=1", "training.minimum_steps=0"])
    where = ["--run", str(run), "--publish", str(models), "--quiet"]
    assert main(["train", "reverse", *settings, *where]) == 0
    restored = RunFolder(tmp_path / "restored")
    restore_run(models / "1", restored, tmp_path)
    assert kept_by(models / "1").dictionary is None  # no word is a slip away from a letter
    assert restored.words.read_bytes() == (run / "words.txt").read_bytes()
    assert restored.spelling.read_bytes() == (run / "spelling.tsv").read_bytes()
    assert restored.tokenizer.read_bytes() == (run / "tokenizer.model").read_bytes()

    with (run / "spelling.tsv").open("a", encoding="utf-8") as lines:
        lines.write("internal\t9\ninterval\t0\n")
    assert main(["export", str(run), "--publish", str(models), "--quiet"]) == 0
    assert kept_by(models / "2").dictionary == SOURCE
    card = (models / "2" / "README.md").read_text("utf-8")
    assert f"Words of a dictionary in `spelling.tsv`: {SOURCE}." in card


def kept_by(version: Path) -> Placeholders:
    manifest = read_artifact(version).manifest
    assert isinstance(manifest, TranslationManifest)
    assert manifest.placeholders is not None
    return manifest.placeholders


def test_it_cannot_go_on_itself(stars: TrainedRun, tmp_path: Path) -> None:
    restored = RunFolder(tmp_path / "restored")
    restore_run(stars.published, restored, tmp_path)
    for use in (resume_run, load_run):
        with pytest.raises(
            RunError, match=r"was restored from .*stars/1: it can neither go on nor"
        ):
            use(restored)


def test_what_is_there_stays(stars: TrainedRun, reverse: TrainedRun, tmp_path: Path) -> None:
    restored = RunFolder(tmp_path / "restored")
    restore_run(stars.published, restored, tmp_path)
    before = restored.best.read_bytes()
    with pytest.raises(RunError, match=r"already holds a run: begin with it \(--set initial_run="):
        restore_run(reverse.published, restored, tmp_path)
    assert restored.best.read_bytes() == before


def test_what_no_run_can_begin_with_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for settings, model, said in (
        (["reverse", *flags(["network.cell=gru"])], "reverse", "is made of cells of kind gru"),
        (["childrens-book"], "book", "is a model of generation; only classifiers and translators"),
    ):
        quick = flags(["training.epochs=1", "training.minimum_steps=0"])
        where = ["--run", str(tmp_path / f"{model}-run"), "--publish", str(tmp_path / model)]
        assert main(["train", *settings, *quick, *where, "--quiet"]) == 0
        capsys.readouterr()
        restored = tmp_path / "restored"
        assert main(["restore", str(tmp_path / model / "1"), "--run", str(restored)]) == 1
        assert said in capsys.readouterr().err
        assert not restored.exists()
    with pytest.raises(ArtifactError, match=r"manifest.json cannot be read"):
        restore_run(tmp_path, RunFolder(tmp_path / "restored"), tmp_path)
