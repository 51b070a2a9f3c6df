"""A classifier of every cell, from a run to the answers of the service."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fastapi.testclient import TestClient

from service.artifact import read_artifact
from tests.service.api.conftest import loaded_client
from tests.training.export.networks import enlarged
from tests.training.small_runs import STARS_SETTINGS, TrainedRun, flags, review, write_reviews
from training.cli import main
from training.export.candidate import PrecisionChoice
from training.export.checks import ExportError
from training.networks.build import build_classifier
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName
from training.publishing import Published, publish
from training.run_folder import RunFolder
from training.runs import load_run
from training.trained import ClassificationRun

TEXTS = [review("1", 0), "fine", review("10", 7) * 3, review("3", 2), "a phone, and a hotel"]


def publish_cell(
    stars: TrainedRun, cell: CellName, folder: Path, precision: PrecisionChoice = "auto"
) -> Published:
    """The run of the reviews with another network, whose weights are random."""
    run = load_run(RunFolder(stars.run))
    assert isinstance(run, ClassificationRun)
    settings = run.recipe.network.model_copy(update={"cell": cell, "layers": 2})
    torch.manual_seed(1)
    network = build_classifier(settings, run.tokenizer.vocabulary_size, len(run.labels)).eval()
    enlarged(network, 0.8)
    run = replace(run, network=network, recipe=run.recipe.model_copy(update={"network": settings}))
    return publish(run, folder, cell, precision, quiet=True)


@pytest.fixture(scope="module")
def served(stars: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    folder = tmp_path_factory.mktemp("cells")
    return {cell: publish_cell(stars, cell, folder) for cell in CELLS}


@pytest.fixture(scope="module")
def client(served: dict[str, Published]) -> Iterator[TestClient]:
    with loaded_client(served["gru"].path.parent.parent) as client:
        yield client


@pytest.mark.parametrize("cell", list(CELLS))
def test_an_answer_does_not_depend_on_its_batch(client: TestClient, cell: str) -> None:
    together = client.post("/predict", json={"inputs": TEXTS, "model": cell})
    assert together.status_code == 200, together.text
    for text, ranked in zip(TEXTS, together.json(), strict=True):
        alone = client.post("/predict", json={"inputs": text, "model": cell}).json()
        assert [one["label"] for one in alone] == [one["label"] for one in ranked]
        assert [one["score"] for one in alone] == pytest.approx([one["score"] for one in ranked])
    scores = {round(ranked[0]["score"], 4) for ranked in together.json()}
    assert len(scores) > 1  # they are not all read alike


@pytest.mark.parametrize("cell", list(CELLS))
def test_words_are_explained_and_gates_where_there_are_an_lstms(
    client: TestClient, cell: str
) -> None:
    body = {"inputs": TEXTS[0], "model": cell}
    answer = client.post("/explain", json=body).json()
    total = sum(word["contribution"] for word in answer["tokens"]) + answer["bias"]
    assert total == pytest.approx(answer["logit"], abs=1e-4)
    gates = client.post("/explain", json={**body, "gates": True})
    if "lstm" not in cell:
        assert gates.status_code == 400
        assert f"version 1 of {cell} has no gates to show" in gates.json()["error"]
        return
    forget = [value for one in gates.json()["gates"] for value in one["forget"]]
    assert (set(forget) == {1.0}) == (cell == "lstm-1997")


@pytest.mark.parametrize("cell", list(CELLS))
def test_what_is_published_says_its_cell_and_precision(
    served: dict[str, Published], cell: str
) -> None:
    one = served[cell]
    manifest = read_artifact(one.path).manifest
    settings = manifest.recipe.settings["network"]
    assert isinstance(settings, dict)
    assert settings["cell"] == cell
    if "lstm" not in cell:
        assert one.precision == "fp32"
        note = f"the cell {cell} has no int8 form in onnxruntime: fp32 is published"
        assert note in one.notes
        assert note in (one.path / "README.md").read_text(encoding="utf-8")


def test_int8_of_a_cell_without_it_is_refused(stars: TrainedRun, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="the cell gru has no int8 form in onnxruntime: export"):
        publish_cell(stars, "gru", tmp_path, "int8")
    assert not any(tmp_path.iterdir())
    assert publish_cell(stars, "gru", tmp_path, "fp32").precision == "fp32"


def test_a_recipe_names_its_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reviews = write_reviews(tmp_path / "reviews.csv", 240)
    where = ["--run", str(tmp_path / "run"), "--publish", str(tmp_path / "models" / "stars")]
    columns = ["--text-column", "review", "--label-column", "stars", "--quiet"]
    train = ["train", "sentiment-bilstm", "--data", str(reviews), *columns, *where]
    settings = (*STARS_SETTINGS, "training.epochs=12")
    wrong = ["--set", "network.cell=elman"]
    assert main([*train, *flags(settings), *wrong]) == 1
    assert "network.cell: Input should be 'lstm', 'gru', 'rnn'" in capsys.readouterr().err
    assert main([*train, *flags(settings), "--set", "network.cell=peephole"]) == 0
    out = capsys.readouterr().out
    assert "(fp32)" in out
    (accuracy,) = (line for line in out.splitlines() if " accuracy: " in line)
    assert float(accuracy.split(": ")[1].split()[0]) > 80  # it has learnt
