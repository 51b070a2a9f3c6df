"""The precision that a device computes in."""

import pytest
import torch

from training import device
from training.device import (
    Precision,
    autocast,
    choose_device,
    computes_bfloat16,
    require_precision,
)
from training.recipe import RecipeError

CPU = torch.device("cpu")


def test_a_precision_that_the_processor_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for computes in (True, False):
        monkeypatch.setattr(device, "computes_bfloat16", lambda _, known=computes: known)
        require_precision(CPU, "auto")
        require_precision(CPU, "fp32")
        if computes:
            require_precision(CPU, "bf16")
    with pytest.raises(RecipeError, match=r'this processor computes no LSTM in bfloat16.*"auto"'):
        require_precision(CPU, "bf16")


def test_what_is_said_of_the_processor_is_true() -> None:
    network = torch.nn.LSTM(5, 7, bidirectional=True)
    try:
        with autocast(CPU, "bf16"):
            network(torch.ones(3, 2, 5))
        computed = True
    except RuntimeError:
        computed = False
    assert computes_bfloat16(CPU) is computed


def product_dtype(precision: Precision) -> torch.dtype:
    with autocast(CPU, precision):
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


def test_a_gpu_is_taken_where_there_is_one() -> None:
    assert choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("precision", "flags", "dtype"),
    [
        ("fp32", "flags : sse avx512_bf16", torch.float32),
        ("bf16", "flags : sse", torch.bfloat16),
        ("auto", "flags : sse avx2", torch.float32),
        ("auto", "flags : sse avx512_bf16", torch.bfloat16),
        ("auto", "flags : amx_bf16", torch.bfloat16),
    ],
)
def test_products_are_in_bfloat16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, precision: Precision, flags: str, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(device, "_cpu_flags", lambda: flags)
    assert product_dtype(precision) == dtype
