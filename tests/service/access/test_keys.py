"""Keys and their file: found in constant time, taken up anew, and errors that name the key."""

import hmac
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from service.access.editing import add_key, revoke_key
from service.access.keys import Key, KeyFile, Keys, hash_of, new_secret, parse_keys, read_keys
from service.errors import SettingsError

ROOT = Path(__file__).parents[3]
SHOP = "a-secret-of-the-shop"
OPS = "a-secret-of-the-operators"
SHOP_LINE = f'shop = {{ hash = "{hash_of(SHOP)}", rate_limit = "5/minute" }}\n'
OPS_LINE = f'ops = {{ hash = "{hash_of(OPS)}", role = "admin" }}\n'


def test_a_key_is_found_by_its_value_and_by_nothing_else() -> None:
    keys = parse_keys(SHOP_LINE + OPS_LINE)
    shop, ops = keys.find(SHOP.encode()), keys.find(OPS.encode())
    assert shop is not None
    assert (shop.id, shop.role, shop.rate_limit) == ("shop", "user", "5/minute")
    assert ops is not None
    assert (ops.id, ops.role, ops.rate_limit) == ("ops", "admin", None)
    for wrong in ("", SHOP[:-1], SHOP + " ", hash_of(SHOP), "shop"):
        assert keys.find(wrong.encode()) is None


def test_digests_are_compared_in_constant_time_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    constant_time = hmac.compare_digest

    def compare(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return constant_time(first, second)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keys = parse_keys(SHOP_LINE)
    digest = keys.all[0].digest
    assert keys.find(SHOP.encode()) is not None
    assert compared == [(digest, digest)]
    # One whose digest only begins like that of a key is not taken for it.
    other = Key(id="near", hash="sha256:" + digest[:8].hex() + "00" * 24)
    assert Keys([other]).find(SHOP.encode()) is None
    assert compared[1:] == [(other.digest, digest)]


def test_secrets_are_long_random_and_plain_in_a_header() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        assert secret.startswith("gatehouse_")
        assert len(secret) >= len("gatehouse_") + 43  # 256 bits, six a character
        assert secret.replace("_", "").replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("shop = {", "this is no TOML"),
        ('shop = "sha256:00"', "shop is no key; write a line such as shop = { hash = "),
        ('shop = { role = "user" }', "shop: hash: Field required"),
        ('shop = { hash = "sha256:00" }', "shop: hash: String should match"),
        (SHOP_LINE.replace("5/minute", "5 a minute"), "shop: rate_limit: "),
        (OPS_LINE.replace("admin", "root"), "ops: role: "),
        (OPS_LINE.replace("role", "rol"), "ops: rol: Extra inputs"),
        (OPS_LINE.replace("role", "glossary").replace('"admin"', '""'), "ops: glossary: "),
        (OPS_LINE.replace("role", "glossary").replace("admin", "a\\u0000.csv"), "ops: glossary: "),
        ('"a b" = {}', '"a b" is no id of a key'),
        (SHOP_LINE + SHOP_LINE.replace("shop", "copy"), "shop and copy have the same hash"),
        (SHOP_LINE.replace("{ ", '{ id = "ops", '), "shop is no key"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        read_keys(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert part in str(raised.value)


def test_a_key_written_where_its_hash_belongs_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as raised:
        parse_keys(f'shop = {{ hash = "{SHOP}" }}')
    assert SHOP not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_keys(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        read_keys(tmp_path / "latin.toml")


def test_changes_of_the_file_are_taken_up_and_mistakes_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(SHOP_LINE)
    file = KeyFile(path)
    assert not file.changed()
    path.write_text(SHOP_LINE + OPS_LINE)
    assert file.changed()
    file.look()
    assert file.keys.find(OPS.encode()) is not None
    assert not file.changed()
    for spoil in (lambda: path.write_text("ops = {"), path.unlink):
        spoil()
        assert file.changed()
        with caplog.at_level(logging.ERROR):
            file.look()
        assert "the keys stay as they were: " in caplog.messages[-1]
        assert file.keys.find(OPS.encode()) is not None
        assert not file.changed()  # one complaint is enough
    path.write_text(SHOP_LINE)
    file.look()
    assert file.keys.find(OPS.encode()) is None


def test_a_file_that_is_bad_from_the_start_lets_nobody_in(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "none.toml")
    assert file.keys.all == ()
    (tmp_path / "none.toml").write_text(SHOP_LINE)
    assert file.changed()


def test_keys_are_added_and_revoked_and_all_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    add_key(path, Key(id="shop", hash=hash_of(SHOP), rate_limit=""))
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    path.write_text(text + "# a remark, and no line break at its end")
    path.chmod(0o640)
    add_key(path, Key(id="shop2", hash=hash_of(OPS), role="admin"))
    assert [key.id for key in read_keys(path).all] == ["shop", "shop2"]
    assert read_keys(path).all[0].rate_limit == ""
    assert read_keys(path).all[1].role == "admin"
    revoke_key(path, "shop")
    assert [key.id for key in read_keys(path).all] == ["shop2"]
    assert "# a remark" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.toml"]


@pytest.mark.parametrize("name", ["shop.csv", 'a "b" \\ ä\t\x7f.csv'])
def test_a_keys_glossary_is_kept_under_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "keys.toml"
    add_key(path, Key(id="shop", hash=hash_of(SHOP), glossary=name))
    add_key(path, Key(id="ops", hash=hash_of(OPS)))
    assert [key.glossary for key in read_keys(path).all] == [name, None]
    revoke_key(path, "shop")
    assert [key.id for key in read_keys(path).all] == ["ops"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_key_that_nobody_was_told_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(SHOP_LINE)
    command = [sys.executable, "-m", "service", "keys", "new", "--file", str(path), "--id", "ops"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("service: error: the key cannot be printed: No space left")
    assert len(done.stderr.splitlines()) == 1
    assert path.read_text() == SHOP_LINE


def test_what_the_editor_cannot_do_it_says_and_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    table = f'[shop]\nhash = "{hash_of(SHOP)}"\n'
    path.write_text(table)
    with pytest.raises(SettingsError, match="holds a key shop; revoke it first"):
        add_key(path, Key(id="shop", hash=hash_of(OPS)))
    with pytest.raises(SettingsError, match="shop takes more than a line"):
        revoke_key(path, "shop")
    with pytest.raises(SettingsError, match="holds no key ops; keys there: shop"):
        revoke_key(path, "ops")
    assert path.read_text() == table
    add_key(path, Key(id="ops", hash=hash_of(OPS)))  # goes above the table
    assert {key.id for key in read_keys(path).all} == {"shop", "ops"}
    with pytest.raises(SettingsError, match=r"none/keys\.toml cannot be written: No such file"):
        add_key(tmp_path / "none" / "keys.toml", Key(id="ops", hash=hash_of(OPS)))
    with pytest.raises(SettingsError, match="is no id of a key"):
        add_key(path, Key(id="a b", hash=hash_of(OPS)))


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(SHOP_LINE)
    link = tmp_path / "keys.toml"
    link.symlink_to("real.toml")
    add_key(link, Key(id="ops", hash=hash_of(OPS)))
    assert link.is_symlink()
    assert len(read_keys(tmp_path / "real.toml").all) == 2
