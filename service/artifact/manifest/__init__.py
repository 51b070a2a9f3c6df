"""The manifest of an artifact: every fact that serving needs and training knows.

A *draft* is what a trainer states; a *manifest* is a draft sealed by the writer with the version,
the digests of the files and the digest of the manifest itself. This package reads and renders
the document and checks that it agrees with itself, a module a task; it knows nothing about folders
(`service.artifact.reader` and `service.artifact.writer` do) and nothing about onnxruntime.
"""

from service.artifact.manifest.classification import (
    ClassificationDraft,
    ClassificationExample,
    ClassificationManifest,
    Purpose,
)
from service.artifact.manifest.document import AnyDraft, Manifest, parse, render, seal
from service.artifact.manifest.draft import (
    CARD_FILE,
    FORMAT_VERSION,
    MANIFEST_FILE,
    Draft,
    Sealed,
    TextDraft,
)
from service.artifact.manifest.generation import (
    GenerationDraft,
    GenerationExample,
    GenerationManifest,
)
from service.artifact.manifest.inspection import Inspection, RecurrentLayer
from service.artifact.manifest.records import (
    LANGUAGE_CODE,
    PLAIN_NAME,
    FileFacts,
    Graph,
    LanguageCode,
    ModelName,
    Recipe,
    Record,
    Score,
    Source,
    Tensor,
    TokenizerFacts,
)
from service.artifact.manifest.sequence import (
    CategoryColumn,
    Forecast,
    Interval,
    NumberColumn,
    SequenceDraft,
    SequenceExample,
    SequenceManifest,
)
from service.artifact.manifest.tagging import (
    TaggingDraft,
    TaggingExample,
    TaggingManifest,
    TagInspection,
    VocabularyFacts,
)
from service.artifact.manifest.translation import (
    Decoding,
    Languages,
    Placeholders,
    TranslationDraft,
    TranslationExample,
    TranslationManifest,
)

__all__ = [
    "CARD_FILE",
    "FORMAT_VERSION",
    "LANGUAGE_CODE",
    "MANIFEST_FILE",
    "PLAIN_NAME",
    "AnyDraft",
    "CategoryColumn",
    "ClassificationDraft",
    "ClassificationExample",
    "ClassificationManifest",
    "Decoding",
    "Draft",
    "FileFacts",
    "Forecast",
    "GenerationDraft",
    "GenerationExample",
    "GenerationManifest",
    "Graph",
    "Inspection",
    "Interval",
    "LanguageCode",
    "Languages",
    "Manifest",
    "ModelName",
    "NumberColumn",
    "Placeholders",
    "Purpose",
    "Recipe",
    "Record",
    "RecurrentLayer",
    "Score",
    "Sealed",
    "SequenceDraft",
    "SequenceExample",
    "SequenceManifest",
    "Source",
    "TagInspection",
    "TaggingDraft",
    "TaggingExample",
    "TaggingManifest",
    "Tensor",
    "TextDraft",
    "TokenizerFacts",
    "TranslationDraft",
    "TranslationExample",
    "TranslationManifest",
    "VocabularyFacts",
    "parse",
    "render",
    "seal",
]
