"""A label is explained by the graph that gave it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from service.artifact import Inspection, read_artifact
from service.errors import InvalidInput, Unexplainable
from service.explanation.classification import ClassifierExplainer, Explanation, Question
from service.pipelines.classification import ClassificationPipeline
from tests import tiny_models
from tests.service.explanation.reviews import WRITTEN

SHIPPED = Path("models") / "sentiment" / "1"
TEXTS = (
    *WRITTEN[:4],
    "Not bad at all 😀👍🏽!!",
    "DON\u2019T  miss ﬁne Cafe\u0301s in 北京 …\u00a0ever\u200b!",
    "no " * 300 + "yes",
    "x",
)


def explained(
    pipeline: ClassificationPipeline, text: str, question: Question | None = None
) -> Explanation:
    tokens, offsets = pipeline.artifact.tokenizer.encode_with_offsets(text)
    explainer = ClassifierExplainer(pipeline.artifact)
    return explainer.explain(text, tokens, offsets, question or Question())


@pytest.fixture(scope="module")
def shipped() -> ClassificationPipeline:
    if not SHIPPED.is_dir():
        pytest.skip("the shipped sentiment model is not there")
    return ClassificationPipeline(read_artifact(SHIPPED))


@pytest.mark.parametrize("text", TEXTS)
def test_the_words_and_the_bias_add_up_to_the_served_logit(
    shipped: ClassificationPipeline, text: str
) -> None:
    (served,) = shipped.logits(shipped.tokenize([text]))  # classes
    (ranked,) = shipped.classify([text])
    explanation = explained(shipped, text)
    assert (explanation.label, explanation.score) == pytest.approx(tuple(ranked[0]), abs=1e-5)
    label = shipped.labels.index(explanation.label)
    assert explanation.against == shipped.labels[1 - label]
    assert explanation.logit == pytest.approx(float(served[label] - served[1 - label]), abs=1e-4)
    assert explanation.logit == pytest.approx(
        np.log(explanation.score / (1 - explanation.score)), abs=1e-3
    )
    total = sum(word.contribution for word in explanation.tokens) + explanation.bias
    assert total == pytest.approx(explanation.logit, abs=1e-4)
    end = 0
    for word in explanation.tokens:
        assert end <= word.start < word.end
        assert word.text == text[word.start : word.end]
        assert word.text == word.text.strip()
        end = word.end


def test_what_praises_speaks_for_praise(shipped: ClassificationPipeline) -> None:
    words = explained(shipped, "The plot is thin, but the actors are wonderful.").tokens
    by_text = {word.text: word.contribution for word in words}
    assert max(by_text, key=lambda text: by_text[text]) == "wonderful"
    assert min(by_text, key=lambda text: by_text[text]) == "thin"


def test_the_other_label_is_explained_by_the_opposite(shipped: ClassificationPipeline) -> None:
    best = explained(shipped, WRITTEN[0])
    assert best.against is not None
    other = explained(shipped, WRITTEN[0], Question(label=best.against))
    assert (other.label, other.against) == (best.against, best.label)
    assert other.score == pytest.approx(1 - best.score)
    assert other.logit == pytest.approx(-best.logit)
    assert [word.contribution for word in other.tokens] == pytest.approx(
        [-word.contribution for word in best.tokens]
    )


def test_gates_come_when_asked_for_one_a_token(shipped: ClassificationPipeline) -> None:
    text = "Unbelievably good 😀."
    plain = explained(shipped, text)
    assert plain.gates is None
    assert plain.steps is None
    full = explained(shipped, text, Question(gates=True, units=(3, 255)))
    assert full.steps is not None
    assert full.gates is not None
    tokens, _ = shipped.artifact.tokenizer.encode_with_offsets(text)
    assert len(full.steps) == len(tokens)
    assert all(step.text == text[step.start : step.end] for step in full.steps)
    assert [(part.layer, part.direction) for part in full.gates] == [
        (1, "forward"),
        (1, "backward"),
    ]
    for part in full.gates:
        assert [unit.unit for unit in part.units] == [3, 255]
        gates = [part.input, part.forget, part.output]
        for unit in part.units:
            gates += [unit.input, unit.forget, unit.output]
        for values in gates:
            assert len(values) == len(tokens)
            assert all(0 <= value <= 1 for value in values)
    assert explained(shipped, text, Question(units=(3,))).gates is not None
    with pytest.raises(InvalidInput, match="there is no unit 256; units are 0 to 255"):
        explained(shipped, text, Question(units=(256,)))


def test_of_more_than_two_labels_it_is_the_labels_own_logit_unless_another_is_named(
    tmp_path: Path,
) -> None:
    draft = tiny_models.classifier_draft(labels=("positive", "negative", "neither"))
    tiny_models.publish_classifier(tmp_path, labels=draft.labels)
    pipeline = ClassificationPipeline(read_artifact(tmp_path / "sentiment" / "1"))
    text = "a good film"
    own = explained(pipeline, text)
    assert (own.label, own.against) == ("positive", None)
    # 12 for "good", over all tokens of the text.
    count = len(pipeline.artifact.tokenizer.encode(text))
    assert own.logit == pytest.approx(12 / count)
    assert [word.text for word in own.tokens if word.contribution] == ["good"]
    against = explained(pipeline, "a bad film", Question("neither", "negative"))
    assert (against.label, against.against) == ("neither", "negative")
    assert against.logit == pytest.approx(-12 / count)
    with pytest.raises(InvalidInput, match='label is "good"; the labels of this model are negat'):
        explained(pipeline, text, Question("good"))
    with pytest.raises(InvalidInput, match="against must be another label than the one explained"):
        explained(pipeline, text, Question("positive", "positive"))
    with pytest.raises(Unexplainable, match="has no gates to show: "):
        explained(pipeline, text, Question(gates=True))


@pytest.mark.parametrize(
    ("inspection", "message"),
    [
        (None, "was exported without the names"),
        (tiny_models.INSPECTION.model_copy(update={"states": "no_such_value"}), "cannot be opened"),
        (tiny_models.INSPECTION.model_copy(update={"pooling": "max"}), "do not add up"),
        (tiny_models.INSPECTION.model_copy(update={"states": "mask"}), "do not add up"),
    ],
)
def test_a_version_that_cannot_be_explained_says_why(
    tmp_path: Path, inspection: Inspection | None, message: str
) -> None:
    tiny_models.publish_classifier(tmp_path, inspection=inspection)
    pipeline = ClassificationPipeline(read_artifact(tmp_path / "sentiment" / "1"))
    with pytest.raises(Unexplainable, match=rf"version 1 of sentiment .*{message}"):
        explained(pipeline, "a good film")


def test_the_file_that_is_served_stays_as_it_is(published_models: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(published_models / "sentiment", tmp_path / "sentiment")) / "1"
    explained(ClassificationPipeline(read_artifact(path)), "a good film")
    read_artifact(path)  # checks every digest
