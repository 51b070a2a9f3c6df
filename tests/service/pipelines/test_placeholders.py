"""What a sentence keeps, the symbols in its place, and the way back."""

import time

import pytest

from service.pipelines.placeholders import (
    SYMBOLS,
    Glossary,
    Keeper,
    Kept,
    KnownWords,
    Span,
    composed,
    find,
    mask,
    read,
)

WORDS = "the man in wrote to at visit call a year old from of costs meet see he we and please"
KNOWN = KnownWords(WORDS.split(), compounds=False)


def kept(text: str, known: KnownWords | None = KNOWN) -> list[str]:
    return [text[start:end] for start, end in Keeper(known).spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Peter Schmidt wrote to info@example.com.", ["Peter Schmidt", "info@example.com"]),
        ("Visit https://example.com/a?b=1, please!", ["https://example.com/a?b=1"]),
        ("See (www.example.org/x).", ["www.example.org/x"]),
        ("See example.co.uk.", ["example.co.uk"]),
        ("Call +49 30 1234567 at 12:30.", ["+49 30 1234567", "12:30"]),
        ("A 3-year-old man", ["3"]),
        ("Version 2.5.1 costs $1,234.56 of 50%.", ["Version", "2.5.1", "$1,234.56", "50%"]),
        ("Meet @anna_b #MondayMood 😀!", ["@anna_b", "#MondayMood", "😀"]),
        ("see /usr/bin/python and C:\\temp\\a.txt", ["/usr/bin/python", "C:\\temp\\a.txt"]),
        ("see report.pdf of AB-123", ["report.pdf", "AB-123"]),
        ("He wrote to Владивосток and 東京", ["Владивосток", "東京"]),
        ("my_var and OpenSSL", ["my_var", "OpenSSL"]),
        ("the O'Brien man", ["O'Brien"]),
        ("the O’Brien man", ["O’Brien"]),
        ("please see the man’s, we don’t", []),
        ("we wrote: \ue003", ["\ue003"]),
        ("call 0151 4412345 at 12", ["0151 4412345", "12"]),
        ("call (030) 1234567.", ["(030) 1234567"]),
        ("costs from 2019 2020 to 100", ["2019", "2020", "100"]),
        ("to DE44 5001 0517 5407 3249 31, please", ["DE44 5001 0517 5407 3249 31"]),
        ("see QX-311-A of @ada.byron.", ["QX-311-A", "@ada.byron"]),
        ("see setup.cfg", ["setup.cfg"]),
        ("we see srv-db-03, k8s-node-03 and web-01.", ["srv-db-03", "k8s-node-03", "web-01"]),
        ("the man-of-1990s in the old-man-24-year", ["1990s", "24"]),  # of known words
        ("Please meet the man.", []),
        ("", []),
    ],
)
def test_what_a_sentence_keeps(text: str, expected: list[str]) -> None:
    assert kept(text) == expected


def test_words_are_left_alone_where_none_are_known() -> None:
    assert kept("Peter Schmidt wrote to 5 men", None) == ["5"]


def test_a_compound_of_known_words_is_known() -> None:
    german = KnownWords(["haus", "tür", "hund", "zeitung", "leser"], compounds=True)
    assert kept("Haustür Hundehaus Zeitungsleser Haustürzyx Gatehouse", german) == [
        "Haustürzyx Gatehouse"
    ]
    assert kept("Haustür", KnownWords(["haus", "tür"], compounds=False)) == ["Haustür"]


def test_a_sentence_and_back() -> None:
    text = "Peter wrote to info@example.com at 12:30."
    masked = mask(text, find(text, Keeper(KNOWN)))
    assert masked.text == f"{SYMBOLS[0]} wrote to {SYMBOLS[1]} at {SYMBOLS[2]}."
    assert masked.restored(masked.text) == text
    translation = f"Um {SYMBOLS[2]} schrieb {SYMBOLS[0]} an {SYMBOLS[1]}."
    assert masked.restored(translation) == "Um 12:30 schrieb Peter an info@example.com."


def test_a_symbol_that_stands_for_nothing_vanishes() -> None:
    masked = mask("a 1 b", [Kept(Span(2, 3), "eins", False)])
    assert masked.restored(f"x {SYMBOLS[0]} y{SYMBOLS[5]}") == "x eins y"


@pytest.mark.parametrize("text", ["ß", "TO THE MAN", "the man?", "we see Ada at 12:30."])
def test_a_sentence_for_which_no_word_was_written_stays(text: str) -> None:
    masked = read(text, Keeper(KNOWN))
    for nothing in ("", " ", ".", SYMBOLS[5]):
        assert masked.shown(nothing) == text
        assert masked.shown(nothing, whole=False) == ""
        # Who learns from it must not take it for a translation.
        assert masked.restored(nothing) != text
    assert masked.shown("Ja").lower().startswith("ja")


