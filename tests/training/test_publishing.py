"""From a run to a published version: what is measured, chosen and written, and when nothing is."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from service.artifact import (
    ArtifactError,
    ClassificationManifest,
    TranslationManifest,
    list_models,
    read_artifact,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import load_pipeline
from service.pipelines.proof import prove
from tests.training.small_runs import STARS, TrainedRun, write_reviews
from training.corpora import OwnData
from training.data.errors import DataError
from training.evaluation import Measured, score_classification
from training.export import classifier_candidates, translator_candidates
from training.export.checks import ExportError
from training.export.classifier import classifier_graph
from training.export.translator import translator_graphs
from training.kinds.classification import ClassificationKind
from training.promotion import Condition, PromotionError
from training.publishing import (
    Gate,
    gate_values,
    measure,
    measure_recipe,
    publish,
    with_temperature,
)
from training.run_folder import RunFolder
from training.runs import load_run
from training.tasks.classification import logits_of
from training.trained import ClassificationRun, TranslationRun


@pytest.fixture(scope="module")
def stars_run(stars: TrainedRun) -> ClassificationRun:
    run = load_run(RunFolder(stars.run))
    assert isinstance(run, ClassificationRun)
    return run


@pytest.fixture(scope="module")
def reverse_run(reverse: TrainedRun) -> TranslationRun:
    run = load_run(RunFolder(reverse.run))
    assert isinstance(run, TranslationRun)
    return run


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def gate(tmp_path: Path, condition: str) -> Gate:
    file = write_reviews(tmp_path / "labelled.csv", 60, first=1000)
    return Gate(Condition.parse(condition), OwnData(file, "review", "stars"))


def test_the_manifest_says_what_was_trained_on_and_what_was_measured(stars: TrainedRun) -> None:
    manifest = read_artifact(stars.published).manifest
    assert manifest.task == "classification"
    assert manifest.labels == STARS
    assert manifest.license == "CC0-1.0"
    assert "data of the user's own" in manifest.license_note
    (source,) = manifest.sources
    assert (source.name, source.license, source.rows) == ("reviews.csv", "CC0-1.0", 288)
    assert {score.metric for score in manifest.scores} == {
        "accuracy", "macro F1", "calibration error",
    }  # fmt: skip
    assert {(score.dataset, score.split, score.rows) for score in manifest.scores} == {
        ("reviews", "test", 36)
    }
    # The recipe as it was carried out, on the data that it was carried out on.
    assert manifest.recipe.name == "sentiment-bilstm"
    settings: Any = manifest.recipe.settings
    assert settings["network"]["hidden_size"] == 12
    assert [source["source"] for source in settings["data"]["train"]] == ["reviews.csv"]
    assert settings["labels"] is None


def test_translations_are_scored_at_both_beams_with_signatures(reverse: TrainedRun) -> None:
    manifest = read_artifact(reverse.published).manifest
    assert isinstance(manifest, TranslationManifest)
    assert manifest.languages.source == "en"
    scores = {score.metric: score for score in manifest.scores}
    kinds = ("BLEU", "chrF", "lower-cased BLEU")
    assert set(scores) == {f"{kind}, beam {beam}" for kind in kinds for beam in (5, 1)}
    for score in scores.values():
        assert score.rows == 200
        assert score.signature is not None
        assert "version:" in score.signature
    assert scores["BLEU, beam 5"].value > 95
    assert {example.beam_size for example in manifest.examples} == {1, 5}
    assert manifest.license_note == "Generated data; free for any use."


@pytest.mark.parametrize("name", ["reverse", "stars"])
def test_what_is_published_reproduces_its_examples(repository: Path, name: str) -> None:
    artifact = read_artifact(repository / name / "1")
    assert artifact.manifest.examples
    prove(load_pipeline(artifact))
    for path in artifact.path.glob("*.onnx"):
        onnx.checker.check_model(onnx.load(path), full_check=True)


def test_the_scores_in_the_manifest_are_those_of_the_exported_artifact(
    stars: TrainedRun, stars_run: ClassificationRun
) -> None:
    pipeline = load_pipeline(read_artifact(stars.published))
    assert isinstance(pipeline, ClassificationPipeline)
    again = score_classification(pipeline, stars_run.corpora.test)
    stated = [(score.metric, score.value) for score in pipeline.manifest.scores]
    assert [(one.metric, one.value) for one in again] == stated


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_precision_can_be_asked_for(
    stars_run: ClassificationRun, tmp_path: Path, precision: Any
) -> None:
    published = publish(stars_run, tmp_path, "stars", precision, quiet=True)
    assert published.precision == read_artifact(published.path).manifest.precision == precision
    assert any("alone and batched agree" in note for note in published.notes)
    size = sum(file.stat().st_size for file in published.path.iterdir())
    assert size > 0


def test_the_fitted_temperature_is_written_down_with_what_it_did(
    stars_run: ClassificationRun, tmp_path: Path
) -> None:
    published = publish(stars_run, tmp_path, "stars", "fp32", quiet=True)
    settings: Any = read_artifact(published.path).manifest.recipe.settings
    fitted = settings["publication"]["temperature"]
    assert stars_run.recipe.publication.temperature is None
    assert 0.25 <= fitted <= 4.01
    first, second = published.notes[:2]
    assert first.startswith(f"temperature {fitted:.3f}, fitted on the validation sets")
    assert re.fullmatch(r"  reviews: \d+\.\d\d before, \d+\.\d\d after", second)


def test_a_stated_temperature_divides_the_logits(
    stars_run: ClassificationRun, tmp_path: Path
) -> None:
    rows = [stars_run.tokenizer.encode(text) for text in ("superb", "The food was awful, really.")]
    plain = logits_of(stars_run.network, [np.array(row) for row in rows])
    for temperature in (1.0, 2.5):
        run = with_temperature(stars_run, temperature)
        published = publish(run, tmp_path, "stars", "fp32", quiet=True)
        assert "as the recipe states" in published.notes[0]
        pipeline = load_pipeline(read_artifact(published.path))
        assert isinstance(pipeline, ClassificationPipeline)
        np.testing.assert_allclose(pipeline.logits(rows), plain / temperature, atol=1e-4)


def test_the_card_lies_beside_the_model_and_says_what_the_manifest_says(
    stars: TrainedRun, reverse: TrainedRun
) -> None:
    for trained in (stars, reverse):
        manifest = read_artifact(trained.published).manifest
        card = (trained.published / "README.md").read_text("utf-8")
        assert card.startswith(f"# {trained.name}\n")
        for score in manifest.scores:
            assert f"{score.value:g}" in card
        for source in manifest.sources:
            assert f"| {source.name} | {source.rows:,} | {source.license} |" in card
        assert manifest.license_note in card
    assert "temperature" in (stars.published / "README.md").read_text("utf-8")


def test_a_card_that_was_changed_is_refused(repository: Path) -> None:
    card = repository / "stars" / "1" / "README.md"
    card.write_text(card.read_text("utf-8").replace("accuracy", "honesty!"), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"README\.md was changed after it was written"):
        read_artifact(card.parent)


@pytest.mark.parametrize(("loss", "chosen"), [(0.29, "int8"), (0.31, "fp32"), (-1.0, "int8")])
def test_int8_is_published_where_it_costs_little(
    stars_run: ClassificationRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    loss: float, chosen: str,
) -> None:  # fmt: skip
    def score(kind: object, run: object, pipeline: ClassificationPipeline) -> float:
        return 90.0 if pipeline.manifest.precision == "fp32" else 90.0 - loss

    monkeypatch.setattr(ClassificationKind, "validation_score", score)
    published = publish(stars_run, tmp_path, "stars", quiet=True)
    assert published.precision == chosen
    assert f"{chosen} is published" in published.notes[-1]


def test_versions_follow_each_other(stars_run: ClassificationRun, tmp_path: Path) -> None:
    paths = [publish(stars_run, tmp_path, "stars", "fp32", quiet=True).path for _ in range(2)]
    assert paths == [tmp_path / "stars" / "1", tmp_path / "stars" / "2"]
    assert list_models(tmp_path) == {"stars": [1, 2]}
    assert everything(tmp_path) >= {"stars/1/manifest.json", "stars/2/classifier.onnx"}


def test_a_graph_that_is_not_its_networks_is_never_written(
    stars_run: ClassificationRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copy.deepcopy(stars_run.network)
    with torch.no_grad():
        other.head.bias[0] += 0.01
    monkeypatch.setattr(
        classifier_candidates,
        "classifier_graph",
        lambda network, *rest: classifier_graph(other, *rest),
    )
    with pytest.raises(ExportError, match=r"torch and onnxruntime differ by .*: nothing was wr"):
        publish(stars_run, tmp_path / "models", "stars", quiet=True)
    assert not (tmp_path / "models").exists()


def test_a_translators_graph_that_is_not_its_networks_is_never_written(
    reverse_run: TranslationRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copy.deepcopy(reverse_run.network)
    with torch.no_grad():
        other.output_bias[7] += 0.01
    monkeypatch.setattr(
        translator_candidates,
        "translator_graphs",
        lambda network, *rest: translator_graphs(other, *rest),
    )
    with pytest.raises(ExportError, match="torch and onnxruntime differ"):
        publish(reverse_run, tmp_path / "models", "reverse", quiet=True)
    assert not (tmp_path / "models").exists()


def test_a_condition_that_does_not_hold_leaves_what_was_there(
    stars_run: ClassificationRun, repository: Path, tmp_path: Path
) -> None:
    before = everything(repository)
    manifest = (repository / "stars" / "1" / "manifest.json").read_bytes()
    with pytest.raises(PromotionError, match=r"not published: accuracy is 1\.0000, which is not <"):
        publish(stars_run, repository, "stars", "int8", gate(tmp_path, "accuracy < 0.5"), True)
    with pytest.raises(PromotionError, match=r"not published: accuracy is 1\.0000, which is not >"):
        publish(stars_run, repository, "stars", "int8", gate(tmp_path, "accuracy > current"), True)
    assert everything(repository) == before
    assert (repository / "stars" / "1" / "manifest.json").read_bytes() == manifest


@pytest.mark.parametrize(
    "condition",
    ["accuracy >= 0.9", "accuracy >= current", "macro_f1 > 0.9", "calibration_error < 0.5"],
)
def test_a_condition_that_holds_lets_the_next_version_pass(
    stars_run: ClassificationRun, repository: Path, tmp_path: Path, condition: str
) -> None:
    published = publish(
        stars_run, repository, "stars", "int8", gate(tmp_path, condition), quiet=True
    )
    assert published.path == repository / "stars" / "2"


def test_the_first_version_beats_none(stars_run: ClassificationRun, tmp_path: Path) -> None:
    published = publish(
        stars_run, tmp_path / "models", "stars", "int8", gate(tmp_path, "accuracy > current"), True
    )
    assert published.path.name == "1"


def test_of_a_file_and_its_parts_the_file_counts() -> None:
    whole, part = Measured("a", "accuracy", 90.0, 50), Measured("a, x missing", "accuracy", 70.0, 9)
    assert gate_values([whole, part]) == {"accuracy": 0.9}


def test_of_several_beams_the_first_counts() -> None:
    measured = [Measured("x", "BLEU, beam 5", 30.0, 2), Measured("x", "BLEU, beam 1", 31.0, 2)]
    assert gate_values(measured) == {"BLEU": 30.0}
    lower = Measured("x", "lower-cased BLEU, beam 5", 33.0, 2)
    assert gate_values([lower, *measured]) == {"lower-cased BLEU": 33.0, "BLEU": 30.0}


def test_bleu_is_held_against_the_number_that_is_printed(
    reverse_run: TranslationRun, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_text("a b c d e\te d c b a\ng g h a b\tb a h g g\n", encoding="utf-8")
    data = OwnData(file)
    for condition in ("BLEU > 101", "chrF > 101"):
        with pytest.raises(PromotionError, match="not published"):
            gated = Gate(Condition.parse(condition), data)
            publish(reverse_run, tmp_path / "models", "reverse", "fp32", gated, quiet=True)
    assert not (tmp_path / "models").exists()
    gated = Gate(Condition.parse("BLEU > 90"), data)
    publish(reverse_run, tmp_path / "models", "reverse", "fp32", gated, quiet=True)


def test_own_data_measures_what_the_pipeline_answers(stars: TrainedRun, tmp_path: Path) -> None:
    pipeline = load_pipeline(read_artifact(stars.published))
    data = OwnData(write_reviews(tmp_path / "more.csv", 30, first=500), "review", "stars")
    (accuracy, *_rest) = measure(pipeline, data)
    assert (accuracy.dataset, accuracy.value, accuracy.rows) == ("more.csv", 100.0, 30)


def test_the_recipes_test_sets_are_measured_again(reverse: TrainedRun, tmp_path: Path) -> None:
    pipeline = load_pipeline(read_artifact(reverse.published))
    measured = measure_recipe(pipeline, tmp_path, beam_sizes=(5,))
    stated = {score.metric: score.value for score in pipeline.manifest.scores}
    assert {one.metric: one.value for one in measured} == {
        metric: value for metric, value in stated.items() if metric.endswith(", beam 5")
    }


def test_a_model_of_own_data_has_no_public_test_set(stars: TrainedRun, tmp_path: Path) -> None:
    pipeline = load_pipeline(read_artifact(stars.published))
    with pytest.raises(DataError, match=r"the recipe of stars names no public test set.*--on FILE"):
        measure_recipe(pipeline, tmp_path)


def test_a_text_of_no_words_is_no_example(stars_run: ClassificationRun, tmp_path: Path) -> None:
    (name, part), = stars_run.corpora.validation.items()  # fmt: skip
    odd = [part[0]._replace(text=text) for text in ("\u200b", "x" * 201, *"\u200b\u200b")]
    corpora = copy.copy(stars_run.corpora)
    object.__setattr__(corpora, "validation", {name: [*odd, *part]})
    run = copy.copy(stars_run)
    object.__setattr__(run, "corpora", corpora)
    published = publish(run, tmp_path, "stars", "fp32", quiet=True)
    manifest = read_artifact(published.path).manifest
    assert isinstance(manifest, ClassificationManifest)
    shown = [example.text for example in manifest.examples]
    assert shown == [example.text for example in part[:5]]


def test_what_stands_in_the_way_is_not_replaced(
    stars_run: ClassificationRun, tmp_path: Path
) -> None:
    (tmp_path / "stars" / "notes").mkdir(parents=True)
    with pytest.raises(ArtifactError, match=r"stars/notes is no version"):
        publish(stars_run, tmp_path, "stars", "fp32", quiet=True)
    assert everything(tmp_path) == {"stars", "stars/notes"}


def test_the_manifest_is_the_one_of_the_contract(stars: TrainedRun) -> None:
    document = json.loads((stars.published / "manifest.json").read_text("utf-8"))
    assert document["format_version"] == 1
    assert set(document["files"]) == {"classifier.onnx", "tokenizer.model", "README.md"}
    assert document["opset"] == 20
