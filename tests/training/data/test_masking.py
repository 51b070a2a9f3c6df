"""Pairs with placeholders on both sides."""

from random import Random

from service.pipelines.placeholders import SYMBOLS
from training.corpora import Corpora
from training.data.examples import SentencePair
from training.data.masking import MaskedPairs, keeper_of, known_words, names_taken_over
from training.word_lists import WordLists, lists_of, with_dictionary

PAIR = SentencePair(
    "Yesterday Peter Schmidt paid 12 of 12 bills at www.example.org with 3 men.",
    "Gestern zahlte Peter Schmidt 12 von 12 Rechnungen bei www.example.org mit drei Männern.",
)


def drawn(pair: SentencePair, names: float, terms: float, seed: int = 1) -> SentencePair:
    return MaskedPairs([pair], names, terms).pair(0, Random(seed))


def stripped(text: str) -> str:
    return "".join("#" if letter in SYMBOLS else letter for letter in text)


def test_what_stands_on_both_sides_is_masked_on_both() -> None:
    source, target = drawn(PAIR, names=1, terms=0)
    assert stripped(source) == "Yesterday # paid # of # bills at # with 3 men."
    assert stripped(target) == "Gestern zahlte # # von # Rechnungen bei # mit drei Männern."
    symbols = [letter for letter in source if letter in SYMBOLS]
    assert len(set(symbols)) == 4
    # The first 12 is the first 12, and the address is the address.
    order = [letter for letter in target if letter in SYMBOLS]
    assert order == symbols


def test_names_are_masked_as_often_as_asked() -> None:
    pairs = MaskedPairs([PAIR], 0.5, 0)
    masked = sum("Peter" not in pairs.pair(0, Random(seed)).source for seed in range(200))
    assert 70 < masked < 130
    assert "Peter Schmidt" in drawn(PAIR, names=0, terms=0).source


def test_aligned_words_are_masked_in_their_places() -> None:
    lines = [
        SentencePair(f"The {a} sees the {b}.", f"{x} sieht {y}.")
        for a, x in (("mouse", "Maus"), ("horse", "Pferd"), ("snake", "Schlange"))
        for b, y in (("house", "Haus"), ("river", "Fluss"), ("beach", "Strand"))
    ]
    pairs = MaskedPairs(lines, 0, 1)
    for index, line in enumerate(lines):
        source, target = pairs.pair(index, Random(index))
        symbols = [letter for letter in source if letter in SYMBOLS]
        assert symbols
        assert sorted(symbols) == sorted(letter for letter in target if letter in SYMBOLS)
        words = line.source.rstrip(".").split()
        gone = {words.index(word) for word in words if word not in source}
        assert len(gone) == len(symbols)
    assert all(MaskedPairs(lines, 0, 0).pair(i, Random(1)) == line for i, line in enumerate(lines))


def test_the_same_draw_gives_the_same_pair() -> None:
    pairs = MaskedPairs([PAIR], 0.5, 0)
    assert pairs.pair(0, Random("1 2 3")) == pairs.pair(0, Random("1 2 3"))
    assert len({pairs.pair(0, Random(seed)) for seed in range(20)}) > 10


def test_the_words_of_a_model() -> None:
    texts = ["The dog's well-known House", "the house is known", "Peter"]
    assert known_words(texts) == {"house", "known", "the"}
    keeper = keeper_of(sorted(known_words(texts, least=1)), "en")
    text = "Well-known Peter met Zarathustra"
    assert [text[start:end] for start, end in keeper.spans(text)] == ["Zarathustra"]


def test_names_that_the_other_language_takes_over() -> None:
    lines = [
        ("Peter's dog sees Anna.", "Peters Hund sieht Anna."),
        ("Anna lives in Munich.", "Anna wohnt in München."),
        ("A hotel in Munich", "Ein Hotel in München"),
        ("Hotel Anna", "Hotel Anna"),
        ("Tom sees Tom.", "Tom sieht Tom."),
    ]
    pairs = [SentencePair(*line) for line in lines] + [SentencePair("The hotel", "Das Hotel")] * 2
    assert names_taken_over(pairs) == {"anna", "peter", "tom"}
    assert names_taken_over(pairs, common=3) == {"peter", "tom"}
    # However rarely it comes, "Munich" has to be known, and a hotel is no name.
    known = WordLists(["anna", "bridge"], {"Anna": 9})
    lists = lists_of(Corpora([pairs], [None], {}, {}, []), known)
    assert lists.words == ["bridge", "hotel", "in", "munich", "sees", "the"]
    assert lists.forms["Anna"] == 9
    assert lists.forms["Munich"] == 2


def test_a_dictionary_tells_what_is_right() -> None:
    lists = WordLists(["internal", "munich", "now"], {"internal": 9, "Munich": 7, "now": 300})
    whole = with_dictionary(lists, "en")
    assert whole.forms["interval"] == 0
    assert whole.forms["nsw"] == 0  # which no dictionary has, but newspapers
    assert whole.forms["internal"] == 9
    assert "Munch" not in whole.forms  # a name is nothing that is corrected to
    assert "between" not in whole.forms  # and this looks like none of them
    assert (lists.of_dictionary, whole.of_dictionary) == (False, True)
    assert with_dictionary(WordLists(["internal"]), "en") == WordLists(["internal"])
    assert with_dictionary(lists, "tlh") == lists


def test_a_number_within_an_address_is_not_the_number_itself() -> None:
    pair = SentencePair("See www.example.org/12 for 12.", "Siehe www.example.org/12 für 12.")
    for seed in range(10):
        source, target = drawn(pair, names=1, terms=0, seed=seed)
        assert stripped(source) == "See # for #."
        assert stripped(target) == "Siehe # für #."
    pair = SentencePair("He asked Maria to write.", "Er bat Maria, maria.de/Maria zu lesen.")
    source, target = drawn(pair, names=1, terms=0)
    assert stripped(source) == "He asked # to write."
    assert target.endswith(", maria.de/Maria zu lesen.")


def test_accents_that_stand_apart_are_joined_first() -> None:
    decomposed = "Rene\u0301e"
    pair = SentencePair(f"I met {decomposed} today.", "Ich traf Renée heute.")
    source, target = drawn(pair, names=1, terms=0)
    assert stripped(source) == "I met # today."
    assert stripped(target) == "Ich traf # heute."
    assert known_words([decomposed, "renée"]) == {"renée"}
