"""Translation by a model that copies: whatever the answer lacks, the pipeline has lost."""

from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.artifact import EOS_ID, ArtifactError, read_artifact
from service.errors import TextError
from service.pipelines.options import PipelineOptions
from service.pipelines.sentences import SplitText
from service.pipelines.translation import (
    Alternative,
    SearchOptions,
    SplitTexts,
    TranslationPipeline,
)
from service.runtime.job import Event, Finished, Job
from service.runtime.search import BeamSearch, GreedySearch, SequenceSearch
from tests import tiny_models

few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
GREEDY = SearchOptions(beam_size=1)
PARAGRAPH = "  A man runs.  A dog ran in the park!\n\n\tTwo men talk?\r\nthe end \u2028 \n"
# None that an abbreviation could be: the white space inside a sentence is the translation's own.
words = st.sampled_from(["the", "cat", "good", "läuft", "street", "Zwei", "Frauen"])
# None twice: a translation that repeats itself is cut.
sentences = st.lists(words, min_size=1, max_size=7, unique=True).map(" ".join)
gaps = st.sampled_from([". ", ".\n", ".  ", "!\r\n\r\n", "?\n\n\t", ".\u2028", "\n"])
paragraphs = st.lists(st.tuples(sentences, gaps), min_size=1, max_size=4).map(
    lambda parts: "".join(sentence + gap for sentence, gap in parts)
)


def open_translator(models: Path, **options: Any) -> TranslationPipeline:
    artifact = read_artifact(models / "translation-en-de" / "1")
    return TranslationPipeline(artifact, PipelineOptions(**options))


@pytest.mark.parametrize("beam_size", [1, 5, 10])
def test_white_space_and_line_breaks_are_the_texts_own(
    translator: TranslationPipeline, beam_size: int
) -> None:
    texts = [PARAGRAPH, "the cat", "\tone line\n"]
    assert translator.translate(texts, SearchOptions(beam_size=beam_size)) == texts


@few
@given(texts=st.lists(paragraphs, min_size=1, max_size=3))
def test_layout_survives_any_paragraph(translator: TranslationPipeline, texts: list[str]) -> None:
    assert translator.translate(texts, GREEDY) == texts


def test_the_default_is_a_beam_of_five(translator: TranslationPipeline) -> None:
    rows = [translator.artifact.tokenizer.encode("the cat")]
    assert translator.search(rows) == translator.search(rows, SearchOptions(beam_size=5))
    assert len(translator.search(rows)[0]) > 1
    assert len(translator.search(rows, GREEDY)[0]) == 1


def test_no_text_gets_no_answer(translator: TranslationPipeline) -> None:
    assert translator.translate([]) == []
    assert translator.translate_sentences([]) == []


@pytest.mark.parametrize("beam_size", [1, 5])
def test_a_long_sentence_is_cut_between_words_and_nothing_is_lost(
    published_models: Path, beam_size: int
) -> None:
    translator = open_translator(published_models, max_source_tokens=16)
    text = " ".join(f"the good cat sat on the mat in street number {i}" for i in range(12))
    longest = max(len(row) for row in translator._rows(0, text))
    assert len(translator.artifact.tokenizer.encode(text)) > 100
    assert longest <= 16
    assert translator.translate([text], SearchOptions(beam_size=beam_size)) == [text]


@few
@given(parts=st.lists(words, min_size=1, max_size=60), limit=st.integers(8, 40))
def test_no_row_is_longer_than_the_limit(
    published_models: Path, parts: list[str], limit: int
) -> None:
    translator = open_translator(published_models, max_source_tokens=limit)
    parts = [f"{word}{i}" for i, word in enumerate(parts)]
    text = " ".join(parts)
    assert all(2 <= len(row) <= limit for row in translator._rows(0, text))
    (answer,) = translator.translate([text], GREEDY)
    # A word longer than half a row may be cut, and its parts are joined like words.
    assert answer.replace(" ", "") == "".join(parts)


