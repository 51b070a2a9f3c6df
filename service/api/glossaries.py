"""The glossaries of files, for every route that translates: the general one, and those of keys.

Precedence, term by term: what a request brings itself, then the file of its key, then the general
one. A version that takes no glossary gets none of files. `look` reads the files, and may do so in a
thread; all else belongs to the event loop. Imported only where there are such files, or keys, any
of which may get one while the service runs.
"""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from service.api.access import visit_of
from service.api.inference import Call
from service.files.errors import FileError
from service.files.glossary import GlossaryTable, read_glossary
from service.files.stamps import stamp
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import (
    SearchOptions,
    TranslationOptions,
    TranslationPipeline,
    glossary_of,
)

if TYPE_CHECKING:
    from service.access.keys import KeyFile, Keys

logger = logging.getLogger(__name__)

Name = str | None  # of a file as the keys write it; None: the general one


class _Read(NamedTuple):
    """A file as it was read last."""

    path: Path
    stamp: object
    table: GlossaryTable | None  # None where it could not be read yet


class _Files:
    """The files as they are at one time, and what was made of them for each pair of languages."""

    def __init__(self, read: Mapping[Name, _Read]) -> None:
        self.read = read
        self._made: dict[tuple[Name, str, str], asyncio.Task[Glossary | None]] = {}

    async def glossary(self, name: Name, source: str, target: str) -> Glossary | None:
        """The terms of the general file and of another; None where they have none of that pair."""
        general = await self._of(None, source, target)
        own = None if name is None else await self._of(name, source, target)
        if own is None or general is None:
            return general if own is None else own
        return own.over(general)

    async def _of(self, name: Name, source: str, target: str) -> Glossary | None:
        read = self.read.get(name)
        if read is None or read.table is None:
            return None
        key = (name, source, target)
        task = self._made.get(key)
        if task is None:
            # In a thread, because one of many terms takes some time; all who wait share it.
            making = asyncio.to_thread(_made, read.table, source, target)
            task = self._made[key] = asyncio.create_task(making)
        return task.result() if task.done() else await asyncio.shield(task)


class Glossaries:
    """The glossaries of a worker."""

    def __init__(self, general: Path | None, keys: "KeyFile | None") -> None:
        """A file that cannot be read holds no terms until it can, and the log says so."""
        self._general = general
        self._key_file = keys
        self._keys: Keys | None = None
        self._files = _Files({})
        self.look()

    def changed(self) -> bool:
        """Whether the keys or any of the files are others than when `look` was called last."""
        if self._key_file is not None and self._key_file.keys is not self._keys:
            return True
        return any(stamp(read.path) != read.stamp for read in self._files.read.values())

    def look(self) -> None:
        """Takes up the files as they are now. One that cannot be read stays as it was."""
        self._keys = None if self._key_file is None else self._key_file.keys
        read = {
            name: self._look(path, self._files.read.get(name))
            for name, path in self._paths().items()
        }
        self._files = _Files(read)

    async def applied(
        self, options: SearchOptions, pipeline: TranslationPipeline, call: Call
    ) -> SearchOptions:
        """The options of a request, with the terms that files have for it."""
        files = self._files
        if not files.read or not pipeline.takes_glossary:
            return options
        languages = pipeline.languages
        found = await files.glossary(_name(call), languages.source, languages.target)
        if found is None:
            return options
        own = glossary_of(options)
        together = found if own is None else own.over(found)
        return TranslationOptions(**{**vars(options), "glossary": together})

    def _paths(self) -> dict[Name, Path]:
        paths: dict[Name, Path] = {}
        if self._general is not None:
            paths[None] = self._general
        if self._key_file is not None and self._keys is not None:
            folder = self._key_file.path.parent
            for key in self._keys.all:
                if key.glossary is not None:
                    paths[key.glossary] = folder / key.glossary
        return paths

    @staticmethod
    def _look(path: Path, before: _Read | None) -> _Read:
        now = stamp(path)
        if before is not None and before.stamp == now:
            return before
        try:
            table = read_glossary(path)
        except FileError as error:
            logger.error("its terms stay as they were: %s", error)
            return _Read(path, now, None if before is None else before.table)
        logger.info("concepts in the glossary %s: %d", path, len(table.concepts))
        return _Read(path, now, table)


def _name(call: Call) -> Name:
    """The file of the key that a request came with."""
    visit = None if call.request is None else visit_of(call.request.scope)
    return None if visit is None or visit.key is None else visit.key.glossary


def _made(table: GlossaryTable, source: str, target: str) -> Glossary | None:
    terms = table.terms(source, target)
    return Glossary(terms) if terms else None
