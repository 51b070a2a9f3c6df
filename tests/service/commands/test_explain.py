"""`explain`: the service's explanations as tables, numbers and pictures."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from service.artifact import TranslationExample
from service.cli import main
from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.explanation.pictures.made import SVG

Run = Callable[..., tuple[int, str, str]]
TEXT = "a good film, really"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(published_models: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Explains a text; gives status, standard output and standard error."""

    def run_(*arguments: str | Path, models: Path = published_models) -> tuple[int, str, str]:
        status = main(["explain", *map(str, arguments)], {"GATEHOUSE_MODELS": str(models)})
        captured = capfdbinary.readouterr()
        return status, captured.out.decode(), captured.err.decode()

    return run_


def test_a_label_is_a_table_of_words(run: Run) -> None:
    status, out, _ = run(TEXT)
    assert status == 0
    head, _, *lines = out.splitlines()
    assert head.startswith("positive, against negative: 0.")
    rows = [line.split() for line in lines if line]
    assert [row[0] for row in rows] == [
        *("word", "a", "good", "film", ",", "really"),
        *("bias", "logit"),
    ]
    numbers = [float(row[1].replace("−", "-")) for row in rows[1:]]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.05)
    assert run(TEXT, "--label", "negative")[1].startswith("negative, against positive: 0.")


def test_a_translation_is_a_table_of_what_was_read(run: Run) -> None:
    status, out, _ = run("two men talk. a woman sings", "--target", "de")
    assert status == 0
    assert out.startswith("two men talk. a woman sings\n\nwritten  looked at\n")
    assert out.count("written  looked at") == 2
    by_name = run("two men talk. a woman sings", "--model", "translation-en-de")
    assert by_name[1] == out


def test_a_word_that_was_read_as_another_is_named(run: Run, tmp_path: Path) -> None:
    example = TranslationExample(text="The cat", translation="The cat", beam_size=5)
    forms = {"the": 900, "cat": 900}
    tiny_models.publish_translator(tmp_path, known=["the", "cat"], forms=forms, examples=(example,))
    status, out, _ = run("The cta.", "--target", "de", models=tmp_path)
    assert status == 0
    assert out.startswith("The cat.\n")
    assert out.endswith("\nword  read as\ncta   cat\n")


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        ((), {"inputs": TEXT}),
        (("--label", "negative"), {"inputs": TEXT, "label": "negative"}),
        (("--source", "en"), {"q": TEXT, "source": "en", "target": "de"}),
    ],
)
def test_the_numbers_are_those_of_the_service(
    run: Run, published_models: Path, tmp_path: Path, flags: tuple[str, ...], body: dict[str, str]
) -> None:
    out = tmp_path / "why.json"
    assert run(TEXT, *flags, "--out", out) == (0, "", "")
    with loaded_client(published_models) as client:
        assert json.loads(out.read_bytes()) == client.post("/explain", json=body).json()


def test_pictures_are_written_whole(run: Run, tmp_path: Path) -> None:
    assert run(TEXT, "--out", tmp_path / "why.svg")[0] == 0
    root = ElementTree.parse(tmp_path / "why.svg").getroot()
    assert "good" in [text.text for text in root.iter(f"{SVG}text")]
    assert run(TEXT, "--out", tmp_path / "why.PNG")[0] == 0
    assert (tmp_path / "why.PNG").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["why.PNG", "why.svg"]
    status, _, error = run(TEXT, "--out", tmp_path / "why.svg")
    assert (status, "why.svg exists; --overwrite writes it anew" in error) == (1, True)
    assert run(TEXT, "--out", tmp_path / "why.svg", "--overwrite")[0] == 0


def test_the_gates_of_the_shipped_model(run: Run, tmp_path: Path) -> None:
    if not (ROOT / "models" / "sentiment" / "1").is_dir():
        pytest.skip("the shipped sentiment model is not there")
    models = ROOT / "models"
    flags = ("--model", "sentiment", "--version", "1", "--gates", "--unit", "7")
    status, out, _ = run("Not bad.", *flags, models=models)
    assert status == 0
    for caption in ("forward, mean over its units", "backward, unit 7"):
        assert f"\nlayer 1, {caption}\ntoken  input  forget  output\nNot     0." in out
    assert run("Not bad.", *flags, "--out", tmp_path / "g.svg", models=models)[0] == 0
    root = ElementTree.parse(tmp_path / "g.svg").getroot()
    assert "backward, unit 7" in [text.text for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((" ",), "the text is empty; give at least one word"),
        (("\u200b",), "nothing to read is left of it"),
        (("good " * 600,), "the text has 1,200 tokens; the limit of an explanation is 1,024"),
        ((TEXT, "--label", "fine"), 'label is "fine"; the labels of this model are negative'),
        ((TEXT, "--gates"), "has no gates to show: they are those of LSTM layers"),
        ((TEXT, "--target", "de", "--gates", "--unit", "1"), "--gates and --unit: translation-en"),
        ((TEXT, "--model", "mood"), 'no model is called "mood"'),
        ((TEXT, "--target", "fr"), "no translation model fits"),
        ((TEXT, "--out", "why.gif"), "why.gif: the name must end in .svg, .png, .json"),
        ((TEXT, "--out", "no/such/why.svg"), "no/such/why.svg cannot be written: No such file"),
    ],
)
def test_what_is_wrong_is_said(run: Run, arguments: tuple[str, ...], message: str) -> None:
    status, out, error = run(*arguments)
    assert (status, out) == (1, "")
    assert error.startswith("service: error: ") and error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize("unit", ["-1", "x", "1.5"])
def test_a_unit_is_a_number(run: Run, unit: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(TEXT, "--unit", unit)
    assert ended.value.code == 2


def test_words_do_nothing_to_the_terminal(run: Run) -> None:
    status, out, _ = run("good\x1b[31m\x07 film")
    assert status == 0
    assert "\x1b" not in out and "\x07" not in out


def test_a_model_of_more_labels_is_explained(run: Run, tmp_path: Path) -> None:
    tiny_models.publish_classifier(tmp_path, labels=("bad", "fair", "good"))
    status, out, _ = run(TEXT, models=tmp_path)
    assert status == 0
    assert ", against" not in out
