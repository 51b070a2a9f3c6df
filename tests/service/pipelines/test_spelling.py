"""Mistyped words are read as what they must be, and what may be right stays."""

from random import Random

import pytest

from service.pipelines.placeholders import (
    SYMBOLS,
    Glossary,
    Keeper,
    KnownWords,
    Span,
    Spelling,
    forms_content,
    forms_in,
    read,
)
from training.data.noise import mistyped

FORMS = {
    "Haus": 300,
    "Hund": 500,
    "Mann": 900,
    "Straße": 80,
    "Fahrrad": 60,
    "Ufer": 30,
    "Maler": 30,
    "der": 9000,
    "ein": 9000,
    "eine": 8000,
    "großer": 100,
    "schöne": 40,
    "schönen": 60,
    "sieht": 50,
    "seltene": 3,
    "steht": 300,
    "und": 9000,
    "I": 900,
    "Paris": 30,
    "Zug": 2,
    "Übung": 40,
    "Übungsgerät": 40,
    "Café": 40,
}
NAMES = {"paris"}
KNOWN = KnownWords({form.casefold() for form in FORMS} - NAMES, compounds=True)


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling(FORMS, KNOWN)


@pytest.fixture(scope="module")
def keeper(spelling: Spelling) -> Keeper:
    return Keeper(KNOWN, spelling)


@pytest.mark.parametrize(
    ("word", "begins", "expected"),
    [
        ("seiht", False, "sieht"),  # exchanged
        ("siet", False, "sieht"),  # left out
        ("sieeht", False, "sieht"),  # doubled
        ("sixht", False, "sieht"),  # changed
        ("schoene", False, "schöne"),  # of a keyboard without umlauts
        ("Uebung", False, "Übung"),
        ("uebungsgeraet", False, "Übungsgerät"),
        ("schonen", False, "schönen"),  # of one without accents
        ("ubungsgerat", False, "Übungsgerät"),  # all of them, be it in the first letter
        ("ubungsgeraet", False, None),  # but not one kind and the other
        ("cafe", False, "Café"),
        ("grosser", False, None),  # the same word
        ("Steth", True, "Steht"),
        ("Steth", False, None),  # with a capital within a sentence, where no verb has one
        ("fahrad", False, "Fahrrad"),
        ("Fahrad", False, "Fahrrad"),
        ("Fahradd", False, None),  # two slips
        ("ene", False, "eine"),  # of three letters, but for a very common word
        ("zgu", False, None),
        ("ug", False, None),
        ("Uber", False, None),  # a short one with a capital may be a name
        ("Hnud", False, "Hund"),
        ("Maier", False, None),  # a strange letter needs ten times the evidence
        ("Mahler", False, None),
        ("Mlaer", False, "Maler"),
        ("schönem", False, None),  # inflected
        ("schönn", False, "schönen"),
        ("schönenn", False, "schönen"),  # but nothing ends in two of them
        ("seltenee", False, None),  # of a word too rare
        ("Paris", False, None),
        ("Pariss", False, None),  # no name is what was meant
        ("aris", False, None),  # the first letter is right
        ("Mannhund", False, None),  # a compound
        ("SIEHT", False, None),
        ("siEht", False, None),
        ("si3ht", False, None),
        ("x" * 31, False, None),
        ("", False, None),
    ],
)
def test_what_a_word_is_read_as(
    spelling: Spelling, word: str, begins: bool, expected: str | None
) -> None:
    assert spelling.correction(word, begins) == expected


