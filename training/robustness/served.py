"""A published translator that answers as the service does, and what it has answered already."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tqdm import tqdm

from service.artifact import read_artifact
from service.pipelines.loading import load_pipeline
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import TranslationOptions, TranslationPipeline
from training.data.errors import DataError

_SLICE = 64  # texts between two movements of the progress bar


class Served:
    """A translator of texts. What is asked again is not translated again. To be closed."""

    def __init__(self, folder: Path, beam_size: int, quiet: bool = True) -> None:
        """Raises ArtifactError, and DataError for a model that does not translate."""
        pipeline = load_pipeline(read_artifact(folder))
        if not isinstance(pipeline, TranslationPipeline):
            task = pipeline.manifest.task
            pipeline.close()
            raise DataError(f"{folder} is a {task} model; name one that translates")
        self._pipeline = pipeline
        self.folder = folder
        self.name = f"{pipeline.artifact.name} {pipeline.artifact.version}"
        self.languages = pipeline.languages
        self.takes_glossary = pipeline.takes_glossary
        self.beam_size = beam_size
        self._quiet = quiet
        self._known: dict[tuple[str, int, Glossary | None], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pipeline.close()

    def translate(
        self,
        texts: Sequence[str],
        what: str,
        beam_size: int | None = None,
        glossaries: Sequence[Glossary | None] | None = None,
    ) -> list[str]:
        """The translation of each text.

        what: of the progress bar; beam_size: the translator's own where none is given;
        glossaries: one for each text, where any has one.
        """
        beam = beam_size or self.beam_size
        asked = [
            (text, beam, glossary)
            for text, glossary in zip(texts, glossaries or [None] * len(texts), strict=True)
        ]
        missing: dict[Glossary | None, list[str]] = {}
        for text, _, glossary in dict.fromkeys(asked):
            if (text, beam, glossary) not in self._known:
                missing.setdefault(glossary, []).append(text)
        total = sum(map(len, missing.values()))
        label = f"{self.name}, {what}"
        with tqdm(total=total, desc=label, unit="text", disable=self._quiet or None) as bar:
            for glossary, new in missing.items():
                options = TranslationOptions(beam_size=beam, glossary=glossary)
                for start in range(0, len(new), _SLICE):
                    part = new[start : start + _SLICE]
                    answers = self._pipeline.translate(part, options)
                    for text, answer in zip(part, answers, strict=True):
                        self._known[text, beam, glossary] = answer
                    bar.update(len(part))
        return [self._known[one] for one in asked]
