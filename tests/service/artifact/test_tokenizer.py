"""The tokenizer: nothing is lost, every offset lies in the text, bad text is refused by name."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifact import ArtifactError, Tokenizer, UnencodableText
from tests import tiny_models

AWKWARD_TEXTS = [
    "a\0b",
    "😀 👩‍👩‍👧 🇩🇪",
    "שלום עולם",
    "e\u0301 a\u0301\u0302",
    "ﬁ ﬀ №",
    "\ufeffgood",
    "x" * 5000,
    "한국어",
    " two   spaces ",
    "line\nbreak\ttab",
]
texts = st.text(max_size=60) | st.sampled_from(AWKWARD_TEXTS)


def test_special_ids_are_those_of_the_contract(tokenizer: Tokenizer) -> None:
    ids = (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, tokenizer.unk_id)
    assert ids == (0, 1, 2, 3)


def test_decode_inverts_encode(tokenizer: Tokenizer) -> None:
    text = "the good cat läuft 😀 שלום"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_eos_ends_every_text_where_the_model_wants_it() -> None:
    with_eos = tiny_models.tokenizer(add_eos=True)
    without = tiny_models.tokenizer()
    assert with_eos.encode("good") == [*without.encode("good"), 2]
    assert with_eos.encode("") == [2]
    ids, offsets = with_eos.encode_with_offsets("good")
    assert ids == with_eos.encode("good")
    assert offsets[-1] == (4, 4)


def test_encode_batch_is_encode_of_each(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode_batch(AWKWARD_TEXTS) == [tokenizer.encode(t) for t in AWKWARD_TEXTS]


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u00a0"])
def test_white_space_has_no_tokens(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.encode(text) == []


@given(text=texts)
def test_unknown_token_never_appears(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.unk_id not in tokenizer.encode(text)


@given(text=texts)
def test_offsets_lie_in_the_text_and_never_step_back(tokenizer: Tokenizer, text: str) -> None:
    ids, offsets = tokenizer.encode_with_offsets(text)
    assert ids == tokenizer.encode(text)
    assert len(offsets) == len(ids)
    for (start, end), (next_start, next_end) in itertools.pairwise(offsets):
        assert start <= next_start
        assert end <= next_end
    assert all(0 <= start <= end <= len(text) for start, end in offsets)


@given(text=texts)
def test_offsets_cover_every_visible_character(tokenizer: Tokenizer, text: str) -> None:
    _, offsets = tokenizer.encode_with_offsets(text)
    covered = {i for start, end in offsets for i in range(start, end)}
    # The normaliser drops control characters; letters, digits, punctuation and symbols stay, but
    # for the two that it takes for spaces: its own sign for a space, and U+FFFD.
    visible = {
        i
        for i, c in enumerate(text)
        if unicodedata.category(c)[0] in "LNPS" and c not in "\u2581\ufffd"
    }
    assert visible <= covered


def test_tokens_of_one_character_share_its_span(tokenizer: Tokenizer) -> None:
    _, offsets = tokenizer.encode_with_offsets("a😀ﬁ")
    assert offsets == [(0, 0), (0, 1), *[(1, 2)] * 4, *[(2, 3)] * 2]


@pytest.mark.parametrize("method", ["encode", "encode_with_offsets"])
def test_a_lone_surrogate_is_refused_and_located(tokenizer: Tokenizer, method: str) -> None:
    with pytest.raises(UnencodableText, match=r"character 2 is U\+D800"):
        getattr(tokenizer, method)("ab\ud800c")


@pytest.mark.parametrize("token", [-1, 10_000])
def test_an_id_outside_the_vocabulary_is_refused(tokenizer: Tokenizer, token: int) -> None:
    with pytest.raises(ValueError, match=f"token id {token} is outside 0 to"):
        tokenizer.decode([token])


@pytest.mark.parametrize("data", [b"", b"no model", tiny_models.tokenizer_bytes()[:1000]])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"x\.model is no sentencepiece model"):
        Tokenizer.from_bytes(data, origin="x.model")


def test_bytes_round_trip(tokenizer: Tokenizer) -> None:
    copy = Tokenizer.from_bytes(tokenizer.to_bytes())
    assert copy.encode("a good film 😀") == tokenizer.encode("a good film 😀")
