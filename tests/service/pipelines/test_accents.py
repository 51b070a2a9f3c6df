"""Keyboards that lack letters."""

from service.pipelines.placeholders.accents import has_accents, is_respelt, is_spelt_out


def test_words_of_a_keyboard_that_lacks_their_letters() -> None:
    assert is_respelt("uber", "über")
    assert is_respelt("ueber", "über")
    assert is_respelt("eleve", "élève")
    assert not is_respelt("élève", "eleve")
    assert not is_respelt("eléve", "élève")  # it has the letter, or not
    assert not is_respelt("über", "über")
    assert not is_respelt("мои", "мой")  # another letter


def test_umlauts_that_are_spelt_out() -> None:
    assert is_spelt_out("ueber", "über")
    assert not is_spelt_out("uber", "über")
    assert not is_spelt_out("haus", "haus")


def test_what_such_a_keyboard_can_not_write() -> None:
    assert has_accents("Oh là là")
    assert has_accents("Über")
    assert has_accents("Straße")
    assert has_accents("STRAẞE")
    assert not has_accents("Strasse, „мой“ \U0001f600")
