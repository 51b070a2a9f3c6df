"""A classifier that begins with a language model, and what is said of one that cannot."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from service.artifact import read_artifact
from tests.training.small_runs import flags
from training.cli import main
from training.initial.classifier import InitialClassifier
from training.kinds.classification import load_classifier
from training.leave_one_out import Study, left_out_scores
from training.networks.build import build_classifier
from training.networks.classifier import Pooling
from training.origin import Origin
from training.recipe import ClassificationRecipe, RecipeError, read_recipe
from training.run_folder import RunError, RunFolder
from training.runs import load_run, resume_run, start_run
from training.trained import ClassificationRun
from training.trainer import Trainer

PARTS = {
    part: f'[{{source="synthetic", split="{part}"}}]' for part in ("train", "validation", "test")
}
SMALL = (
    "tokenizer.vocabulary=340",
    "network.embedding_size=8",
    "network.hidden_size=7",
    "training.tokens_per_batch=1000",
    "training.epochs=2",
    "training.minimum_steps=0",
    "training.warmup_steps=5",
    "training.learning_rate=0.01",
    "training.precision=fp32",
)
DATA = flags([f"data.{part}={value}" for part, value in PARTS.items()])
MODEL = ["train", "reviews-lm", *DATA, *flags((*SMALL, "negatives=50", "training.seed=3"))]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a language model, through the command line."""
    folder = tmp_path_factory.mktemp("model") / "lm"
    assert main([*MODEL, "--run", str(folder), "--quiet"]) == 0
    return folder


def recipe(initial: Path, **changes: Any) -> ClassificationRecipe:
    settings = {
        **{f"data.{part}": [{"source": "synthetic", "split": part}] for part in PARTS},
        "initial_run": str(initial),
        "network.embedding_size": 8,
        "network.hidden_size": 7,
        "training.tokens_per_batch": 1000,
        "training.epochs": 1,
        "training.minimum_steps": 0,
        "training.ema": 0.0,
    }
    read = read_recipe("sentiment-bilstm", settings | changes)
    assert isinstance(read, ClassificationRecipe)
    return read


