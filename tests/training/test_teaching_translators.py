"""Translators write what they say of texts, once and whole; a student learns from it."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
import torch

from service.artifact import read_artifact
from tests.training.small_runs import REVERSE_SETTINGS, TrainedRun, flags
from training.cli import main
from training.commands.options import CHOICES
from training.corpora import parallel_corpora
from training.data.errors import DataError
from training.data.taught_pairs import TaughtPair, pair_line, pairs_header, read_taught_pairs
from training.recipe import Languages, TranslationData, TranslationRecipe, read_recipe
from training.run_folder import RunError, RunFolder
from training.taught_corpora import texts_to_translate, with_taught_pairs
from training.teaching.choice import Choice, choose, closest, consensus
from training.teaching.translators import CHUNK, TranslatorTeacher, teach_pairs

EN_DE = ("en", "de")
LANGUAGES = Languages(source="en", target="de")


class Proposing:
    """A teacher that proposes what it is told to, and counts what it is asked."""

    name, digest = "proposing", "1"

    def __init__(self, *proposals: str, languages: tuple[str, str] = EN_DE) -> None:
        self.languages = languages
        self._proposals = list(proposals)
        self.asked: list[str] = []
        self.patience = 1000

    def translations(self, texts: Sequence[str], beam_size: int) -> list[list[str]]:
        self.patience -= 1
        if self.patience < 0:
            raise MemoryError
        self.asked += texts
        return [[f"{one} {text}".strip() for one in self._proposals] for text in texts]


def test_the_closest_to_what_is_right() -> None:
    proposals = ["a man sleeps", "a man is riding a bike", "a man rides a bicycle"]
    assert closest(proposals, ["a man rides a bike"]) == "a man rides a bicycle"
    assert closest(proposals, ["somebody sleeps here", "a man is riding"]) == proposals[1]
    assert closest(["x", "y"], ["z"]) == "x"


def test_without_what_is_right_the_one_that_most_agree_with() -> None:
    proposals = ["completely other words", "a dog runs fast", "a dog runs", "the dog runs fast"]
    assert consensus(proposals) == "a dog runs fast"
    assert consensus(["only one"]) == "only one"
    # What several propose has several votes.
    assert consensus(["a b c", "d e f", "d e f"]) == "d e f"
    often = ["a dog runs fast"] * 3 + ["a dog runs very fast", "a dog runs", "a dog races fast"]
    assert consensus(often) == "a dog runs fast"
    assert consensus(["first of two", "something else"]) == "first of two"


def test_the_commands_choices_are_those_there_are() -> None:
    assert get_args(Choice) == CHOICES


def test_what_the_teacher_likes_best_whatever_is_right() -> None:
    ranked = ["a man cycles", "a man rides a bicycle", "a man rides a bicycle now"]
    right = ["a man rides a bicycle"]
    assert choose("closest", [ranked], right) == ranked[1]
    assert choose("best", [ranked], right) == ranked[0]
    assert choose("consensus", [ranked], ["a man cycles"]) == ranked[1]
    assert choose("closest", [ranked], []) == ranked[1]
    # Of several teachers what most of them put first; one without words has no say.
    others = [["", " "], ["a man rides"], ["a man rides a bicycle"], ranked]
    assert choose("best", others, []) == "a man rides"
    for choice in get_args(Choice):
        assert choose(choice, [["", " "], []], right) == ""


def test_one_translation_of_each_text(tmp_path: Path) -> None:
    first, second = Proposing("ein Hund", "der Hund"), Proposing("die Katze", "")
    texts = {
        "right": {"x y": ["die Katze x y", "der Kater"], "z": ["der Hund z"]},
        "plain": {"x y": [], "w": [], "z": ["a third"]},
    }
    out = tmp_path / "deep" / "pairs.jsonl"
    assert teach_pairs([first, second], texts, out, beam_size=2, quiet=True) == 3
    assert read_taught_pairs(out, EN_DE) == [
        TaughtPair("x y", "right", "die Katze x y"),
        TaughtPair("z", "right", "der Hund z"),
        TaughtPair("w", "plain", "ein Hund w"),
    ]
    header = json.loads(out.read_text("utf-8").split("\n")[0])
    assert [one["beam_size"] for one in header["teachers"]] == ["2", "2"]
    assert [one["choice"] for one in header["teachers"]] == ["closest", "closest"]
    with pytest.raises(RunError, match="is there already"):
        teach_pairs([first, second], texts, out, quiet=True, choice="best")
    other = tmp_path / "best.jsonl"
    teach_pairs([first], texts, other, quiet=True, choice="best")
    assert [row.translation for row in read_taught_pairs(other, EN_DE)] == [
        "ein Hund x y", "ein Hund z", "ein Hund w"
    ]  # fmt: skip


def test_a_text_without_words_stays_without_a_translation(tmp_path: Path) -> None:
    class Silent(Proposing):
        def translations(self, texts: Sequence[str], beam_size: int) -> list[list[str]]:
            return [["", " "], []]

    out = tmp_path / "pairs.jsonl"
    teach_pairs([Silent()], {"one": {"...": ["!"], "?": []}}, out, quiet=True)
    assert [row.translation for row in read_taught_pairs(out, EN_DE)] == ["", ""]


def test_an_interrupted_command_goes_on_to_the_same_file(tmp_path: Path) -> None:
    texts: dict[str, dict[str, list[str]]] = {"one": {f"no. {i}": [] for i in range(2 * CHUNK + 3)}}
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    teach_pairs([Proposing("a", "b")], texts, whole, quiet=True)
    impatient = Proposing("a", "b")
    impatient.patience = 1
    with pytest.raises(MemoryError):
        teach_pairs([impatient], texts, broken, quiet=True)
    partial = tmp_path / "broken.jsonl.partial"
    begun = partial.read_bytes()
    for other in (begun.replace(b'"5"', b'"4"'), b'{"labels": ["a", "b"]}\n'):
        partial.write_bytes(other)
        with pytest.raises(RunError, match="was begun with other teachers or other texts; remove"):
            teach_pairs([Proposing("a", "b")], texts, broken, quiet=True)
    partial.write_bytes(begun)
    again = Proposing("a", "b")
    teach_pairs([again], texts, broken, quiet=True)
    assert again.asked == list(texts["one"])[CHUNK:]
    assert broken.read_bytes() == whole.read_bytes()
    with pytest.raises(RunError, match=r"broken\.jsonl is there already"):
        teach_pairs([again], texts, broken, quiet=True)


def test_teachers_of_other_languages_are_refused(tmp_path: Path) -> None:
    teachers = [Proposing("a"), Proposing("a", languages=("de", "en"))]
    with pytest.raises(RunError, match="proposing translates from de to en, proposing from en to"):
        teach_pairs(teachers, {"one": {"a": []}}, tmp_path / "pairs.jsonl", quiet=True)
    assert not list(tmp_path.iterdir())


def test_a_run_proposes_what_its_version_answers(reverse: TrainedRun, tmp_path: Path) -> None:
    run = TranslatorTeacher(reverse.run, tmp_path)
    published = TranslatorTeacher(reverse.published, tmp_path)
    texts = ["a b c d", "x", "b a", "q r s t u v", "\u200b"]
    found = run.translations(texts, 3)
    assert found == published.translations(texts, 3)
    assert found[0][0] == "d c b a" and found[2][0] == "a b"
    assert max(map(len, found)) == 3
    # Two exports of a run are one teacher, or nothing could be gone on with.
    again = TranslatorTeacher(reverse.run, tmp_path)
    assert again.digest == run.digest
    other = tmp_path / "other"
    shutil.copytree(reverse.run, other)
    weights = RunFolder(other).read_tensors(other / "best.pt")
    torch.save({**weights, "output_bias": weights["output_bias"] + 1}, other / "best.pt")
    assert TranslatorTeacher(other, tmp_path).digest != run.digest
    assert run.languages == published.languages == EN_DE


def test_pairs_bring_what_is_right(tmp_path: Path) -> None:
    texts = texts_to_translate(tmp_path, ["reverse"], LANGUAGES)["reverse"]
    assert len(texts) > 1000
    assert all(right == [" ".join(reversed(text.split()))] for text, right in texts.items())


def test_sources_that_cannot_be_translated_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='"multi30k:test" is held out'):
        texts_to_translate(tmp_path, ["multi30k:test"], LANGUAGES)
    backwards = Languages(source="de", target="en")
    with pytest.raises(DataError, match='"synthetic" is English; the teacher reads de'):
        texts_to_translate(tmp_path, ["synthetic"], backwards)
    with pytest.raises(DataError, match='no sentiment dataset is called "nothing"'):
        texts_to_translate(tmp_path, ["nothing"], backwards)
    with pytest.raises(DataError, match='"multi30k_languages" holds several languages'):
        texts_to_translate(tmp_path, ["multi30k_languages"], LANGUAGES)


def test_a_teachers_texts_stand_beside_the_pairs(tmp_path: Path) -> None:
    recipe = read_recipe("reverse", {})
    assert isinstance(recipe, TranslationRecipe)
    pairs = parallel_corpora(tmp_path, recipe.data, LANGUAGES)
    path = tmp_path / "pairs.jsonl"
    rows = [TaughtPair("a b", "newstest:2014", "b a"), TaughtPair("...", "multi30k", "")]
    path.write_text(pairs_header(EN_DE, []) + "".join(map(pair_line, rows)), encoding="utf-8")
    data = TranslationData.model_validate(
        recipe.data.model_dump() | {"taught": [{"file": str(path), "take": 7}]}
    )
    whole = with_taught_pairs(pairs, data, LANGUAGES)
    assert whole.train[-1] == [("a b", "b a")]
    assert whole.takes == [None, 7]
    assert [(source.name, source.rows) for source in whole.sources] == [
        ("reverse", 4000), ("newstest:2014", 1),
    ]  # fmt: skip
    assert with_taught_pairs(pairs, recipe.data, LANGUAGES) is pairs
    path.write_text(pairs_header(EN_DE, []) + pair_line(rows[1]), encoding="utf-8")
    with pytest.raises(DataError, match=r"pairs\.jsonl holds no translation"):
        with_taught_pairs(pairs, data, LANGUAGES)
    path.write_text(pairs_header(EN_DE, []) + pair_line(rows[0]), encoding="utf-8")
    held = data.model_dump() | {"test": [{"source": "newstest", "split": "2014"}]}
    with pytest.raises(DataError, match="holds texts of newstest:2014, which the recipe holds out"):
        with_taught_pairs(pairs, TranslationData.model_validate(held), LANGUAGES)


def test_from_a_teacher_to_a_published_student_that_goes_on_from_it(
    reverse: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, run, target = tmp_path / "pairs.jsonl", tmp_path / "run", tmp_path / "models" / "student"
    command = ["teach", str(reverse.run), "--texts", "reverse", "--beam-size", "2"]
    assert main([*command, "--out", str(out), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "texts, translations of 1 teacher\n" in said
    assert read_taught_pairs(out, EN_DE)[0].source == "reverse"
    # What nobody but the teacher says, so that it shows whether its word was learnt.
    written = [row._replace(source="elsewhere", translation="x y z") for row in
               read_taught_pairs(out, EN_DE)]  # fmt: skip
    out.write_text(pairs_header(EN_DE, []) + "".join(map(pair_line, written)), encoding="utf-8")
    setting = said.rpartition("--set ")[2].strip().strip("'")
    assert setting == f'data.taught=[{{file="{out}"}}]'
    settings = [*REVERSE_SETTINGS, "training.epochs=1", setting, f"initial_run={reverse.run}"]
    few = 'data.train=[{source="reverse", take=40}]'
    train = ["train", "reverse", *flags([*settings, few]), "--run", str(run), "--quiet"]
    assert main(train) == 0
    assert (run / "tokenizer.model").read_bytes() == (reverse.run / "tokenizer.model").read_bytes()
    assert main(["export", str(run), "--publish", str(target), "--quiet"]) == 0
    artifact = read_artifact(target / "1")
    assert [source.name for source in artifact.manifest.sources] == ["reverse", "elsewhere"]
    student = TranslatorTeacher(artifact.path, tmp_path)
    assert student.translations(["a b c d e", "f g h"], 1) == [["x y z"], ["x y z"]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--baseline", "tfidf"], "--baseline is a classifier; translators have no such teacher"),
        (["--beam-size", "0"], "is no whole number of 1 or more"),
    ],
)
def test_options_of_classifiers_are_refused(
    reverse: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    options: list[str], said: str,
) -> None:  # fmt: skip
    command = ["teach", str(reverse.run), "--texts", "reverse", "--out", str(tmp_path / "x")]
    try:
        assert main([*command, *options]) != 0
    except SystemExit as exit_:
        assert exit_.code != 0
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_other_tasks_are_refused(
    reverse: TrainedRun, stars: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--texts", "reverse", "--out", str(tmp_path / "x")]
    for teachers, said in (
        ([reverse.run, stars.run], "is a run of classification, not of translation"),
        ([reverse.run, stars.published], "is a classification model, not a translator"),
        ([stars.published, reverse.published], "is a translation model, not a classifier"),
        ([stars.run, reverse.run], "is a run of translation, not of classification"),
    ):
        assert main(["teach", *map(str, teachers), *out]) == 1
        assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
