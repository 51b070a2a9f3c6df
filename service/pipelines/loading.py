"""Opens the pipeline that fits an artifact's task. The one table from task to pipeline.

Those of tasks that few repositories have are imported with the first of their models.
"""

from typing import TYPE_CHECKING, TypeAlias

from service.artifact import (
    Artifact,
    ClassificationManifest,
    GenerationManifest,
    SequenceManifest,
    TaggingManifest,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline

if TYPE_CHECKING:
    from service.pipelines.generation import GenerationPipeline
    from service.pipelines.sequence import SequencePipeline
    from service.pipelines.tagging import TaggingPipeline

Pipeline: TypeAlias = (
    "ClassificationPipeline | GenerationPipeline | SequencePipeline | TaggingPipeline"
    " | TranslationPipeline"
)


def load_pipeline(artifact: Artifact, options: PipelineOptions | None = None) -> Pipeline:
    """A pipeline ready to answer. Raises onnxruntime's errors for a graph it cannot open."""
    if isinstance(artifact.manifest, ClassificationManifest):
        return ClassificationPipeline(artifact, options)
    if isinstance(artifact.manifest, GenerationManifest):
        from service.pipelines.generation import GenerationPipeline

        return GenerationPipeline(artifact, options)
    if isinstance(artifact.manifest, SequenceManifest):
        from service.pipelines.sequence import SequencePipeline

        return SequencePipeline(artifact, options)
    if isinstance(artifact.manifest, TaggingManifest):
        from service.pipelines.tagging import TaggingPipeline

        return TaggingPipeline(artifact, options)
    return TranslationPipeline(artifact, options)