def test_from_a_language_model_to_a_published_classifier(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, target = tmp_path / "run", tmp_path / "models" / "mine"
    settings = [*flags((*SMALL, "training.ema=0.0")), "--set", f"initial_run={model}"]
    train = ["train", "sentiment-bilstm", *DATA, *settings, "--run", str(run), "--quiet"]
    assert main([*train, "--set", "learning_rate_of_initial=0.5"]) == 0
    assert main(["export", str(run), "--publish", str(target), "--quiet"]) == 0
    assert f"published {target / '1'}" in capsys.readouterr().out
    artifact = read_artifact(target / "1")
    assert (run / "tokenizer.model").read_bytes() == (model / "tokenizer.model").read_bytes()
    assert [source.name for source in artifact.manifest.sources] == ["synthetic"]
    assert artifact.manifest.scores


def test_a_language_model_has_no_share_of_a_classifier(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(tmp_path / "run")
    start_run(run, recipe(model), Origin(tmp_path), quiet=True)
    command = ["average", str(run.path), "--initial", "0.5", "--run", str(tmp_path / "mean")]
    assert main(command) == 1
    assert "a run of language-model, which has not all of its weights" in capsys.readouterr().err


def test_a_language_model_is_not_published(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ["export", str(model)],
        [*MODEL, "--run", str(tmp_path / "run"), "--publish", str(tmp_path / "mine")],
        ["train", "--resume", "--run", str(model), "--publish", str(tmp_path / "mine")],
    ):
        assert main(command) == 1
        assert "trains a language model, which is not served" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_embedding_and_lstm_are_the_language_models(model: Path) -> None:
    wanted = recipe(model)
    initial = InitialClassifier(wanted, str(model))
    tokenizer = initial.tokenizer()
    torch.manual_seed(1)
    network = build_classifier(wanted.network, tokenizer.vocabulary_size, 2)
    head = network.head.weight.clone()
    initial.load_into(network)
    weights = RunFolder(model).read_tensors(model / "best.pt")
    taken = {
        name: value
        for name, value in network.state_dict().items()
        if name.startswith(("embedding.", "recurrent."))
    }
    assert taken
    assert all(torch.equal(value, weights[name]) for name, value in taken.items())
    assert torch.equal(network.head.weight, head)


def test_it_is_begun_with_and_not_only_looked_at(model: Path, tmp_path: Path) -> None:
    # At a learning rate of zero what was taken over stays.
    start_run(
        RunFolder(tmp_path / "run"),
        recipe(model, learning_rate_of_initial=0.0),
        Origin(tmp_path),
        quiet=True,
    )
    trained = load_classifier(RunFolder(tmp_path / "run")).network.state_dict()
    weights = RunFolder(model).read_tensors(model / "best.pt")
    for name, value in trained.items():
        if not name.startswith("head."):
            assert torch.equal(value, weights[name]), name
    assert trained["head.weight"].any()


def test_the_manifest_names_what_the_language_model_has_read(model: Path, tmp_path: Path) -> None:
    copy, run = RunFolder(tmp_path / "lm"), RunFolder(tmp_path / "run")
    shutil.copytree(model, copy.path)
    settings = copy.read_recipe()
    (synthetic,) = settings["sources"]
    sources = [{**synthetic, "rows": 7}, {**synthetic, "name": "novels", "license": "theirs"}]
    copy.write_json(copy.recipe, settings | {"sources": sources})
    start_run(run, recipe(copy.path), Origin(tmp_path), quiet=True)
    trained = load_run(run)
    assert isinstance(trained, ClassificationRun)
    described = [(source.name, source.rows, source.license) for source in trained.corpora.sources]
    assert described == [
        ("synthetic", 2000, "generated; no rights"), ("novels", 2000, "theirs"),
    ]  # fmt: skip


def test_sources_that_an_older_run_did_not_write_down(model: Path, tmp_path: Path) -> None:
    copy, run = RunFolder(tmp_path / "lm"), RunFolder(tmp_path / "run")
    shutil.copytree(model, copy.path)
    settings = copy.read_recipe()
    del settings["sources"]
    settings["recipe"]["data"]["train"] = [{"source": "customer_reviews"}]
    settings["origin"]["root"] = str(tmp_path)
    for label in ("neg", "pos"):
        (tmp_path / "customer_reviews").mkdir(exist_ok=True)
        lines = "".join(f"{label} phone no. {number} .\n" for number in range(50))
        (tmp_path / "customer_reviews" / f"custrev.{label}").write_text(lines)
    copy.write_json(copy.recipe, settings)
    start_run(run, recipe(copy.path), Origin(tmp_path), quiet=True)
    names = [source["name"] for source in run.read_recipe()["sources"]]
    assert names == ["synthetic", "customer_reviews"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network.hidden_size": 9}, r"\(initial_run\): network.hidden_size is 9, there 7$"),
        (
            {"network.embedding_size": 4, "network.layers": 2},
            "embedding_size is 4, there 8; network.layers is 2, there 1",
        ),
        ({"network.bidirectional": False}, "network.bidirectional is False, there True"),
        ({"network.cell": "gru"}, "network.cell is gru, there lstm"),
    ],
)
def test_another_network_is_refused_before_anything_is_read(
    model: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    nowhere = recipe(model, **changes, **{"data.train": [{"source": "imdb"}]})
    with pytest.raises(RunError, match=said):
        start_run(RunFolder(tmp_path / "run"), nowhere, Origin(tmp_path / "none"), quiet=True)
    assert not list(tmp_path.iterdir())


def test_a_run_that_cannot_be_begun_with_is_refused_before_anything_is_read(
    model: Path, tmp_path: Path, reverse: Any
) -> None:
    early = tmp_path / "early"
    shutil.copytree(model, early)
    (early / "best.pt").unlink()
    before = {path.name for path in tmp_path.iterdir()}
    for folder, said in (
        (tmp_path / "none", "none holds no run"),
        (early, r"early \(initial_run\) has no weights yet: best.pt comes with its first look"),
        (reverse.run, r"\(initial_run\) is a run of translation, neither of language-model nor of"),
    ):
        nowhere = recipe(folder, **{"data.train": [{"source": "imdb"}]})
        with pytest.raises(RunError, match=said):
            start_run(RunFolder(tmp_path / "run"), nowhere, Origin(tmp_path / "none"), quiet=True)
        assert {path.name for path in tmp_path.iterdir()} == before


def test_a_classifier_goes_on_where_another_ended(model: Path, tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "second")
    start_run(first, recipe(model), Origin(tmp_path), quiet=True)
    goes_on = recipe(first.path, learning_rate_of_initial=0.0)
    start_run(second, goes_on, Origin(tmp_path), quiet=True)
    assert second.tokenizer.read_bytes() == first.tokenizer.read_bytes()
    before, after = (load_classifier(run).network.state_dict() for run in (first, second))
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved == {"head.weight", "head.bias"}
    began = build_classifier(goes_on.network, len(before["embedding.weight"]), 2)
    InitialClassifier(goes_on, str(first.path)).load_into(began)
    assert torch.equal(began.head.weight, before["head.weight"])


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_a_head_over_one_pooling_goes_on_over_both(
    model: Path, tmp_path: Path, pooling: Pooling
) -> None:
    first = RunFolder(tmp_path / "first")
    start_run(first, recipe(model, **{"network.pooling": pooling}), Origin(tmp_path), quiet=True)
    known = load_classifier(first).network.eval()
    both = recipe(first.path, **{"network.pooling": "max+mean"})
    began = build_classifier(both.network, known.embedding.num_embeddings, 2).eval()
    InitialClassifier(both, str(first.path)).load_into(began)
    tokens, lengths = torch.randint(4, 40, (3, 9)), torch.tensor([9, 1, 5])
    with torch.no_grad():
        torch.testing.assert_close(began(tokens, lengths), known(tokens, lengths))

    second = RunFolder(tmp_path / "second")
    start_run(second, both, Origin(tmp_path), quiet=True)
    of_max, of_mean = load_classifier(second).network.head.weight.chunk(2, dim=1)
    assert (of_mean if pooling == "max" else of_max).any()  # what was zero is learnt


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network.pooling": "mean"}, "network.pooling is mean, there max"),
        (
            {"labels": ["positive", "negative"]},
            r"has the labels negative, positive, the data positive, negative: begin with a",
        ),
    ],
)
def test_a_classifier_of_another_kind_is_refused(
    model: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    first = RunFolder(tmp_path / "first")
    start_run(first, recipe(model), Origin(tmp_path), quiet=True)
    with pytest.raises(RunError, match=said):
        start_run(
            RunFolder(tmp_path / "second"), recipe(first.path, **changes), Origin(tmp_path), True
        )


def test_no_source_is_left_out_of_a_classifier_that_knows_them_all(
    model: Path, tmp_path: Path
) -> None:
    first = RunFolder(tmp_path / "first")
    start_run(first, recipe(model), Origin(tmp_path), quiet=True)
    study = Study(recipe(first.path), tmp_path, tmp_path / "runs")
    with pytest.raises(
        RecipeError, match=r"begins with the classifier of .*first, which has learnt"
    ):
        left_out_scores(study, "network", ["synthetic"])


def killed(self: Trainer, resume: bool = False) -> Any:
    raise MemoryError


def test_a_run_without_a_checkpoint_begins_again_with_the_same_weights(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "lm"
    shutil.copytree(model, copy)
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    wanted = recipe(copy)
    start_run(whole, wanted, Origin(tmp_path), quiet=True)
    with monkeypatch.context() as patched, pytest.raises(MemoryError):
        patched.setattr(Trainer, "train", killed)
        start_run(broken, wanted, Origin(tmp_path), quiet=True)
    weights = (copy / "best.pt").read_bytes()
    # The language model's training has gone on.
    changed = RunFolder(copy).read_tensors(copy / "best.pt")
    torch.save({**changed, "bias": changed["bias"] + 1}, copy / "best.pt")
    with pytest.raises(RunError, match=r"lm has other weights than when .*broken began with it"):
        resume_run(broken, quiet=True)
    (copy / "best.pt").write_bytes(weights)
    resume_run(broken, quiet=True)
    mine, expected = (run.read_tensors(run.best) for run in (broken, whole))
    assert all(torch.equal(mine[name], value) for name, value in expected.items())
    # From its first checkpoint on a run needs the language model no more.
    shutil.rmtree(copy)
    assert resume_run(whole, quiet=True).finished


def test_a_rate_for_nothing_is_refused() -> None:
    with pytest.raises(RecipeError, match="learning_rate_of_initial says nothing without initial"):
        read_recipe("sentiment-bilstm", {"learning_rate_of_initial": 0.5})