@pytest.mark.parametrize("text", ["-", "* * *", "…!", "😀", "https://a.de/x", "5 😀", "Ada"])
def test_a_sentence_without_words_is_its_own_translation(text: str) -> None:
    masked = read(text, Keeper(KNOWN))
    assert masked.wordless
    for translation in ("", "Ja.", "Nein", masked.text):
        assert masked.shown(translation) == text
        assert masked.shown(translation, whole=False) == text
        places = masked.places(translation)
        assert len(places) == len(translation)
        assert all(0 <= start <= end <= len(text) for start, end in places)


def test_a_term_alone_is_translated() -> None:
    text = "House!"
    masked = mask(text, find(text, Keeper(KNOWN), Glossary({"House": "Gebäude"})))
    assert masked.shown("Das ist ein Haus") == "Gebäude!"


def test_more_than_there_are_symbols_stay_as_they_are() -> None:
    text = " ".join(map(str, range(len(SYMBOLS) + 2)))
    kept = find(text, Keeper(None))
    assert len(kept) == len(SYMBOLS) + 2
    masked = mask(text, kept)
    assert len(masked.values) == len(SYMBOLS)
    assert masked.text.endswith(" 10 11")
    assert masked.restored(masked.text) == text


def test_terms_come_before_what_is_kept() -> None:
    text = "1 2 3 4 5 6 7 8 9 10 11 house"
    masked = mask(text, find(text, Keeper(None), Glossary({"house": "Gebäude"})))
    assert masked.text.endswith(f" 10 11 {SYMBOLS[-1]}")
    assert masked.values[SYMBOLS[-1]] == "Gebäude"


def test_a_term_has_what_it_shares_with_something_kept() -> None:
    text = "He wrote to 5 houses in New York"
    kept = find(text, Keeper(KNOWN), Glossary({"York": "Jorvik"}))
    assert [(text[one.span.start : one.span.end], one.value) for one in kept] == [
        ("5", "5"),
        ("York", "Jorvik"),
    ]


def test_a_term_that_a_sentence_begins_with_gets_its_capital() -> None:
    glossary = Glossary({"Haus": "building", "groß": "tall"})
    masked = mask("Das Haus ist groß.", find("Das Haus ist groß.", Keeper(None), glossary))
    first, second = SYMBOLS[:2]
    assert masked.restored(f"{first} is {second}.") == "Building is tall."
    assert masked.restored(f"The {first} is {second}.") == "The building is tall."
    lower = mask("das Haus", find("das Haus", Keeper(None), glossary))
    assert lower.restored(first) == "building"
    address = mask("Siehe example.com!", find("Siehe example.com!", Keeper(None)))
    assert address.restored(f"{first}: see!") == "example.com: see!"


@pytest.mark.parametrize(
    "unit", ["a", "a.", "1", "1 ", "a@", "(1", "A", "aB", "_a", "😀", "@", "/a"]
)
def test_the_time_grows_with_the_text_alone(unit: str) -> None:
    """Not with its square: a client could stop a worker. Ratios, because machines differ."""

    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            Keeper(KNOWN).spans(text)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(64_000) < 40 * max(seconds(8_000), 1e-4)  # 8 times as much, and not 64


def test_a_word_too_long_to_be_one_is_kept_in_time_that_grows_with_it() -> None:
    known = KnownWords(["wort"], compounds=True)
    text = "A " + "Wortwort" * 5000
    assert [text[start:end] for start, end in Keeper(known).spans(text)][-1] == text[2:]


def test_a_symbol_that_stands_for_nothing_is_not_written() -> None:
    masked = read("the man in", Keeper(KNOWN))
    assert masked.text == "the man in"
    assert masked.restored(f"der {SYMBOLS[3]}Mann") == "der Mann"
    assert [span.start for span in masked.places(f"a{SYMBOLS[3]}b")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("sentence", "translation", "expected"),
    [
        ("the man wrote", "Der Mann schrieb.", "Der Mann schrieb"),
        ("the man wrote ", "Der Mann schrieb.", "Der Mann schrieb"),
        ("the man wrote to Zoë", "Der Mann schrieb \ue000.", "Der Mann schrieb Zoë"),
        ("THE MAN WROTE", "Der Mann schrieb.", "DER MANN SCHRIEB"),
        ("the man wrote.", "Der Mann schrieb.", "Der Mann schrieb."),
        ("the man wrote?", "Der Mann schrieb.", "Der Mann schrieb."),
        ("the man wrote)", "Der Mann schrieb.", "Der Mann schrieb."),
        ("the man wrote", "Der Mann schrieb!", "Der Mann schrieb!"),
        ("the man of old", "Der Mann am 3.", "Der Mann am 3."),
        ("the man wrote", "Er schrieb. Der Mann.", "Er schrieb. Der Mann"),
        ("the man", ".", "the man"),
        ("the man", "", "the man"),
    ],
)
def test_what_has_no_full_stop_gets_none(sentence: str, translation: str, expected: str) -> None:
    masked = read(sentence, Keeper(KNOWN))
    assert masked.shown(translation) == expected
    # A stream never takes back what it has written.
    written = ""
    for end in range(len(translation) + 1):
        text = masked.shown(translation[:end], whole=end == len(translation))
        assert text.startswith(written)
        written = text
    places = masked.places(translation)
    assert [place.end for place in places][-1:] == ([len(expected)] if translation else [])


