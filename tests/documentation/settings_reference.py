"""The reference of the settings, docs/settings.md, made from service/settings.py.

`python -m tests.documentation.settings_reference` (make docs) writes the page; the test beside
this module fails when the page is not what this would write.
"""

from typing import Any

from service.settings import PLAIN_VARIABLES, Settings, flag, variable
from tests.documentation.markdown import ROOT

PAGE = ROOT / "docs" / "settings.md"

INTRODUCTION = """\
# Settings

Every setting is a flag of `python -m service serve` and a variable of the environment. A flag wins
over a variable, a variable over the default; an empty variable counts as not set. A `GATEHOUSE_*`
variable that is not listed here is an error that names it.

{plain}

This page is generated from `service/settings.py` by `make docs`.

| flag | variable | default | allowed | meaning |
|---|---|---|---|---|
"""


def allowed(schema: dict[str, Any]) -> str:
    """What a setting accepts, in words, from its JSON schema."""
    schema = next((s for s in schema.get("anyOf", []) if s["type"] != "null"), {}) | schema
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "boolean":
        return "`true`, `false`"
    if "maximum" in schema:
        return f"{schema['minimum']:,} to {schema['maximum']:,}"
    if "minimum" in schema:
        return f"{schema['minimum']:,} or more"
    return "path" if schema.get("format") == "path" else "text"


def default(value: object) -> str:
    """The default as one would write it into a variable."""
    if value is None or value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def reference() -> str:
    """The whole page."""
    plain = " ".join(
        f"`{name}` is understood too, and `{variable(setting)}` wins over it."
        for name, setting in sorted(PLAIN_VARIABLES.items())
    )
    properties = Settings.model_json_schema()["properties"]
    rows = (
        f"| `{flag(name)}` | `{variable(name)}` | {default(schema.get('default'))} "
        f"| {allowed(schema)} | {schema['description']} |\n"
        for name, schema in properties.items()
    )
    return INTRODUCTION.format(plain=plain) + "".join(rows)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
