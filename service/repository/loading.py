"""Loads a version and proves it. Every way in which that can fail becomes one error with a reason.

It may take seconds, and belongs in a thread that nobody waits for.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from service.artifact import (
    Artifact,
    ArtifactError,
    ClassificationManifest,
    Manifest,
    SequenceManifest,
    TranslationManifest,
    read_artifact,
)
from service.errors import GatehouseError, VersionRefused
from service.pipelines.loading import Pipeline, load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import prove

logger = logging.getLogger(__name__)

Loader = Callable[[Artifact], Pipeline]


def loader(options: PipelineOptions) -> Loader:
    """What turns an artifact into a pipeline that has reproduced the examples of its manifest.

    It raises VersionRefused with the reason where that cannot be.
    """

    def load(artifact: Artifact) -> Pipeline:
        pipeline: Pipeline | None = None
        try:
            pipeline = load_pipeline(artifact, options)
            prove(pipeline)
        except Exception as error:
            if pipeline is not None:
                pipeline.close()
            if isinstance(error, ArtifactError | GatehouseError):
                raise VersionRefused(str(error)) from None
            # The message can hold anything, so the log has the frames and the client the type.
            logger.error("%s %d cannot be loaded", artifact.name, artifact.version, exc_info=error)
            reason = f"{type(error).__name__} while loading; the log says where"
            raise VersionRefused(reason) from None
        return pipeline

    return load


def read_version(path: Path) -> Artifact:
    """The artifact in a folder, all digests checked. Raises VersionRefused."""
    try:
        return read_artifact(path)
    except ArtifactError as error:
        raise VersionRefused(str(error)) from None
    except Exception as error:
        logger.error("%s cannot be read", path, exc_info=error)
        raise VersionRefused(f"{type(error).__name__} while reading; the log says where") from None


def same_purpose(first: Manifest, second: Manifest) -> bool:
    """Whether two versions answer the same requests: the same task, purpose, languages
    and columns."""
    if isinstance(first, TranslationManifest) and isinstance(second, TranslationManifest):
        return first.languages == second.languages
    if isinstance(first, ClassificationManifest) and isinstance(second, ClassificationManifest):
        return first.purpose == second.purpose
    if isinstance(first, SequenceManifest) and isinstance(second, SequenceManifest):
        return _columns(first) == _columns(second)
    return type(first) is type(second)


def _columns(manifest: SequenceManifest) -> tuple[set[tuple[str, str]], tuple[str, ...] | None]:
    """What a sequence model reads, and what it forecasts; None: it gives labels."""
    forecast = manifest.forecast
    return (
        {(column.name, column.kind) for column in manifest.columns},
        None if forecast is None else forecast.columns,
    )
