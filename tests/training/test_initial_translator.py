"""A translator that goes on where another ended, and what is said of one that cannot."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from service.pipelines.placeholders import forms_in
from tests.training.small_runs import TrainedRun
from training.corpora import OwnData
from training.initial.translator import InitialTranslator
from training.origin import Origin
from training.recipe import TranslationRecipe, read_recipe
from training.run_folder import RunError, RunFolder
from training.runs import load_run, resume_run, start_run
from training.trained import TranslationRun
from training.trainer import Trainer


def recipe(initial: Path | None, **changes: Any) -> TranslationRecipe:
    settings: dict[str, Any] = {} if initial is None else {"initial_run": str(initial)}
    settings |= {
        "data.train": [{"source": "reverse", "take": 50}],
        "training.epochs": 1,
        "training.minimum_steps": 0,
        "training.tokens_per_batch": 400,
    }
    read = read_recipe("reverse", settings | changes)
    assert isinstance(read, TranslationRecipe)
    return read


def with_placeholders(
    folder: Path, initial: Path | None = None, source: str = "en", target: str = "de"
) -> RunFolder:
    """A run of the recipe with placeholders, of one epoch."""
    run = RunFolder(folder)
    placeholders = {"placeholders": {"names": 0.5}, "tokenizer.vocabulary": 310}
    languages = {"languages": {"source": source, "target": target}}
    wanted = recipe(initial, **placeholders, **languages)
    start_run(run, wanted, Origin(folder), quiet=True)
    return run


def test_all_weights_and_the_tokenizer_are_taken_over(reverse: TrainedRun, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    # At this learning rate hardly anything moves.
    start_run(run, recipe(reverse.run, **{"training.learning_rate": 1e-12}), Origin(tmp_path), True)
    trained, began = load_run(run), load_run(RunFolder(reverse.run))
    assert isinstance(trained, TranslationRun) and isinstance(began, TranslationRun)
    theirs = began.network.state_dict()
    for name, value in trained.network.state_dict().items():
        torch.testing.assert_close(value, theirs[name], atol=1e-6, rtol=0)
    assert run.tokenizer.read_bytes() == (reverse.run / "tokenizer.model").read_bytes()
    assert [source.name for source in trained.corpora.sources] == ["reverse"]


def test_what_the_first_was_trained_on_stays_named(reverse: TrainedRun, tmp_path: Path) -> None:
    copy, run = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "run")
    shutil.copytree(reverse.run, copy.path)
    settings = copy.read_recipe()
    (known,) = settings["sources"]
    copy.write_json(copy.recipe, settings | {"sources": [{**known, "name": "novels"}]})
    start_run(run, recipe(copy.path), Origin(tmp_path), quiet=True)
    trained = load_run(run)
    assert isinstance(trained, TranslationRun)
    assert [source.name for source in trained.corpora.sources] == ["reverse", "novels"]


def test_it_knows_the_words_that_the_first_knew(tmp_path: Path) -> None:
    first = with_placeholders(tmp_path / "first")
    known = first.words.read_text("utf-8").split()
    assert "a" in known
    first.words.write_text("".join(f"{word}\n" for word in (*known, "zeppelin")), "utf-8")
    forms = first.spelling.read_text("utf-8")
    assert "a\t" in forms
    first.spelling.write_text(f"{forms}Zeppelin\t7\n", "utf-8")
    second = with_placeholders(tmp_path / "second", first.path)
    trained = load_run(second)
    assert isinstance(trained, TranslationRun)
    assert list(trained.lists.words) == sorted([*known, "zeppelin"])
    assert trained.lists.forms == {**forms_in(forms), "Zeppelin": 7}
    # One of the other direction reads other words.
    third = with_placeholders(tmp_path / "third", first.path, source="de", target="en")
    assert third.words.read_text("utf-8").split() == known
    # A run from before they were written down knows those of its pairs.
    second.spelling.unlink()
    trained = load_run(second)
    assert isinstance(trained, TranslationRun)
    assert trained.lists.forms == forms_in(forms)
    second.words.unlink()
    trained = load_run(second)
    assert isinstance(trained, TranslationRun)
    assert list(trained.lists.words) == known


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network.decoder_size": 65}, r"\(initial_run\): network.decoder_size is 65, there 64$"),
        ({"network.attention": "none"}, "network.attention is none, there additive"),
        (
            {"languages.target": "fr"},
            "translates from en to de, the recipe from en to fr: begin with",
        ),
        (
            {"tokenizer.vocabulary": 301},
            r"brings a tokenizer of other settings; write those in .*: vocabulary=300, kind=bpe",
        ),
        (
            {"data.test": [{"source": "reverse"}]},
            r"\(initial_run\) was trained on reverse, which the recipe holds out",
        ),
    ],
)
def test_another_network_is_refused_before_anything_is_read(
    reverse: TrainedRun, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    nowhere = recipe(reverse.run, **changes | {"data.train": [{"source": "multi30k"}]})
    with pytest.raises(RunError, match=said):
        start_run(RunFolder(tmp_path / "run"), nowhere, Origin(tmp_path / "none"), quiet=True)
    assert not list(tmp_path.iterdir())


def test_one_that_learns_placeholders_knows_what_it_has_read(
    reverse: TrainedRun, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.csv"
    lines = [f"hat {i} hat,tah {i}\n" for i in range(100)]
    pairs.write_text("source,target\n" + "".join(lines), "utf-8")
    own = OwnData(pairs, source_column="source", target_column="target")
    copy, run = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "run")
    shutil.copytree(reverse.run, copy.path)
    wanted = recipe(copy.path, placeholders={"names": 0.5})
    start_run(run, wanted, Origin(tmp_path, own), quiet=True)
    # Those of the pairs, and the letters of the first run's.
    assert {"hat", "a", "h"} <= set(run.words.read_text("utf-8").split())
    settings = copy.read_recipe()
    settings["recipe"]["data"]["train"] = [{"source": "multi30k"}]
    settings["origin"]["root"] = str(tmp_path / "gone")
    copy.write_json(copy.recipe, settings)
    with pytest.raises(RunError, match=r"has no list of the words that it knows.*cannot be read: "):
        start_run(RunFolder(tmp_path / "other"), wanted, Origin(tmp_path, own), quiet=True)
    assert not (tmp_path / "other").exists()


def test_placeholders_are_not_unlearnt(tmp_path: Path) -> None:
    first = with_placeholders(tmp_path / "first")
    plain = recipe(first.path, **{"tokenizer.vocabulary": 310})
    with pytest.raises(RunError, match="with placeholders, the recipe is without them: a network"):
        start_run(RunFolder(tmp_path / "run"), plain, Origin(tmp_path), quiet=True)


def test_rows_that_may_be_held_out_now_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pairs = tmp_path / "pairs.csv"
    lines = [f"a {i % 7} b {i},b {i} a {i % 7}\n" for i in range(200)]
    pairs.write_text("source,target\n" + "".join(lines), "utf-8")
    own = OwnData(pairs, source_column="source", target_column="target")
    first = RunFolder(tmp_path / "first")
    plain = recipe(None)
    start_run(first, plain, Origin(tmp_path, own), quiet=True)
    turned = replace(own, source_column="target", target_column="source")
    more = tmp_path / "more.csv"
    more.write_text(pairs.read_text("utf-8") + "c,d\n", "utf-8")
    for number, (changes, mine, warned) in enumerate(
        (
            ({}, own, False),
            ({"training.seed": 2}, own, True),
            ({}, turned, True),
            ({}, replace(own, file=more), True),
        )
    ):
        caplog.clear()
        again = recipe(first.path, **changes)
        start_run(RunFolder(tmp_path / str(number)), again, Origin(tmp_path, mine), quiet=True)
        said = "was trained on rows of pairs.csv: any of them" in caplog.text
        assert said == warned, (changes, mine)


def test_a_changed_file_of_the_first_run_is_no_obstacle(
    reverse: TrainedRun, tmp_path: Path
) -> None:
    copy, run = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "run")
    shutil.copytree(reverse.run, copy.path)
    mine = tmp_path / "pairs.csv"
    mine.write_text("source,target\na,b\n", "utf-8")
    own = OwnData(mine, source_column="source", target_column="target")
    settings = copy.read_recipe()
    origin = Origin(tmp_path, own).to_json()
    copy.write_json(copy.recipe, {**settings, "origin": origin, "own_digest": "of another content"})
    start_run(run, recipe(copy.path), Origin(tmp_path), quiet=True)
    assert run.best.exists()


def test_a_run_of_another_task_is_refused(stars: TrainedRun, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is a run of classification, not of translation"):
        InitialTranslator(recipe(stars.run), str(stars.run))


def killed(self: Trainer, resume: bool = False) -> Any:
    raise MemoryError


def test_a_run_without_a_checkpoint_begins_again_with_the_same_weights(
    reverse: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = RunFolder(tmp_path / "first")
    shutil.copytree(reverse.run, copy.path)
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    wanted = recipe(copy.path)
    start_run(whole, wanted, Origin(tmp_path), quiet=True)
    with monkeypatch.context() as patched, pytest.raises(MemoryError):
        patched.setattr(Trainer, "train", killed)
        start_run(broken, wanted, Origin(tmp_path), quiet=True)
    weights = copy.best.read_bytes()
    changed = copy.read_tensors(copy.best)
    torch.save({**changed, "output_bias": changed["output_bias"] + 1}, copy.best)
    with pytest.raises(RunError, match=r"first has other weights than when .*broken began with"):
        resume_run(broken, quiet=True)
    copy.best.write_bytes(weights)
    resume_run(broken, quiet=True)
    mine, expected = (run.read_tensors(run.best) for run in (broken, whole))
    assert all(torch.equal(mine[name], value) for name, value in expected.items())
