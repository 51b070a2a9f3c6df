"""Opens the pipeline that fits an artifact's task. The one table from task to pipeline."""

from service.artifact import Artifact, ClassificationManifest
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline

Pipeline = ClassificationPipeline | TranslationPipeline


def load_pipeline(artifact: Artifact, options: PipelineOptions | None = None) -> Pipeline:
    """A pipeline ready to answer. Raises onnxruntime's errors for a graph it cannot open."""
    if isinstance(artifact.manifest, ClassificationManifest):
        return ClassificationPipeline(artifact, options)
    return TranslationPipeline(artifact, options)
