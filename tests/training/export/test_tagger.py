"""The tagger's graphs: they compute what the network computes, alone and in a batch."""

import numpy as np
import pytest
import torch

from service.artifact.vocabulary import CHARACTERS, FIRST_CHARACTER, PAD, ROW, UNKNOWN
from training.export.checks import ExportError, graph_session
from training.export.tagger import tagger_graph
from training.export.tagger_candidates import check_tagger_agreement, check_tagger_invariance
from training.networks.cells.names import CellName
from training.networks.tagger import Tagger

WORDS, CHARACTER_COUNT, TAGS = 30, 20, 5


def network(
    seed: int = 0,
    vectors: int = 6,
    layers: int = 1,
    bidirectional: bool = True,
    cell: CellName = "lstm",
) -> Tagger:
    torch.manual_seed(seed)
    tagger = Tagger(
        WORDS,
        CHARACTER_COUNT,
        TAGS,
        trained_words=20 if vectors else None,
        vectors=torch.randn(WORDS, vectors) if vectors else None,
        word_size=7,
        casing_size=3,
        character_size=4,
        filters=5,
        hidden_size=6,
        layers=layers,
        bidirectional=bidirectional,
        cell=cell,
    )
    with torch.no_grad():
        for parameter in tagger.parameters():
            parameter.mul_(3.0)  # far from zero, where a wrong sign would hardly show
    return tagger.eval()


def rows(seed: int = 0) -> list[np.ndarray]:
    """Sentences of very different lengths, with words of 1 to all characters."""
    generator = np.random.default_rng(seed)
    made = []
    for length in (1, 2, 3, 9, 40):
        row = np.zeros((length, ROW), np.int32)
        row[:, 0] = generator.integers(UNKNOWN, WORDS, length)
        row[:, 1] = generator.integers(0, 7, length)
        for word in row:
            count = generator.integers(1, CHARACTERS + 1)
            word[FIRST_CHARACTER : FIRST_CHARACTER + count] = generator.integers(
                UNKNOWN, CHARACTER_COUNT, count
            )
        made.append(row)
    return made


@pytest.mark.parametrize("vectors", [0, 6])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_graphs_agree_with_the_network(vectors: int, layers: int, bidirectional: bool) -> None:
    tagger = network(vectors=vectors, layers=layers, bidirectional=bidirectional)
    graph = tagger_graph(tagger, "fp32", temperature=1.5)
    assert check_tagger_agreement(tagger, graph.model, 1.5, rows()) < 1e-4
    assert check_tagger_invariance(graph.model, "fp32", rows()) < 1e-5
    assert graph.inspection.directions == 1 + bidirectional
    quantised = tagger_graph(tagger, "int8", temperature=1.5)
    assert check_tagger_invariance(quantised.model, "int8", rows()) < 1e-4


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_other_cells(cell: CellName) -> None:
    tagger = network(cell=cell)
    graph = tagger_graph(tagger, "fp32")
    assert check_tagger_agreement(tagger, graph.model, 1.0, rows()) < 1e-4
    with pytest.raises(ValueError, match="no int8 kernel"):
        tagger_graph(tagger, "int8")


def test_int8_is_near_and_small() -> None:
    tagger = network()
    with torch.no_grad():
        for parameter in tagger.parameters():
            parameter.div_(3.0)
    (one, *_), models = rows()[3:], {}
    for precision in ("fp32", "int8"):
        model = tagger_graph(tagger, precision).model
        feeds = {"tokens": one[None], "lengths": np.array([len(one)], np.int32)}
        models[precision] = graph_session(model).run(feeds)["logits"]
    difference = np.abs(models["int8"] - models["fp32"]).max()
    assert 0 < difference < 0.1


def test_another_network_is_noticed() -> None:
    graph = tagger_graph(network(seed=1), "fp32")
    with pytest.raises(ExportError, match="torch and onnxruntime differ"):
        check_tagger_agreement(network(seed=2), graph.model, 1.0, rows())


def test_padding_is_no_character() -> None:
    tagger = network()
    row = rows()[3][None].astype(np.int64)
    with torch.no_grad():
        spelled = tagger.spelling(torch.from_numpy(row[:, :, FIRST_CHARACTER:]))
        shorter = row.copy()
        shorter[:, :, FIRST_CHARACTER + 1 :] = PAD
        one = tagger.spelling(torch.from_numpy(shorter[:, :, FIRST_CHARACTER:]))
        weight, bias = tagger.convolution.weight, tagger.convolution.bias
        middle = tagger.characters(torch.from_numpy(shorter[:, :, FIRST_CHARACTER]))
        alone = torch.tanh(middle @ weight[:, :, 1].T + bias)  # nothing on either side of it
    assert not torch.allclose(spelled, one)
    assert torch.allclose(one, alone, atol=1e-6)


def test_words_without_an_embedding_have_their_vector_alone() -> None:
    tagger = network()
    row = torch.from_numpy(rows()[0][None].astype(np.int64))
    embedded = []
    for word in (UNKNOWN, 25, 26):  # 20 words are trained
        row[:, :, 0] = word
        with torch.no_grad():
            embedded.append(tagger.embed(row)[0, 0])
    for other in embedded[1:]:
        assert torch.equal(other[:7], embedded[0][:7])
        assert not torch.equal(other[7:13], embedded[0][7:13])
