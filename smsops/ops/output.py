"""What a command prints: sentences for people, or one JSON document with `--json`; nothing else ever on stdout."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from smsops.models import FINAL, Run, Step, StepState
from smsops.redact import redact, redact_data
from smsops.text import seconds_text

MARKS = {
    StepState.DONE: "ok",
    StepState.SKIPPED: "--",
    StepState.FAILED: "!!",
    StepState.UNDONE: "<-",
    StepState.STUCK: "??",
}
BAR = 24


class Output:
    """Prints to `stdout` and `stderr`; with `as_json` only `data` reaches stdout."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool) -> None:
        self.stdout, self.stderr, self.as_json = stdout, stderr, as_json

    def say(self, text: str) -> None:
        """A sentence for people."""
        if not self.as_json:
            self._print(redact(text))

    def file(self, name: str, text: str) -> None:
        """What is to become another program's file, as it is: whoever made it knows that no secret is in it."""
        whole = json.dumps({"file": name, "text": text}, ensure_ascii=False) if self.as_json else text.rstrip("\n")
        self._print(whole)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Columns for people, as wide as they must be."""
        lines = [[str(cell) for cell in row] for row in (header, *rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
        for line in lines:
            self.say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())

    def data(self, value: Any) -> None:
        """The document for programs."""
        if self.as_json:
            self._print(json.dumps(redact_data(value), indent=2, default=str, ensure_ascii=False))

    def end(self) -> None:
        """Hand over what is still held back."""
        self._print()

    def _print(self, *lines: str) -> None:
        """Print lines; a reader who has seen enough (`| head`) ends the printing, not the work or its exit code."""
        try:
            self.stdout.writelines(f"{line}\n" for line in lines)
            if not lines:
                self.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())


def _when(step: Step) -> tuple[bool, int]:
    """The order in which things happened: the undo goes backwards."""
    undone = step.state in (StepState.UNDONE, StepState.STUCK)
    return undone, -step.position if undone else step.position


class Progress:
    """Shows a run while it goes on, on stderr: a bar on a terminal, a line per finished step elsewhere."""

    def __init__(self, output: Output) -> None:
        self.stream = output.stderr
        self.live = self.stream.isatty() if hasattr(self.stream, "isatty") else False
        self.quiet = output.as_json and not self.live
        self.told: set[tuple[int, str]] = set()

    def __call__(self, run: Run) -> None:
        if self.quiet:
            return
        steps = list(run.steps.all())
        for step in sorted(steps, key=_when):
            self._tell(step)
        if self.live:
            self._bar(run, steps)

    def _tell(self, step: Step) -> None:
        if step.state not in MARKS or (step.pk, step.state) in self.told:
            return
        self.told.add((step.pk, step.state))
        lines = step.output.splitlines() or [""]
        text = lines[-1] if step.state == StepState.UNDONE else step.error or lines[0]
        lead = "\r\033[K" if self.live else ""
        self.stream.write(
            f"{lead}  {MARKS[StepState(step.state)]}  {step.title:<46} {seconds_text(step.work_seconds):>8}  {text}\n"
        )

    def _bar(self, run: Run, steps: list[Step]) -> None:
        ended = sum(step.state in MARKS for step in steps)
        filled = BAR * ended // max(1, len(steps))
        now = next((step for step in steps if step.state not in MARKS), None)
        text = f"{now.title} {now.progress}" if now and run.state not in FINAL else ""
        self.stream.write(f"\r\033[K  [{'#' * filled}{'.' * (BAR - filled)}] {ended}/{len(steps)} {text[:70]}")
        if run.state in FINAL:
            self.stream.write("\r\033[K")
        self.stream.flush()
