"""How words are written, as a translator's training reads them."""

from training.data.spelling import merged_forms, written_forms


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
