"""Numbers as the pictures and tables write them."""


def plain(value: float) -> str:
    """A number with two digits, as 0.35."""
    return _with_minus("0.00" if f"{value:.2f}" == "-0.00" else f"{value:.2f}")


def signed(value: float) -> str:
    """A number with its sign, as +0.35; 0.00 has none."""
    shown = f"{value:+.2f}"
    return "0.00" if shown[1:] == "0.00" else _with_minus(shown)


def share(value: float) -> str:
    """A number from 0 to 1 as briefly as a cell holds it, as .35 or 1."""
    return f"{value:.2f}".lstrip("0") if value < 0.995 else "1"


def _with_minus(number: str) -> str:
    return number.replace("-", "−")
