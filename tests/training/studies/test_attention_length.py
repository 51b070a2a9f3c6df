"""The study of attention and length on letters to reverse, and its three models in the service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.artifact import read_artifact
from service.pipelines.proof import prove
from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests.service.api.conftest import loaded_client
from tests.training.small_runs import flags
from training.cli import main
from training.data.examples import SentencePair
from training.publishing import publish
from training.recipe import TranslationRecipe, read_recipe
from training.run_folder import RunFolder
from training.runs import load_run
from training.studies.attention_length.inputs import by_length, joined
from training.studies.attention_length.study import KINDS, RECIPE, full_study, with_attention
from training.trained import TranslationRun

PAIR = {"source": "en", "target": "de"}
SETTINGS = ("training.epochs=4", "training.learning_rate=6e-3", "training.tokens_per_batch=350")
STUDY = ["study", "attention-length", "--quick", "--quiet", *flags(SETTINGS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a quick study lies that has been carried out."""
    folder = tmp_path_factory.mktemp("study")
    assert main([*STUDY, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def translators(folder: Path) -> Iterator[TestClient]:
    """A client of the three models."""
    with loaded_client(folder / "models") as client:
        yield client


def pipeline(folder: Path, kind: str) -> TranslationPipeline:
    return TranslationPipeline(read_artifact(folder / "models" / f"attention-{kind}" / "1"))


def answer(client: TestClient, path: str, kind: str, **body: Any) -> Any:
    asked = {**PAIR, "model": f"attention-{kind}", **body}
    response = client.post(path, json=asked)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_study_writes_what_it_found(folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text())
    assert list(results["trained"]) == list(KINDS) == ["none", "additive", "multiplicative"]
    steps = {facts["steps"] for facts in results["trained"].values()}
    assert len(steps) == 1  # trained alike
    rows = {row["name"]: row for row in results["rows"]}
    assert list(rows) == ["3", "4 to 5", "6 to 7", "8", "all"]
    assert sum(row["inputs"] for row in rows.values()) == 2 * rows["all"]["inputs"] == 400
    for kind in KINDS[1:]:
        scores, plain = rows["8"]["scores"][kind], rows["8"]["scores"]["none"]
        assert scores["bleu"] > plain["bleu"] + scores["margin"] + plain["margin"]
        assert scores["p"] < 0.05
        assert scores["length_ratio"] == pytest.approx(1, abs=0.2)
    table = (folder / "results.md").read_text()
    assert table.startswith("| words of the source | inputs | none | additive | multiplicative |")
    assert (folder / "bleu-by-length.png").read_bytes().startswith(b"\x89PNG")


def test_the_three_differ_in_their_attention_alone(folder: Path) -> None:
    recipes = [RunFolder(folder / "runs" / kind).read_recipe()["recipe"] for kind in KINDS]
    assert [recipe["network"].pop("attention") for recipe in recipes] == list(KINDS)
    assert recipes[0] == recipes[1] == recipes[2]
    tokenizers = {RunFolder(folder / "runs" / kind).tokenizer.read_bytes() for kind in KINDS}
    assert len(tokenizers) == 1


def test_a_study_goes_on_with_what_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [folder / "runs" / "none" / "best.pt", folder / "results.json"]
    kept.append(folder / "models" / "attention-none" / "1" / "manifest.json")
    before = [path.read_bytes() for path in kept]
    assert main([*STUDY, "--out", str(folder)]) == 0
    assert [path.read_bytes() for path in kept] == before
    out = capsys.readouterr().out
    assert (folder / "results.md").read_text() in out
    assert "none: 95,829 parameters" in out
    assert main([*STUDY, "--set", "training.epochs=5", "--out", str(folder)]) == 1
    message = capsys.readouterr().err
    assert "none holds a run with other settings; name another (--out DIR)" in message


@pytest.mark.parametrize("kind", KINDS)
def test_each_answers_as_ever_whatever_else_is_asked(folder: Path, kind: str) -> None:
    translator = pipeline(folder, kind)
    prove(translator)
    texts = ["a b c", "h g f e d c b a", "d", "a a b", "c d e f g"]
    for beam_size in (1, 4):
        options = SearchOptions(beam_size=beam_size, num_hypotheses=beam_size)
        together = translator.alternatives(texts, options)
        for text, alternatives in zip(texts, together, strict=True):
            (alone,) = translator.alternatives([text], options)
            assert [one.text for one in alone] == [one.text for one in alternatives]
            for one, other in zip(alone, alternatives, strict=True):
                assert one.score == pytest.approx(other.score, abs=1e-5)


@pytest.mark.parametrize("kind", ["multiplicative", "none"])
def test_int8_is_exported_and_answers(folder: Path, tmp_path: Path, kind: str) -> None:
    run = load_run(RunFolder(folder / "runs" / kind))
    assert isinstance(run, TranslationRun)
    published = publish(run, tmp_path, "small", "int8", quiet=True)
    scores, exact = (
        [score.value for score in read_artifact(path).manifest.scores if "BLEU" in score.metric]
        for path in (published.path, folder / "models" / f"attention-{kind}" / "1")
    )
    assert scores == pytest.approx(exact, abs=3)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_served(translators: TestClient, folder: Path, kind: str) -> None:
    texts = ["a b c d", "h g f"]
    want = pipeline(folder, kind).translate(texts, SearchOptions())
    assert answer(translators, "/translate", kind, q=texts)["translatedText"] == want
    greedy = answer(translators, "/translate", kind, q=texts[0], beam_size=1)["translatedText"]
    body = {"q": texts[0], **PAIR, "model": f"attention-{kind}"}
    streamed = translators.post("/translate", json=body, headers={"Accept": "text/event-stream"})
    assert streamed.status_code == 200
    assert f'"translatedText":"{greedy}"' in streamed.text.replace(": ", ":")


@pytest.mark.parametrize("kind", KINDS)
def test_tags_are_placed_with_and_without_attention(translators: TestClient, kind: str) -> None:
    source = "<p>a b <b>c</b> d</p>"
    html = answer(translators, "/translate", kind, q=source, format="html")["translatedText"]
    text = answer(translators, "/translate", kind, q="a b c d")["translatedText"]
    assert html.startswith("<p>")
    assert html.endswith("</p>")
    bare = html.replace("<b>", "").replace("</b>", "")
    assert bare == f"<p>{text}</p>"


def test_attention_explains_where_there_is_some(translators: TestClient) -> None:
    for kind in ("additive", "multiplicative"):
        (block,) = answer(translators, "/explain", kind, q="a b c d")["blocks"]
        assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in block["attention"])
    body = {"q": "a b c d", **PAIR, "model": "attention-none"}
    response = translators.post("/explain", json=body)
    assert response.status_code == 400
    assert response.json() == {
        "error": "version 1 of attention-none translates without attention: nothing says which "
        "words a word was written from; ask another model or version"
    }


def test_lengths_are_those_of_the_source_in_words() -> None:
    pairs = [SentencePair("w " * length, "x") for length in (3, 8, 9, 12, 12, 25)]
    buckets = by_length(pairs, (9, 13))
    assert {name: len(part) for name, part in buckets.items()} == {
        "3 to 8": 2, "9 to 12": 3, "13 to 25": 1,
    }  # fmt: skip
    assert [len(part) for part in by_length(pairs[:1], (2, 5)).values()] == [0, 1, 0]


def test_neighbours_are_joined_and_the_rest_is_left_out() -> None:
    pairs = [SentencePair(f"a{n}.", f"b{n}.") for n in range(5)]
    assert joined(pairs, 2) == [
        SentencePair("a0. a1.", "b0. b1."),
        SentencePair("a2. a3.", "b2. b3."),
    ]
    assert joined(pairs, 6) == []


def test_the_full_study_trains_on_captions_and_all_to_the_end(tmp_path: Path) -> None:
    study = full_study(tmp_path, tmp_path, {"training.epochs": 2}, quiet=True)
    recipe = read_recipe(RECIPE, {"training.epochs": 2})
    assert isinstance(recipe, TranslationRecipe)
    assert study.recipe == recipe == with_attention(recipe, "additive")
    assert recipe.training.patience > recipe.training.epochs
    assert [one.source for one in (*recipe.data.train, *recipe.data.test)] == ["multi30k"] * 2
