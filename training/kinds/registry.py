"""The one table from a recipe's task to its kind. A kind is imported when it is first asked for."""

import importlib
from typing import cast

from training.kinds.kind import Kind, PublishedKind

_KINDS = {
    "classification": "training.kinds.classification:ClassificationKind",
    "generation": "training.kinds.generation:GenerationKind",
    "language-model": "training.kinds.language_model:LanguageModelKind",
    "sequence": "training.kinds.sequence:SequenceKind",
    "tagging": "training.kinds.tagging:TaggingKind",
    "translation": "training.kinds.translation:TranslationKind",
}


def kind_of(task: str) -> Kind:
    """The kind of a recipe's task. Raises KeyError for one that there is no recipe for."""
    module, name = _KINDS[task].split(":")
    return cast(Kind, getattr(importlib.import_module(module), name)())


def published_kind_of(task: str) -> PublishedKind:
    """The same of a task whose networks are served. Raises KeyError, TypeError for another."""
    kind = kind_of(task)
    if not hasattr(kind, "candidates"):
        raise TypeError(f"the networks of {task} are not served")
    return cast(PublishedKind, kind)
