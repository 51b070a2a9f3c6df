"""Every choice that an operator can make, with its default, its meaning and its limits.

Values come from the command line, then from `GATEHOUSE_*` variables, then from the defaults
below. This module reads no global environment: the mapping is passed in. Facts about a model are
no settings; they stand in its manifest.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import SettingsError, quote

PREFIX = "GATEHOUSE_"
# Platforms that run containers choose the port with these; ours wins where both are given.
PLAIN_VARIABLES = {"PORT": "port", "HOST": "host"}
# How often somebody may ask; empty: as often as he likes.
RATE_PATTERN = r"^([1-9][0-9]{0,8}/(second|minute|hour|day))?$"


class Settings(BaseModel):
    """The settings of one service, validated and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: Annotated[Path, Field(description="folder of the models, NAME/VERSION/")] = Path(
        "models"
    )
    keep_versions: Annotated[
        int,
        Field(description="how many of the newest versions of each model are kept loaded", ge=1),
    ] = 1
    models_poll_seconds: Annotated[
        float,
        Field(
            description="seconds between two looks into the folder of the models for new "
            "versions; 0: only when asked",
            ge=0,
            allow_inf_nan=False,
        ),
    ] = 5
    allow_model_changes: Annotated[
        bool,
        Field(
            description="let requests load, activate, roll back and unload versions; with "
            "--keys-file those with an admin's key, without it everybody who reaches the port"
        ),
    ] = False
    keys_file: Annotated[
        Path | None,
        Field(
            description="file of the API keys, without one of which nothing is answered but "
            "health and the pages; `python -m service keys` writes it; none: no keys are asked for"
        ),
    ] = None
    glossary_file: Annotated[
        Path | None,
        Field(
            description="CSV or TSV with terms and what each is to become, for all translations by "
            "versions that take a glossary; a key's own and a request's own go before; none: none"
        ),
    ] = None
    open_metrics: Annotated[
        bool, Field(description="answer /metrics without a key, where there are keys")
    ] = False
    key_rate_limit: Annotated[
        str,
        Field(
            description="requests of one key, such as 100/minute (second, minute, hour, day), "
            "unless the keys file says otherwise of it; then 429; empty: no limit",
            pattern=RATE_PATTERN,
        ),
    ] = ""
    address_rate_limit: Annotated[
        str,
        Field(
            description="requests of one address, or network of IPv6 (/64), that bring no valid "
            "key; as --key-rate-limit",
            pattern=RATE_PATTERN,
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Field(
            description="origins, separated by commas, whose web pages may read the answers, such "
            "as https://app.example; * for all; empty: none",
            pattern=r"^(\*|https?://[^\s,/]+(\s*,\s*https?://[^\s,/]+)*)?$",
        ),
    ] = ""
    host: Annotated[str, Field(description="address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int, Field(description="port to listen on; 0 lets the system choose", ge=0, le=65535)
    ] = 8000
    workers: Annotated[
        int, Field(description="processes, each with its own copy of the models", ge=1, le=256)
    ] = 1
    threads: Annotated[
        int | None,
        Field(description="threads of one inference; by default the cores / workers", ge=1),
    ] = None
    max_queue_size: Annotated[
        int,
        Field(description="texts or sentences of one model that may wait in a worker", ge=1),
    ] = 2048
    max_queue_wait_ms: Annotated[
        int,
        Field(
            description="milliseconds; a request of one text that would wait longer is refused "
            "with 429",
            ge=1,
        ),
    ] = 200
    request_timeout_ms: Annotated[
        int,
        Field(
            description="milliseconds for an answer, unless the request says otherwise in "
            "X-Timeout-Ms; then 504",
            ge=1,
        ),
    ] = 30_000
    max_timeout_ms: Annotated[int, Field(description="largest X-Timeout-Ms of a request", ge=1)] = (
        300_000
    )
    correct_spelling: Annotated[
        bool,
        Field(
            description="let translators that know how words are written read a mistyped word, and "
            "a sentence without capitals or in nothing else, as it must have been meant"
        ),
    ] = True
    language_warnings: Annotated[
        bool,
        Field(
            description="say in X-Gatehouse-Warning where a text is clearly not in the language "
            "that the model reads; needs a model for language identification"
        ),
    ] = True
    cache_bytes: Annotated[
        int,
        Field(description="memory for answers to repeated texts in a worker; 0 for none", ge=0),
    ] = 0
    root_path: Annotated[
        str,
        Field(
            description="path under which a proxy shows the service, such as /text",
            pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        ),
    ] = ""
    forwarded_allow_ips: Annotated[
        str,
        Field(
            description="addresses or networks, separated by commas, whose X-Forwarded-* headers "
            "are believed; * for all"
        ),
    ] = "127.0.0.1"
    max_body_bytes: Annotated[int, Field(description="bytes of a request's body", ge=1)] = 1 << 20
    max_texts: Annotated[int, Field(description="texts of a request", ge=1)] = 256
    max_text_characters: Annotated[int, Field(description="characters of a text", ge=1)] = 20_000
    max_sentences: Annotated[
        int, Field(description="sentences to translate or to tag of a request", ge=1)
    ] = 4096
    max_glossary_terms: Annotated[
        int, Field(description="terms of the glossary of a request", ge=1)
    ] = 1000
    max_beam_size: Annotated[int, Field(description="largest beam_size of a request", ge=1)] = 10
    max_translation_tokens: Annotated[
        int, Field(description="largest max_length of a request, in tokens of a sentence", ge=1)
    ] = 512
    max_batch_size: Annotated[int, Field(description="texts classified together", ge=1)] = 32
    max_decoding_rows: Annotated[
        int,
        Field(
            description="hypotheses decoded together; more lengthen each step and hardly raise the "
            "throughput",
            ge=1,
        ),
    ] = 16
    max_batch_tokens: Annotated[
        int,
        Field(
            description="tokens, padding included, computed together; beyond about 800 each of "
            "them takes longer",
            ge=1,
        ),
    ] = 768
    max_queue_delay_ms: Annotated[
        float,
        Field(description="milliseconds that texts may wait for others to fill a batch", ge=0),
    ] = 0
    max_text_tokens: Annotated[
        int, Field(description="tokens of a text to classify, which is read in one piece", ge=1)
    ] = 20_480
    max_sequence_steps: Annotated[
        int,
        Field(description="steps of a sequence of columns, of which a model reads the last", ge=1),
    ] = 4096
    max_explained_tokens: Annotated[
        int, Field(description="tokens of a text to explain, which the answer lists", ge=1)
    ] = 1024
    max_source_tokens: Annotated[
        int, Field(description="tokens of a sentence to translate; longer ones are cut up", ge=8)
    ] = 256
    max_prompt_tokens: Annotated[
        int, Field(description="tokens of a text to continue (/generate)", ge=1)
    ] = 1024
    max_generated_tokens: Annotated[
        int, Field(description="largest max_tokens of a request to continue a text", ge=1)
    ] = 1024
    max_top_k: Annotated[
        int,
        Field(description="largest top_k: tokens among which one is drawn at each step", ge=1),
    ] = 100
    max_continuations: Annotated[
        int, Field(description="largest num_sequences: continuations of one text", ge=1)
    ] = 8
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="least level that is logged"),
    ] = "info"
    log_format: Annotated[
        Literal["text", "json"], Field(description="lines for people or JSON for machines")
    ] = "text"
    access_log: Annotated[bool, Field(description="log a line for every request")] = True
    tracing: Annotated[
        str,
        Field(
            description="URL of an OpenTelemetry collector that takes spans by OTLP over HTTP, "
            "such as http://collector:4318; needs the extra of that name; empty: no tracing",
            pattern=r"^(https?://[^\s/]+(/\S*)?)?$",
        ),
    ] = ""
    tracing_share: Annotated[
        float,
        Field(
            description="how many of the requests are traced whose traceparent header does not "
            "decide it",
            ge=0,
            le=1,
        ),
    ] = 1
    keep_alive_timeout: Annotated[
        int,
        Field(
            description="seconds that an idle connection stays open; more than a proxy in front "
            "keeps it",
            ge=1,
        ),
    ] = 75
    request_read_timeout: Annotated[
        int,
        Field(description="seconds in which a client must have sent its whole request", ge=1),
    ] = 30
    shutdown_delay: Annotated[
        int,
        Field(
            description="seconds after SIGTERM in which requests are accepted while "
            "/health/ready fails already; as long as a load balancer needs to notice",
            ge=0,
        ),
    ] = 0
    shutdown_timeout: Annotated[
        int, Field(description="seconds that running requests get after SIGTERM", ge=0)
    ] = 3


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """The command line flag of a setting."""
    return "--" + name.replace("_", "-")