def test_what_a_translation_lacks_is_put_behind_it() -> None:
    masked = read("Meet Zarathustra at 12:30.", Keeper(KNOWN))
    name, time = masked.values
    assert masked.restored(f"Triff {name}.") == "Triff Zarathustra. 12:30"
    assert masked.restored(f"Triff {name}.", whole=False) == "Triff Zarathustra."
    assert masked.restored("") == "Zarathustra 12:30"
    assert masked.only(f"Meet {name}").restored(f"Triff {name}") == "Triff Zarathustra"
    assert masked.only(f"at {time}.").restored(time) == "12:30"


@pytest.mark.parametrize("sentence", ["THE CAT SAT AT 12:30!", "TWO MEN, ONE HOUSE"])
def test_a_sentence_in_capitals_is_read_in_lower_case(sentence: str) -> None:
    masked = read(sentence, Keeper(None))
    calm = masked.text
    assert calm[1:] == calm[1:].lower()
    assert calm[0].isupper()
    assert masked.restored(calm) == sentence


@pytest.mark.parametrize("sentence", ["NATO", "The NATO and the EU", "I", "A B C", "12:30", ""])
def test_what_is_not_all_in_capitals_stays(sentence: str) -> None:
    assert not read(sentence, Keeper(None)).capitals


def test_what_is_kept_keeps_its_case_among_capitals() -> None:
    masked = read("WRITE TO ZARATHUSTRA", Keeper(KNOWN), Glossary({"write": "schreibe"}))
    first, second = masked.values
    assert masked.restored(f"{first} an {second} in der straße") == (
        "Schreibe AN ZARATHUSTRA IN DER STRASSE"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Meet Zarathustra at 12:30.",
        "MEET ZARATHUSTRA AT 12:30.",
        "Rene\u0301e met Zoe\u0308, 1 o\u0302.",
        "한국 e\u0301 q\u0301\u0323x 5",
    ],
)
def test_where_the_characters_of_a_masked_sentence_come_from(sentence: str) -> None:
    masked = read(sentence, Keeper(KNOWN))
    origins = masked.origins(sentence)
    assert len(origins) == len(masked.text)
    parts = dict.fromkeys(origins)  # two characters may have come from the same ones
    assert "".join(sentence[start:end] for start, end in parts) == sentence
    for character, (start, end) in zip(masked.text, origins, strict=True):
        part = composed(sentence[start:end])
        assert masked.values.get(character, character).casefold() in part.casefold()


def test_where_the_characters_of_a_translation_go() -> None:
    masked = read("MEET ZARATHUSTRA AT 12:30.", Keeper(KNOWN))
    name, time = masked.values
    written = f"Triff {name} um {time} am Fuß"
    restored = masked.restored(written)
    places = masked.places(written)
    assert restored == "TRIFF ZARATHUSTRA UM 12:30 AM FUSS"
    assert [restored[slice(*place)] for place in places[6:10]] == ["ZARATHUSTRA", " ", "U", "M"]
    assert restored[slice(*places[-1])] == "SS"


def test_what_is_kept_is_recognised_in_a_translation() -> None:
    masked = read("Zarathustra paid 5 of 12:30.", Keeper(KNOWN))
    name, _, time = masked.values
    text = "Um 12:30 zahlte Zarathustra."
    written, places = masked.recognised(text)
    assert written == f"Um {time} zahlte {name}."
    assert [text[slice(*place)] for place in places][3] == "12:30"
    assert "".join(text[slice(*place)] for place in places) == text


def test_a_letter_with_thousands_of_accents_is_composed_a_few_times_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths: list[int] = []

    def counted(text: str) -> str:
        lengths.append(len(text))
        return composed(text)

    sentence = "the cat e" + "\u0301\u0316" * 400 + " sat"
    masked = read(sentence, Keeper(None))
    monkeypatch.setattr("service.pipelines.placeholders.masked.composed", counted)
    origins = masked.origins(sentence)
    assert len(origins) == len(masked.text)
    assert sum(lengths) < 8 * len(sentence)