@pytest.mark.parametrize("character", ["x", "é", "字", "😀"])
@pytest.mark.parametrize("limit", [8, 9, 10, 11])
def test_a_long_word_is_cut_between_characters(
    published_models: Path, character: str, limit: int
) -> None:
    translator = open_translator(published_models, max_source_tokens=limit)
    (answer,) = translator.translate([character * 50], GREEDY)
    assert set(answer) == {character, " "}  # half a character would be U+FFFD
    assert answer.count(character) == 50


def test_a_sentence_of_one_word_of_20_000_characters(translator: TranslationPipeline) -> None:
    word = "".join(map(str, range(5_200)))[:20_000]
    (answer, neighbour) = translator.translate([word, "the cat"], GREEDY)
    assert answer.replace(" ", "") == word
    assert neighbour == "the cat"


@pytest.mark.parametrize("beam_size", [1, 5])
def test_a_text_that_is_all_repetition_ends_early(
    translator: TranslationPipeline, beam_size: int
) -> None:
    row = translator.artifact.tokenizer.encode("good " * 200)
    options = SearchOptions(beam_size=beam_size)
    assert len(row) > 200
    ((best, *_),) = translator.search([row], options)
    assert len(best.tokens) < 40
    (answer, neighbour) = translator.translate(["x" * 20_000, "the cat"], options)
    assert set(answer) <= {"x", " "}
    assert neighbour == "the cat"


def test_a_repetition_keeps_one_copy(translator: TranslationPipeline) -> None:
    assert translator.translate(["the cat" + " good bad" * 20], GREEDY) == ["the cat good bad"]


@pytest.mark.parametrize("text", ["a\0b", "😀 👩‍👩‍👧", "שלום עולם", "e\u0301"], ids=ascii)
def test_awkward_texts_leave_their_neighbours_alone(
    translator: TranslationPipeline, text: str
) -> None:
    answers = translator.translate(["the cat", text, "two men talk"])
    assert answers[0::2] == ["the cat", "two men talk"]
    assert answers[1]