def load_settings(flags: Mapping[str, object | None], environment: Mapping[str, str]) -> Settings:
    """The settings of a command line and an environment.

    `flags` maps settings' names to values, None for a flag that was not given. An empty variable
    counts as one that is not set. Raises SettingsError, which names the flag or the variables, for
    unknown GATEHOUSE_* variables and for a value out of range.
    """
    known = {variable(name): name for name in Settings.model_fields}
    unknown = [
        name for name in sorted(environment) if name.startswith(PREFIX) and name not in known
    ]
    if unknown:
        close = [match for name in unknown for match in difflib.get_close_matches(name, known, n=1)]
        hint = (
            f"did you mean {', '.join(close)}?"
            if close
            else f"known are {', '.join(sorted(known))}"
        )
        raise SettingsError(f"unknown variable {', '.join(unknown)}; {hint}")
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for names in (PLAIN_VARIABLES, known):
        for name, setting in names.items():
            if environment.get(name):
                values[setting] = environment[name]
                origins[setting] = name
    for setting, value in flags.items():
        if value is not None:
            values[setting] = value
            origins[setting] = flag(setting)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        setting = str(first["loc"][0])
        raise SettingsError(
            f"{origins.get(setting, setting)} is {quote(str(first['input']))}: {first['msg']}"
        ) from error
