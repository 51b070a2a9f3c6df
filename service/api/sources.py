"""Which languages are translated into which, and which of them a text is in, where nobody says.

Owned by the worker's event loop; knows nothing about HTTP.
"""

from collections.abc import Sequence

from service.api.inference import Call
from service.api.languages import Detected, language_name
from service.api.services import Services
from service.artifact import TranslationManifest
from service.errors import TextError, listing
from service.repository import Repository

AUTO = "auto"  # LibreTranslate's name for a language that is to be found out
_SURE = 0.8  # from which confidence on a text is refused that looks like another language


def language_pairs(repository: Repository, model: str | None = None) -> dict[str, set[str]]:
    """The languages that each language is translated into, by the models that answer.

    model: the only one that is asked, where there is one.
    """
    pairs: dict[str, set[str]] = {}
    for status in repository.models().values():
        named = model in (None, status.name)
        if named and isinstance(status.manifest, TranslationManifest):
            languages = status.manifest.languages
            pairs.setdefault(languages.source, set()).add(languages.target)
    return pairs


async def detect_sources(
    services: Services, texts: Sequence[str], target: str, model: str | None, call: Call
) -> list[Detected]:
    """The language of each text, of those that can be translated or are the target's.

    model: the one that is to translate, where one is named. AUTO for every text where nothing is
    translated to the target: the pair will be refused. Raises TextError for a text that is surely
    in another language, NoLanguageModel, and as `Inference.run`.
    """
    pairs = language_pairs(services.repository, model)
    wanted = target.lower()
    possible = {
        source.lower()
        for source, targets in pairs.items()
        if wanted in {known.lower() for known in targets}
    }
    if not possible:
        return [Detected(AUTO, 0.0)] * len(texts)
    found = await services.languages.detect(texts, call)
    possible.add(wanted)
    return [_likeliest(index, ranked, possible, target) for index, ranked in enumerate(found)]


def percent(detected: Detected) -> int:
    """The confidence as LibreTranslate states it, 0 to 100."""
    return round(detected.confidence * 100)


def _likeliest(index: int, ranked: Sequence[Detected], possible: set[str], target: str) -> Detected:
    best = ranked[0]
    if best.language.lower() in possible:
        return best
    others = [detected for detected in ranked if detected.language.lower() in possible]
    if others and best.confidence < _SURE:
        return others[0]
    raise TextError(
        index,
        f"the text looks {language_name(best.language)} (confidence {best.confidence:.2f}), which "
        f"no model translates to {target}; from {listing(possible - {target.lower()})} they do",
    )
