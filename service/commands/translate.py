"""`translate`: the translations of a file's texts."""

import argparse
from collections.abc import Sequence

from service.commands.answering import Answers
from service.commands.choosing import choose_translator
from service.commands.file_run import Column, run_file
from service.commands.glossary import GlossaryChoice
from service.errors import InvalidInput, TextError
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import (
    SearchOptions,
    TranslationOptions,
    TranslationPipeline,
    glossary_of,
)
from service.settings import Settings


class Translator:
    """A translator as a command sees it: the best translation of a text."""

    # Sentences join and leave the decoder's batch at every step, so only a window's end is less
    # than full, and windows can be as short as users like to see them written.
    window_rows = 256
    window_characters = 1 << 15

    columns: tuple[Column, ...] = (("translation", str),)

    def __init__(self, pipeline: TranslationPipeline, search: SearchOptions) -> None:
        self.artifact = pipeline.artifact
        self._pipeline = pipeline
        self._search = search

    def check(self, text: str) -> None:
        """Raises TextError for a text that cannot be answered."""
        self._pipeline.split([text], glossary_of(self._search))

    def answer(self, texts: Sequence[str]) -> Sequence[Answers]:
        """The translation of each text. Raises TextError."""
        # Those with most to decode first: what is decoded last decides when the window ends.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        try:
            translated = self._pipeline.translate([texts[i] for i in order], self._search)
        except TextError as error:
            raise TextError(order[error.index], error.reason) from None
        answers: list[Answers] = [()] * len(texts)
        for i, translation in zip(order, translated, strict=True):
            answers[i] = (translation,)
        return answers

    def close(self) -> None:
        """The model is not needed any more."""
        self._pipeline.close()


def translate(chosen: argparse.Namespace, options: PipelineOptions, settings: Settings) -> int:
    """Runs the command and returns the exit status. Raises ArtifactError and GatehouseError."""
    search = search_options(chosen, settings.max_beam_size)
    glossary = GlossaryChoice(chosen.glossary, settings)

    def load() -> Translator:
        languages = (chosen.source, chosen.target)
        pipeline = choose_translator(
            chosen.models, languages, chosen.model, chosen.model_version, options
        )
        try:
            return Translator(
                pipeline, TranslationOptions(**vars(search), glossary=glossary.of(pipeline))
            )
        except InvalidInput:
            pipeline.close()
            raise

    choices = {"beam_size": chosen.beam_size, "glossary": glossary.digest}
    return run_file(chosen, load, choices)


def search_options(chosen: argparse.Namespace, max_beam_size: int) -> SearchOptions:
    """The search that was asked for. Raises InvalidInput for a beam beyond the settings."""
    if chosen.beam_size > max_beam_size:
        raise InvalidInput(
            f"--beam-size must be {max_beam_size} or less; GATEHOUSE_MAX_BEAM_SIZE raises that"
        )
    return SearchOptions(beam_size=chosen.beam_size)