@few
@given(
    texts=st.lists(sentences, min_size=1, max_size=6),
    size=st.integers(1, 12),
    beam_size=st.integers(1, 4),
)
def test_answers_do_not_depend_on_the_batch(
    published_models: Path, texts: list[str], size: int, beam_size: int
) -> None:
    translator = open_translator(published_models, max_batch_size=size, max_batch_tokens=50)
    assert translator.translate(texts, SearchOptions(beam_size=beam_size)) == texts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing to read is left of it; send at least one word"),
        (" \n\n", "nothing to read is left of it"),
        ("\u200b\n\x01", "nothing to read is left of it"),
        ("the cat. ab\ud800", "half of a surrogate pair"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("index", [0, 1])
def test_a_text_that_cannot_be_read_is_named(
    translator: TranslationPipeline, text: str, reason: str, index: int
) -> None:
    texts = ["the cat", "the cat"]
    texts[index] = text
    with pytest.raises(TextError, match=reason) as caught:
        translator.translate(texts)
    assert caught.value.index == index


def test_an_unreadable_line_among_readable_ones_is_left_out(
    translator: TranslationPipeline,
) -> None:
    assert translator.translate(["the cat\n\u200b\nthe dog"]) == ["the cat\n\nthe dog"]


def test_hypotheses_are_those_of_their_rows(published_models: Path) -> None:
    translator = open_translator(published_models, max_batch_size=10)
    texts = ["the cat", "two men talk in the street", "cat", "a good film"]
    rows = [translator.artifact.tokenizer.encode(text) for text in texts]
    for row, hypotheses in zip(rows, translator.search(rows), strict=True):
        assert [*hypotheses[0].tokens, EOS_ID] == row


def test_max_length_cuts_every_sentence(translator: TranslationPipeline) -> None:
    (whole,) = translator.search([translator.artifact.tokenizer.encode("the good cat sat")])
    for limit in (1, 2, 3):
        options = SearchOptions(max_length=limit)
        (cut,) = translator.search(
            [translator.artifact.tokenizer.encode("the good cat sat")], options
        )
        assert cut[0].tokens == whole[0].tokens[:limit]
        assert not cut[0].complete
    assert translator.translate(["the cat. the dog"], SearchOptions(max_length=100)) == [
        "the cat. the dog"
    ]


def test_a_length_grows_with_its_source_and_has_a_limit(models: Path) -> None:
    translator = open_translator(models)
    facts = translator.manifest.decoding

    def begin(length: int, options: SearchOptions) -> SequenceSearch:
        (item,) = Job(lambda events: None, options=options).items([[5] * length])
        return translator._begin(item)

    for length in (1, 7):
        search = begin(length, GREEDY)
        assert isinstance(search, GreedySearch)
        assert search.max_length == 2 * length + 10
        assert search.length_penalty == facts.length_penalty == 1.0
    assert begin(7, SearchOptions(max_length=9)).max_length == 9
    assert begin(7, SearchOptions(max_length=90)).max_length == 24
    unscaled = begin(7, SearchOptions(length_penalty=0.0))
    assert isinstance(unscaled, GreedySearch | BeamSearch)
    assert unscaled.length_penalty == 0.0
    wide = begin(7, SearchOptions(beam_size=3))
    assert isinstance(wide, BeamSearch)
    assert wide.beam_size == 3


def test_sentences_are_taken_as_they_stand(translator: TranslationPipeline) -> None:
    assert translator.translate_sentences(["the cat. the dog", "two men"]) == [
        "the cat. the dog",
        "two men",
    ]


@pytest.mark.parametrize("beam_size", [10, 400, 100_000])
def test_a_beam_wider_than_the_vocabulary_is_the_vocabulary(
    translator: TranslationPipeline, beam_size: int
) -> None:
    options = SearchOptions(beam_size=beam_size, max_length=3)
    assert translator.translate(["cat"], options) == ["cat"]


def test_an_artifact_of_another_task_is_refused(published_models: Path) -> None:
    artifact = read_artifact(published_models / "sentiment" / "1")
    with pytest.raises(TypeError, match="sentiment is a classification model"):
        TranslationPipeline(artifact)


LOOPING = "a film" + " good" * 30


@pytest.mark.parametrize("beam_size", [1, 2, 5])
@pytest.mark.parametrize("text", ["the good cat sat on the mat", LOOPING])
def test_a_limit_that_is_not_reached_changes_nothing(
    translator: TranslationPipeline, text: str, beam_size: int
) -> None:
    unlimited = SearchOptions(beam_size, num_hypotheses=beam_size)
    limited = SearchOptions(beam_size, num_hypotheses=beam_size, max_length=45)
    length = len(translator.artifact.tokenizer.encode(text))
    assert 2 * length + 10 > 45  # else it would be the model's own limit
    assert translator.alternatives([text], limited) == translator.alternatives([text], unlimited)


@pytest.mark.parametrize("num_hypotheses", [1, 2, 4])
def test_as_many_alternatives_as_are_asked_for_best_first(
    translator: TranslationPipeline, num_hypotheses: int
) -> None:
    options = SearchOptions(beam_size=4, num_hypotheses=num_hypotheses)
    texts = ["the cat sat.\nTwo men talk", "a good film"]
    found = translator.alternatives(texts, options)
    assert [alternatives[0].text for alternatives in found] == texts
    for text, alternatives in zip(texts, found, strict=True):
        assert len(alternatives) == num_hypotheses
        scores = [alternative.score for alternative in alternatives]
        assert scores == sorted(scores, reverse=True)
        assert all(alternative.text.count("\n") == text.count("\n") for alternative in alternatives)
        assert len({alternative.text for alternative in alternatives}) == num_hypotheses


def test_alternatives_of_several_sentences_are_joined_in_their_order() -> None:
    one = SplitText(("A.", "", "B."), ("", " ", "\n", " "))
    two = SplitText(("C.",), ("", ""))
    split = SplitTexts([one, two], [[1, 0, 2], [1]], [[5]] * 4)
    rows = [
        [Alternative("a", -1.0), Alternative("a2", -2.0), Alternative("a3", -3.0)],
        [Alternative("b", -1.0)],
        [Alternative("c", -4.0), Alternative("c2", -5.0)],
        [Alternative("d", -0.5)],
    ]
    assert split.join(rows) == [
        [
            Alternative("a \nb c ", -2.0),
            Alternative("a2 \nb c2 ", (-2.0 - 1.0 - 5.0) / 3),
            Alternative("a3 \nb c2 ", -3.0),
        ],
        [Alternative("d", -0.5)],
    ]


def test_a_submitted_job_is_answered_as_the_blocking_call(published_models: Path) -> None:
    translator = open_translator(published_models, max_batch_size=6)
    groups: Queue[list[Event]] = Queue()
    asked: dict[Job, tuple[list[str], SearchOptions]] = {}
    for n in range(12):
        texts = [PARAGRAPH, "the cat", "a good film. A bad dog\n"][: 1 + n % 3]
        options = SearchOptions(beam_size=1 + n % 5, num_hypotheses=1 + n % 2 * (n % 5 > 0))
        job = Job(groups.put, bulk=n % 4 == 0, options=options)
        asked[job] = texts, options
        translator.submit(job, translator.split(texts).rows)
    answered: list[Event] = []
    while len(answered) < len(asked):
        answered += groups.get(timeout=60)
    translator.close()
    assert {event.job for event in answered if isinstance(event, Finished)} == asked.keys()
    for job, (texts, options) in asked.items():
        split = translator.split(texts)
        assert split.join(job.results) == translator.alternatives(texts, options)
        assert job.tokens == sum(map(len, split.rows))
        best = [hypotheses[0] for hypotheses in translator.search(split.rows, options)]
        assert job.tokens_out == sum(len(hypothesis.tokens) for hypothesis in best)


def test_a_raw_job_gets_hypotheses_in_tokens(translator: TranslationPipeline) -> None:
    rows = translator.split(["a good film", "the cat sat"]).rows
    options = SearchOptions(beam_size=3, num_hypotheses=2)
    groups: Queue[list[Event]] = Queue()
    job = Job(groups.put, options=options, raw=True)
    translator.submit(job, rows)
    assert groups.get(timeout=60) == [Finished(job)]
    expected = [hypotheses[:2] for hypotheses in translator.search(rows, options)]
    assert [[h.tokens for h in row] for row in job.results] == [
        [h.tokens for h in row] for row in expected
    ]


def test_a_mistyped_word_is_read_as_what_it_must_be(tmp_path: Path) -> None:
    known = ["the", "good", "cat", "sat", "street"]
    forms = {"the": 900, "good": 900, "cat": 900, "sat": 90, "Street": 900}
    folder = tiny_models.publish_translator(tmp_path, known=known, forms=forms)
    artifact = read_artifact(folder)
    text = "The cta sat in the sreet of Zarathustra."
    corrected = "The cat sat in the Street of Zarathustra."
    translator = TranslationPipeline(artifact, PipelineOptions())
    assert translator.translate([text, "in the street"]) == [corrected, "In the Street"]
    assert translator.translate_sentences([text]) == [corrected]
    (folder / "spelling.tsv").write_text("the\n", "utf-8")
    with pytest.raises(ArtifactError, match=r"spelling\.tsv has to hold a word, a tab and a count"):
        TranslationPipeline(artifact, PipelineOptions())
    as_it_is = TranslationPipeline(artifact, PipelineOptions(correct_spelling=False))
    assert as_it_is.translate([text, "in the street"]) == [text, "in the street"]
