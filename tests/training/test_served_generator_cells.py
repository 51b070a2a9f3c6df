"""A generator of every cell, from a run to the answers of the service."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient

from service.artifact import GenerationManifest, read_artifact
from service.pipelines.loading import load_pipeline
from service.pipelines.proof import prove
from tests.service.api.conftest import loaded_client
from tests.training.export.networks import enlarged
from tests.training.small_runs import flags
from training.cli import main
from training.export.checks import ExportError
from training.networks.build import build_generator
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName
from training.publishing import Published, publish
from training.run_folder import RunFolder
from training.runs import load_run
from training.trained import GenerationRun

SETTINGS = (
    "tokenizer.vocabulary=310", "network.embedding_size=8", "network.hidden_size=10",
    "network.cell=gru", "training.epochs=4", "training.minimum_steps=0",
    "training.tokens_per_batch=400", "training.warmup_steps=5", "training.learning_rate=0.02",
    "training.precision=fp32",
)  # fmt: skip
PROMPTS = ("", "The green garden", "I went", "The garden was green, and the")


def write_text(path: Path) -> Path:
    places = ("garden", "kitchen", "street", "forest")
    lines = [f"The {places[i % 4]} no. {i} was green, and I went to the {places[i // 4 % 4]}."
             for i in range(160)]  # fmt: skip
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose recipe names another cell, and of what it published."""
    folder = tmp_path_factory.mktemp("generator")
    text = write_text(folder / "text.txt")
    where = ("--run", str(folder / "run"), "--publish", str(folder / "models" / "trained"))
    train = ("train", "text-generator", "--data", str(text), *where, "--quiet")
    assert main([*train, *flags(SETTINGS)]) == 0
    return folder


def with_cell(run: GenerationRun, cell: CellName) -> GenerationRun:
    """The run with another network, whose weights are random."""
    settings = run.recipe.network.model_copy(update={"cell": cell, "layers": 2})
    torch.manual_seed(1)
    network = build_generator(settings, run.tokenizer.vocabulary_size).eval()
    enlarged(network, 0.8)
    recipe = run.recipe.model_copy(update={"network": settings})
    return replace(run, network=network, recipe=recipe)


@pytest.fixture(scope="module")
def served(trained: Path) -> dict[str, Published]:
    run = load_run(RunFolder(trained / "run"))
    assert isinstance(run, GenerationRun)
    return {
        cell: publish(with_cell(run, cell), trained / "models", cell, quiet=True) for cell in CELLS
    }


@pytest.fixture(scope="module")
def client(served: dict[str, Published]) -> Iterator[TestClient]:
    with loaded_client(served["gru"].path.parent.parent) as client:
        yield client


def test_a_recipe_names_its_cell(trained: Path) -> None:
    """What was learnt is published, and better than a guess among 310 tokens."""
    artifact = read_artifact(trained / "models" / "trained" / "1")
    manifest = artifact.manifest
    assert isinstance(manifest, GenerationManifest)
    settings = manifest.recipe.settings["network"]
    assert isinstance(settings, dict)
    assert (settings["cell"], manifest.precision) == ("gru", "fp32")
    assert manifest.states == ("hidden_0",)
    assert next(one.value for one in manifest.scores if one.metric == "perplexity") < 100
    prove(load_pipeline(artifact))


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_text_is_continued_as_if_it_were_alone(client: TestClient, cell: str) -> None:
    def answer(prompt: str) -> Any:
        body = {"prompt": prompt, "model": cell, "max_tokens": 12, "seed": 1}
        answered = client.post("/generate", json=body)
        assert answered.status_code == 200, answered.text
        return answered.json()

    alone = [answer(prompt) for prompt in PROMPTS]
    with ThreadPoolExecutor(len(PROMPTS)) as threads:
        assert list(threads.map(answer, PROMPTS)) == alone
    assert len({str(one) for one in alone}) > 1  # what was read makes a difference


@pytest.mark.parametrize("cell", list(CELLS))
def test_what_is_published_says_its_precision(served: dict[str, Published], cell: str) -> None:
    note = f"the cell {cell} has no int8 form in onnxruntime: fp32 is published"
    assert (note in served[cell].notes) == ("lstm" not in cell)
    assert "lstm" in cell or served[cell].precision == "fp32"


def test_int8_of_a_cell_without_it_is_refused(trained: Path, tmp_path: Path) -> None:
    run = load_run(RunFolder(trained / "run"))
    with pytest.raises(ExportError, match="the cell gru has no int8 form in onnxruntime: export"):
        publish(run, tmp_path, "gru", "int8", quiet=True)
    assert not any(tmp_path.iterdir())
