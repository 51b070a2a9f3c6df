"""A translation while it is written: whatever comes when, the parts make up the whole."""

from pathlib import Path
from queue import Queue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.artifact import Tokenizer, read_artifact
from service.pipelines.options import PipelineOptions
from service.pipelines.placeholders import Keeper, KnownWords, read
from service.pipelines.sentences import SplitText
from service.pipelines.streaming import TranslationStream
from service.pipelines.translation import (
    Alternative,
    SearchOptions,
    SplitTexts,
    TranslationPipeline,
)
from service.runtime.job import Event, Finished, Job, Token

few = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
GREEDY = SearchOptions(beam_size=1)
KEEPER = Keeper(KnownWords(["the", "man", "wrote"], compounds=False))
READ = [  # what translators with placeholders treat in a way of its own
    read(sentence, KEEPER)
    for sentence in (
        "the man wrote.",
        "the man wrote",
        "THE MAN",
        "Ada wrote",
        "Ada",
        "😀 5",
        "* *",
    )
]
TEXT = "  A man runs.  Zwei Frauen läuft 😀 字!\n\n\tTwo men talk?\r\n\u200b\nthe end \u2028 \n"


def whole(tokenizer: Tokenizer, split: SplitTexts, rows: list[list[int]]) -> str:
    """The translation of the text, had all tokens come before."""
    ((text, _),) = split.join([[Alternative(tokenizer.decode(row), 0.0)] for row in rows])[0:1][0]
    return text


def fed(
    tokenizer: Tokenizer, split: SplitTexts, rows: list[list[int]], turns: list[int]
) -> list[str]:
    """What is appended, where the rows' tokens come in those turns."""
    stream = TranslationStream(tokenizer, split)
    coming = [[*row, None] for row in rows]
    return [stream.feed(row, coming[row].pop(0)) for row in turns]


@st.composite
def layouts(draw: st.DrawFn) -> SplitTexts:
    """A text of one to four sentences, of no to three rows each, and at least one in all."""
    counts = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4).filter(any))
    gap = st.sampled_from(["", " ", "\n\n", "\t", "\u2028 "])
    gaps = draw(st.lists(gap, min_size=len(counts) + 1, max_size=len(counts) + 1))
    split = SplitText(("s",) * len(counts), tuple(gaps))
    rows = sum(counts)
    kept = draw(st.lists(st.sampled_from(READ), min_size=rows, max_size=rows))
    return SplitTexts([split], [counts], [[5]] * rows, kept if draw(st.booleans()) else ())


def turns_of(rows: list[list[int]]) -> st.SearchStrategy[list[int]]:
    """Orders in which the rows' tokens and ends may come."""
    return st.permutations([i for i, row in enumerate(rows) for _ in range(len(row) + 1)])


@few
@given(data=st.data(), split=layouts())
def test_the_parts_make_up_the_whole_in_any_order(
    tokenizer: Tokenizer, data: st.DataObject, split: SplitTexts
) -> None:
    words = ["the cat", "läuft", "😀 字", "\ufffd!", "Zwei  Frauen", "", " ", ".", "the cat."]
    rows = [
        [*tokenizer.encode(data.draw(st.sampled_from(words))), *data.draw(few_tokens)]
        for _ in split.rows
    ]
    parts = fed(tokenizer, split, rows, data.draw(turns_of(rows)))
    expected = whole(tokenizer, split, rows)
    assert "".join(parts) == expected
    written = ""
    for part in parts:
        written += part
        assert expected.startswith(written)  # nothing that is said has to be taken back


# Any pieces, bytes that form no character among them.
few_tokens = st.lists(st.integers(4, 300), max_size=6)


def test_a_row_is_written_as_it_comes_and_a_later_one_in_its_turn(
    translator: TranslationPipeline,
) -> None:
    tokenizer = translator.artifact.tokenizer
    split = translator.split([" the cat.\n  two men"])
    first, second = ([*row[:-1], None] for row in split.rows)
    stream = TranslationStream(tokenizer, split)
    assert stream.feed(0, first[0]).startswith(" ")
    assert [stream.feed(1, token) for token in second] == [""] * len(second)
    rest = [stream.feed(0, token) for token in first[1:]]
    assert rest[-1] == "\n  two men"
    assert "".join(rest).endswith("cat.\n  two men")


@pytest.mark.parametrize("character", ["é", "字", "😀"])
def test_half_a_character_is_not_written(tokenizer: Tokenizer, character: str) -> None:
    split = SplitTexts([SplitText(("s",), ("", ""))], [[1]], [[5]])
    tokens = tokenizer.encode(f"cat {character}")
    assert len(tokens) > len(character.encode())  # bytes
    parts = fed(tokenizer, split, [tokens], [0] * (len(tokens) + 1))
    assert [part for part in parts if part][-1].strip() == character
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(parts)


def test_a_character_that_is_never_completed_is_written_at_the_end(tokenizer: Tokenizer) -> None:
    split = SplitTexts([SplitText(("s",), ("", "\n"))], [[1]], [[5]])
    *tokens, _ = tokenizer.encode("cat 字")
    parts = fed(tokenizer, split, [tokens], [0] * (len(tokens) + 1))
    assert "".join(parts) == tokenizer.decode(tokens) + "\n"
    assert "\N{REPLACEMENT CHARACTER}" in parts[-1]


@pytest.mark.parametrize("max_length", [None, 1, 3])
@pytest.mark.parametrize("max_source_tokens", [8, 256])
def test_a_streamed_job_writes_what_it_answers(
    published_models: Path, max_source_tokens: int, max_length: int | None
) -> None:
    artifact = read_artifact(published_models / "translation-en-de" / "1")
    options = PipelineOptions(max_source_tokens=max_source_tokens)
    translator = TranslationPipeline(artifact, options)
    split = translator.split([TEXT])
    stream = TranslationStream(artifact.tokenizer, split)
    groups: Queue[list[Event]] = Queue()
    search = SearchOptions(beam_size=1, max_length=max_length)
    job = Job(groups.put, options=search, stream=True)
    translator.submit(job, split.rows)
    written, parts, ended = "", 0, False
    while not ended:
        for event in groups.get(timeout=60):
            if isinstance(event, Token):
                part = stream.feed(event.index, event.token)
                written, parts = written + part, parts + bool(part)
            else:
                assert event == Finished(job)
                ended = True
    translator.close()
    assert split.join(job.results)[0][0].text == written
    assert translator.translate([TEXT], search) == [written]
    assert parts > 1
