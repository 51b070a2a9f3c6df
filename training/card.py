"""The model card of a version: README.md in its folder, made of what the manifest says.

Mitchell et al. 2019, "Model Cards for Model Reporting". Knows nothing about files or runs.
"""

from collections.abc import Sequence

from service.artifact import AnyDraft, TaggingDraft, TranslationDraft
from service.artifact.manifest import TextDraft
from training.recipe import PublishedRecipe, TokenizerSettings, WordTokenizer
from training.tables import markdown_table

_HOW = "Measured on the exported artifact, through onnxruntime, as it is served."


def model_card(
    draft: AnyDraft, does: str, recipe: PublishedRecipe, notes: Sequence[str] = ()
) -> str:
    """The card in Markdown. does: one sentence; notes: what the export found out, a line each."""
    sections = {
        "": [recipe.description, "", does],
        "Scores": _scores(draft),
        "Data": _data(draft),
        "Terms": [f"{draft.license}.", "", draft.license_note],
        "Limits and known failures": [recipe.publication.limits or "None were written down."],
        "How it was made": _making(draft, recipe, notes),
    }
    parts = [f"# {draft.name}"]
    for title, lines in sections.items():
        parts += ([f"## {title}"] if title else []) + ["\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _scores(draft: AnyDraft) -> list[str]:
    if not draft.scores:
        return ["None: there was no test set."]
    metrics = list(dict.fromkeys(score.metric for score in draft.scores))
    values = {(score.dataset, score.metric): f"{score.value:g}" for score in draft.scores}
    sizes = {score.dataset: f"{score.rows:,}" for score in draft.scores}
    rows = [
        [name, size, *(values.get((name, metric), "") for metric in metrics)]
        for name, size in sizes.items()
    ]
    signatures = sorted({score.signature for score in draft.scores if score.signature})
    return [
        _HOW,
        "",
        markdown_table(["test set", "rows", *metrics], rows),
        *(["", *(f"- `{signature}`" for signature in signatures)] if signatures else []),
    ]


def _data(draft: AnyDraft) -> list[str]:
    if not draft.sources:
        return ["Nothing is known of it."]
    rows = [
        [source.name, f"{source.rows:,}", source.license, source.url] for source in draft.sources
    ]
    return [markdown_table(["trained on", "rows", "licence", "from"], rows), *_dictionary(draft)]


def _dictionary(draft: AnyDraft) -> list[str]:
    kept = draft.placeholders if isinstance(draft, TranslationDraft) else None
    if kept is None or kept.dictionary is None:
        return []
    return ["", f"Words of a dictionary in `{kept.spelling}`: {kept.dictionary}."]


def _reading(draft: AnyDraft, recipe: PublishedRecipe) -> list[str]:
    """What a text is made into before the network reads it."""
    if isinstance(draft, TextDraft):
        settings = getattr(recipe, "tokenizer", None)
        assert isinstance(settings, TokenizerSettings | WordTokenizer)
        return [f"tokenizer: {settings.kind}, {draft.tokenizer.vocabulary:,} pieces"]
    if isinstance(draft, TaggingDraft):
        known = draft.vocabulary
        return [f"vocabulary: {known.words:,} words, {known.characters:,} characters"]
    return []


def _making(draft: AnyDraft, recipe: PublishedRecipe, notes: Sequence[str]) -> list[str]:
    network = ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in recipe.network.model_dump().items()
    )
    facts = [
        f"recipe `{recipe.name}`, with every setting in `manifest.json`",
        f"network: {network}",
        *_reading(draft, recipe),
        f"precision: {draft.precision}",
        *(note.strip() for note in notes),
    ]
    return [f"- {fact}" for fact in facts]
