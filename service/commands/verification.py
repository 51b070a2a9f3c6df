"""`models verify`: every version in a folder, its digests checked, loaded, and proved."""

import sys
from pathlib import Path

from service.artifact import ArtifactError, list_models, read_artifact
from service.errors import GatehouseError
from service.pipelines.options import PipelineOptions
from service.repository.loading import loader


def verify(folder: Path, options: PipelineOptions) -> int:
    """Prints a line for each version, and returns 1 where one is not good.

    Goes on after a bad one. Raises ArtifactError where there is none at all.
    """
    models = list_models(folder)
    if not models:
        raise ArtifactError(
            f"the models folder {folder} holds no model; expected {folder / 'NAME' / '1'}"
        )
    bad = 0
    for name, versions in models.items():
        for version in versions:
            try:
                print(_verified(folder / name / str(version), options), flush=True)
            except (ArtifactError, GatehouseError) as error:
                print(f"service: error: {error}", file=sys.stderr)
                bad += 1
    return int(bad > 0)


def _verified(path: Path, options: PipelineOptions) -> str:
    """What is good about a version. Raises ArtifactError and VersionRefused."""
    artifact = read_artifact(path)
    loader(options)(artifact).close()
    manifest = artifact.manifest
    size = sum(facts.bytes for facts in manifest.files.values())
    examples = len(manifest.examples)
    return (
        f"{manifest.name} {manifest.version}: {manifest.task}, {manifest.precision}, "
        f"{size / 1e6:.1f} MB, {len(manifest.files)} files verified, "
        f"{examples} example{'' if examples == 1 else 's'} reproduced"
    )
