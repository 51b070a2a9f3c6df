"""The programs of docs/onnxruntime.md answer as the service does, and need nothing of this project.

They are run as they stand there, on every shipped model and on the tiny ones of the tests; what the
page shows of their answers is compared in test_sessions.py.
The JavaScript runs where node and the packages of tests/javascript are installed (make
test-javascript).
"""

import ast
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper

from service.artifact import (
    EOS_ID,
    TranslationManifest,
    list_models,
    read_artifact,
    write_artifact,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.placeholders import SYMBOLS
from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests import tiny_models
from tests.documentation.markdown import ROOT, programs

PAGE = ROOT / "docs" / "onnxruntime.md"
JAVASCRIPT = ROOT / "tests" / "javascript" / "node_modules"
PROGRAMS = {program.file: program for program in programs(PAGE) if program.file}
TEXTS = [
    "The plot is thin, but the actors are wonderful.",
    "GOOD",
    "not bad at all... I'd say it's quite good!",
    "  Two  spaces,\ta tab and a\nline.  ",
    "Ich weiß nicht, ob STRAẞE oder Straße: ﬁne, ½ and Ⅻ.",
    "İstanbul, Ｆｕｌｌ　ｗｉｄｔｈ, e\u0301tude, a\u200bb",
    "😀 👩‍👩‍👧 🇩🇪 日本語のテキスト, 한국어, العربية",
    "<pad> <s> </s> <unk> <0x41> ▁",
    "What a film! " * 60,
]
SENTENCES = [
    "Two dogs are playing in the snow.",
    "A man in a blue shirt is standing on a ladder cleaning a window.",
    "I don't know where she lives.",
    "“Where’s Zoë?”, he asked at 10:45 p.m.",
    "HELLO",
    "The cat, which had slept all day on the warm stones of the old wall, ran after a mouse.",
    "😀 ½",
]
# Without names, which in German the service alone can tell from other nouns, as the page says.
GERMAN = [
    "Zwei Hunde spielen im Schnee.",
    "Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster.",
    "Ich weiß nicht, wo sie wohnt.",
    "Wo bist du um 10:45 gewesen?",
    "Die Katze hat den ganzen Tag auf den Steinen geschlafen und läuft nun hinter einer Maus her.",
]
WORDS = [
    "where",
    "s",
    "he",
    "asked",
    "at",
    "p",
    "m",
    "the",
    "cat",
    "ran",
    "after",
    "a",
    "mouse",
    "i",
]
# What is kept comes through in its own letters, where sentencepiece would make others of them.
KEPT = [
    "He asked the cat ﬁle_２.txt and the mouse Ｚｏё at ｈttp://a.org/½?q=１.",
    "@anna_ﬁ, 10:45 p.m.: “Ｆｒｉｄａ” ran after #５.",
    " ".join(f"ａ{digit}" for digit in range(10, 22)),  # more than there are symbols
]

Printed = list[dict[str, float]]  # scores by label, text by text


@dataclass(frozen=True)
class Desk:
    """A folder with the page's programs, away from this checkout."""

    folder: Path

    def run(self, *command: str) -> str:
        """What a command prints; `python` and `node` are those of this machine."""
        words = [*self._interpreter(command[0]), *command[1:]]
        result = subprocess.run(
            words,
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert result.returncode == 0, f"{shlex.join(words)}: {result.stderr}"
        return result.stdout

    def lines(self, *command: str) -> list[str]:
        """What a command prints, line by line."""
        return self.run(*command).splitlines()

    def scores(self, *command: str) -> Printed:
        """Scores by label, which a command prints as JSON, text by text."""
        return [
            {pair["label"]: pair["score"] for pair in json.loads(line)}
            for line in self.lines(*command)
        ]

    @staticmethod
    def _interpreter(name: str) -> list[str]:
        if name == "python":
            # Isolated: neither this folder nor PYTHONPATH is where it finds modules.
            return [sys.executable, "-I"]
        node = shutil.which(name)
        if node is None:
            pytest.skip("node is not installed, so the page's JavaScript cannot be run")
        if not JAVASCRIPT.is_dir():
            pytest.skip("tests/javascript/node_modules is missing: run make test-javascript")
        return [node]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name, program in PROGRAMS.items():
        (tmp_path / name).write_text(program.source, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(JAVASCRIPT)
    return Desk(tmp_path)


def newest(repository: Path, graph: str) -> Iterator[Path]:
    """The newest version of each model of a repository that has the graph of that name."""
    for name, versions in list_models(repository).items():
        folder = repository / name / str(versions[-1])
        if graph in json.loads((folder / "manifest.json").read_text("utf-8"))["graphs"]:
            yield folder


def shipped(graph: str) -> list[Path]:
    return list(newest(ROOT / "models", graph)) if (ROOT / "models").is_dir() else []


def assert_scores_of_the_service(folder: Path, printed: Printed, tolerance: float) -> None:
    pipeline = ClassificationPipeline(read_artifact(folder))
    try:
        expected = [dict(ranked) for ranked in pipeline.classify(TEXTS)]
    finally:
        pipeline.close()
    assert len(printed) == len(expected)
    for line, wanted in zip(printed, expected, strict=True):
        assert line == pytest.approx(wanted, abs=tolerance)
        assert max(line, key=line.__getitem__) == max(wanted, key=wanted.__getitem__)


def assert_translates_as_the_service(
    folder: Path, desk: Desk, sentences: Sequence[str] = SENTENCES
) -> None:
    pipeline = TranslationPipeline(read_artifact(folder))
    try:
        for beam_size in (1, 5):
            printed = desk.lines("python", "translate.py", str(folder), str(beam_size), *sentences)
            options = SearchOptions(beam_size=beam_size)
            assert printed == pipeline.translate_sentences(sentences, options)
    finally:
        pipeline.close()


def test_the_programs_import_nothing_of_this_project(desk: Desk) -> None:
    imported = set()
    for name in ("classify.py", "translate.py"):
        for node in ast.walk(ast.parse(PROGRAMS[name].source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module))
    assert imported - sys.stdlib_module_names == {"numpy", "onnxruntime", "sentencepiece"}
    look = "import importlib.util; print(importlib.util.find_spec('service'))"
    assert desk.lines("python", "-c", look) == ["None"]


def test_classifying_gives_the_scores_of_the_service(desk: Desk, published_models: Path) -> None:
    for folder in (*newest(published_models, "classifier"), *shipped("classifier")):
        printed = desk.scores("python", "classify.py", str(folder), *TEXTS)
        assert_scores_of_the_service(folder, printed, tolerance=1e-6)


def test_translating_gives_the_sentences_of_the_service(desk: Desk, published_models: Path) -> None:
    for folder in newest(published_models, "decoder"):
        assert_translates_as_the_service(folder, desk)
    # Of a translator with placeholders the service alone finds emoji, as the page says.
    english = [sentence for sentence in SENTENCES if "😀" not in sentence]
    read = {"en": english, "de": GERMAN}
    for folder in shipped("decoder"):
        manifest = read_artifact(folder).manifest
        assert isinstance(manifest, TranslationManifest)
        assert_translates_as_the_service(folder, desk, read[manifest.languages.source])


def publish_hasty(repository: Path, most_tokens: int = 200) -> Path:
    """The tiny translator with placeholders; left to itself, it would end before the first one."""
    draft = tiny_models.translator_draft(known=WORDS)
    facts = draft.decoding.model_copy(
        update={"max_length_factor": 0.001, "max_length_offset": most_tokens}
    )
    draft = draft.model_copy(update={"decoding": facts})
    files = tiny_models.translator_files(draft)
    content = files["decoder.onnx"]
    assert isinstance(content, bytes)
    decoder = onnx.load_from_string(content)
    (bias,) = (one for one in decoder.graph.initializer if one.name == "bias")
    tokenizer = tiny_models.tokenizer(symbols=SYMBOLS)
    changed = numpy_helper.to_array(bias).copy()
    # Of the 20 that a token has where it is attended to: the end goes before a placeholder alone.
    changed[[tokenizer.id_of(symbol) for symbol in SYMBOLS]] -= 5
    changed[EOS_ID] += 16
    bias.CopyFrom(numpy_helper.from_array(changed, "bias"))
    files["decoder.onnx"] = decoder.SerializeToString()
    files["words.txt"] = "".join(f"{word}\n" for word in WORDS).encode()
    return write_artifact(repository, draft, files)


def test_placeholders_are_carried_over_as_by_the_service(desk: Desk, tmp_path: Path) -> None:
    folder = publish_hasty(tmp_path / "models")
    assert_translates_as_the_service(folder, desk, [*SENTENCES, *KEPT])
    printed = desk.lines("python", "translate.py", str(folder), "1", *KEPT)
    assert printed[:2] == KEPT[:2]
    assert printed[2].split() == [*KEPT[2].split()[:10], "a20", "a21"]


def test_what_a_translation_lacks_is_put_behind_it(desk: Desk, tmp_path: Path) -> None:
    folder = publish_hasty(tmp_path / "models", most_tokens=2)
    assert_translates_as_the_service(folder, desk, ["the cat 15", "15"])
    (printed,) = desk.lines("python", "translate.py", str(folder), "1", "the cat 15")
    assert printed.endswith(" 15")
    assert "cat" not in printed


@pytest.mark.parametrize("runtime", ["onnxruntime-node", "onnxruntime-web"])
def test_javascript_gives_the_scores_of_the_service(
    runtime: str, desk: Desk, published_models: Path
) -> None:
    source = PROGRAMS["classify.mjs"].source
    assert source.count("onnxruntime-node") == 1
    (desk.folder / "any.mjs").write_text(source.replace("onnxruntime-node", runtime), "utf-8")
    for folder in (*newest(published_models, "classifier"), *shipped("classifier")):
        printed = desk.scores("node", "any.mjs", str(folder), *TEXTS)
        assert_scores_of_the_service(folder, printed, tolerance=1e-4)  # kernels of its own


@pytest.mark.parametrize("command", ["python classify.py", "node classify.mjs"])
def test_a_text_with_nothing_to_read_is_refused(
    command: str, desk: Desk, published_models: Path
) -> None:
    with pytest.raises(AssertionError, match="a text holds nothing to read"):
        desk.run(*command.split(), str(published_models / "sentiment" / "1"), "good", "  ")
