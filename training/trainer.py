"""The training loop: optimiser, schedule, averaging, early stopping, checkpoints, progress.

Knows nothing about text: a task gives it batches, a loss and a validation. Runs in the main
thread. Everything that decides the next step is either in the checkpoint or a pure function of
(seed, epoch, batch), so a resumed run continues to the same weights as one that was never stopped.
"""

import math
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

import torch
from torch import nn

from training.averaging import WeightAverage
from training.device import autocast
from training.looks import look_record, take_look
from training.progress import Progress
from training.recipe import Training
from training.run_folder import RunError, RunFolder
from training.schedule import learning_rate
from training.task import Task, Validation

LOG_EVERY = 20  # steps
LOOKS_IN_MINIMUM = 12  # validations over minimum_steps, at most


class Stopped(Exception):
    """The run was asked to stop (Ctrl-C or SIGTERM) and has saved a checkpoint."""


@dataclass
class Position:
    """Where a run stands: the next batch is ``batch`` of ``epoch``."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float = -math.inf
    waited: int = 0  # validations since the best
    looked: int = 0  # the step of the last validation
    finished: bool = False


def parameter_groups(
    network: nn.Module, rates: Mapping[str, float]
) -> tuple[list[dict[str, list[nn.Parameter]]], list[float]]:
    """The parameters that share a factor on the learning rate, and each group's factor.

    ``rates``: factors by the beginnings of names; 1 for all others, whose group is the last.
    Discriminative fine-tuning, Howard and Ruder 2018 (section 3.2).
    """
    groups: dict[float, list[nn.Parameter]] = {factor: [] for factor in rates.values()}
    groups[1.0] = groups.pop(1.0, [])
    for name, parameter in network.named_parameters():
        factor = next((rates[start] for start in rates if name.startswith(start)), 1.0)
        groups[factor].append(parameter)
    taken = {factor: parameters for factor, parameters in groups.items() if parameters}
    return [{"params": parameters} for parameters in taken.values()], list(taken)


class Trainer:
    """Drives one run to its end."""

    def __init__(
        self,
        task: Task,
        settings: Training,
        run: RunFolder,
        device: torch.device,
        quiet: bool,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        """rates: factors on the learning rate by the beginnings of parameters' names."""
        self.task = task
        self.settings = settings
        self.run = run
        self.device = device
        self.network: nn.Module = task.network.to(device)
        self.average = WeightAverage(self.network, settings.ema)
        groups, self._factors = parameter_groups(self.network, rates or {})
        self.optimizer = torch.optim.AdamW(
            groups,
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.position = Position()
        self.epochs = self._epochs()
        self.progress = Progress(self.epochs, quiet)
        self._stop_asked = False
        self._saved_at = time.monotonic()
        self._window: list[float] = []  # losses since the last log line

    def train(self, resume: bool = False) -> Position:
        """Run to the last epoch, or until patience is spent. Raises Stopped, RunError."""
        if resume:
            self._load()
        else:
            self.run.truncate_log(0)  # an earlier try may have ended before its first checkpoint
        if self.position.finished:
            return self.position
        try:
            with self._stops_cleanly(), self.progress:
                while self.position.epoch < self.epochs and not self._patience_spent():
                    self._epoch()
        except KeyboardInterrupt:  # a second Ctrl-C: the last checkpoint has to do
            raise Stopped from None
        self.position.finished = True
        self._save()
        return self.position

    def _epochs(self) -> int:
        """Epochs to run: more than asked for where the data is too small for minimum_steps."""
        batches = len(self.task.epoch(0))
        if not batches:
            raise RunError("the training data makes no batch: there are no examples")
        return max(self.settings.epochs, math.ceil(self.settings.minimum_steps / batches))

    def _patience_spent(self) -> bool:
        return self.position.waited >= self.settings.patience

    def _epoch(self) -> None:
        position, settings = self.position, self.settings
        batches = self.task.epoch(position.epoch)
        looks = {
            round(len(batches) * (part + 1) / settings.validate_per_epoch)
            for part in range(settings.validate_per_epoch)
        }
        self.progress.start_epoch(position.epoch, position.batch, len(batches))
        while position.batch < len(batches):
            done = (position.epoch + position.batch / len(batches)) / self.epochs
            self._step(batches[position.batch], done)
            position.batch += 1
            if position.batch in looks and self._look_due(len(batches)):
                self._validate()
                if self._patience_spent():
                    return
            if self._stop_asked:
                self._save()
                raise Stopped
            if time.monotonic() - self._saved_at > 60 * settings.checkpoint_minutes:
                self._save()
        position.epoch += 1
        position.batch = 0
        self._save()

    def _look_due(self, batches: int) -> bool:
        """Whether to validate at this place: always at the very end, but not after a few steps.

        Patience counts validations, so on small data they must not follow too closely.
        """
        position = self.position
        at_end = position.epoch + 1 == self.epochs and position.batch == batches
        spacing = self.settings.minimum_steps // LOOKS_IN_MINIMUM
        return at_end or position.step - position.looked >= spacing

    def _step(self, batch: Any, done: float) -> None:
        settings, position = self.settings, self.position
        rate = learning_rate(
            settings.learning_rate, settings.schedule, settings.warmup_steps, position.step, done
        )
        for group, factor in zip(self.optimizer.param_groups, self._factors, strict=True):
            group["lr"] = rate * factor
        self.network.train()
        with autocast(self.device, settings.precision):
            loss, tokens = self.task.loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = float(nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip))
        if not math.isfinite(norm):
            raise RunError(
                f"the gradient is not finite at step {position.step}: lower the learning rate "
                f"({settings.learning_rate}) or the clip ({settings.clip})"
            )
        self.optimizer.step()
        self.average.update()
        position.step += 1
        self._window.append(float(loss.detach()))
        self.progress.step(self._window[-1], tokens)
        if position.step % LOG_EVERY == 0:
            self._log_step(rate, norm)

    def _log_step(self, rate: float, norm: float) -> None:
        self.run.append(
            {
                "kind": "step",
                "step": self.position.step,
                "epoch": self.position.epoch,
                "loss": round(sum(self._window) / len(self._window), 5),
                "learning_rate": rate,
                "gradient_norm": round(norm, 4),
                "tokens_per_second": round(self.progress.tokens_per_second),
            }
        )
        self._window.clear()

    def _validate(self) -> None:
        position = self.position
        position.looked = position.step
        with self.average.applied():
            validation = take_look(self.task, self.device, self.settings.precision)
            # Only a better score earns patience, but of equal ones the later weights are kept: on
            # small data the score soon stands at its limit while the loss still falls.
            position.waited = 0 if validation.score > position.best else position.waited + 1
            better = validation.score >= position.best
            if better:
                position.best = validation.score
            if better or self.settings.keep == "last":
                self.run.write_tensors(self.run.best, self._weights())
        self._report(validation, better)

    def _report(self, validation: Validation, better: bool) -> None:
        position = self.position
        record = look_record(self.task.metric, validation, position.step, position.epoch, better)
        self.run.append(record)
        self.progress.say(
            f"epoch {position.epoch + 1}, step {position.step}: {self.task.metric} "
            f"{validation.score:.4f}{' (best)' if better else ''}  "
            + "  ".join(f"{name} {value:.4f}" for name, value in validation.details.items())
        )

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().cpu() for name, value in self.network.state_dict().items()}

    def _save(self) -> None:
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state()
        state = {
            "fingerprint": self.task.fingerprint(),
            "settings": self.settings.model_dump_json(),
            "position": asdict(self.position),
            "network": self._weights(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "random": random,
            "window": self._window,
        }
        self.run.write_tensors(self.run.checkpoint, state)
        self._saved_at = time.monotonic()

    def _load(self) -> None:
        state = self.run.read_tensors(self.run.checkpoint)
        if state["fingerprint"] != self.task.fingerprint():
            raise RunError(
                f"{self.run.path}: the data or the tokenizer is not what this run began with, so "
                "it cannot continue to the same weights; start a new run instead"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])
        self.position = Position(**state["position"])
        self._window = list(state.get("window", []))
        torch.set_rng_state(state["random"]["cpu"])
        if self.device.type == "cuda" and "cuda" in state["random"]:
            torch.cuda.set_rng_state(state["random"]["cuda"])
        self.run.truncate_log(self.position.step)

    @contextmanager
    def _stops_cleanly(self) -> Iterator[None]:
        """The first Ctrl-C or SIGTERM stops after the step at hand, with a checkpoint."""

        def ask(signum: int, frame: FrameType | None) -> None:
            if self._stop_asked:
                raise KeyboardInterrupt
            self._stop_asked = True
            with suppress(RuntimeError):  # the signal came in the middle of another line
                self.progress.say("stopping after this step; the run continues with --resume")

        previous = {name: signal.signal(name, ask) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for name, handler in previous.items():
                signal.signal(name, handler)
