"""The order of imports, and what a serving process must never load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SERVICE = Path(__file__).parent.parent / "service"
# A module may import from its own layer and from those to its right (here: below).
LAYERS = [
    {"__main__"},
    {"cli"},
    {"worker"},
    {"commands"},
    {"acceptor", "server", "supervisor"},
    {"api"},
    {"repository"},
    {"explanation"},
    {"pipelines"},
    {"runtime"},
    {"access", "files"},
    {"settings", "metrics", "engine_metrics", "tallies", "errors", "logs"},
    {"artifact"},
]
MODULES = sorted(SERVICE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The full names of all modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(part: str) -> int:
    return next(rank for rank, parts in enumerate(LAYERS) if part in parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SERVICE)))
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(SERVICE).with_suffix("").parts[0]
    for name in imported(path):
        package, *rest = name.split(".")
        assert package not in {"torch", "training", "tests", "benchmarks"}, f"{path} imports {name}"
        if package == "onnxruntime":
            assert path == SERVICE / "runtime" / "session.py", f"{path} imports onnxruntime"
        if package == "opentelemetry":
            assert path == SERVICE / "api" / "tracing.py", f"{path} imports opentelemetry"
        if package == "limits":
            assert own == "access", f"{path} imports limits"
        if package == "resvg_py":
            # It holds the interpreter's lock: only the process for it may load it.
            assert path == SERVICE / "explanation" / "pictures" / "paint.py", f"{path} imports it"
        if package == "fastapi":
            assert own in {"api", "worker"}, f"{path} imports fastapi"
        if package == "service" and rest[0] != "__version__" and own != "__init__":
            assert layer(rest[0]) >= layer(own), f"{path} imports {name}"


def test_the_app_loads_no_training_framework() -> None:
    program = "import sys, service.api.app, service.cli; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded_modules = set(result.stdout.split())
    loaded = {name.partition(".")[0] for name in loaded_modules}
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "training", "onnx", "sklearn", "pytest"}
    # An extra, which is installed where the tests run.
    assert not loaded_modules & {"service.api.tracing", "opentelemetry.sdk"}
    assert not loaded_modules & {"service.explanation.pictures", "resvg_py"}
