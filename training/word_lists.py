"""What a translator with placeholders knows of the words of its source language.

The words by which it tells names, and how words are mostly written, by which it tells mistyped
ones; both lie in a run's folder and go into the version that is published from it.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from service.pipelines.placeholders import KnownWords, Spelling, forms_content, forms_in
from training.corpora import Corpora
from training.data.dictionary import dictionary, frequencies
from training.data.examples import SentencePair
from training.data.masking import known_words, names_taken_over, words_content
from training.data.spelling import in_use, merged_forms, mistakable, respelt, written_forms
from training.run_folder import RunFolder

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WordLists:
    """words: case folded, sorted; forms: as words are mostly written, and how often they were read.

    A version from before forms were written down has none. A form that was never read is a word of
    a dictionary that would be taken for a mistyped one.
    """

    words: list[str] = field(default_factory=list)
    forms: Mapping[str, int] = field(default_factory=dict)

    @property
    def of_dictionary(self) -> bool:
        """Whether some are a dictionary's."""
        return not all(self.forms.values())

    def files(self) -> dict[str, bytes]:
        """The files of a run's folder, or of a version, by their names."""
        files = {RunFolder.WORDS: words_content(self.words)}
        if self.forms:
            files[RunFolder.SPELLING] = forms_content(self.forms).encode("utf-8")
        return files


def lists_of(corpora: Corpora[SentencePair], known: WordLists | None = None) -> WordLists:
    """Those of the pairs that a translator is trained on; a name that is no word is kept.

    known: what it knows already.
    """
    known = known or WordLists()
    pairs = [pair for part in corpora.train for pair in part]
    words = known_words(pair.source for pair in pairs).union(known.words)
    forms = written_forms(pair.source for pair in pairs)
    return WordLists(sorted(words - names_taken_over(pairs)), merged_forms(forms, known.forms))


def with_dictionary(lists: WordLists, language: str) -> WordLists:
    """With the words of a language that would be taken for mistyped ones of the lists: those that
    a dictionary has, and those that people write so often that they mean them. Without those that
    were read only because somebody's keyboard lacks letters."""
    if not lists.forms:
        return lists
    often = frequencies(language)
    lists = _without(lists, respelt(lists.forms, often))
    right = mistakable(dictionary(language), _spelling(lists, language), often)
    _log.info("%s words of a dictionary are a slip away from known ones", f"{len(right):,}")
    lists = _with_right(lists, right)
    right = in_use(often, _spelling(lists, language))
    _log.info("%s words often written are a slip away from known ones", f"{len(right):,}")
    return _with_right(lists, right)


def _without(lists: WordLists, forms: Collection[str]) -> WordLists:
    folded = {form.casefold() for form in forms}
    return WordLists(
        [word for word in lists.words if word not in folded],
        {form: count for form, count in lists.forms.items() if form not in forms},
    )


def _spelling(lists: WordLists, language: str) -> Spelling:
    return Spelling(lists.forms, KnownWords.of(lists.words, language))


def _with_right(lists: WordLists, words: Iterable[str]) -> WordLists:
    return replace(lists, forms={**dict.fromkeys(sorted(words), 0), **lists.forms})


def lists_in(run: RunFolder, corpora: Corpora[SentencePair] | None = None) -> WordLists:
    """Those that a run has written down.

    corpora: that it was trained on, for the forms of one that wrote down its words alone.
    """
    words = run.words.read_text(encoding="utf-8").split("\n")[:-1]
    if run.spelling.exists():
        return WordLists(words, forms_in(run.spelling.read_text(encoding="utf-8")))
    return WordLists(words, {} if corpora is None else lists_of(corpora).forms)
