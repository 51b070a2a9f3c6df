"""The tagger's pipeline over the tiny tagger."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from service.artifact import ArtifactError, TaggingExample, read_artifact, write_artifact
from service.errors import ProofError, TextError, TextTooLong
from service.pipelines.loading import load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import prove
from service.pipelines.tagging import LONGEST_SENTENCE, TaggingPipeline, entities
from tests import tiny_tagger


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TaggingPipeline]:
    path = tiny_tagger.publish_tagger(tmp_path_factory.mktemp("tagger"))
    pipeline = load_pipeline(read_artifact(path))
    assert isinstance(pipeline, TaggingPipeline)
    yield pipeline
    pipeline.close()


def test_what_comes_behind_a_word_decides_its_tag(tagger: TaggingPipeline) -> None:
    person, toy = tagger.tag(["Teddy Roosevelt was in London.", "Teddy bears"])
    assert [word.tag for word in person] == ["B-person", "I-person", "O", "O", "B-place", "O"]
    assert [word.tag for word in toy] == ["O", "O"]
    logits = tiny_tagger.expected_logits(["Teddy", "bears"])
    share = np.exp(logits[0, 0]) / np.exp(logits[0]).sum()
    assert toy[0].score == pytest.approx(share, abs=1e-6)


def test_offsets_are_of_the_whole_text(tagger: TaggingPipeline) -> None:
    text = "\n Teddy bears.  London was\u2003in\nRoosevelt 🙂. "
    (words,) = tagger.tag([text])
    assert [text[word.start : word.end] for word in words] == [word.text for word in words]
    assert [word.text for word in words] == [
        "Teddy", "bears", ".", "London", "was", "in", "Roosevelt", "🙂", ".",
    ]  # fmt: skip
    # A sentence begins behind the line break, where no entity can go on.
    assert words[6].tag == "B-person"


def test_entities_are_parts_of_the_text(tagger: TaggingPipeline) -> None:
    text = "Teddy  Roosevelt was in London."
    (words,) = tagger.tag([text])
    person, place = entities(text, words)
    assert (person.text, person.label) == ("Teddy  Roosevelt", "person")
    assert (person.start, person.end) == (0, 16)
    assert person.score == pytest.approx((words[0].score + words[1].score) / 2)
    assert (place.text, place.label) == ("London", "place")


def test_words_that_were_split_already(tagger: TaggingPipeline) -> None:
    split = tagger.given([["Teddy", "Roosevelt"], ["New York", "London"]])
    first, second = tagger.joined(split, tagger.computed(tagger.encode(split)))
    assert [word.tag for word in first] == ["B-person", "I-person"]
    assert [(word.start, word.end) for word in second] == [(0, 8), (9, 15)]


def test_the_same_alone_and_among_others(tagger: TaggingPipeline) -> None:
    texts = ["Teddy", "Teddy Roosevelt was in London. Teddy bears.", "in", "in London ."]
    together = tagger.tag(texts)
    assert together == [tagger.tag([text])[0] for text in texts]


def test_a_sentence_without_end_is_read_in_parts(tagger: TaggingPipeline) -> None:
    text = "London " * (LONGEST_SENTENCE + 5)
    split = tagger.split([text])
    assert [len(row) for row in tagger.encode(split)] == [LONGEST_SENTENCE, 5]
    (words,) = tagger.tag([text])
    assert len(words) == LONGEST_SENTENCE + 5
    assert words[-1].end == len(text.rstrip())


@pytest.mark.parametrize(
    ("texts", "index", "reason"),
    [
        (["London", "\n"], 1, "there is no word in it"),
        (["\ud800"], 0, "half of a surrogate pair"),
    ],
)
def test_texts_that_cannot_be_read(
    tagger: TaggingPipeline, texts: list[str], index: int, reason: str
) -> None:
    with pytest.raises(TextError, match=reason) as raised:
        tagger.tag(texts)
    assert raised.value.index == index


def test_limits_and_bad_tokens(tmp_path: Path) -> None:
    path = tiny_tagger.publish_tagger(tmp_path)
    pipeline = TaggingPipeline(read_artifact(path), PipelineOptions(max_text_tokens=3))
    with pytest.raises(TextTooLong, match="the text has 4 words; the limit is 3"):
        pipeline.tag(["London was in ."])
    with pytest.raises(TextTooLong, match="4 words"):
        pipeline.given([["a"], ["a", "b", "c", "d"]])
    with pytest.raises(
        TextError, match="word 1, counted from 0, is only white space; leave it out"
    ) as raised:
        pipeline.given([["a"], ["a", " "]])
    assert raised.value.index == 1


def test_the_proof_holds_and_sees_another_answer(tmp_path: Path) -> None:
    prove(load_pipeline(read_artifact(tiny_tagger.publish_tagger(tmp_path))))
    right = tiny_tagger._example()
    for wrong, message in (
        (right.model_copy(update={"tags": ("O", *right.tags[1:])}), "tags Teddy|tags .Teddy"),
        (right.model_copy(update={"scores": (0.5, *right.scores[1:])}), "manifest says B-person"),
        (TaggingExample(text=right.text, tags=("O",), scores=(1.0,)), "finds 6 words"),
    ):
        path = tiny_tagger.publish_tagger(tmp_path, examples=(wrong,))
        with pytest.raises(ProofError, match=message):
            prove(load_pipeline(read_artifact(path)))


def test_a_vocabulary_of_another_size_is_refused(tmp_path: Path) -> None:
    draft = tiny_tagger.tagger_draft(examples=())
    files = tiny_tagger.tagger_files(draft)
    facts = draft.vocabulary.model_copy(update={"words": 99})
    path = write_artifact(tmp_path, draft.model_copy(update={"vocabulary": facts}), files)
    with pytest.raises(
        ArtifactError, match="has 9 words and 30 characters; the manifest states 99"
    ):
        TaggingPipeline(read_artifact(path))
