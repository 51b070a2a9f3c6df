"""Tags from scores: the best allowed sequence, and the entities in it."""

from itertools import product

import numpy as np
import pytest

from service.pipelines.tag_decoding import Span, TagDecoder, is_bio, spans

TAGS = ("O", "B-a", "I-a", "B-b", "I-b")


def allowed(path: tuple[int, ...]) -> bool:
    before = "O"
    for tag in (TAGS[i] for i in path):
        if tag.startswith("I-") and before[2:] != tag[2:]:
            return False
        before = tag
    return True


@pytest.mark.parametrize("seed", range(20))
def test_no_allowed_sequence_is_better(seed: int) -> None:
    generator = np.random.default_rng(seed)
    logs = np.log(generator.dirichlet(np.full(len(TAGS), 0.4), size=4))
    best = max(
        (path for path in product(range(len(TAGS)), repeat=4) if allowed(path)),
        key=lambda path: logs[np.arange(4), list(path)].sum(),
    )
    assert tuple(TagDecoder(TAGS, bio=True).decode(logs).tolist()) == best


def test_a_forbidden_tag_is_never_chosen_however_likely() -> None:
    logs = np.full((3, len(TAGS)), -50.0)
    logs[:, TAGS.index("I-b")] = 0.0
    path = TagDecoder(TAGS, bio=True).decode(logs)
    assert [TAGS[i] for i in path] == ["B-b", "I-b", "I-b"]


def test_other_tags_follow_each_other_as_they_like() -> None:
    logs = np.array([[-5.0, 0.0], [0.0, -5.0], [-5.0, 0.0]])
    assert TagDecoder(("NOUN", "VERB"), bio=False).decode(logs).tolist() == [1, 0, 1]


def test_a_single_word() -> None:
    logs = np.array([[-3.0, -2.0, 0.0, -4.0, -1.0]])
    assert TagDecoder(TAGS, bio=True).decode(logs).tolist() == [1]


def test_entities() -> None:
    tags = ["B-a", "I-a", "O", "B-b", "B-b", "I-b", "B-a"]
    assert spans(tags) == [Span("a", 0, 2), Span("b", 3, 4), Span("b", 4, 6), Span("a", 6, 7)]
    assert spans(["O", "O"]) == [] == spans([])
    assert spans(["I-a", "I-b", "I-b"]) == [Span("a", 0, 1), Span("b", 1, 3)]


@pytest.mark.parametrize(
    ("tags", "bio"),
    [
        (TAGS, True),
        (("O", "B-a"), True),
        (("NOUN", "VERB"), False),
        (("B-a", "I-a"), False),
        (("O", "I-a"), False),
        (("O", "B-a", "NOUN"), False),
        (("O", "B-"), False),
        (("O",), False),
    ],
)
def test_which_tags_are_bio(tags: tuple[str, ...], bio: bool) -> None:
    assert is_bio(tags) is bio
