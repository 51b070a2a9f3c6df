"""A table of n-grams beside a trained network: how it is fitted, published, and what is refused."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from service.artifact import read_artifact
from service.pipelines.classification import ClassificationPipeline
from tests.training.small_runs import STARS_SETTINGS, flags, write_reviews
from training.averaged_runs import average_runs
from training.cli import main
from training.kinds.classification import load_classifier
from training.networks.classifier import TextClassifier
from training.ngram_fitting import fitted_share, fitted_table, with_table
from training.ngram_runs import add_ngrams
from training.recipe import ClassificationRecipe, parse_recipe
from training.run_folder import RunError, RunFolder
from training.run_settings import NGRAM_SHARE, RunSettings
from training.tasks.classification import logits_of

VOCABULARY, BUCKETS = 40, 64
BOTH = 'network.pooling="max+mean"'


def texts(classes: int, rows: int = 300) -> tuple[list[np.ndarray], np.ndarray]:
    """Token rows whose class a pair tells: the same tokens the other way round tell another."""
    generator = np.random.default_rng(classes)
    right = generator.integers(classes, size=rows)
    signs = [(4, 5), (5, 4), (5, 6)][:classes]
    found = []
    for one in right:
        filler = generator.integers(10, VOCABULARY, size=generator.integers(1, 9))
        place = generator.integers(len(filler) + 1)
        found.append(np.insert(filler, place, signs[one]).astype(np.int32))
    return found, right.astype(np.int64)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_table_tells_classes_by_the_order_of_their_words(classes: int) -> None:
    rows, right = texts(classes)
    table = fitted_table(rows, right, classes, VOCABULARY, BUCKETS)
    assert table.tokens.shape == (VOCABULARY, classes - 1)
    assert table.pairs.shape == (BUCKETS, classes - 1)
    torch.manual_seed(1)
    plain = TextClassifier(VOCABULARY, classes, 4, 3, pooling="max+mean").eval()
    network = TextClassifier(
        VOCABULARY, classes, 4, 3, pooling="max+mean", ngram_buckets=BUCKETS
    ).eval()
    network.load_state_dict(with_table(plain.state_dict(), table, 0.0, 6))
    torch.testing.assert_close(logits_of(network, rows), logits_of(plain, rows))
    network.load_state_dict(with_table(plain.state_dict(), table, 2.0, 6))
    beside = logits_of(network, rows) - logits_of(plain, rows)
    assert (beside.argmax(dim=1).numpy() == right).mean() > 0.95
    # The first class is the one that the others are measured by.
    torch.testing.assert_close(beside[:, 0], torch.zeros(len(rows)), rtol=0, atol=1e-5)


def test_the_share_is_the_one_of_the_highest_likelihood() -> None:
    generator = torch.Generator().manual_seed(1)
    network, table = (torch.randn(4000, 2, generator=generator) for _ in range(2))
    shares = torch.softmax(1.5 * network + 0.6 * table, dim=1)
    classes = torch.multinomial(shares, 1, generator=generator)[:, 0]
    assert fitted_share([network], [table], [classes]) == pytest.approx(0.4, abs=0.06)
    assert fitted_share([network], [-table], [classes]) == 0.0
    assert fitted_share([network], [torch.zeros_like(table)], [classes]) == 0.0
    assert fitted_share([-network], [table], [classes]) == math.inf


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("ngrams")
    reviews = write_reviews(folder / "reviews.csv", 360)
    columns = ("--text-column", "review", "--label-column", "stars")
    settings = flags((*STARS_SETTINGS, "training.epochs=2", BOTH))
    run = folder / "run"
    command = ["train", "sentiment-bilstm", "--data", str(reviews), *columns, *settings]
    assert main([*command, "--run", str(run), "--quiet"]) == 0
    return RunFolder(run)


@pytest.fixture(scope="module")
def both(run: RunFolder) -> RunFolder:
    made = RunFolder(run.path.with_name("both"))
    add_ngrams(run, made, BUCKETS)
    return made


def test_from_a_run_to_a_published_version_with_a_table(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, target = tmp_path / "made", tmp_path / "models" / "mine"
    assert main(["ngrams", str(run.path), "--run", str(made), "--buckets", "500"]) == 0
    said = capsys.readouterr().out
    assert [line.split(":")[0] for line in said.splitlines()[:3]] == ["network", "table", "both"]
    (look,) = RunFolder(made).records()
    assert (
        f"both: validation accuracy {look['score']:.4f}, loss {look['details']['loss']:.4f}" in said
    )
    share = RunSettings.read(RunFolder(made)).facts[NGRAM_SHARE]
    assert f"the table counts {share:.2f} of the network" in said
    assert main(["export", str(made), "--publish", str(target), "--quiet"]) == 0
    artifact = read_artifact(target / "1")
    card = (target / "1" / "README.md").read_text(encoding="utf-8")
    assert f"counts {share:.2f} of the network" in card
    recipe = parse_recipe(dict(artifact.manifest.recipe.settings), "mine")
    assert isinstance(recipe, ClassificationRecipe)
    assert recipe.network.ngram_buckets == 500
    pipeline = ClassificationPipeline(artifact)
    asked = [f"The food no. {i} was awful, really superb." for i in range(20)]
    rows = pipeline.tokenize(asked)
    temperature = recipe.publication.temperature
    assert temperature is not None
    network = load_classifier(RunFolder(made)).network
    want = logits_of(network, [np.array(row) for row in rows]) / temperature
    try:
        np.testing.assert_allclose(pipeline.logits(rows), want.numpy(), atol=0.3)
    finally:
        pipeline.close()


def test_a_run_with_a_table_does_not_go_on_but_is_begun_with(
    run: RunFolder, both: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--resume", "--run", str(both.path)]) == 1
    assert "was given its table of n-grams once its training was over" in capsys.readouterr().err
    with pytest.raises(RunError, match="has a table of n-grams already"):
        add_ngrams(both, RunFolder(tmp_path / "again"), BUCKETS)
    with pytest.raises(RunError, match="give the mean a table"):
        average_runs([run, both], RunFolder(tmp_path / "mean"))
    data = RunSettings.read(run).origin.own
    assert data is not None
    command = [
        "train", "sentiment-bilstm", "--data", str(data.file), "--text-column", "review",
        "--label-column", "stars", *flags((*STARS_SETTINGS, BOTH)), "--quiet",
        "--set", f"initial_run={both.path}", "--set", "training.epochs=1",
    ]  # fmt: skip
    begun = tmp_path / "begun"
    # Without a step to learn from, it answers as the network without the table does.
    still = flags(("training.learning_rate=1e-12", "training.ema=0"))
    assert main([*command, *still, "--run", str(begun)]) == 0
    old, new = load_classifier(run).network, load_classifier(RunFolder(begun)).network
    assert new.ngrams is None
    rows = [np.array([5, 9, 30]), np.array([7])]
    torch.testing.assert_close(logits_of(new, rows), logits_of(old, rows))
    capsys.readouterr()
    more = ["--set", "network.ngram_buckets=500", "--run", str(tmp_path / "more")]
    assert main([*command, *more]) == 1
    assert "a table of n-grams is fitted once a network has been trained" in capsys.readouterr().err


def test_sources_that_are_left_out(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = 'data.train=[{source="synthetic"}, {source="composed", take=50}]'
    held_out = [
        f'data.{part}=[{{source="synthetic", split="{part}"}}]' for part in ("validation", "test")
    ]
    two = tmp_path / "two"
    settings = flags((*STARS_SETTINGS, "training.epochs=1", BOTH, source, *held_out))
    assert main(["train", "sentiment-bilstm", *settings, "--run", str(two), "--quiet"]) == 0
    tables = []
    for name, options in (("all", []), ("some", ["--leave-out", "composed"])):
        made = RunFolder(tmp_path / name)
        assert main(["ngrams", str(two), "--run", str(made.path), *options]) == 0
        tables.append(made.read_tensors(made.best)["ngrams.tokens"])
    # Fewer texts have fewer words, and a word of none weighs nothing.
    assert (tables[1] != 0).sum() < (tables[0] != 0).sum()
    capsys.readouterr()
    for names, why in (
        (["imdb"], "was not trained on imdb; it was on synthetic, composed"),
        (["synthetic", "composed"], "no texts are left to count"),
    ):
        options = [part for name in names for part in ("--leave-out", name)]
        assert main(["ngrams", str(two), "--run", str(tmp_path / "none"), *options]) == 1
        assert why in capsys.readouterr().err
    with pytest.raises(RunError, match=r"it was on reviews\.csv"):
        add_ngrams(run, RunFolder(tmp_path / "none"), BUCKETS, left_out=["imdb"])


def test_a_run_that_pools_maxima_alone_is_refused(run: RunFolder, tmp_path: Path) -> None:
    settings = run.read_recipe()
    settings["recipe"]["network"]["pooling"] = "max"
    other = RunFolder(tmp_path / "run")
    other.create()
    other.write_json(other.recipe, settings)
    with pytest.raises(
        RunError, match="pools by max, and a table is read by its mean; train a run"
    ):
        add_ngrams(other, RunFolder(tmp_path / "made"), BUCKETS)
