"""Whether a stretch of text stands in another one, as it is and not as part of something longer."""

import re
from functools import cache


@cache
def whole(stretch: str, ignore_case: bool = False) -> re.Pattern[str]:
    """Finds a stretch that no letter and no digit goes on with.

    Nor does a number: "3.5" is not found in "3.51" or in "13.5", and "12" not in "12:30". A hyphen
    may follow, because German joins words with it ("Toyota-Fahrer").
    """
    before = r"(?<!\w)(?<!\d[.,:/-])" if _joins(stretch[0]) else ""
    after = r"(?!\w|[.,:/-]\d)" if _joins(stretch[-1]) else ""
    flags = re.IGNORECASE if ignore_case else 0
    return re.compile(f"{before}{re.escape(stretch)}{after}", flags)


def _joins(character: str) -> bool:
    return character.isalnum() or character == "_"
