"""The command line, from data to an answer over HTTP, and one clear line for every mistake."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.artifact import ArtifactError, ClassificationManifest, read_artifact
from tests.service.api.conftest import loaded_client
from tests.training.small_runs import (
    REVERSE_SETTINGS,
    STARS,
    STARS_SETTINGS,
    TrainedRun,
    flags,
    review,
    write_reviews,
)
from training.cli import main
from training.data.registry import DATASETS
from training.publishing import publish
from training.recipe import ClassificationRecipe, recipe_names
from training.recipe.reading import RECIPES
from training.run_folder import RunFolder
from training.runs import load_run, run_recipe

COMMANDS = [
    (),
    ("data",),
    ("data", "list"),
    ("data", "fetch"),
    ("train",),
    ("evaluate",),
    ("robustness",),
    ("restore",),
    ("export",),
    ("plot",),
    ("baseline",),
    ("teach",),
    ("study",),
    ("study", "leave-one-out"),
    ("study", "variants"),
]
Arguments = list[str | Path]
COLUMNS = ("--text-column", "review", "--label-column", "stars")


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return write_reviews(tmp_path / "data" / "reviews.csv", 90)


def failing(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line on standard error of a command that fails."""
    assert main([*map(str, arguments)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: ")
    return "\n".join(lines)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith(f"usage: {' '.join(('python -m training', *command))}")
    if command == ("train",):
        text = text.replace("- ", "-")  # lines are broken behind hyphens, too
        for word in (*recipe_names(), "--resume", "--data", "--promote-if", "--text-column"):
            assert word in text


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "the following arguments are required: COMMAND" in capsys.readouterr().err


def test_data_list_names_address_licence_and_citation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    text = capsys.readouterr().out
    for name, dataset in DATASETS.items():
        assert f"{name} ({dataset.task})" in text
        assert dataset.address in text
        assert f"licence: {dataset.license}" in text


def test_data_is_fetched_from_a_mirror_and_found_there_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mirror" / "customer_reviews"
    folder.mkdir(parents=True)
    (folder / "custrev.neg").write_text("bad .\n" * 1_368)
    (folder / "custrev.pos").write_text("good .\n" * 2_407)
    root = tmp_path / "root"
    command = ["data", "fetch", "customer_reviews", "--root", str(root)]
    for said, extra in (
        ("2 fetched, 0 already there", ["--mirror", str(folder.parent), "--quiet"]),
        ("0 fetched, 2 already there", ["--quiet"]),
    ):
        assert main([*command, *extra]) == 0
        out = capsys.readouterr().out
        assert f"customer_reviews: {said}; negative 1,368, positive 2,407" in out
    assert (root / "customer_reviews" / "custrev.neg").read_text() == "bad .\n" * 1_368
    message = failing(capsys, "data", "fetch", "costumer", "--root", root)
    assert 'no dataset is called "costumer"; there are imdb' in message


def test_from_nothing_to_a_translation_over_http(reverse: TrainedRun) -> None:
    questions = ["a b c", "d e f g h", "h h a b"]
    with loaded_client(reverse.models) as client:
        assert client.get("/health/ready").json() == {"status": "ready", "models": {"reverse": 1}}
        for beam_size in (5, 1):
            body = {"q": questions, "source": "en", "target": "de", "beam_size": beam_size}
            answers = client.post("/translate", json=body).json()["translatedText"]
            assert answers == [question[::-1] for question in questions]


def test_from_a_users_csv_to_a_prediction_over_http(stars: TrainedRun) -> None:
    with loaded_client(stars.models) as client:
        for label in STARS:
            answer = client.post("/predict", json={"inputs": review(label, 500)}).json()
            assert answer[0]["label"] == label
            assert sum(one["score"] for one in answer) == pytest.approx(1.0)
            assert {one["label"] for one in answer} == set(STARS)
        assert "tokenizer" not in client.get("/models").text


PAIRS_SETTINGS = (
    "network.embedding_size=32",
    "network.encoder_size=64",
    "network.encoder_layers=1",
    "network.decoder_size=64",
    "network.attention_size=32",
    "network.dropout=0.0",
    "network.word_dropout=0.0",
    "training.tokens_per_batch=64",
    "training.learning_rate=0.01",
    "training.warmup_steps=20",
    "training.minimum_steps=0",
    "training.epochs=40",
    "training.label_smoothing=0.0",
    "training.ema=0.0",
    "training.precision=fp32",
)


def test_a_users_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {"one": "eins", "two": "zwei", "red": "rot", "house": "Haus", "dog": "Hund"}
    english = [" ".join(line) for line in itertools.product(words, repeat=3)]
    german = [" ".join(words[word] for word in line.split()) for line in english]
    pairs, run, model = tmp_path / "pairs.tsv", tmp_path / "run", tmp_path / "models" / "mine"
    lines = [f"{a}\t{b}\n" for a, b in zip(english, german, strict=True)]
    pairs.write_text("".join(lines), encoding="utf-8")
    train = ["train", "translation-en-de", "--data", str(pairs), *flags(PAIRS_SETTINGS)]
    assert main([*train, "--run", str(run), "--publish", str(model), "--quiet"]) == 0
    assert f"published {model / '1'}" in capsys.readouterr().out
    manifest = read_artifact(model / "1").manifest
    assert manifest.license == "the user's own"
    assert [(source.name, source.rows) for source in manifest.sources] == [("pairs.tsv", 100)]
    with loaded_client(model.parent) as client:
        body = {"q": ["two red dog", "red hosue one"], "source": "en", "target": "de"}
        answer = client.post("/translate", json=body).json()
        explained = client.post("/explain", json={**body, "q": "one horse"}).json()
    assert answer == {"translatedText": ["zwei rot Hund", "rot Haus eins"]}
    # A slip away from "house" too, but a word: the dictionary has it.
    assert "horse\t0\n" in (model / "1" / "spelling.tsv").read_text("utf-8")
    assert "corrections" not in explained


def test_a_bad_row_is_named_by_its_line_and_nothing_is_written(
    tmp_path: Path, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = reviews.read_text("utf-8").splitlines()
    lines[6] = "7,,3"
    lines[11] = "12,only two"
    reviews.write_text("\n".join(lines), encoding="utf-8")
    train: Arguments = ["train", "sentiment-bilstm", "--data", reviews, *COLUMNS]
    where: Arguments = [
        "--run",
        tmp_path / "runs" / "one",
        "--publish",
        tmp_path / "models" / "stars",
    ]
    message = failing(capsys, *train, *where)
    assert f"{reviews} has 2 bad rows:" in message
    assert "line 7: an empty text; expected some text" in message
    assert "line 12: 2 fields; expected 3, as in the first line" in message
    assert everything(tmp_path) == {"data", "data/reviews.csv"}


def test_a_bad_pair_is_named_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("a cat\teine Katze\na dog\n", encoding="utf-8")
    message = failing(
        capsys, "train", "translation-en-de", "--data", pairs, "--run", tmp_path / "run"
    )
    assert "line 2: 1 field; expected source, tab, target" in message
    assert everything(tmp_path) == {"pairs.tsv"}


def test_a_column_that_is_not_there_is_answered_with_those_that_are(
    tmp_path: Path, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = failing(
        capsys, "train", "sentiment-bilstm", "--data", reviews, "--run", tmp_path / "run"
    )
    assert 'no column "text"; its columns are id, review, stars' in message


@pytest.fixture
def trained(stars: TrainedRun, repository: Path, tmp_path: Path) -> list[str]:
    """The export of the run of stars as the next version, held against a labelled file."""
    labelled = write_reviews(tmp_path / "labelled.csv", 60, first=1000)
    publish = ["--publish", str(repository / "stars"), "--quiet", "--precision", "int8"]
    return ["export", str(stars.run), *publish, "--on", str(labelled), *COLUMNS]


def test_a_version_that_is_not_better_is_refused_and_what_was_there_stays(
    trained: list[str], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(repository)
    for condition in ("accuracy > current", "accuracy >= 1.1", "calibration_error < 0"):
        message = failing(capsys, *trained, "--promote-if", condition)
        assert "not published: " in message
        assert everything(repository) == before


def test_a_version_that_holds_its_condition_is_the_next_one(
    trained: list[str], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*trained, "--promote-if", "accuracy >= current"]) == 0
    assert f"published {repository / 'stars' / '2'} (int8)" in capsys.readouterr().out
    assert main([*trained, "--promote-if", "accuracy >= 0.9"]) == 0
    assert read_artifact(repository / "stars" / "3").manifest.version == 3


def test_training_is_not_begun_for_what_could_not_be_published(
    tmp_path: Path, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = write_reviews(tmp_path / "data" / "labelled.csv", 9)
    other = tmp_path / "data" / "other.csv"
    other.write_text("review,stars\ngood,4\n", encoding="utf-8")
    before = everything(tmp_path)
    run: Arguments = ["--run", tmp_path / "runs" / "one"]
    train: Arguments = ["train", "sentiment-bilstm", "--data", reviews, *COLUMNS, *run]
    publish: Arguments = ["--publish", tmp_path / "models" / "stars"]
    cases: list[tuple[Arguments, str]] = [
        ([*publish, "--promote-if", "accuracy > 0.9"], "--promote-if needs --on FILE"),
        ([*publish, "--on", labelled], "--on says what --promote-if is measured on: give both"),
        ([*publish, "--on", labelled, "--promote-if", "accuracy"], "cannot read the condition"),
        ([*publish, "--on", labelled, "--promote-if", "BLEU > 3"], "'BLEU' is not measured in cla"),
        ([*publish, "--on", tmp_path / "no.csv", "--promote-if", "accuracy > 0"], "is not there"),
        (["--on", labelled, "--promote-if", "accuracy > 0"], "say with --publish which one"),
        (
            [*publish, "--on", other, "--promote-if", "accuracy > 0"],
            "does not know: 4; the mo",
        ),
        (["--publish", tmp_path / "my stars"], "'my stars' is no name for a model"),
        (["--publish", tmp_path / "data" / ".."], "is no name for a model"),
        ([*publish, "--set", "training.epoch=1"], "training.epoch: Extra inputs are not permitted"),
        ([*publish, "--resume"], "leave out --set, --data"),
        (["--temperature", "1"], "--temperature is for what is published"),
    ]
    for extra, said in cases:
        assert said in failing(capsys, *train, *extra)
        assert everything(tmp_path) == before
    (tmp_path / "models" / "stars" / "1").mkdir(parents=True)
    refused = failing(capsys, *train, "--publish", tmp_path / "models")
    assert "models/stars is no version" in refused


def test_another_task_is_no_next_version(
    reverse: TrainedRun, stars: TrainedRun, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export: Arguments = ["export", reverse.run, "--publish", repository / "stars"]
    refused = failing(capsys, *export)
    assert "stars/1 is a classification model, reverse makes a translation model" in refused
    with pytest.raises(ArtifactError, match="publish it under another name"):
        publish(load_run(RunFolder(reverse.run)), repository, "stars", quiet=True)
    assert not (repository / "stars" / "2").exists()


def test_beams_that_cannot_be_searched(
    reverse: TrainedRun, stars: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in ("0", "-3", "wide"):
        with pytest.raises(SystemExit):
            main(["evaluate", str(reverse.published), "--beam-size", wrong])
        assert f"'{wrong}' is no whole number of 1 or more" in capsys.readouterr().err
    refused = failing(capsys, "evaluate", reverse.published, "--beam-size", "100000")
    most = read_artifact(reverse.published).tokenizer.vocabulary_size - 12
    assert f"choose a beam of {most:,} at most" in refused
    refused = failing(capsys, "evaluate", stars.published, "--beam-size", "5")
    assert "--beam-size is for translations; stars is a classification model" in refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train"], f"name a recipe: {', '.join(recipe_names())}"),
        (
            ["train", "sentiment"],
            f"there is no recipe 'sentiment'; known recipes: {recipe_names()[0]}, ",
        ),
        (["train", "--resume"], "name the run to go on with: --run DIR"),
        (["train", "--resume", "--run", "nowhere"], "nowhere holds no run"),
        (["train", "sentiment-bilstm", "--root", "nowhere", "--run", "r"], "nowhere/imdb"),
        (["export", "nowhere"], "nowhere holds no run"),
        (["plot", "nowhere"], "nowhere/log.jsonl holds no records yet"),
        (["evaluate", "nowhere/1"], "nowhere/1"),
        (["baseline", "reverse"], "reverse is a translation recipe; the baseline classifies"),
    ],
)
def test_what_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    message = failing(capsys, *arguments)
    assert said in message
    assert "\n" not in message
    assert everything(tmp_path) == set()


def test_languages_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {"nl": ("een", "huis", "ijs", "niet"), "sv": ("och", "inte", "på", "går")}
    texts = tmp_path / "texts.csv"

    def write(names: dict[str, str]) -> None:
        lines = [
            f"{' '.join(line)},{names[code]}\n"
            for code, known in words.items()
            for line in itertools.product(known, repeat=3)
        ]
        texts.write_text("text,label\n" + "".join(lines), encoding="utf-8")

    models, run = tmp_path / "models" / "language", tmp_path / "run"
    quick = flags((*STARS_SETTINGS, "training.epochs=6"))
    train = ["train", "language", "--data", str(texts), *quick, "--run", str(run), "--quiet"]
    write({"nl": "Dutch", "sv": "Swedish"})
    message = failing(capsys, *train, "--publish", str(models))
    assert "the labels Dutch, Swedish are no codes of languages, such as en" in message
    assert not run.exists()
    write({"nl": "nl", "sv": "sv"})
    assert main([*train, "--publish", str(models)]) == 0
    manifest = read_artifact(models / "1").manifest
    assert isinstance(manifest, ClassificationManifest)
    assert manifest.labels == ("nl", "sv")
    assert manifest.purpose == "language-identification"


def test_the_language_of_own_texts_is_the_users_to_state(
    stars: TrainedRun, reviews: Path, tmp_path: Path
) -> None:
    def language(run: Path) -> str | None:
        recipe = run_recipe(RunFolder(run))
        assert isinstance(recipe, ClassificationRecipe)
        return recipe.language

    assert language(stars.run) is None  # though the recipe is for English
    once = flags((*STARS_SETTINGS, "training.epochs=1", "language=de"))
    command = ["train", "sentiment-bilstm", "--data", str(reviews), *COLUMNS, *once, "--quiet"]
    assert main([*command, "--run", str(tmp_path / "run")]) == 0
    assert language(tmp_path / "run") == "de"


def test_own_data_is_trained_on_again_and_again(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    once = flags((*STARS_SETTINGS, "training.epochs=1"))
    command = ["train", "sentiment-bilstm", "--data", str(reviews), *COLUMNS, *once, "--quiet"]
    for number in (1, 2):
        assert main([*command, "--publish", "models/stars", "--precision", "fp32"]) == 0
        assert RunFolder(tmp_path / "runs" / f"stars-{number}").best.exists()
        assert read_artifact(tmp_path / "models" / "stars" / str(number)).version == number


def test_a_run_that_is_there_is_not_begun_again(
    stars: TrainedRun, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (stars.run / "checkpoint.pt").read_bytes()
    train: Arguments = ["train", "sentiment-bilstm", "--data", reviews, *COLUMNS]
    message = failing(capsys, *train, "--run", stars.run)
    assert "already holds a run: go on with it (--resume), or name another folder" in message
    assert (stars.run / "checkpoint.pt").read_bytes() == before


def test_evaluate_gives_the_scores_of_the_manifest(
    reverse: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(reverse.published), "--beam-size", "1", "--quiet"]) == 0
    out = capsys.readouterr().out
    scores = {score.metric: score for score in read_artifact(reverse.published).manifest.scores}
    bleu = scores["BLEU, beam 1"]
    assert f"reverse BLEU, beam 1: {bleu.value} (200 rows)\n    {bleu.signature}\n" in out
    assert "beam 5" not in out


def test_evaluate_on_the_test_sets_of_another_recipe(
    reverse: TrainedRun, stars: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = (RECIPES / "reverse.toml").read_text("utf-8")
    test, train = '[{ source = "reverse", split = "test" }]', '[{ source = "reverse" }]'
    assert test in recipe

    def evaluated_on(old: str, new: str) -> list[str]:
        path = tmp_path / "other.toml"
        path.write_text(recipe.replace(old, new), "utf-8")
        version = str(reverse.published)
        return ["evaluate", version, "--beam-size", "1", "--quiet", "--recipe", str(path)]

    fewer = '[{ source = "reverse", split = "test", take = 50 }]'
    assert main(evaluated_on(test, fewer)) == 0
    out = capsys.readouterr().out
    assert "reverse BLEU, beam 1: " in out
    assert "(50 rows)" in out
    chosen_by = '[{ source = "reverse", split = "validation" }]'
    for old, new, said in (
        (f"test = {test}", f"test = {train}", "was trained on, or chosen by, reverse, which other"),
        (test, chosen_by, "was trained on, or chosen by, reverse:validation, which other tests on"),
        ('"de"', '"fr"', "reverse translates from en to de, other from en to fr"),
        (f"test = {test}", "", "other names no public test set"),
    ):
        assert said in failing(capsys, *evaluated_on(old, new))
    message = failing(capsys, "evaluate", stars.published, "--recipe", "reverse")
    assert "stars is a classification model, reverse a recipe of translation" in message
    message = failing(capsys, "evaluate", stars.published, "--recipe", "reviews-lm")
    assert "reviews-lm trains a language model, and no version is one" in message
    message = failing(capsys, "evaluate", stars.published, "--recipe", "reverse", "--probes")
    assert "--recipe names test sets, as --on and --probes do" in message


def test_evaluate_on_a_labelled_file(
    stars: TrainedRun, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate = ["evaluate", str(stars.published), "--on", str(reviews)]
    assert main([*evaluate, *COLUMNS]) == 0
    assert "reviews.csv accuracy: 100.0 (90 rows)" in capsys.readouterr().out
    message = failing(capsys, *evaluate, "--text-column", "review", "--label-column", "id")
    assert "reviews.csv has labels that the model does not know" in message
    assert "the model's are 1, 3, 10" in message
    assert "names no public test set" in failing(capsys, "evaluate", stars.published)


def test_versions_are_evaluated_beside_each_other(
    stars: TrainedRun, reverse: TrainedRun, reviews: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    stars.copy_models(tmp_path / "again")
    again = tmp_path / "again" / "stars" / "1"
    on = ["--on", str(reviews), *COLUMNS]
    versions = [str(stars.published), str(again)]
    assert main(["evaluate", *versions, *on, "--spread"]) == 0
    lines = capsys.readouterr().out.splitlines()
    header = f"| test set | rows | score | {versions[0]} | {versions[1]} | mean | spread |"
    assert lines[0] == header
    assert lines[2] == "| reviews.csv | 90 | accuracy | 100 | 100 | 100 | 0 |"
    assert len(lines) == 5  # macro F1 and the calibration error
    for arguments, said in (
        ([versions[0], *on, "--spread"], "--spread is of the scores of several versions"),
        ([*versions, "--probes", "--spread"], "--spread is of the scores of several versions"),
        ([versions[0], versions[0], *on], "a version is named twice; name each once"),
        ([versions[0], str(reverse.published)],
         "stars is a classification model, reverse a translation model: they have no score in"),
    ):  # fmt: skip
        assert said in failing(capsys, "evaluate", *arguments)


def test_translators_beside_each_other_say_how_bleu_was_computed(
    reverse: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reverse.copy_models(tmp_path / "again")
    again = tmp_path / "again" / "reverse" / "1"
    versions = [str(reverse.published), str(again)]
    assert main(["evaluate", *versions, "--beam-size", "1", "--quiet"]) == 0
    out = capsys.readouterr().out
    scores = {score.metric: score for score in read_artifact(again).manifest.scores}
    bleu = scores["BLEU, beam 1"]
    assert f"| reverse | 200 | BLEU, beam 1 | {bleu.value:g} | {bleu.value:g} |\n" in out
    assert out.count(f"\nBLEU, beam 1: {bleu.signature}\n") == 1
    assert "mean" not in out


def test_a_stopped_run_goes_on_to_the_same_weights(
    tmp_path: Path, reverse: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    # Without the allocator's settings, so that the command starts itself anew with them.
    environment = {key: value for key, value in os.environ.items() if "MALLOC" not in key}
    train = ["-m", "training", "train", "reverse", "--run", str(folder)]
    process = subprocess.Popen(
        [sys.executable, *train, *flags(REVERSE_SETTINGS)],
        env=environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)  # in the second epoch of six
    out, rest = process.communicate(timeout=120)
    assert first.startswith("epoch 1, step ")
    assert process.returncode == 130, rest
    assert f"stopped; continue with: python -m training train --resume --run {folder}" in rest
    assert out == ""
    stopped = RunFolder(folder).read_tensors(folder / "checkpoint.pt")["position"]["step"]
    assert main(["train", "--resume", "--run", str(folder), "--quiet"]) == 0
    assert "best validation score" in capsys.readouterr().out

    mine, expected = (
        RunFolder(path).read_tensors(path / "best.pt") for path in (folder, reverse.run)
    )
    assert mine.keys() == expected.keys()
    for name, weights in mine.items():
        assert weights.equal(expected[name]), name
    steps = [record["step"] for record in RunFolder(folder).records()]
    assert steps == [record["step"] for record in RunFolder(reverse.run).records()]
    assert 0 < stopped < steps[-1]


KILLED = """
import os, signal, sys
import torch
from training.cli import main
from training.tasks.classification import ClassificationTask

torch.set_num_threads(1)
loss, calls = ClassificationTask.loss, []

def dying(self, batch):
    calls.append(1)
    if len(calls) == 70:
        os.kill(os.getpid(), signal.SIGKILL)
    return loss(self, batch)

ClassificationTask.loss = dying
main(sys.argv[1:])
"""


def test_a_killed_run_goes_on_at_its_last_checkpoint_to_the_same_weights(
    tmp_path: Path, stars: TrainedRun
) -> None:
    folder = tmp_path / "run"
    data = ["--data", str(stars.run.parent / "reviews.csv"), *COLUMNS]
    train = ["train", "sentiment-bilstm", *data, "--run", str(folder), *flags(STARS_SETTINGS)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *train, "--quiet"], timeout=120)
    assert killed.returncode == -signal.SIGKILL
    mine, expected = RunFolder(folder), RunFolder(stars.run)
    assert 0 < mine.read_tensors(mine.checkpoint)["position"]["step"] < 70
    assert main(["train", "--resume", "--run", str(folder), "--quiet"]) == 0
    resumed, whole = (run.read_tensors(run.checkpoint)["network"] for run in (mine, expected))
    assert all(resumed[name].equal(weights) for name, weights in whole.items())
    resumed, whole = (run.read_tensors(run.best) for run in (mine, expected))
    assert all(resumed[name].equal(weights) for name, weights in whole.items())


def test_going_on_with_changed_data_is_refused(
    tmp_path: Path, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    settings = flags((*STARS_SETTINGS, "training.epochs=1"))
    train = ["train", "sentiment-bilstm", "--data", str(reviews), *COLUMNS, "--quiet", *settings]
    assert main([*train, "--run", str(folder)]) == 0
    with reviews.open("a", encoding="utf-8") as file:
        file.write("".join(f"{n},Another superb film no. {n}.,10\n" for n in range(900, 910)))
    commands: list[Arguments] = [["train", "--resume", "--run", folder], ["export", folder]]
    for command in commands:
        message = failing(capsys, *command)
        assert f"reviews.csv is not the file that {folder} began with" in message
    reviews.unlink()
    assert f"{reviews} is not there" in failing(capsys, "export", folder)


def test_the_baseline_scores_the_recipes_test_sets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {part: f'[{{ source = "synthetic", split = "{part}" }}]'
             for part in ("train", "validation", "test")}  # fmt: skip
    settings = [f"data.{part}={value}" for part, value in parts.items()]
    baseline = ["baseline", "sentiment-bilstm", "--root", str(tmp_path), *flags(settings)]
    assert main([*baseline, "--model", "tfidf", "--model", "nbsvm", "--probes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "| test set | rows | tfidf | nbsvm |" in lines
    (row,) = (line for line in lines if line.startswith("| synthetic | 300 |"))
    tfidf, nbsvm = (float(cell.split("/")[0]) for cell in row.strip("| ").split("|")[2:])
    assert 60 < tfidf < nbsvm  # pairs of words know most of the synthetic task, triples more
    assert "| phenomenon | probes | tfidf | nbsvm |" in lines
    assert lines[-1].startswith("| all | ")


def test_a_model_is_scored_on_the_probes(
    published_models: Path, stars: TrainedRun, reverse: TrainedRun,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    version = published_models / "sentiment" / "1"
    assert main(["evaluate", str(version), "--probes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"| phenomenon | probes | {version} |" in lines
    assert [line for line in lines if line.startswith("| negation | ")]
    share = float(lines[-1].strip("| ").split("|")[2])
    assert lines[-1].startswith("| all | ")
    assert 30 < share < 70  # it knows two words
    refused = failing(capsys, "evaluate", stars.published, "--probes")
    assert "the probe set has labels that the model does not know: negative, positive" in refused
    refused = failing(capsys, "evaluate", reverse.published, "--probes")
    assert "reverse is a translation model; the probes are for a classifier" in refused


def test_a_temperature_is_a_classifiers(
    reverse: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export: Arguments = ["export", reverse.run, "--publish", tmp_path / "models" / "reverse"]
    refused = failing(capsys, *export, "--temperature", "1.5")
    assert "--temperature is a classifier's; reverse is a translation recipe" in refused
    for wrong in ("0", "-1", "nan", "inf", "warm"):
        with pytest.raises(SystemExit):
            main([*map(str, export), "--temperature", wrong])
        assert "is no number above 0" in capsys.readouterr().err
    assert everything(tmp_path) == set()
