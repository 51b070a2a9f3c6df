"""The search that a request asks for, checked against the limits; what every route decodes with."""

from collections.abc import Mapping

from service.errors import InvalidInput, LimitExceeded, quote
from service.files.terms import LONGEST_TERM, is_term
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import (
    SearchOptions,
    TranslationOptions,
    TranslationPipeline,
    glossary_of,
)
from service.settings import Settings

DEFAULT_BEAM_SIZE = 5


def search_options(
    settings: Settings,
    *,
    beam_size: int | None = None,
    num_hypotheses: int | None = None,
    length_penalty: float | None = None,
    max_length: int | None = None,
    glossary: Mapping[str, str] | None = None,
) -> TranslationOptions:
    """The options that some fields of a request ask for; None for those that were left out.

    Raises InvalidInput where they are beyond the limits.
    """
    for field, value, limit in (
        ("beam_size", beam_size, settings.max_beam_size),
        ("max_length", max_length, settings.max_translation_tokens),
    ):
        if value is not None and value > limit:
            raise InvalidInput(f"{field} must be {limit} or less, as this service is set up")
    wanted = num_hypotheses or 1
    # By default as wide as what is asked for needs.
    beam_size = beam_size or min(max(DEFAULT_BEAM_SIZE, wanted), settings.max_beam_size)
    if wanted > beam_size:
        raise InvalidInput(
            f"num_hypotheses must be at most beam_size, which is {beam_size}; "
            f"ask for a wider beam, of at most {settings.max_beam_size}"
        )
    return TranslationOptions(
        beam_size=beam_size,
        length_penalty=length_penalty,
        max_length=max_length,
        num_hypotheses=wanted,
        glossary=_glossary(settings, glossary) if glossary else None,
    )


def taken_glossary(pipeline: TranslationPipeline, options: SearchOptions) -> Glossary | None:
    """The glossary of some options. Raises InvalidInput where a version takes none."""
    glossary = glossary_of(options)
    if glossary is not None and not pipeline.takes_glossary:
        name, version = pipeline.artifact.name, pipeline.artifact.version
        raise InvalidInput(
            f"version {version} of {name} takes no glossary: it was trained without "
            "placeholders; leave glossary out, or ask for a version that has them"
        )
    return glossary


def _glossary(settings: Settings, terms: Mapping[str, str]) -> Glossary:
    """Raises LimitExceeded, and InvalidInput for a term that could not stand in a text."""
    if len(terms) > settings.max_glossary_terms:
        raise LimitExceeded(
            f"glossary holds {len(terms):,} terms; the limit is {settings.max_glossary_terms:,} a "
            "request: send those that its texts need"
        )
    for term, translation in terms.items():
        if not (is_term(term) and is_term(translation)):
            raise InvalidInput(
                f"glossary: {quote(term)} is to become {quote(translation)}; both must have 1 "
                f"to {LONGEST_TERM} printable characters"
            )
    return Glossary(terms)
