"""Words that stand for each other, found from pairs alone."""

from training.data.alignment import word_links
from training.data.examples import SentencePair

ENGLISH = {"dog": "Hund", "cat": "Katze", "sees": "sieht", "hears": "hört", "house": "Haus"}


def pairs() -> list[SentencePair]:
    made = []
    for subject in ("dog", "cat", "house"):
        for verb in ("sees", "hears"):
            for thing in ("dog", "cat", "house"):
                source = f"The {subject} {verb} the {thing}."
                # Another order, so that the place alone says nothing.
                target = f"{ENGLISH[thing]} {ENGLISH[verb]} {ENGLISH[subject]}!"
                made.append(SentencePair(source, target))
    return made


def test_words_are_linked_to_what_they_became() -> None:
    links = word_links(pairs())
    for pair, own in zip(pairs(), links, strict=True):
        found = {pair.source[slice(*link.source)]: pair.target[slice(*link.target)] for link in own}
        expected = {
            word: ENGLISH[word]
            for word in pair.source.rstrip(".").split()
            if word in ENGLISH and pair.source.count(word) == 1
        }
        assert found == expected


def test_pairs_without_words_have_no_links() -> None:
    assert word_links([SentencePair("1 2", "a b"), SentencePair("", "")]) == [[], []]
    assert word_links([]) == []
