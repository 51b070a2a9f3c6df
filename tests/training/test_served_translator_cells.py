"""A translator of every cell, from a run to the answers of the service."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fastapi.testclient import TestClient

from service.artifact import TranslationManifest, read_artifact
from service.pipelines.loading import load_pipeline
from service.pipelines.proof import prove
from tests.service.api.conftest import loaded_client
from tests.training.export.networks import enlarged
from tests.training.small_runs import TrainedRun, flags
from training.cli import main
from training.export.checks import ExportError
from training.networks.build import build_translator
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName
from training.publishing import Published, publish
from training.run_folder import RunFolder
from training.runs import load_run
from training.trained import TranslationRun

SETTINGS = ("network.cell=gru", "training.epochs=3", "training.learning_rate=5e-3",
            "training.tokens_per_batch=350")  # fmt: skip
SERVED: tuple[CellName, ...] = ("lstm", "gru", "peephole")  # the graphs of all are tested apart
SOURCES = ("a b c", "d", "a a b", "b c d e f")


def with_cell(run: TranslationRun, cell: CellName) -> TranslationRun:
    """The run with another network, whose weights are random, and pairs of languages of its own."""
    settings = run.recipe.network.model_copy(
        update={"cell": cell, "encoder_size": 8, "decoder_size": 10, "embedding_size": 8}
    )
    torch.manual_seed(1)
    network = build_translator(settings, run.tokenizer.vocabulary_size).eval()
    enlarged(network, 0.8)
    code = "abc"[SERVED.index(cell)]
    languages = run.recipe.languages.model_copy(update={"source": f"x{code}", "target": f"y{code}"})
    recipe = run.recipe.model_copy(update={"network": settings, "languages": languages})
    tests = {name: pairs[:8] for name, pairs in run.corpora.test.items()}
    return replace(run, network=network, recipe=recipe, corpora=replace(run.corpora, test=tests))


@pytest.fixture(scope="module")
def served(
    reverse: TrainedRun, tmp_path_factory: pytest.TempPathFactory
) -> dict[CellName, Published]:
    run = load_run(RunFolder(reverse.run))
    assert isinstance(run, TranslationRun)
    folder = tmp_path_factory.mktemp("cells")
    return {
        cell: publish(with_cell(run, cell), folder, cell, "fp32", quiet=True) for cell in SERVED
    }


@pytest.fixture(scope="module")
def client(served: dict[CellName, Published]) -> Iterator[TestClient]:
    with loaded_client(served["gru"].path.parent.parent) as client:
        yield client


@pytest.mark.parametrize("cell", SERVED)
def test_a_sentence_is_translated_as_if_it_were_alone(
    client: TestClient, served: dict[CellName, Published], cell: CellName
) -> None:
    manifest = read_artifact(served[cell].path).manifest
    assert isinstance(manifest, TranslationManifest)
    assert len(manifest.decoding.states) == 2 * CELLS[cell].memories
    languages = {"source": manifest.languages.source, "target": manifest.languages.target}

    def answer(text: str) -> str:
        answered = client.post("/translate", json={"q": text, **languages})
        assert answered.status_code == 200, answered.text
        return str(answered.json()["translatedText"])

    alone = [answer(text) for text in SOURCES]
    with ThreadPoolExecutor(len(SOURCES)) as threads:
        assert list(threads.map(answer, SOURCES)) == alone
    assert len(set(alone)) > 1  # what was read makes a difference


def test_a_recipe_names_its_cell(
    reverse: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--run", str(tmp_path / "run"), "--publish", str(tmp_path / "models" / "reverse"))
    assert main(["train", "reverse", *flags(SETTINGS), *where, "--quiet"]) == 0
    artifact = read_artifact(tmp_path / "models" / "reverse" / "1")
    manifest = artifact.manifest
    assert isinstance(manifest, TranslationManifest)
    assert manifest.precision == "fp32"
    assert manifest.decoding.states == ("reader_hidden", "writer_hidden")
    bleu = next(one.value for one in manifest.scores if one.metric == "BLEU, beam 1")
    assert bleu > 15  # it has learnt to turn words round
    prove(load_pipeline(artifact))
    with pytest.raises(ExportError, match="the cell gru has no int8 form in onnxruntime: export"):
        publish(load_run(RunFolder(tmp_path / "run")), tmp_path, "gru", "int8", quiet=True)