def test_one_word_that_lacks_its_accents_tells_of_the_others() -> None:
    forms = {
        "ich": 9000,
        "mag": 900,
        "mochte": 60,
        "möchte": 2400,
        "konnte": 900,
        "könnte": 500,
        "für": 8000,
        "Hüte": 30,
        "Hut": 90,
        "Hute": 0,
        "spät": 90,
        "Miete": 90,
        "hohe": 78,
        "Höhe": 135,
        "Software": 90,
        "ware": 2,
        "wäre": 900,
        "Lopez": 2,
        "López": 40,
        "Frau": 500,
        "Jäger": 10,
    }
    known = KnownWords([form.casefold() for form in forms], compounds=False)
    keeper = Keeper(known, Spelling(forms, known))
    assert read("Ich mochte Hute.", keeper).rewritten == []
    assert read("Ich mochte fur Hute.", keeper).text == "Ich möchte für Hüte."
    # What is written more often as it stands is that.
    assert read("Ich konnte fur Hute.", keeper).text == "Ich konnte für Hüte."
    assert read("Die hohe Miete fur Hute.", keeper).text.endswith("hohe Miete für Hüte.")
    # A name is written so, and part of a word is no word.
    assert read("Ich mag fur Lopez.", keeper).text == "Ich mag für Lopez."
    kept = read("Frau Jager mag fur Soft\u00adware.", keeper)
    assert [one.text for one in kept.rewritten] == ["für"]
    # A keyboard that has accents has them all, and who spells them out does so everywhere.
    assert read("Ich mochte spät fur Hute.", keeper).text == "Ich mochte spät für Hute."
    assert read("Ich mochte spaet.", keeper).text == "Ich mochte spät."
    assert read("Ich moechte Hute.", keeper).text == "Ich möchte Hute."
    # No verb has a capital within a sentence, but one that begins it.
    assert read("Fur Mochte.", keeper).text == "Für Mochte."
    assert read("Mochte fur.", keeper).text == "Möchte für."


def test_of_two_words_the_likelier_slip_of_the_commoner_word() -> None:
    forms = {"house": 100, "horse": 30}
    known = KnownWords([form.casefold() for form in forms], compounds=False)
    spelling = Spelling(forms, known)
    assert spelling.correction("hose", False) == "house"
    # An exchange is likelier than a letter of thirty.
    assert spelling.correction("hosre", False) == "horse"
    assert spelling.correction("hoise", False) == "house"


def test_a_letter_without_its_accent_is_likelier_than_one_left_out() -> None:
    forms = {"mögen": 300, "Morgen": 900}
    known = KnownWords([form.casefold() for form in forms], compounds=False)
    assert Spelling(forms, known).correction("mogen", False) == "mögen"


def test_a_form_of_the_likeliest_word_is_not_read_as_a_less_likely_one() -> None:
    forms = {"nicht": 20_000, "nach": 9_000, "dich": 500}
    spelling = Spelling(forms, KnownWords(forms, compounds=False))
    assert spelling.correction("nich", False) is None
    assert spelling.correction("nciht", False) == "nicht"
    assert spelling.correction("nahc", False) == "nach"


def test_a_word_without_its_apostrophe_stays() -> None:
    forms = {"want": 900, "there": 900, "they": 900}
    whole = Spelling(forms, KnownWords(forms, compounds=False))
    assert whole.correction("wasnt", False) == "want"
    parts = Spelling(forms, KnownWords([*forms, "wasn", "t", "re"], compounds=False))
    assert parts.correction("wasnt", False) is None
    assert parts.correction("theyre", False) is None
    assert parts.correction("wanrt", False) == "want"


def test_a_name_in_lower_case_is_not_taken_for_a_word_that_is_rare() -> None:
    forms = {"Lean": 30, "loves": 900, "kitchen": 50, "the": 9_000, "is": 9_000, "I": 9_000}
    known = KnownWords([form.casefold() for form in forms], compounds=False)
    keeper = Keeper(known, Spelling(forms, known))
    assert read("lena loves the kitchne", keeper).text == "Lena loves the kitchen"
    assert read("I is lena", keeper).text == "I is Lean"  # here it would have had a capital


@pytest.mark.parametrize("inside", ["\u00ad", "\u200d", "\u0316", "3", "_"])
def test_a_part_of_a_word_is_no_word(keeper: Keeper, inside: str) -> None:
    sentence = f"Der Mann und siet{inside}seiht."
    assert read(sentence, keeper).rewritten == []


def test_words_of_one_case_as_they_are_mostly_written(spelling: Spelling) -> None:
    assert spelling.cased("hund") == "Hund"
    assert spelling.cased("STRASSE") == "Straße"
    assert spelling.cased("i've") == "I've"
    assert spelling.cased("paris") == "Paris"
    assert spelling.cased("Quux") == "quux"


