"""`predict` and `translate`: the service's answers, every row in its place, and clear refusals."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from service.artifact import TranslationExample
from service.cli import main
from tests import tiny_models
from tests.service.api.conftest import loaded_client

Run = Callable[..., tuple[int, str, str]]
TEXTS = ["a good film", "a bad film", "the good cat sat on the mat. a bad dog ran in the park"]


@pytest.fixture
def run(published_models: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs a command; gives its status, standard output and standard error."""

    def run_(*arguments: str | Path, models: Path = published_models) -> tuple[int, str, str]:
        status = main([*map(str, arguments)], {"GATEHOUSE_MODELS": str(models)})
        captured = capsysbinary.readouterr()
        return status, captured.out.decode(), captured.err.decode()

    return run_


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """More rows than a window of translations holds, of many lengths, with a column beside."""
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for n in range(300):
            writer.writerow([n, " ".join([TEXTS[n % 3]] * (n % 7 + 1)) + "\n" * (n % 2)])
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_predict_answers_as_the_service_does(
    run: Run, reviews: Path, published_models: Path
) -> None:
    status, out, err = run("predict", reviews, "--top-k", "2")
    assert (status, err) == (0, "")
    rows = rows_of(out)
    originals = rows_of(reviews.read_text(encoding="utf-8"))
    assert [(row["id"], row["text"]) for row in rows] == [
        (row["id"], row["text"]) for row in originals
    ]
    with loaded_client(published_models) as client:
        for begin in range(0, 300, 150):
            some = rows[begin : begin + 150]
            answers = client.post("/predict", json={"inputs": [row["text"] for row in some]})
            assert [
                [(row["label"], float(row["score"])), (row["label_2"], float(row["score_2"]))]
                for row in some
            ] == [[(p["label"], p["score"]) for p in answer] for answer in answers.json()]


