"""`--glossary`: terms of a file for a whole run, and clear refusals before any work."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from service.cli import main
from tests import tiny_models

Run = Callable[..., tuple[int, str, str]]
KNOWN = ("the", "cat", "dog", "ran")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator whose first version takes no glossary."""
    models = tmp_path_factory.mktemp("models")
    tiny_models.publish_translator(models)
    tiny_models.publish_translator(models, known=KNOWN)
    tiny_models.publish_classifier(models)
    return models


@pytest.fixture
def run(models: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs a command; gives its status, standard output and standard error."""

    def run_(*arguments: str | Path, **variables: str) -> tuple[int, str, str]:
        environment = {"GATEHOUSE_MODELS": str(models), **variables}
        status = main([*map(str, arguments)], environment)
        captured = capfdbinary.readouterr()
        return status, captured.out.decode(), captured.err.decode()

    return run_


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    """A glossary of two languages."""
    path = tmp_path / "terms.csv"
    path.write_text("en,de\ncat,Katze\ndog,Hund\n", encoding="utf-8")
    return path


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Texts with terms."""
    path = tmp_path / "texts.txt"
    path.write_text("the cat ran\nthe dog ran\n", encoding="utf-8")
    return path


def test_a_file_is_translated_with_a_glossary(run: Run, texts: Path, terms: Path) -> None:
    translated = "the Katze ran\nthe Hund ran\n"
    assert run("translate", texts, "--glossary", terms) == (0, translated, "")
    assert run("translate", texts) == (0, texts.read_text(), "")
    # As the service of these variables would answer.
    general = {"GATEHOUSE_GLOSSARY_FILE": str(terms)}
    assert run("translate", texts, **general) == (0, translated, "")
    assert run("translate", texts, "--version", "1", **general) == (0, texts.read_text(), "")
    other = terms.with_name("other.tsv")
    other.write_text("de\ten\nKater\tcat\n", encoding="utf-8")
    assert (
        run("translate", texts, "--glossary", other, **general)[1] == "the Kater ran\nthe dog ran\n"
    )


def test_a_row_that_fails_is_found_with_the_glossary(run: Run, tmp_path: Path, terms: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("the cat\n\u200b\nthe dog\n", encoding="utf-8")
    status, out, _ = run("translate", path, "--glossary", terms, "--on-error", "blank")
    assert (status, out.splitlines()[::2]) == (0, ["the Katze", "the Hund"])


@pytest.mark.parametrize(
    ("content", "flags", "message"),
    [
        ("en,de\na,b,c\n", (), "line 2: 3 cells"),
        ("en,fr\ncat,chat\n", (), "has no terms for en to de; its first line names the languages"),
        ("en,de\ncat,Katze\n", ("--version", "1"), "version 1 of translation-en-de takes no "),
        (None, (), "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(
    run: Run, texts: Path, tmp_path: Path, content: str | None, flags: tuple[str, ...], message: str
) -> None:
    path, output = tmp_path / "glossary.csv", tmp_path / "out.txt"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    status, out, err = run("translate", texts, "--glossary", path, "--output", output, *flags)
    assert (status, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not output.exists()


def test_a_run_goes_on_with_the_same_glossary_only(run: Run, tmp_path: Path, terms: Path) -> None:
    texts, output = tmp_path / "texts.csv", tmp_path / "out.csv"
    texts.write_text("text\nthe cat\n\nthe dog\n".replace("\n\n", '\n""\n'), encoding="utf-8")
    go_on = ("translate", texts, "--output", output, "--resume")
    assert run(*go_on, "--glossary", terms)[0] == 1
    progress = json.loads(output.with_name("out.csv.progress").read_text())
    assert len(progress["run"]["glossary"]) == 16
    for flags in ((), ("--glossary", _other(terms))):
        status, _, err = run(*go_on, *flags)
        assert status == 1
        assert "was begun otherwise (glossary: " in err
    same = terms.with_name("same.csv")
    same.write_bytes(terms.read_bytes())
    assert run(*go_on, "--glossary", same, "--on-error", "stop")[0] == 1
    assert "line 3: the text is empty" in run(*go_on, "--glossary", same)[2]


def _other(terms: Path) -> Path:
    path = terms.with_name("other.csv")
    path.write_text("en,de\ncat,Kater\n", encoding="utf-8")
    return path


def test_an_explanation_is_of_the_translation_with_the_glossary(run: Run, terms: Path) -> None:
    status, out, _ = run("explain", "the cat ran", "--target", "de", "--glossary", terms)
    assert (status, out.splitlines()[0]) == (0, "the Katze ran")
    status, _, err = run("explain", "a good film", "--glossary", terms)
    assert status == 1
    assert "--glossary: sentiment classifies; it is for models that translate" in err
