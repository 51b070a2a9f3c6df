"""What the parent process does for keys, their glossaries and limits before anything listens."""

from pathlib import Path

from service.errors import SettingsError
from service.settings import Settings, flag

_COUNTS = "counts"


def check_access(settings: Settings) -> None:
    """Raises SettingsError where keys or glossaries cannot be read, or a limit limits nothing."""
    if settings.glossary_file is not None:
        _check_glossary(settings.glossary_file, flag("glossary_file"))
    if settings.keys_file is not None:
        from service.access.keys import read_keys

        folder = settings.keys_file.parent
        for key in read_keys(settings.keys_file).all:
            if key.glossary is not None:
                _check_glossary(folder / key.glossary, f"the key {key.id} of {settings.keys_file}")
    elif settings.key_rate_limit:
        raise SettingsError(
            f"{flag('key_rate_limit')} needs keys, from {flag('keys_file')}; "
            f"{flag('address_rate_limit')} limits who has none"
        )
    elif settings.open_metrics:
        raise SettingsError(
            f"{flag('open_metrics')} is for services with {flag('keys_file')}; "
            "without keys the metrics are open"
        )


def _check_glossary(path: Path, origin: str) -> None:
    """Raises SettingsError, which names the file, the line and who asks for it."""
    from service.files.errors import FileError
    from service.files.glossary import read_glossary

    try:
        read_glossary(path)
    except FileError as error:
        raise SettingsError(f"{origin}: {error}") from None


def share_counts(settings: Settings, folder: Path) -> None:
    """Makes the file in which the workers count together, if they are to count."""
    if settings.keys_file is not None or settings.address_rate_limit:
        from service.access.counts import create_counts

        create_counts(folder / _COUNTS)


def shared_counts(folder: Path | None) -> Path | None:
    """That file; None where it was not made, or there is one worker alone."""
    if folder is None or not (folder / _COUNTS).exists():
        return None
    return folder / _COUNTS
