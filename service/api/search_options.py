"""The search that a request asks for, checked against the limits; what every route decodes with."""

from service.errors import InvalidInput
from service.runtime.search import SearchOptions
from service.settings import Settings

DEFAULT_BEAM_SIZE = 5


def search_options(
    settings: Settings,
    *,
    beam_size: int | None = None,
    num_hypotheses: int | None = None,
    length_penalty: float | None = None,
    max_length: int | None = None,
) -> SearchOptions:
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
    return SearchOptions(
        beam_size=beam_size,
        length_penalty=length_penalty,
        max_length=max_length,
        num_hypotheses=wanted,
    )
