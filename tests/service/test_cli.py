"""The command line: help for every setting, one clear line for every mistake."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service import __version__
from service.cli import main
from service.settings import Settings, flag
from service.supervisor import HOPELESS


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m service` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "service", *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_names_every_setting_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"], {})
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, field in Settings.model_fields.items():
        assert flag(name) in text
        assert str(field.description) in text
    assert "(default: 8000)" in text
    assert "--log-format text|json" in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"], {})
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["serve", "--colour", "red"], ["models"]])
def test_a_command_that_is_none_shows_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, {})
    assert ended.value.code == 2
    assert "usage: python -m service" in capsys.readouterr().err


def test_verify_lists_every_version(
    published_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "verify", str(published_models)], {}) == 0
    assert [line.partition(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "sentiment 1: classification",
        "translation-en-de 1: translation",
    ]


def test_verify_names_a_changed_file(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = models / "sentiment" / "1" / "tokenizer.model"
    path.write_bytes(path.read_bytes() + b"\0")
    assert main(["models", "verify", str(models)], {}) == 1
    assert capsys.readouterr().err.startswith(f"service: error: {path} has ")


def only_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def test_serving_a_flipped_byte_ends_with_one_line_that_names_the_file(models: Path) -> None:
    path = models / "translation-en-de" / "1" / "decoder.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    line = only_line(run("serve", "--models", models, "--port", "0"))
    assert line.startswith(f"service: error: {path} was changed after it was written: ")


def test_serving_no_models_ends_with_one_line(models: Path, tmp_path: Path) -> None:
    shutil.rmtree(models)
    missing = only_line(run("serve", "--models", models))
    assert missing == (
        f"service: error: the models folder {models} cannot be read: No such file or directory"
    )
    models.mkdir()
    empty = only_line(run("serve", GATEHOUSE_MODELS=str(models)))
    assert empty == (
        f"service: error: the models folder {models} holds no model; expected {models}/NAME/1"
    )


def test_an_unknown_variable_ends_with_one_line() -> None:
    line = only_line(run("serve", GATEHOUSE_PROT="1"))
    assert line == "service: error: unknown variable GATEHOUSE_PROT; did you mean GATEHOUSE_PORT?"


def test_a_port_in_use_ends_with_one_line(published_models: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = only_line(run("serve", "--models", published_models, PORT=str(port)))
    assert line == (
        f"service: error: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "choose another with --port or GATEHOUSE_PORT"
    )


def test_a_host_that_is_none_ends_with_one_line(published_models: Path) -> None:
    line = only_line(run("serve", "--models", published_models, "--host", "no.such.invalid"))
    assert line.startswith("service: error: cannot listen on no.such.invalid port 8000: ")


def test_a_worker_that_finds_an_artifact_changed_is_not_started_again(
    models: Path, tmp_path: Path
) -> None:
    path = models / "sentiment" / "1" / "classifier.onnx"
    path.unlink()
    program = f"""
import multiprocessing
from service.settings import Settings
from service.worker import work

if __name__ == "__main__":
    settings = Settings(models={str(models)!r})
    worker = multiprocessing.get_context("spawn").Process(
        target=work, args=(settings, None, None, None)
    )
    worker.start()
    worker.join()
    raise SystemExit(worker.exitcode)
"""
    script = tmp_path / "parent.py"
    script.write_text(program, "utf-8")
    result = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
    )
    assert result.returncode == HOPELESS
    (line,) = result.stderr.splitlines()
    assert line.endswith(f"ERROR service.worker [-] {path} is missing; manifest.json lists it")
