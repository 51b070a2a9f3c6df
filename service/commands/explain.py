"""`explain`: why a text has its label, or what its translation looked at.

As a table, or as a file: the numbers as JSON, or a picture of them.
"""

import argparse
import os
import sys
from pathlib import Path

from service.commands.choosing import choose_classifier, choose_translator, load
from service.commands.explanation_table import label_lines, translation_lines
from service.commands.glossary import GlossaryChoice
from service.commands.translate import search_options
from service.errors import InvalidInput, TextError
from service.explanation import translation
from service.explanation.classification import ClassifierExplainer, Question
from service.explanation.forms import JSON, PNG, SVG, Explanation, written
from service.explanation.reading import check_length, read_text
from service.explanation.translation import explain_translation
from service.files.errors import FileError
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline
from service.settings import Settings

_FORMS = {".svg": SVG, ".png": PNG, ".json": JSON}
_STANDARD_INPUT = "-"


def explain(chosen: argparse.Namespace, options: PipelineOptions, settings: Settings) -> int:
    """Runs the command and returns the exit status. Raises ArtifactError and GatehouseError."""
    form = _form(chosen.out, chosen.overwrite)
    text = _text(chosen.text)
    pipeline = _pipeline(chosen, options)
    try:
        explanation = _explanation(chosen, pipeline, text, settings)
    except TextError as error:
        raise InvalidInput(error.reason) from None
    finally:
        pipeline.close()
    if form is None:
        print("\n".join(_lines(explanation)))
    else:
        _write(chosen.out, written(explanation, form, lambda: False))
    return 0


def _form(out: Path | None, overwrite: bool) -> str | None:
    """The form that a file's name asks for. Raises FileError."""
    if out is None:
        return None
    form = _FORMS.get(out.suffix.lower())
    if form is None:
        raise FileError(f"{out}: the name must end in {', '.join(_FORMS)}")
    if out.exists() and not overwrite:
        raise FileError(f"{out} exists; --overwrite writes it anew")
    if form == PNG:
        from service.explanation.pictures.png import NEEDED, can_paint

        if not can_paint():
            raise FileError(f"{NEEDED} (.svg), or pip install resvg-py")
    return form


def _text(argument: str) -> str:
    if argument != _STANDARD_INPUT:
        text = argument
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(f"standard input is no UTF-8: {error.reason}") from None
    if not text.strip():
        raise InvalidInput("the text is empty; give at least one word")
    return text


def _pipeline(chosen: argparse.Namespace, options: PipelineOptions) -> Pipeline:
    """The model that the flags mean: the classifier where they say nothing of it."""
    if chosen.source or chosen.target:
        languages = (chosen.source, chosen.target)
        return choose_translator(
            chosen.models, languages, chosen.model, chosen.model_version, options
        )
    if chosen.model is None:
        return choose_classifier(chosen.models, None, chosen.model_version, options)
    return load(chosen.models, chosen.model, chosen.model_version, options)


def _explanation(
    chosen: argparse.Namespace, pipeline: Pipeline, text: str, settings: Settings
) -> Explanation:
    if isinstance(pipeline, ClassificationPipeline):
        if chosen.glossary is not None:
            raise InvalidInput(
                f"--glossary: {pipeline.artifact.name} classifies; it is for models that translate"
            )
        tokens, offsets = read_text(pipeline.artifact.tokenizer, text)
        check_length(len(tokens), settings.max_explained_tokens)
        question = Question(
            chosen.label, chosen.against, chosen.gates, tuple(dict.fromkeys(chosen.unit))
        )
        explainer = ClassifierExplainer(pipeline.artifact)
        return explainer.explain(text, tokens, offsets, question)
    if isinstance(pipeline, TranslationPipeline):
        return _translation(chosen, pipeline, text, settings)
    artifact = pipeline.artifact
    raise InvalidInput(
        f"{artifact.name} is a {artifact.manifest.task} model; models that classify or translate "
        "can be explained"
    )


def _translation(
    chosen: argparse.Namespace, pipeline: TranslationPipeline, text: str, settings: Settings
) -> translation.Explanation:
    given = [f"--{name}" for name in ("label", "against", "gates", "unit") if getattr(chosen, name)]
    if given:
        raise InvalidInput(
            f"{' and '.join(given)}: {pipeline.artifact.name} translates; labels and gates are "
            "explained of models that classify"
        )
    options = search_options(chosen, settings.max_beam_size)
    glossary = GlossaryChoice(chosen.glossary, settings).of(pipeline)
    split = pipeline.split([text], glossary)
    check_length(sum(map(len, split.rows)), settings.max_explained_tokens)
    found = pipeline.search(split.rows, options)
    targets = [hypotheses[0].tokens for hypotheses in found]
    return explain_translation(pipeline, text, split, targets, glossary)


def _lines(explanation: Explanation) -> list[str]:
    if isinstance(explanation, translation.Explanation):
        return translation_lines(explanation)
    return label_lines(explanation)


def _write(path: Path, content: bytes) -> None:
    """Writes a file as a whole or not at all. Raises FileError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FileError(f"{path} cannot be written: {error.strerror}") from None
