"""Runs a command that `arguments` describes, and turns every way in which it ends into a status.

0: done. 1: it cannot be done, or stopped at a bad row. 2: the command line is wrong. 128 and the
number of the signal: stopped by it, or by a reader of standard output that wants no more.
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace

from service.artifact import ArtifactError
from service.commands.interruption import Interrupted
from service.errors import GatehouseError
from service.pipelines.options import PipelineOptions
from service.runtime.cores import available_cores
from service.settings import load_settings


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Runs the command and returns the exit status."""
    try:
        status = _run(chosen, environment)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more, as after "| head".
        discard_output()
        return 128 + signal.SIGPIPE
    except OSError as error:
        # What reads and writes files has errors of its own, so this is what was printed.
        discard_output()
        print(f"service: error: standard output cannot be written: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        return interrupted.status
    except (ArtifactError, GatehouseError) as error:
        try:
            sys.stdout.flush()
        except OSError:
            discard_output()
        print(f"service: error: {error}", file=sys.stderr)
        return 1
    return status


def discard_output() -> None:
    """Lets what is left in the buffer go nowhere, or the interpreter complains at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    if chosen.command == "models" and chosen.action == "list":
        from service.commands.listing import list_versions

        return list_versions(chosen.folder, chosen.json)
    settings = load_settings({"threads": getattr(chosen, "threads", None)}, environment)
    threads = settings.threads or available_cores()
    options = PipelineOptions.of(settings, threads)
    if chosen.command == "predict":
        from service.commands.predict import predict

        size = chosen.batch_size or options.max_batch_size
        return predict(chosen, replace(options, max_batch_size=size))
    if chosen.command == "translate":
        from service.commands.translate import translate

        size = chosen.batch_size or options.max_decoding_rows
        options = replace(options, max_decoding_rows=size)
        return translate(chosen, options, settings)
    if chosen.command == "explain":
        from service.commands.explain import explain

        return explain(chosen, options, settings)
    if chosen.action == "verify":
        from service.commands.verification import verify

        return verify(chosen.folder, options)
    from service.commands.comparison import compare

    return compare(chosen, options, settings.max_beam_size)
