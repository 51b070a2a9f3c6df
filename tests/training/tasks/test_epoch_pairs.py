"""Pairs that are read in another way in every epoch, and alike by a run that goes on."""

from random import Random

import numpy as np
import pytest

from tests.training import small_tasks
from training.bpe_dropout import BpeDropout
from training.data.examples import SentencePair
from training.tasks.epoch_pairs import DrawnPairs, Reading

PAIRS = [[SentencePair(f"ab cd ef {i}", f"fe dc ba {i}") for i in range(30)], []]


def drawn_pairs(dropout: float = 0.3, seed: int = 1, max_tokens: int = 100) -> DrawnPairs:
    def drawn(index: int, random: Random) -> SentencePair:
        source, target = PAIRS[0][index]
        return SentencePair(source + " x" * random.randrange(3), target)

    reading = Reading(small_tasks.pair_tokenizer(), max_tokens, dropout, seed)
    return DrawnPairs(PAIRS, drawn, reading)


def rows(pairs: DrawnPairs, epoch: int, indices: list[int]) -> list[list[int]]:
    sources, targets = pairs.rows(epoch, np.array(indices))
    return [row.tolist() for row in (*sources, *targets)]


def test_an_epoch_is_a_function_of_the_seed() -> None:
    indices = list(range(30))
    assert rows(drawn_pairs(), 2, indices) == rows(drawn_pairs(), 2, indices)
    pairs = drawn_pairs()
    first = rows(pairs, 1, indices)
    assert rows(pairs, 2, indices) != first
    assert rows(pairs, 1, indices) == first  # also after another one
    assert rows(drawn_pairs(seed=2), 1, indices) != first


def test_no_other_process_draws_otherwise() -> None:
    tokenizer, dropout = small_tasks.pair_tokenizer(), BpeDropout(small_tasks.pair_tokenizer())
    random = Random("1 2 7")
    text = PAIRS[0][7].source + " x" * random.randrange(3)
    assert rows(drawn_pairs(), 2, [7])[0] == [
        *dropout.encode(text, 0.3, random),
        *([] if tokenizer.add_eos else [tokenizer.eos_id]),
    ]


def test_rows_end_and_are_cut() -> None:
    tokenizer = small_tasks.pair_tokenizer()
    for row in rows(drawn_pairs(dropout=0.0), 0, [3, 4]):
        assert row[-1] == tokenizer.eos_id
    plain = rows(drawn_pairs(dropout=0.0), 0, [3])
    assert tokenizer.decode(plain[1]) == PAIRS[0][3].target
    for row in rows(drawn_pairs(max_tokens=4), 0, [3, 4]):
        assert len(row) == 4
        assert row[-1] == tokenizer.eos_id


def test_other_data_has_another_fingerprint() -> None:
    assert drawn_pairs().fingerprint() == drawn_pairs().fingerprint()
    reading = Reading(small_tasks.pair_tokenizer(), 100, 0.0, 1)
    other = DrawnPairs([PAIRS[0][:-1]], lambda index, random: PAIRS[0][index], reading)
    assert other.fingerprint() != drawn_pairs().fingerprint()


def test_what_fails_while_reading_is_raised() -> None:
    reading = Reading(small_tasks.pair_tokenizer(), 100, 0.0, 1)
    with pytest.raises(IndexError):
        DrawnPairs(PAIRS, lambda index, random: PAIRS[1][index], reading).rows(0, np.array([1]))
