"""Training a tokenizer: the same every time, special ids in place, no character lost."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifact import Tokenizer
from training.data.errors import DataError
from training.data.synthetic import sentiment_splits
from training.recipe import RecipeError, TokenizerSettings
from training.tokenization import LONGEST_LINE, train_tokenizer, with_symbols

KINDS = ("unigram", "bpe", "char")


def texts() -> list[str]:
    return [example.text for example in sentiment_splits({"train": 200}, seed=1)["train"]]


@cache
def trained(kind: str, normalization: str = "identity", vocabulary: int = 310) -> Tokenizer:
    settings = {"kind": kind, "normalization": normalization, "vocabulary": vocabulary}
    model = train_tokenizer(texts(), TokenizerSettings.model_validate(settings))
    return Tokenizer.from_bytes(model)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_give_the_same_bytes(kind: str) -> None:
    settings = TokenizerSettings.model_validate({"vocabulary": 340, "kind": kind})
    assert train_tokenizer(iter(texts()), settings) == train_tokenizer(texts(), settings)


@pytest.mark.parametrize("kind", KINDS)
def test_special_ids_and_the_size_that_was_asked_for(kind: str) -> None:
    tokenizer = trained(kind)
    # The texts have fewer characters than that.
    assert tokenizer.vocabulary_size == (287 if kind == "char" else 310)
    assert tokenizer.pieces([0, 1, 2, 3]) == ["<pad>", "<s>", "</s>", "<unk>"]
    assert min(tokenizer.encode("the film was good, <s> </s> <pad>")) > 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_corpus_too_small_for_the_vocabulary_gets_what_it_allows(kind: str) -> None:
    settings = TokenizerSettings.model_validate({"vocabulary": 60_000, "kind": kind})
    tokenizer = Tokenizer.from_bytes(train_tokenizer(["one small text"], settings))
    assert 260 < tokenizer.vocabulary_size < 400
    assert tokenizer.decode(tokenizer.encode("another text")) == "another text"


# sentencepiece takes U+2581 for a space, and white space at the ends and in runs for one space.
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\u2581\0"), min_size=1
).filter(lambda word: not any(character.isspace() for character in word))


@pytest.mark.parametrize("kind", KINDS)
@given(st.lists(words, min_size=1, max_size=4))
def test_no_character_is_lost(kind: str, parts: list[str]) -> None:
    text = " ".join(parts)
    ids = trained(kind).encode(text)
    assert 3 not in ids
    assert trained(kind).decode(ids) == text


def test_normalisation_is_the_recipes() -> None:
    plain, folded = trained("unigram"), trained("unigram", "nmt_nfkc_cf")
    assert folded.encode("THE ﬁlm") == folded.encode("the film")
    assert plain.encode("THE film") != plain.encode("the film")


def test_a_long_line_is_learnt_from_too() -> None:
    # Only the end of the line holds the word; sentencepiece alone would leave the whole line out.
    line = "ä " * LONGEST_LINE + "gatehouse " * 200
    settings = TokenizerSettings(vocabulary=300, kind="bpe", character_coverage=1.0)
    tokenizer = Tokenizer.from_bytes(train_tokenizer([line], settings))
    assert len(tokenizer.encode("gatehouse")) == 1


def test_what_no_tokenizer_can_be_made_of_is_named() -> None:
    letters = [
        "".join(chr(0x4E00 + number + i) for i in range(50)) for number in range(0, 2000, 50)
    ]
    settings = TokenizerSettings(vocabulary=400, kind="bpe", character_coverage=1.0)
    with pytest.raises(RecipeError, match=r"tokenizer\.vocabulary is 400, too few for the char"):
        train_tokenizer(letters, settings)
    with pytest.raises(DataError, match="no tokenizer can be made of the training texts"):
        train_tokenizer([" \n "], settings)


@pytest.mark.parametrize("kind", KINDS)
def test_symbols_can_be_added_to_a_tokenizer(kind: str) -> None:
    plain = trained(kind, "nmt_nfkc")
    symbols = ("\ue000", "\ue001")
    more = Tokenizer.from_bytes(with_symbols(plain.to_bytes(), symbols))
    size = plain.vocabulary_size
    assert more.vocabulary_size == size + 2
    for text in texts():
        assert more.encode(text) == plain.encode(text)
    text = "the \ue001 was \ue000, good\ue001"
    assert more.decode(more.encode(text)) == text
    assert [token - size for token in more.encode(text) if token >= size] == [1, 0, 1]
