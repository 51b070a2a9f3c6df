"""Writes what translators say of texts, for another one to learn.

Each text is translated as one sentence, by the service's own beam search, and of all that the
teachers propose one is kept: see `training.teaching.choice`. Knows nothing about the student.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from service.artifact import Artifact, read_artifact
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import SearchOptions, TranslationPipeline
from training.data.taught_pairs import TaughtPair, pair_line, pairs_header, parse_taught_pairs
from training.export.translator_candidates import translator_candidates
from training.run_folder import RunError, RunFolder
from training.runs import load_run
from training.teaching.choice import Choice, choose
from training.teaching.growing import Contents, first_sources, write_growing
from training.teaching.versions import digest_of_version, is_version
from training.trained import TranslationRun

CHUNK = 256  # texts between two writes

References = Mapping[str, Sequence[str]]  # the right translations of a text, if any are known


class Teacher(Protocol):
    """Anything that translates."""

    name: str
    digest: str  # changes with what it says

    @property
    def languages(self) -> tuple[str, str]: ...

    def translations(self, texts: Sequence[str], beam_size: int) -> list[list[str]]:
        """Those of each text that a beam search finds, best first."""


class TranslatorTeacher:
    """A translator's run, or a published version."""

    def __init__(self, path: Path, scratch: Path) -> None:
        """scratch: a folder for the export of a run. Raises RunError, DataError, ArtifactError,
        ExportError."""
        artifact = _artifact(path, scratch)
        self._pipeline = TranslationPipeline(artifact, PipelineOptions())
        languages = self._pipeline.languages
        self.languages = languages.source, languages.target
        self.name = artifact.name
        self.digest = digest_of_version(artifact)

    def translations(self, texts: Sequence[str], beam_size: int) -> list[list[str]]:
        pipeline, tokenizer = self._pipeline, self._pipeline.artifact.tokenizer
        options = SearchOptions(beam_size=beam_size, num_hypotheses=beam_size)
        masked = [pipeline.masked(text) for text in texts]
        rows = [tokenizer.encode(one.text) for one in masked]
        # The search of many sentences goes on best among others of their length.
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        found = pipeline.search([rows[i] for i in order], options)
        translated: list[list[str]] = [[] for _ in texts]
        for i, ranked in zip(order, found, strict=True):
            # One that ran in circles, or to its limit, is nothing to learn.
            whole = [one for one in ranked if one.complete][:beam_size]
            translated[i] = [masked[i].restored(tokenizer.decode(one.tokens)) for one in whole]
        return translated


def _artifact(path: Path, scratch: Path) -> Artifact:
    if is_version(path):
        artifact = read_artifact(path)
        if artifact.manifest.task != "translation":
            raise RunError(f"{path} is a {artifact.manifest.task} model, not a translator")
        return artifact
    run = load_run(RunFolder(path))
    if not isinstance(run, TranslationRun):
        raise RunError(f"{path} is a run of {run.recipe.task}, not of translation")
    candidates, _ = translator_candidates(run, run.recipe.publication.name, "auto")
    # int8 where its cell has it: three times as fast, and as good within a tenth of a point.
    chosen = min(candidates, key=lambda one: one.draft.precision != "int8")
    return chosen.write(Path(tempfile.mkdtemp(dir=scratch)) / "1")


def teach_pairs(
    teachers: Sequence[Teacher],
    texts: Mapping[str, References],
    out: Path,
    beam_size: int = 5,
    quiet: bool = False,
    choice: Choice = "closest",
) -> int:
    """Write a translation of each text; returns how many there are.

    texts: by the name of their source; a text that comes again is left out, but not its right
    translations. One that no teacher finds words for gets none. Raises RunError.
    """
    languages = _common_languages(teachers)
    sources = first_sources(texts)
    references = {
        text: [right for some in texts.values() for right in some.get(text, ())] for text in sources
    }
    facts = [
        {
            "name": teacher.name,
            "digest": teacher.digest,
            "beam_size": str(beam_size),
            "choice": choice,
        }
        for teacher in teachers
    ]

    def lines(some: Sequence[str]) -> Iterator[str]:
        proposed = zip(*(one.translations(some, beam_size) for one in teachers), strict=True)
        for text, by_teacher in zip(some, proposed, strict=True):
            chosen = choose(choice, by_teacher, references[text])
            yield pair_line(TaughtPair(text, sources[text], chosen))

    def texts_of(written: Sequence[str], path: Path) -> list[str]:
        return [row.text for row in parse_taught_pairs(written, path).rows]

    contents = Contents(pairs_header(languages, facts), list(sources), lines, texts_of)
    write_growing(contents, out, CHUNK, quiet)
    return len(sources)


def _common_languages(teachers: Sequence[Teacher]) -> tuple[str, str]:
    languages = teachers[0].languages
    for teacher in teachers:
        if teacher.languages != languages:
            raise RunError(
                f"{teacher.name} translates from {teacher.languages[0]} to "
                f"{teacher.languages[1]}, {teachers[0].name} from {languages[0]} to "
                f"{languages[1]}: teachers must have the same languages"
            )
    return languages
