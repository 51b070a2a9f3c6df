"""Texts to send: reviews and sentences composed from our own words, the same on every machine.

The sentences are English that the shipped translator knows, so that translations have natural
lengths. Pure; a seed decides everything.
"""

import random

_SUBJECTS = (
    "the film", "this movie", "the story", "the whole cast", "the director", "the second half",
    "the ending", "the script", "the music", "the lead actress", "the old detective", "the pacing",
)  # fmt: skip
_VERBS = (
    "is", "feels", "seems", "was", "remains", "turned out", "looks", "sounds", "became", "stays",
)  # fmt: skip
_QUALITIES = (
    "wonderful", "rather dull", "surprisingly funny", "far too long", "quite moving",
    "hard to believe", "beautifully made", "a complete waste of time", "better than expected",
    "predictable", "full of charm", "poorly written", "never boring", "a little confusing",
    "worth every minute", "disappointing",
)  # fmt: skip
_JOINTS = ("and", "but", "although", "because", "while", "even if", "so", "yet")
_OPENINGS = (
    "I watched it twice and", "To be honest,", "My friends told me that", "After ten minutes",
    "For a low budget production", "If you like the genre,", "On a rainy evening", "In my opinion",
)  # fmt: skip
_CLOSINGS = (
    "I would see it again", "I walked out early", "my family loved it", "do not bother",
    "we laughed a lot", "it deserves more attention", "I expected more", "you will not regret it",
)  # fmt: skip

_PEOPLE = (
    "a man", "a woman", "two men", "two women", "a little girl", "a young boy", "a group of people",
    "three children", "an old man", "a brown dog", "several people", "a young couple",
)  # fmt: skip
_CLOTHES = (
    "in a red shirt", "in a blue jacket", "with a white hat", "in a black coat", "with long hair",
    "in a green dress", "with a backpack", "wearing sunglasses",
)  # fmt: skip
_ACTIONS = (
    "sitting on a bench", "walking down the street", "playing with a ball", "riding a bicycle",
    "standing in front of a building", "reading a book", "eating ice cream", "talking to a friend",
    "waiting for the bus", "looking at the water", "running through the grass",
    "playing the guitar", "taking a picture", "drinking coffee",
)  # fmt: skip
_PLACES = (
    "in the park", "on the beach", "near the river", "at the market", "in the city", "in the snow",
    "by the window", "at night", "on a sunny day", "in the kitchen", "behind a fence",
    "in a garden",
)  # fmt: skip
_LINKS = ("while", "and", "as", "while", "and")


def reviews(count: int, words: int, seed: int = 1) -> list[str]:
    """Reviews of `words` words each, or up to two more or fewer (clauses are whole).

    Raises ValueError below 12 words.
    """
    chance = random.Random(seed)
    return [_review(chance, words) for _ in range(count)]


def _review(chance: random.Random, words: int) -> str:
    for _ in range(1000):
        parts = chance.choice(_OPENINGS).split()
        closing = chance.choice(_CLOSINGS).split()
        while len(parts) + len(closing) < words - 2:
            parts += chance.choice(_SUBJECTS).split()
            parts += chance.choice(_VERBS).split()
            parts += chance.choice(_QUALITIES).split()
            parts += chance.choice(_JOINTS).split()
        parts += closing
        if abs(len(parts) - words) <= 2:
            text = " ".join(parts)
            return f"{text[0].upper()}{text[1:]}{chance.choice('.!')}"
    raise ValueError(f"no review of {words} words; ask for at least 12")


def sentences(count: int, shortest: int = 5, longest: int = 60, seed: int = 2) -> list[str]:
    """Sentences of `shortest` to `longest` words, every length as often as any other.

    Lengths are dealt like cards, from one shuffled deck after another, so that any stretch of the
    list is as long as any other.
    """
    chance = random.Random(seed)
    deck: list[int] = []
    found = []
    for _ in range(count):
        if not deck:
            deck = list(range(shortest, longest + 1))
            chance.shuffle(deck)
        found.append(_sentence(chance, deck.pop()))
    return found


def _sentence(chance: random.Random, words: int) -> str:
    """One sentence of that many words, or up to three fewer (clauses are whole)."""
    for _ in range(1000):
        parts = _clause(chance)
        while len(parts) < words - 3:
            parts += [chance.choice(_LINKS), *_clause(chance)]
        if words - 3 <= len(parts) <= words:
            text = " ".join(parts)
            return f"{text[0].upper()}{text[1:]}."
    raise ValueError(f"no sentence of {words} words; ask for at least 5")


def _clause(chance: random.Random) -> list[str]:
    """Someone who does something: 4 to 14 words."""
    who = chance.choice(_PEOPLE)
    verb = "are" if who.split()[0] in {"two", "three", "several"} else "is"
    clothes = chance.choice(_CLOTHES) if chance.random() < 0.4 else ""
    place = chance.choice(_PLACES) if chance.random() < 0.6 else ""
    return f"{who} {clothes} {verb} {chance.choice(_ACTIONS)} {place}".split()
