"""What is measured of a translator, on cases done by hand and on the tiny one, which copies."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sacrebleu.metrics.bleu import BLEU

from tests import tiny_models
from training.data.examples import SentencePair
from training.probes.translation import GlossaryTerm, KeptSentence, OddText, Stretch
from training.robustness.glossary import MOST_OF_A_TERM, draw_forced, measure_glossary
from training.robustness.kept import Share, measure_kept, score_kept, stands
from training.robustness.odd import is_endless, measure_odd
from training.robustness.searches import measure_searches
from training.robustness.served import Served
from training.robustness.typed import VARIATIONS, measure_typed, on_a_bare_keyboard, without_end

SENTENCES = ("the good cat sat on the mat.", "Two men talk in the street!", "a bad dog ran")
COPIED = [SentencePair(text, text) for text in SENTENCES]
DOG = GlossaryTerm("dog", ("Hund",), "Vierbeiner")


@pytest.fixture(scope="module")
def copying(published_models: Path) -> Iterator[Served]:
    """It copies, and takes no glossary."""
    with Served(published_models / "translation-en-de" / "1", beam_size=2) as served:
        yield served


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """It copies, and carries over what it does not know."""
    folder = tmp_path_factory.mktemp("keeping")
    known = ["the", "runs", "a", "ran", "dogs", "run"]
    with Served(tiny_models.publish_translator(folder, known=known), beam_size=2) as served:
        yield served


@pytest.mark.parametrize(
    ("stretch", "translation", "expected"),
    [
        ("Oslo", "in Oslo.", True),
        ("Oslo", "in Oslos Norden", False),
        ("Oslo", "in oslo", False),
        ("Toyota", "ein Toyota-Fahrer", True),
        ("27", "Nummer 27.", True),
        ("27", "um 27:30", False),
        ("27", "1.27", False),
        ("27", "127", False),
        ("3.5", "3.51", False),
        ("@lena", "(@lena)", True),
        ("😂", "haha😂😂", True),
        ("/var/log", "nach /var/log, dann", True),
        ("Ayşe", "mit Ays\u0327e", True),
        ("a+b@c.de", "a+b@c.de?", True),
    ],
)
def test_a_stretch_stands_as_it_is(stretch: str, translation: str, expected: bool) -> None:
    assert stands(stretch, translation) is expected


def test_shares_of_stretches_by_hand() -> None:
    sentences = [
        KeptSentence("Ann, 7", "chat", (Stretch("name", "Ann"), Stretch("number", "7"))),
        KeptSentence("Bo is 8", "news", (Stretch("name", "Bo"), Stretch("number", "8"))),
    ]
    kept = score_kept(sentences, ["Ann, 9", "Bo ist 8"])
    assert kept.shares == {
        "name": Share(2, 100.0),
        "number": Share(2, 50.0),
        "in chat": Share(2, 50.0),
        "in news": Share(2, 100.0),
        "all": Share(4, 75.0),
    }
    (lost,) = kept.lost
    assert (lost.text, lost.translation) == ("Ann, 7", "Ann, 9")
    assert lost.stretches == [Stretch("number", "7")]


def test_a_translator_that_copies_keeps_everything(copying: Served) -> None:
    sentences = [KeptSentence("a Tove ran", "chat", (Stretch("name", "Tove"),))]
    assert measure_kept(copying, sentences).shares["all"] == Share(1, 100.0)


def test_copying_costs_nothing_but_the_typing_error(copying: Served) -> None:
    typed = measure_typed(copying, COPIED, seed=1)
    assert (typed.sentences, typed.plain) == (3, 100.0)
    assert "case:mixed" in typed.signature
    for name in ("capitals", "lower case", "no end", "no accents"):
        assert typed.costs[name].lost == 0.0, name
    assert "case:lc" in typed.costs["capitals"].signature
    error = typed.costs["typing error"]
    assert error.plain == 100.0
    assert 0 < error.typed < 100
    assert error.lost == pytest.approx(100 - error.typed)
    assert measure_typed(copying, COPIED, seed=1) == typed
    assert measure_typed(copying, COPIED, seed=2).costs["typing error"] != error


def test_an_end_that_the_source_has_not_is_a_mistake(copying: Served) -> None:
    (no_end,) = (one for one in VARIATIONS if one.name == "no end")
    assert no_end.typed("How?!  ", Random(1)) == "How?!  "  # white space is not trimmed here
    assert without_end("He said ... yes …") == "He said ... yes"
    assert without_end("?!") == "?!"
    pairs = [SentencePair("the cat sat on the mat.", "the cat sat on the mat. .")]
    plain = measure_typed(copying, pairs, seed=1).costs["no end"]
    expected = BLEU().corpus_score(["the cat sat on the mat"], [["the cat sat on the mat."]])
    assert plain.typed == round(expected.score, 2)


def test_a_keyboard_without_accents() -> None:
    assert on_a_bare_keyboard("Größe, U\u0308bung, déjà vu") == "Grosse, Ubung, deja vu"


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("a cat", "eine Katze", False),
        ("a cat", " ".join(map(str, range(16))), False),
        ("a cat", " ".join(map(str, range(17))), True),
        ("a cat", "a" * 115, False),
        ("a cat", "a" * 116, True),
        ("one two " * 3, "eins zwei drei vier " * 3, False),
        (" ".join(map(str, range(9))), "eins zwei drei vier " * 4, True),
        ("one two three four " * 5, "eins zwei drei vier " * 4, False),
        ("very " * 50, "sehr " * 50, False),
        (
            "今天天气很好我们去公园",
            "Heute ist es schön und wir gehen in den Park und bleiben",
            False,
        ),
        ("今天天", "Heute ist es schön und wir gehen bald wieder in den Park zu den " * 2, True),
    ],
)
def test_endless_by_hand(source: str, translation: str, expected: bool) -> None:
    assert is_endless(source, translation) is expected


def test_what_fails_is_known_and_the_others_are_answered(copying: Served) -> None:
    odd = measure_odd(copying, [OddText("mark", "?!"), OddText("nothing", " "), OddText("a", "a")])
    assert (odd.failed, odd.empty, odd.invented, odd.endless) == (33.3, 0.0, 0.0, 0.0)
    answers = {one.kind: one for one in odd.answers}
    assert answers["mark"].translation == "?!"
    assert not answers["mark"].bad
    assert answers["nothing"].bad
    assert "nothing to read" in str(answers["nothing"].error)


def test_words_for_a_text_without_any_are_made_up(copying: Served) -> None:
    # NFKC writes a sign in letters, which the tiny translator copies.
    odd = measure_odd(copying, [OddText("mark", "™"), OddText("mark", "!"), OddText("word", "no")])
    assert [one.translation for one in odd.answers] == ["TM", "!", "no"]
    assert [one.invented for one in odd.answers] == [True, False, False]
    assert odd.invented == 33.3


def test_sentences_with_a_term_are_drawn() -> None:
    pairs = [
        SentencePair("A dog runs", "Ein Hund rennt"),
        SentencePair("A dog and a dog", "Ein Hund und ein Hund"),  # which of them?
        SentencePair("The dogs run", "Der Hund rennt"),  # another word
        SentencePair("A dog sleeps", "Ein Vierbeiner mit Hund"),  # it would appear by itself
        SentencePair("My dog barks", "Mein Dackel bellt"),
        *[SentencePair(f"Dog number {n}", f"Hund Nummer {n}") for n in range(9)],
    ]
    drawn = draw_forced(pairs, [DOG])
    assert len(drawn) == MOST_OF_A_TERM
    assert drawn[0].forced_reference == "Ein Vierbeiner rennt"
    assert [one.source for one in drawn] == ["A dog runs", *[f"Dog number {n}" for n in range(3)]]
    (lady,) = draw_forced(
        [SentencePair("Frauen reden", "Women talk")], [GlossaryTerm("Frauen", ("women",), "ladies")]
    )
    assert lady.forced_reference == "Ladies talk"


def test_a_term_appears_in_its_place(keeping: Served, copying: Served) -> None:
    pairs = [
        SentencePair("the dog runs", "the Hund runs"),
        SentencePair("a dog runs a dogs run", "a Hund runs a dogs run"),
    ]
    drawn = draw_forced(pairs, [DOG])
    found = measure_glossary(keeping, drawn)
    assert found is not None
    assert (found.sentences, found.appears, found.relevant) == (2, 100.0, 100.0)
    assert found.none == found.irrelevant < 100
    assert found.missed == []
    assert measure_glossary(copying, drawn) is None
    assert measure_glossary(keeping, []) is None


def test_greedy_beside_a_beam(copying: Served) -> None:
    found = measure_searches(copying, COPIED)
    assert found.bleu == {5: 100.0, 1: 100.0}
    assert found.lost == 0.0
