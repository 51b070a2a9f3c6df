"""How words are written, as a translator's training reads them."""

from service.pipelines.placeholders import KnownWords, Spelling
from training.data.dictionary import dictionary, frequencies
from training.data.spelling import in_use, merged_forms, mistakable, respelt, written_forms


def test_the_forms_that_words_mostly_have() -> None:
    texts = [
        "Der Hund sieht den Hund.",
        "Sieht der hund?",
        "Essen ist gut; wir essen, sie essen das Essen nicht.",
        "Nur hier steht 3 x y_z.",
        "Cafe\u0301",
    ]
    forms = written_forms(texts)
    assert forms["Hund"] == 3
    assert forms["essen"] == 4  # what begins a text has its capital from there
    assert forms["sieht"] == 2
    assert forms["Nur"] == 1  # nothing else is known of it
    assert forms["Caf\u00e9"] == 1
    assert len({form.casefold() for form in forms}) == len(forms)


def test_a_run_goes_on_with_the_texts_of_the_one_before() -> None:
    both = merged_forms({"Hund": 3, "essen": 2}, {"hund": 1, "Essen": 5, "neu": 1})
    assert both == {"Hund": 3, "Essen": 5, "neu": 1}


def test_right_words_that_look_like_mistyped_ones() -> None:
    forms = {"Zwecke": 100, "streckte": 100, "internal": 100, "Mann": 100}
    spelling = Spelling(forms, KnownWords([form.casefold() for form in forms], compounds=True))
    words = [
        "Zecke",
        "ZECKE",
        "zecke",
        "Streikte",
        "interval",
        "Mann",
        "Mannmann",
        "far",
        "internl",
    ]
    assert mistakable(words[:2], spelling, {}) == {"Zecke"}
    assert mistakable(words, spelling, {}) == {"zecke", "Streikte", "interval", "internl"}


def test_words_of_keyboards_that_lack_letters() -> None:
    forms = {"für": 1000, "fuer": 2, "fällt": 200, "fallt": 1, "über": 500, "Uber": 40, "Bühne": 90}
    often = {
        "für": 8e-3,
        "fuer": 3e-5,
        "fällt": 9e-5,
        "fallt": 7e-7,
        "über": 3e-3,
        "uber": 2e-5,
        "bühne": 5e-5,
        "buhne": 3e-7,
    }
    assert respelt(forms, often) == {"fuer", "fallt"}  # "Uber" was read too often
    assert respelt(forms, {}) == set()
    assert respelt(forms, often | {"fallt": 2e-6}) == {"fuer"}  # a word of its own
    spelling = Spelling(forms, KnownWords([form.casefold() for form in forms], compounds=True))
    assert mistakable(["Buhne"], spelling, often) == set()
    assert mistakable(["Buhne"], spelling, {}) == {"Buhne"}
    assert mistakable(["Buhne"], spelling, often | {"buhne": 2e-6}) == {"Buhne"}


def test_what_is_written_too_often_to_be_mistyped() -> None:
    forms = {"the": 1000, "definitely": 100, "weekend": 100, "surprise": 100, "für": 100}
    spelling = Spelling(forms, KnownWords([*forms], compounds=False))
    often = {
        "the": 5e-2,
        "thx": 1.4e-6,
        "teh": 1.1e-6,  # rarer beside how likely it is that one key is hit before the other
        "definitely": 1.6e-4,
        "definately": 1.1e-6,
        "surprise": 5e-5,
        "suprise": 1.2e-6,
        "weekend": 2e-4,
        "weeknd": 7e-6,
        "für": 8e-3,
        "fuer": 5e-5,  # the keyboard lacks the letter, however often
        "strange": 1e-4,
    }
    assert all(spelling.correction(word, begins=False) for word in ("thx", "weeknd", "fuer"))
    assert in_use(often, spelling) == {"thx", "weeknd"}
    assert in_use({"suprise": 1e-8}, spelling) == {"suprise"}  # nobody writes what it would be


def test_how_often_people_write_what_no_dictionary_has() -> None:
    often = frequencies("de-AT")
    assert often["nen"] > often["mfg"] > 1e-6
    assert not frequencies("tlh")


def test_the_dictionary_of_a_language() -> None:
    assert {"interval", "burrowed", "casks", "lathe"} <= {*dictionary("en")}
    assert "definately" not in dictionary("en-GB")
    assert {"Zecke", "streikte", "häutet"} <= {*dictionary("de-AT")}
    assert not dictionary("tlh")
