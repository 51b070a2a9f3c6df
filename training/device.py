"""Chooses the device and the precision. Knows nothing about networks."""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from training.recipe import RecipeError

Precision = Literal["auto", "fp32", "bf16"]


def choose_device() -> torch.device:
    """A GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """bfloat16 products where the processor has them; ``fp32`` turns it off."""
    if precision == "fp32" or (precision == "auto" and not _has_bfloat16(device)):
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def require_precision(device: torch.device, precision: Precision) -> None:
    """Raises RecipeError where an LSTM cannot be computed in the precision that a recipe wants."""
    if precision == "bf16" and not computes_bfloat16(device):
        raise RecipeError(
            'training.precision is "bf16", and this processor computes no LSTM in bfloat16 (oneDNN '
            'wants AVX-512 for it); write "auto", which takes it where it is there, or "fp32"'
        )


@cache
def computes_bfloat16(device: torch.device) -> bool:
    """Whether an LSTM can be computed in bfloat16, however slowly: one is tried."""
    layer = nn.LSTM(8, 8).to(device)
    try:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            layer(torch.zeros(2, 2, 8, device=device))
    except RuntimeError:
        return False
    return True


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return "avx512_bf16" in _cpu_flags() or "amx_bf16" in _cpu_flags()


def _cpu_flags() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return next((line for line in text.splitlines() if line.startswith("flags")), "")
