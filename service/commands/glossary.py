"""The glossary of a command that translates: the file that is named, or the service's."""

from pathlib import Path

from service.errors import InvalidInput
from service.files.glossary import GlossaryTable, read_glossary
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import TranslationPipeline
from service.settings import Settings


class GlossaryChoice:
    """What the flags and the settings say, before the model is known."""

    def __init__(self, named: Path | None, settings: Settings) -> None:
        """named: with the command, and so asked for. Raises FileError for a file that is wrong."""
        self._named = named
        path = settings.glossary_file if named is None else named
        self._table: GlossaryTable | None = None if path is None else read_glossary(path)

    @property
    def digest(self) -> str | None:
        """Of the file's content; None where there is no file."""
        return None if self._table is None else self._table.digest

    def of(self, pipeline: TranslationPipeline) -> Glossary | None:
        """The terms for a model.

        Raises InvalidInput where a file was named that can do nothing for it.
        """
        if self._table is None:
            return None
        languages = pipeline.languages
        terms = self._table.terms(languages.source, languages.target)
        if self._named is not None:
            self._require_use(pipeline, bool(terms))
        return Glossary(terms) if terms and pipeline.takes_glossary else None

    def _require_use(self, pipeline: TranslationPipeline, terms: bool) -> None:
        artifact, languages = pipeline.artifact, pipeline.languages
        if not pipeline.takes_glossary:
            raise InvalidInput(
                f"version {artifact.version} of {artifact.name} takes no glossary: it was trained "
                "without placeholders; leave out --glossary, or choose a version that has them"
            )
        if not terms:
            raise InvalidInput(
                f"the glossary {self._named} has no terms for {languages.source} to "
                f"{languages.target}; its first line names the languages of its columns"
            )
