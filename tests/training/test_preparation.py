"""From examples to token arrays, and a task with the weights that its seed draws."""

import logging
import re

import numpy as np
import pytest
import torch
from torch import nn

from service.artifact import EOS_ID, UNK_ID
from tests.training import small_tasks
from training.data.examples import LabelledText, SentencePair
from training.preparation import encode_pairs, encode_texts, pair_rows
from training.recipe import Augmentation


def weights(network: nn.Module) -> torch.Tensor:
    return nn.utils.parameters_to_vector(network.parameters())


def test_texts_become_token_rows_and_classes() -> None:
    tokenizer = small_tasks.text_tokenizer()
    examples = [LabelledText("the film was good.", "positive"), LabelledText("poor", "negative")]
    encoded = encode_texts(examples, small_tasks.LABELS, tokenizer)
    assert len(encoded) == 2
    assert [row.tolist() for row in encoded.tokens] == [tokenizer.encode(e.text) for e in examples]
    assert encoded.classes.tolist() == [1, 0]
    assert encoded.tokens[0].dtype == np.int32


def test_a_text_of_no_tokens_is_one_unknown_token() -> None:
    tokenizer = small_tasks.text_tokenizer()
    encoded = encode_texts([LabelledText("\u200b", "positive")], small_tasks.LABELS, tokenizer)
    assert [row.tolist() for row in encoded.tokens] == [[UNK_ID]]


def test_pairs_end_with_eos_and_long_ones_are_cut() -> None:
    tokenizer = small_tasks.pair_tokenizer()
    long = " ".join("abcdefgh" * 3)
    encoded = encode_pairs([SentencePair("a b", "b a"), SentencePair(long, long)], tokenizer, 9)
    for side in (encoded.sources, encoded.targets):
        assert [len(row) for row in side] == [3, 9]
        assert all(row[-1] == EOS_ID and EOS_ID not in row[:-1] for row in side)
    assert encoded.sources[1].tolist()[:-1] == tokenizer.encode(long)[:8]


def test_the_seed_of_the_recipe_decides_the_weights() -> None:
    first, again, different = (
        weights(small_tasks.classification(**settings).network)
        for settings in ({}, {}, {"seed": 2})
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, different)
    # Other data, the same seed: the same weights.
    one, other = (weights(small_tasks.translation(data).network) for data in (1, 2))
    assert torch.equal(one, other)


def test_a_fingerprint_knows_the_data() -> None:
    assert small_tasks.classification().fingerprint() == small_tasks.classification().fingerprint()
    tasks = (small_tasks.classification, small_tasks.translation)
    assert len({task(seed).fingerprint() for task in tasks for seed in (1, 2)}) == 4


def test_an_epoch_takes_from_each_source_what_the_recipe_says() -> None:
    batches = small_tasks.classification().epoch(0)
    rows = np.concatenate(batches)
    assert (rows < 80).sum() == 80
    assert (rows >= 80).sum() == 30
    assert len(set(rows.tolist())) == 110


@pytest.mark.parametrize("name", ["classification", "translation"])
def test_the_loss_of_a_batch_is_the_mean_over_its_predictions(name: str) -> None:
    task = getattr(small_tasks, name)(label_smoothing=0.0)
    task.network.eval()
    batch = task.epoch(0)[0]
    together, tokens = task.loss(batch)
    parts = [task.loss(batch[i : i + 1]) for i in range(len(batch))]
    assert tokens == sum(count for _, count in parts)
    # Each text is one prediction; each token of a translation is.
    shares = [1 if name == "classification" else count for _, count in parts]
    mean = sum(float(loss.detach()) * n for (loss, _), n in zip(parts, shares, strict=True))
    assert float(together.detach()) == pytest.approx(mean / sum(shares), rel=1e-5)


def test_what_training_does_not_read_whole_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    small_tasks.classification()
    small_tasks.translation()
    assert caplog.messages == []
    small_tasks.classification(max_tokens=8)
    small_tasks.translation(max_tokens=8)
    texts, pairs = caplog.messages
    assert re.match(r"\d+ texts are longer than 8 tokens .*: training reads their beginning", texts)
    assert re.match(r"\d+ pairs have 8 tokens or more \(training\.max_tokens\)", pairs)
    recipe = small_tasks.translation_recipe(max_tokens=8)
    varied = recipe.model_copy(update={"augmentation": Augmentation(lower_case=0.5)})
    pair_rows(varied, small_tasks.parallel(), small_tasks.pair_tokenizer())
    assert caplog.messages[2:] == [pairs]
