"""API keys: what one is, and the file that lists them.

A key is 256 bits from the system's source of random numbers. That many cannot be guessed, however
fast a hash is, so one SHA-256 is the right one to keep: the slow hashes made for passwords would
cost 50 ms a request, and protect what people choose. The file holds hashes alone:

    shop = { hash = "sha256:…", role = "user", rate_limit = "100/minute", glossary = "shop.csv" }

It knows nothing about HTTP. `look` reads the file, and may do so in a thread while the event loop
asks for keys: they are replaced as a whole and never changed.
"""

import hashlib
import hmac
import logging
import re
import secrets
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import SettingsError, quote
from service.files.stamps import stamp
from service.settings import RATE_PATTERN

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 4 << 20  # some 30,000 keys
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HASH = "sha256:"
_PREFIX = "gatehouse_"  # by which scanners find a key that has got into some file
_SECRET_BYTES = 32
_INDEX_BYTES = 8

Role = Literal["user", "admin"]


class Key(BaseModel):
    """What the file says of a key. Its id stands in logs and traces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    hash: Annotated[str, Field(pattern=f"^{_HASH}[0-9a-f]{{64}}$")]
    role: Role = "user"  # an admin may do what a user may, and change the models
    # None: what the settings say; empty: none.
    rate_limit: Annotated[str | None, Field(pattern=RATE_PATTERN)] = None
    # A file with the terms of its translations; a relative path begins where the keys file lies.
    glossary: Annotated[str | None, Field(pattern=r"^[^\x00]+$")] = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the key, 32 bytes."""
        return bytes.fromhex(self.hash.removeprefix(_HASH))


class Keys:
    """The keys of a file, found by their value."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.all = tuple(keys)
        # The time that a look into this takes may tell the start of a digest, and that helps
        # nobody: who tries keys cannot choose their digests. The rest takes constant time.
        self._by_start: dict[bytes, list[tuple[bytes, Key]]] = {}
        for key in self.all:
            self._by_start.setdefault(key.digest[:_INDEX_BYTES], []).append((key.digest, key))

    def find(self, value: bytes) -> Key | None:
        """The key of that value; None where there is none."""
        digest = hashlib.sha256(value).digest()
        for known, key in self._by_start.get(digest[:_INDEX_BYTES], ()):
            if hmac.compare_digest(known, digest):
                return key
        return None


class KeyFile:
    """The keys of a file that may change while the service runs."""

    def __init__(self, path: Path) -> None:
        """A file that cannot be read holds no key until it can, and the log says so."""
        self.path = path
        self._stamp: object = ()
        self.keys = Keys()
        self.look()

    def changed(self) -> bool:
        """Whether the file is another than it was when `look` was called last."""
        return stamp(self.path) != self._stamp

    def look(self) -> None:
        """Takes up the file as it is now. Where that cannot be read, the keys stay as they are."""
        self._stamp = stamp(self.path)
        try:
            self.keys = read_keys(self.path)
        except SettingsError as error:
            logger.error("the keys stay as they were: %s", error)
            return
        logger.info("keys in %s: %d", self.path, len(self.keys.all))


def read_keys(path: Path) -> Keys:
    """The keys of a file. Raises SettingsError, which names the file and the key that is wrong."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes; revoke old keys")
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"the keys file {path} cannot be read: {error.strerror}; "
            "`python -m service keys new` makes one"
        ) from error
    try:
        return parse_keys(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8") from None
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def parse_keys(text: str) -> Keys:
    """The keys of a file's text. Raises SettingsError, which names the key that is wrong."""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"this is no TOML: {error}") from None
    keys = [_parse(name, entry) for name, entry in entries.items()]
    known: dict[str, str] = {}
    for key in keys:
        if key.hash in known:
            raise SettingsError(f"{known[key.hash]} and {key.id} have the same hash; remove one")
        known[key.hash] = key.id
    return Keys(keys)


def new_secret() -> str:
    """The value of a new key, of which the file is to hold the hash."""
    return _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> str:
    """What the file holds of a key."""
    return _HASH + hashlib.sha256(secret.encode()).hexdigest()


def check_id(name: str) -> None:
    """Raises SettingsError for a name that no key can have."""
    if not _ID.fullmatch(name):
        raise SettingsError(
            f"{quote(name)} is no id of a key; take 1 to 64 letters, digits, - and _"
        )


def _parse(name: str, entry: object) -> Key:
    check_id(name)
    example = f'{name} = {{ hash = "{_HASH}…", role = "user" }}'
    if not isinstance(entry, dict) or "id" in entry:
        raise SettingsError(f"{name} is no key; write a line such as {example}")
    try:
        return Key.model_validate({**entry, "id": name})
    except ValidationError as error:
        # Without the value: it may be a key that somebody wrote where its hash belongs.
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{name}: {field}: {first['msg']}; write a line such as {example}"
        ) from None
