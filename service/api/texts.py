"""Checks the texts of a request against the limits, and names the one that is wrong.

It knows nothing about what is done with them.
"""

from service.artifact import UnencodableText, encodable
from service.errors import InvalidInput, LimitExceeded, TextError, TextTooLong
from service.settings import Settings


def check_texts(field: str, value: str | list[str], settings: Settings) -> list[str]:
    """The texts of a field that holds one or a list of them.

    Raises InvalidInput for no text, an empty one and one that is no sequence of characters, and
    LimitExceeded for too many or too long ones. The message gives the index in a list.
    """
    texts = [value] if isinstance(value, str) else value
    if not texts:
        raise InvalidInput(f"{field} is an empty list; send at least one text")
    if len(texts) > settings.max_texts:
        raise LimitExceeded(
            f"{field} holds {len(texts):,} texts; the limit is {settings.max_texts:,} a request"
        )
    for index, text in enumerate(texts):
        place = field if isinstance(value, str) else f"{field}[{index}]"
        if len(text) > settings.max_text_characters:
            raise LimitExceeded(
                f"{place}: the text has {len(text):,} characters; the limit is "
                f"{settings.max_text_characters:,}"
            )
        if not text.strip():
            what = "only white space" if text else "empty"
            raise InvalidInput(f"{place}: the text is {what}; send at least one word")
        try:
            encodable(text)
        except UnencodableText as error:
            raise InvalidInput(f"{place}: {error}") from None
    return texts


class locating:  # noqa: N801 (read as a statement)
    """Turns a pipeline's TextError into one that names the field and index of the request."""

    def __init__(self, field: str, value: str | list[str]) -> None:
        self._field = field
        self._value = value

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, TextError):
            single = isinstance(self._value, str)
            place = self._field if single else f"{self._field}[{error.index}]"
            if isinstance(error, TextTooLong):
                raise LimitExceeded(f"{place}: {error.reason}") from None
            raise InvalidInput(f"{place}: {error.reason}") from None