def test_a_sentence_is_read_as_it_was_meant(keeper: Keeper) -> None:
    assert read("Der Hnud sieth Zarathustra.", keeper).text == f"Der Hund sieht {SYMBOLS[0]}."
    assert read("der hund und i sehen paris", keeper).text == "Der Hund und I sehen Paris"
    shouted = read("DER HUND STEHT, ZARATHUSTRA!", keeper)
    assert shouted.text == f"Der Hund steht, {SYMBOLS[0]}!"
    assert shouted.capitals
    assert shouted.restored(f"The dog, {SYMBOLS[0]}!") == "THE DOG, ZARATHUSTRA!"
    # A single word may be part of something.
    assert read("hund", keeper).text == "hund"
    assert read("Der Mann sieht Paris.", keeper).rewritten == []


def test_who_has_read_lower_case_alone_is_given_that() -> None:
    def keeper(forms: dict[str, int]) -> Keeper:
        known = KnownWords([form.casefold() for form in forms], compounds=True)
        return Keeper(known, Spelling(forms, known))

    lower = {form.casefold(): count for form, count in FORMS.items()}
    assert read("hund und mann", keeper(lower)).text == "hund und mann"
    shouted = read("HUND UND MANN", keeper(lower))
    assert (shouted.text, shouted.capitals) == ("hund und mann", True)
    assert read("hund und mann", keeper({**lower, "Haus": 300})).text == "Hund und mann"
    # A dictionary's words say nothing of what was read.
    assert read("hund und mann", keeper({**lower, "Haut": 0})).text == "hund und mann"


def test_what_is_right_although_it_was_never_read() -> None:
    forms = {**FORMS, "Maut": 0, "streit": 0, "Mahler": 0}
    known = KnownWords({form.casefold() for form in FORMS} - NAMES, compounds=True)
    spelling = Spelling(forms, known)
    assert Spelling(FORMS, known).correction("steit", False) == "steht"
    assert Spelling({**FORMS, "steit": 0}, known).correction("steit", False) is None
    assert spelling.correction("strit", False) is None  # nothing is taken for it
    assert spelling.cased("MAUT") == "Maut"


def test_what_stands_beside_a_name_may_be_one(keeper: Keeper) -> None:
    assert read("Der Hudn sieht Usain.", keeper).text == f"Der Hund sieht {SYMBOLS[0]}."
    for text in ("Der Mann sieht Usain Hudn.", "Der Mann sieht Hudn Usain."):
        masked = read(text, keeper)
        assert masked.text == f"Der Mann sieht {SYMBOLS[0]}."
        assert masked.rewritten == []
    assert read("Usain, der Hudn", keeper).text == f"{SYMBOLS[0]}, der Hund"


def test_what_is_kept_and_what_a_glossary_holds_is_not_corrected(keeper: Keeper) -> None:
    masked = read("Der Hnud sieht a@hnud.de", keeper, Glossary({"Hnud": "hound"}))
    assert masked.text == f"Der {SYMBOLS[0]} sieht {SYMBOLS[1]}"
    assert list(masked.values.values()) == ["hound", "a@hnud.de"]


@pytest.mark.parametrize(
    "sentence",
    ["Der Fahrad sieth Zarathustra, 12:30.", "der hund seiht", "DIE STRASSE STEHT 5.", "a b"],
)
def test_where_corrected_words_come_from(keeper: Keeper, sentence: str) -> None:
    masked = read(sentence, keeper)
    origins = masked.origins(sentence)
    assert len(origins) == len(masked.text)
    assert [span.start for span in origins] == sorted(span.start for span in origins)
    assert origins[-1].end == len(sentence)
    for span, text in masked.rewritten:
        place = origins.index(next(one for one in origins if one.start == span.start))
        found = origins[place : place + len(text)]
        assert Span(found[0].start, found[-1].end) == span
        assert masked.text[place + 1 : place + len(text)] == text[1:]


def test_most_slips_are_found(spelling: Spelling) -> None:
    words = [word for word in FORMS if len(word) >= 5 and FORMS[word] >= 50]
    found = total = 0
    for seed in range(40):
        for word in words:
            typed = mistyped(word, Random(f"{seed} {word}"))
            found += typed == word or spelling.correction(typed, False) == word
            total += 1
    assert 0.65 < found / total < 1


def test_forms_in_their_file() -> None:
    assert forms_in(forms_content(FORMS)) == FORMS
    assert forms_content({"b": 2, "A": 1}) == "A\t1\nb\t2\n"
    with pytest.raises(ValueError, match="not enough values"):
        forms_in("a\n")
