"""What must come through a translation as it stands: names, numbers, addresses, a glossary's terms.

Each is taken out of the sentence, and a symbol put in its place that the translator has learnt to
carry over; then what it stands for takes the symbol's place in the translation. (Luong et al. 2015,
"Addressing the Rare Word Problem in Neural Machine Translation", and Crego et al. 2016, section
3.3.) Training makes its pairs with the same rules. Pure: no model, no network, no files.
"""

from service.pipelines.placeholders.accents import is_respelt, respellings, without_accents
from service.pipelines.placeholders.glossary import Glossary
from service.pipelines.placeholders.known_words import KnownWords
from service.pipelines.placeholders.masked import Kept, Masked, find, mask, read
from service.pipelines.placeholders.spans import Keeper, Span, composed
from service.pipelines.placeholders.spelling import (
    Spelling,
    forms_content,
    forms_in,
    slip_likelihood,
)
from service.pipelines.placeholders.symbols import SYMBOLS

__all__ = [
    "SYMBOLS",
    "Glossary",
    "Keeper",
    "Kept",
    "KnownWords",
    "Masked",
    "Span",
    "Spelling",
    "composed",
    "find",
    "forms_content",
    "forms_in",
    "is_respelt",
    "mask",
    "read",
    "respellings",
    "slip_likelihood",
    "without_accents",
]
