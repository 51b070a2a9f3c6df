"""Keys and limits of a server as it runs: made by the command, in all workers, never logged."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from service.access.keys import read_keys
from service.cli import main
from tests import tiny_models
from tests.service.test_cli import only_line, run
from tests.service.test_serve import LIVE, READY, Server, connect, read_answer, serve

TEXT = {"inputs": "a good film"}


def new_key(path: Path, name: str, *flags: str) -> str:
    """A key that the command line has made."""
    result = run("keys", "new", "--file", path, "--id", name, *flags)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def ask(server: Server, key: str, *, times: int = 1) -> list[int]:
    """The statuses of requests, each on a connection of its own, so that all workers get some."""
    headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
    return [
        httpx2.post(f"{server.url}/predict", json=TEXT, headers=headers).status_code
        for _ in range(times)
    ]


def until(server: Server, key: str, status: int) -> None:
    """Waits until every worker answers a key with a status: many times in a row."""
    in_a_row = 0
    for _ in range(20_000):
        in_a_row = in_a_row + 1 if ask(server, key) == [status] else 0
        if in_a_row == 40:
            return
    raise AssertionError(f"the key was not answered with {status} in the end")


def test_keys_come_and_go_in_all_workers_and_the_log_holds_none(
    published_models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "keys.toml"
    shop = new_key(path, "shop")
    flags = ("--keys-file", str(path), "--log-level", "debug")
    with serve(published_models, *flags, workers=2) as server:
        assert ask(server, shop, times=8) == [200] * 8
        other = new_key(path, "other", "--admin")
        until(server, other, 200)
        path.write_text(path.read_text() + "broken = {")
        assert ask(server, shop, times=8) == [200] * 8
        path.write_text(path.read_text().removesuffix("broken = {"))
        assert run("keys", "revoke", "--file", path, "--id", "shop").returncode == 0
        until(server, shop, 403)
        assert set(ask(server, other, times=8)) == {200}
        translate = {"q": "cat", "source": "en", "target": "de", "api_key": other}
        assert httpx2.post(f"{server.url}/translate", json=translate).status_code == 200
        assert server.stop() == 0
    log = json.dumps(server.records)
    for secret in (shop, other):
        assert secret not in log
        assert secret.removeprefix("gatehouse_") not in log
        assert secret not in path.read_text()
    named = {record.get("key") for record in server.records if record["logger"] == "service.access"}
    assert named == {"shop", "other", None}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_limit_holds_over_all_workers(
    published_models: Path, tmp_path: Path, workers: int
) -> None:
    path = tmp_path / "keys.toml"
    shop = new_key(path, "shop", "--rate-limit", "30/day")
    flags = ("--keys-file", str(path), "--address-rate-limit", "10/day")
    with serve(published_models, *flags, workers=workers) as server:
        statuses = ask(server, shop, times=60)
        assert (statuses.count(200), statuses.count(429)) == (30, 30)
        statuses = ask(server, "wrong", times=20)
        assert (statuses.count(403), statuses.count(429)) == (10, 10)
        metrics = run("keys", "list", "--file", path).stdout
        assert metrics == "shop: user, 30/day\n"
        assert server.stop() == 0


def test_a_key_gets_its_glossary_while_the_server_runs(tmp_path: Path) -> None:
    models, path, terms = tmp_path / "models", tmp_path / "keys.toml", tmp_path / "terms.csv"
    tiny_models.publish_classifier(models)
    tiny_models.publish_translator(models, known=("the", "cat"))
    terms.write_text("en,de\ncat,Katze\n", encoding="utf-8")
    shop = new_key(path, "shop", "--glossary", str(terms))
    assert 'glossary = "terms.csv"' in path.read_text("utf-8")
    listed = run("keys", "list", "--file", path).stdout
    assert listed == "shop: user, glossary terms.csv\n"

    def translation(server: Server) -> object:
        body = {"q": "the cat", "source": "en", "target": "de", "api_key": shop}
        return httpx2.post(f"{server.url}/translate", json=body).json()["translatedText"]

    with serve(models, "--keys-file", str(path)) as server:
        assert translation(server) == "the Katze"
        terms.write_text("en,de\ncat,Kater\n", encoding="utf-8")
        for _ in range(20_000):
            if translation(server) == "the Kater":
                break
        else:
            raise AssertionError("the glossary was not taken up")
        assert server.stop() == 0


def test_a_glossary_that_is_wrong_gets_no_key_and_no_server(tmp_path: Path) -> None:
    path, terms = tmp_path / "keys.toml", tmp_path / "terms.csv"
    terms.write_text("en,de\ncat,Katze,x\n", encoding="utf-8")
    wrong = f"the glossary {terms}, line 2: 3 cells; expected 2 at most, as in the first line"
    result = run("keys", "new", "--file", path, "--id", "shop", "--glossary", terms)
    assert only_line(result) == f"service: error: {wrong}"
    assert not path.exists()
    result = run("serve", "--models", tmp_path, "--glossary-file", terms)
    assert only_line(result) == f"service: error: --glossary-file: {wrong}"


def forwarded(server: Server, address: str) -> int:
    headers = {"X-Forwarded-For": address}
    return httpx2.get(f"{server.url}/models", headers=headers).status_code


def test_addresses_are_those_that_a_trusted_proxy_names(published_models: Path) -> None:
    limit = ("--address-rate-limit", "2/day")
    with serve(published_models, *limit) as server:
        assert [forwarded(server, "192.0.2.1") for _ in range(3)] == [200, 200, 429]
        assert forwarded(server, "192.0.2.2") == 200
        # What a client writes itself stands before what the proxy adds.
        assert forwarded(server, "203.0.113.9, 192.0.2.1") == 429
        # IPv6 by the network.
        addresses = ["2001:db8::1", "2001:db8::2", "[2001:db8::3]:80", "2001:db8:0:1::1"]
        assert [forwarded(server, address) for address in addresses] == [200, 200, 429, 200]
    with serve(published_models, *limit, "--forwarded-allow-ips", "192.0.2.99") as server:
        statuses = [forwarded(server, f"192.0.2.{number}") for number in range(3)]
        assert statuses == [200, 200, 429]


def test_a_refusal_comes_before_the_body_is_sent(published_models: Path, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    new_key(path, "shop")
    with serve(published_models, "--keys-file", str(path)) as server:
        head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n"
        for more in (b"", b"expect: 100-continue\r\n", b"x-api-key: made up\r\n"):
            with connect(server, head + more + b"\r\n") as connection:
                answer, body = read_answer(connection)
                assert answer.startswith(b"HTTP/1.1 403" if b"key" in more else b"HTTP/1.1 401")
                assert set(body) == {"error"}
        # The body that comes behind the refusal is not taken for a request.
        with connect(server) as connection:
            connection.sendall(head.replace(b"900000", b"%d" % len(READY)) + b"\r\n" + READY)
            assert read_answer(connection)[0].startswith(b"HTTP/1.1 401")
            connection.sendall(LIVE)
            assert read_answer(connection)[1] == {"status": "ok"}


def test_a_key_in_a_head_that_is_too_long_is_not_looked_for(
    published_models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "keys.toml"
    new_key(path, "shop")
    with (
        serve(published_models, "--keys-file", str(path)) as server,
        connect(server) as connection,
    ):
        connection.sendall(b"GET /models HTTP/1.1\r\nx-api-key: " + b"k" * 70_000)
        connection.shutdown(socket.SHUT_WR)
        assert read_answer(connection)[0].startswith(b"HTTP/1.1 431 ")


def test_mistakes_in_keys_and_limits_end_the_start_with_one_line(
    published_models: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "none.toml"
    serve_ = ("serve", "--models", published_models, "--port", "0")
    assert only_line(run(*serve_, "--keys-file", missing)) == (
        f"service: error: the keys file {missing} cannot be read: No such file or directory; "
        "`python -m service keys new` makes one"
    )
    assert only_line(run(*serve_, "--key-rate-limit", "5/minute")) == (
        "service: error: --key-rate-limit needs keys, from --keys-file; --address-rate-limit "
        "limits who has none"
    )
    wrong = only_line(run(*serve_, "--address-rate-limit", "5 a day"))
    assert wrong.startswith('service: error: --address-rate-limit is "5 a day": ')
    assert "--open-metrics is for services with --keys-file" in only_line(
        run(*serve_, "--open-metrics")
    )


def test_the_command_makes_lists_and_revokes_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys.toml"
    environment = {"GATEHOUSE_KEYS_FILE": str(path)}
    assert main(["keys", "new", "--id", "shop", "--rate-limit", "5/second"], environment) == 0
    secret = capsys.readouterr().out.strip()
    assert path.stat().st_mode & 0o777 == 0o600
    key = read_keys(path).find(secret.encode())
    assert key is not None
    assert (key.id, key.role, key.rate_limit) == ("shop", "user", "5/second")
    assert main(["keys", "new", "--id", "ops", "--admin", "--rate-limit", ""], environment) == 0
    assert capsys.readouterr().out.strip() != secret
    assert main(["keys", "list"], environment) == 0
    assert capsys.readouterr().out == "shop: user, 5/second\nops: admin, no rate limit\n"
    assert main(["keys", "new", "--id", "shop"], environment) == 1
    assert "holds a key shop; revoke it first" in capsys.readouterr().err
    assert main(["keys", "revoke", "--id", "shop"], environment) == 0
    assert capsys.readouterr().out.startswith("shop is revoked")
    assert main(["keys", "revoke", "--id", "shop"], environment) == 1
    assert capsys.readouterr().err == (
        f"service: error: {path} holds no key shop; keys there: ops\n"
    )
    with pytest.raises(SystemExit):
        main(["keys", "new", "--id", "x", "--rate-limit", "5 a day"], environment)
    assert "is no rate; write one such as 100/minute" in capsys.readouterr().err


def test_the_library_of_limits_is_loaded_only_where_there_are_some() -> None:
    program = "import sys, service.api.app, service.cli, service.worker; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert "service.api.access" in result.stdout.split()
    assert "limits" not in result.stdout.split()
