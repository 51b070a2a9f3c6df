"""What a translator takes over from another run: everything, so that it is trained further.

The run may be one of the other direction. Both languages share a tokenizer and an embedding, so a
network begins with all that is known of their words, and has to learn to read one and to write the
other (Kocmi and Bojar 2018, "Trivial transfer learning for low-resource neural machine
translation"). A run without placeholders may be followed by one with them: the tokenizer gets their
symbols behind its other tokens, and the network learns what they are for.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from service.artifact import Source
from service.artifact.tokenizer import Tokenizer
from service.pipelines.placeholders import SYMBOLS
from training.corpora import parallel_corpora
from training.initial.run import InitialRun
from training.recipe import TranslationRecipe
from training.run_folder import RunError
from training.tokenization import with_symbols

_SIZES = (
    "cell", "embedding_size", "encoder_size", "encoder_layers", "decoder_size", "attention",
    "attention_size",
)  # fmt: skip


class InitialTranslator(InitialRun):
    """A translator's run of the same two languages."""

    began: TranslationRecipe

    def reads(self, language: str) -> bool:
        """Whether it translates from that language."""
        return self.began.languages.source == language

    def tokenizer(self) -> Tokenizer:
        """What it read with, and the symbols of placeholders where those are new to it."""
        content = self.folder.tokenizer.read_bytes()
        if self._learns_symbols:
            content = with_symbols(content, SYMBOLS)
        return Tokenizer.from_bytes(content, add_eos=True)

    def _load(self, network: Any) -> None:
        """New symbols keep the weights that the network was made with."""
        weights = dict(self.weights)
        if self._learns_symbols:
            for name in ("embedding.weight", "output_bias"):
                own = network.state_dict()[name]
                weights[name] = torch.cat([weights[name], own[len(weights[name]) :]])
        network.load_state_dict(weights)

    def _older_sources(self, root: Path) -> Sequence[Source]:
        return parallel_corpora(root, self.began.data, self.began.languages).sources

    def _require_fit(self, recipe: TranslationRecipe) -> None:
        path, began = self.folder.path, self.began
        if not isinstance(began, TranslationRecipe):
            raise RunError(f"{path} (initial_run) is a run of {began.task}, not of translation")
        theirs, ours = began.languages, recipe.languages
        if {theirs.source, theirs.target} != {ours.source, ours.target}:
            raise RunError(
                f"{path} (initial_run) translates from {theirs.source} to {theirs.target}, the "
                f"recipe from {ours.source} to {ours.target}: begin with a run of the same two "
                "languages"
            )
        if began.placeholders is not None and recipe.placeholders is None:
            raise RunError(
                f"{path} (initial_run) was trained with placeholders, the recipe is without them: "
                "a network that has learnt their symbols would go on writing them"
            )
        self._learns_symbols = began.placeholders is None and recipe.placeholders is not None
        self._require_same(recipe.network, {name: getattr(began.network, name) for name in _SIZES})
        # What is said of merges and of the manifest's settings must be true of what is taken over.
        if began.tokenizer != recipe.tokenizer:
            settings = ", ".join(f"{name}={value}" for name, value in began.tokenizer)
            raise RunError(
                f"{path} (initial_run) brings a tokenizer of other settings; write those in the "
                f"recipe's [tokenizer]: {settings}"
            )
