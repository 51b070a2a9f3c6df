"""The contract between training and serving: models/NAME/VERSION/.

Both sides import it, and it imports nothing else of the service: no fastapi, no onnxruntime.
"""

from service.artifact.errors import ArtifactError, UnencodableText
from service.artifact.manifest import (
    CARD_FILE,
    FORMAT_VERSION,
    MANIFEST_FILE,
    AnyDraft,
    ClassificationDraft,
    ClassificationExample,
    ClassificationManifest,
    Decoding,
    Graph,
    Inspection,
    Languages,
    Manifest,
    Placeholders,
    Purpose,
    Recipe,
    RecurrentLayer,
    Score,
    Source,
    Tensor,
    TokenizerFacts,
    TranslationDraft,
    TranslationExample,
    TranslationManifest,
)
from service.artifact.reader import Artifact, list_models, list_versions, read_all, read_artifact
from service.artifact.tokenizer import BOS_ID, EOS_ID, PAD_ID, UNK_ID, Tokenizer, encodable
from service.artifact.writer import write_artifact

__all__ = [
    "BOS_ID",
    "CARD_FILE",
    "EOS_ID",
    "FORMAT_VERSION",
    "MANIFEST_FILE",
    "PAD_ID",
    "UNK_ID",
    "AnyDraft",
    "Artifact",
    "ArtifactError",
    "ClassificationDraft",
    "ClassificationExample",
    "ClassificationManifest",
    "Decoding",
    "Graph",
    "Inspection",
    "Languages",
    "Manifest",
    "Placeholders",
    "Purpose",
    "Recipe",
    "RecurrentLayer",
    "Score",
    "Source",
    "Tensor",
    "Tokenizer",
    "TokenizerFacts",
    "TranslationDraft",
    "TranslationExample",
    "TranslationManifest",
    "UnencodableText",
    "encodable",
    "list_models",
    "list_versions",
    "read_all",
    "read_artifact",
    "write_artifact",
]