def test_translate_answers_as_the_service_does(
    run: Run, reviews: Path, published_models: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    assert run("translate", reviews, "--output", output, "--beam-size", "2") == (0, "", "")
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [str(n) for n in range(300)]
    body = {"source": "en", "target": "de", "beam_size": 2}
    with loaded_client(published_models) as client:
        for begin in range(0, 300, 150):
            some = rows[begin : begin + 150]
            answer = client.post("/translate", json={**body, "q": [row["text"] for row in some]})
            assert [row["translation"] for row in some] == answer.json()["translatedText"]


@pytest.mark.parametrize("command", ["predict", "translate"])
def test_answers_do_not_depend_on_the_batch(run: Run, reviews: Path, command: str) -> None:
    answers = run(command, reviews)
    for size in ("1", "7"):
        assert run(command, reviews, "--batch-size", size) == answers


def test_a_text_that_holds_nothing_to_read_ends_the_run(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a good film\n \na bad film\n", encoding="utf-8")
    status, out, err = run("predict", path)
    assert status == 1
    assert [line.split("\t")[0] for line in out.splitlines()] == ["positive"]
    assert err.startswith(f"service: error: {path}, line 2: the text is only white space. ")


def test_a_text_that_is_too_long_is_found_among_the_others(
    run: Run, tmp_path: Path, published_models: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good\n" + "bad " * 50 + "\n\ngood\n" + "bad " * 50 + "\n", encoding="utf-8")
    environment = {"GATEHOUSE_MODELS": str(published_models), "GATEHOUSE_MAX_TEXT_TOKENS": "20"}
    assert main(["predict", str(path), "--on-error", "blank"], environment) == 0
    captured = capsysbinary.readouterr()
    lines = captured.out.decode().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["positive", "", "", "positive", ""]
    notes = captured.err.decode().splitlines()
    assert [note[: note.index(":", 10)] for note in notes] == [
        f"predict: line {n}" for n in (2, 3, 5)
    ]
    assert "tokens; the limit is 20" in notes[0]
    assert main(["predict", str(path)], environment) == 1
    captured = capsysbinary.readouterr()
    assert captured.out.decode().splitlines() == lines[:1]
    assert b"line 2: the text has" in captured.err


def test_bad_rows_are_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good, bad = '{"text": "a good film", "n": 1}\n', "nope\n"
    path.write_text(good + bad * 30 + good, encoding="utf-8")
    status, out, err = run("predict", path, "--on-error", "skip")
    assert status == 0
    assert [json.loads(line)["n"] for line in out.splitlines()] == [1, 1]
    notes = err.splitlines()
    assert notes[0].startswith("predict: line 2: no JSON (")
    assert notes[0].endswith("; left out")
    assert notes[20:] == ["predict: and 10 more"]


def test_blank_keeps_unreadable_rows_empty(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\n1,good\n2\n3,b\xe4d\n4,\n")
    status, out, _ = run("predict", path, "--on-error", "blank")
    assert status == 0
    assert [(row["id"], row["text"], row["label"]) for row in rows_of(out)] == [
        ("1", "good", "positive"),
        ("", "", ""),
        ("", "", ""),
        ("4", "", ""),
    ]


def test_blank_keeps_the_other_fields_of_a_row_without_a_text(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 7, "text": null}\n{"id": 8, "n": 1.10}\n', encoding="utf-8")
    status, out, _ = run("predict", path, "--column", "text", "--on-error", "blank")
    assert status == 0
    assert out.splitlines() == [
        '{"id": 7, "text": null, "label": null, "score": null}',
        '{"id": 8, "n": 1.10, "label": null, "score": null}',
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_file_without_rows_has_no_answers(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert run("predict", tmp_path / name) == (0, "", "")


def test_a_header_alone_gives_a_header(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text\n")
    assert run("predict", tmp_path / "a.csv") == (0, "id,text,label,score\n", "")


def test_a_table_without_header(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"7\ta good film\n")
    status, out, _ = run("translate", tmp_path / "a.tsv", "--no-header", "--column", "2")
    assert (status, out) == (0, "7\ta good film\ta good film\n")


def test_a_column_that_is_taken_needs_a_prefix(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"label,text\nx,good\n")
    status, out, err = run("predict", path)
    assert (status, out) == (1, "")
    assert 'has a column "label" already' in err
    status, out, _ = run("predict", path, "--prefix", "predicted_")
    assert out.splitlines()[0] == "label,text,predicted_label,predicted_score"


def test_json_lines_that_take_a_column_later_end_the_run(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "good"}\n{"text": "bad", "label": 1}\n')
    status, _, err = run("predict", path)
    assert status == 1
    assert 'line 2 has a field "label" already' in err


def test_parquet_in_and_out(run: Run, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra for Parquet is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    parquet.write_table(arrow.table({"n": range(3000), "text": ["good", "bad", ""] * 1000}), source)
    arguments = ("predict", source, "--output", output, "--on-error", "skip")
    status, out, _ = run(*arguments)
    assert (status, out) == (0, "")
    written = parquet.read_table(output).to_pydict()
    assert written["n"] == [n for n in range(3000) if n % 3 != 2]
    assert written["label"] == ["positive", "negative"] * 1000
    assert [entry.name for entry in tmp_path.glob(".*")] == []
    status, _, err = run(*arguments)
    assert (status, err) == (1, f"service: error: {output} exists; --overwrite begins again\n")
    assert run(*arguments, "--overwrite")[0] == 0
    status, _, err = run(*arguments, "--resume")
    assert status == 1
    assert "Parquet output cannot be continued" in err
    status, out, _ = run("predict", source, "--output-format", "csv", "--on-error", "skip")
    assert out.splitlines()[1].startswith("0,good,positive,")


def test_parquet_that_stops_at_a_bad_row_can_be_read(run: Run, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra for Parquet is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    parquet.write_table(arrow.table({"text": ["good", None]}), source)
    status, _, err = run("predict", source, "--output", output)
    assert status == 1
    assert 'row 2: "text" is null' in err
    assert parquet.read_table(output)["label"].to_pylist() == ["positive"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "none.csv cannot be read: No such file or directory"),
        (["a.doc"], 'the suffix of "a.doc" says nothing about its format'),
        (
            ["-", "--format", "parquet", "--output-format", "csv"],
            "Parquet cannot be read from standard input",
        ),
        (["a.txt", "--column", "x"], "plain text has no columns"),
        (["a.txt", "--model", "mood"], 'no model is called "mood"'),
        (["a.txt", "--model", "translation-en-de"], "no classification model is called"),
        (["a.txt", "--version", "9"], "version 9 of sentiment is not published; published are: 1"),
        (["a.txt", "--resume"], "--resume needs --output"),
        (["a.txt", "--output-format", "parquet"], "cannot be written to standard output"),
        (["a.txt", "--output", "a.txt"], "a.txt is the input"),
        (["a.txt", "--output", "none/b.txt"], "none/b.txt cannot be written: No such file"),
        (["a.txt", "--models", "nowhere"], "the models folder nowhere cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("good\n", encoding="utf-8")
    status, out, err = run("predict", *arguments)
    assert (status, out) == (1, "")
    assert err.startswith("service: error: ")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [["--top-k", "0"], ["--batch-size", "x"], ["--on-error", "no"], ["--resume", "--overwrite"]],
)
def test_a_wrong_command_line_ends_with_status_2(run: Run, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("predict", "a.txt", *arguments)
    assert ended.value.code == 2


def test_the_model_is_the_one_that_the_service_asks(run: Run, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good\n", encoding="utf-8")
    tiny_models.publish_classifier(models, name="mood", labels=("yes", "no"))
    tiny_models.publish_classifier(models)
    assert run("predict", path, models=models)[1].startswith("positive\t")
    assert run("predict", path, "--model", "mood", models=models)[1].startswith("yes\t")
    (models / "sentiment" / "2" / "classifier.onnx").write_bytes(b"x")
    status, _, err = run("predict", path, models=models)
    assert status == 1  # and never the older version in its place
    assert "classifier.onnx has 1 bytes" in err
    assert run("predict", path, "--version", "1", models=models)[0] == 0


def test_a_model_that_does_not_prove_itself_answers_nothing(
    run: Run, models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good\n", encoding="utf-8")
    wrong = TranslationExample(text="the cat", translation="der Hund", beam_size=1)
    tiny_models.publish_translator(models, examples=(wrong,))
    status, out, err = run("translate", path, models=models)
    assert (status, out) == (1, "")
    assert 'its manifest says "der Hund"' in err


def test_the_translator_is_found_by_what_is_said(run: Run, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good\n", encoding="utf-8")
    assert run("translate", path, models=models)[0] == 0  # there is but one
    tiny_models.publish_translator(models, name="other", source="en", target="fr")
    status, _, err = run("translate", path, models=models)
    assert status == 1
    assert "several translation models fit: other, translation-en-de" in err
    assert run("translate", path, "--target", "FR", models=models)[0] == 0
    assert run("translate", path, "--source", "en", "--target", "de", models=models)[0] == 0
    assert run("translate", path, "--model", "other", models=models)[0] == 0
    status, _, err = run("translate", path, "--source", "it", models=models)
    assert 'no translation model fits --source "it"; published are: other' in err
    status, _, err = run("translate", path, "--source", "en", "--target", "it", models=models)
    assert 'no model translates "en" to "it"' in err
    status, _, err = run("translate", path, "--beam-size", "99", models=models)
    assert "--beam-size must be 10 or less" in err


def test_of_several_translators_of_one_pair_the_one_that_the_service_asks_is_found(
    run: Run, models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good\n", encoding="utf-8")
    tiny_models.publish_translator(models, name="reverse")  # en to de, as translation-en-de
    expected = run("translate", path, "--model", "translation-en-de", models=models)
    assert run("translate", path, "--target", "de", models=models) == expected
    assert run("translate", path, models=models) == expected
    tiny_models.publish_translator(models, name="one", source="en", target="fr")
    tiny_models.publish_translator(models, name="two", source="en", target="fr")
    status, _, err = run("translate", path, "--target", "fr", models=models)
    assert (status, "several translation models fit: one, two; say" in err) == (1, True)
