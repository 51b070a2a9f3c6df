"""A BPE's merges left out at random, by draws that any process can repeat."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifact import Tokenizer
from service.pipelines.placeholders import SYMBOLS
from training.bpe_dropout import BpeDropout
from training.recipe import TokenizerSettings
from training.tokenization import train_tokenizer

SHIPPED = Path("models/translation-en-de/1/tokenizer.model")
SENTENCE = "Two children are playing with a ball in the park beside the river."
WORDS = ["the", "Kind", "läuft", "12:30", "don't", "😀", "ﬁ", "½", "▁", " ", "in", "unplayable"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join))


@pytest.fixture(scope="module")
def shipped() -> Tokenizer:
    return Tokenizer.from_file(SHIPPED, add_eos=True)


@pytest.fixture(scope="module")
def reader(shipped: Tokenizer) -> BpeDropout:
    return BpeDropout(shipped)


@given(text=TEXTS)
def test_without_dropout_it_is_the_tokenizer(
    shipped: Tokenizer, reader: BpeDropout, text: str
) -> None:
    assert reader.encode(text, 0.0, Random(1)) == shipped.encode(text)


def test_symbols_stay_apart_as_the_tokenizer_keeps_them() -> None:
    settings = TokenizerSettings(vocabulary=400, kind="bpe")
    model = train_tokenizer([SENTENCE] * 20, settings, SYMBOLS)
    tokenizer = Tokenizer.from_bytes(model, add_eos=True)
    reader = BpeDropout(tokenizer, SYMBOLS)
    texts = [
        f"{SYMBOLS[0]} and {SYMBOLS[1]}.",
        f"the{SYMBOLS[2]}ball {SYMBOLS[3]}{SYMBOLS[4]}",
        f"ball {SYMBOLS[9]} ",
    ]
    for text in texts:
        assert reader.encode(text, 0.0, Random(1)) == tokenizer.encode(text)
        for seed in range(20):
            ids = reader.encode(text, 0.5, Random(seed))
            assert tokenizer.decode(ids) == text.strip()


def test_the_text_stays_and_its_segmentation_changes(
    shipped: Tokenizer, reader: BpeDropout
) -> None:
    random = Random(1)
    read = [reader.encode(SENTENCE, 0.1, random) for _ in range(50)]
    assert {shipped.decode(ids) for ids in read} == {SENTENCE}
    assert len({tuple(ids) for ids in read}) > 20
    assert all(ids[-1] == shipped.eos_id for ids in read)


def test_the_same_draws_give_the_same_tokens(shipped: Tokenizer) -> None:
    first, second = BpeDropout(shipped), BpeDropout(shipped)
    first.encode(SENTENCE, 0.1, Random(7))  # one that has read before, and one that has not
    for seed in range(20):
        assert first.encode(SENTENCE, 0.2, Random(seed)) == second.encode(
            SENTENCE, 0.2, Random(seed)
        )


def test_all_merges_are_left_out_towards_one(shipped: Tokenizer, reader: BpeDropout) -> None:
    ids = reader.encode("playing ball", 0.999999, Random(1))
    assert shipped.pieces(ids[:-1]) == list("▁playing▁ball")


def test_merges_are_left_out_as_often_as_is_asked(shipped: Tokenizer, reader: BpeDropout) -> None:
    # "▁in" is "in" behind a space, or, where that merge was left out, "▁i" before an "n".
    random = Random(1)
    rows = [reader.encode("in", 0.3, random) for _ in range(4000)]
    whole = sum(row == shipped.encode("in") for row in rows) / len(rows)
    assert whole == pytest.approx(0.7 * 0.7 + 0.3 * 0.7 * 0.7, abs=0.03)
