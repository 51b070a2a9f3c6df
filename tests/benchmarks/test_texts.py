import pytest

from benchmarks.texts import reviews, sentences


@pytest.mark.parametrize("words", [12, 20, 300])
def test_reviews_have_the_length_that_was_asked_for(words: int) -> None:
    for text in reviews(50, words):
        assert abs(len(text.split()) - words) <= 2


def test_any_stretch_of_the_sentences_has_all_lengths() -> None:
    lengths = [len(text.split()) for text in sentences(112, 5, 60)]
    for stretch in (lengths[:56], lengths[56:]):
        assert min(stretch) <= 6
        assert max(stretch) >= 57
        # A sentence may be up to three words shorter than its card.
        assert 31 <= sum(stretch) / 56 <= 32.5
    assert max(lengths) <= 60
    # Within a deck, long and short ones are mixed.
    assert 20 <= sum(lengths[:14]) / 14 <= 45


def test_a_sentence_is_one_sentence() -> None:
    for text in sentences(60):
        assert text.count(".") == 1
        assert text.endswith(".")


def test_texts_are_the_same_every_time_and_differ_by_seed() -> None:
    assert reviews(20, 20) == reviews(20, 20)
    assert sentences(20) == sentences(20)
    assert reviews(20, 20, seed=5) != reviews(20, 20)
    assert len(set(reviews(500, 20))) > 490


def test_lengths_that_no_text_can_have_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 12"):
        reviews(1, 3)
    with pytest.raises(ValueError, match="at least 5"):
        sentences(1, 1, 1)
