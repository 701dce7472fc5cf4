"""Waiting for a block's end, while its text is written and its progress shown."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

from pyfora.client.bar import Bar, choose_display
from pyfora.client.printing import write_text
from pyfora.client.progress import Progress, ProgressModel, ProgressOption
from pyfora.client.submission import Reported, Submission
from pyfora.wire.messages import ProgramEnded

_LOOK_EVERY_S = 1.0
"""A Ctrl-C that the system gives to another thread is noticed only when a wait returns."""


def wait_for_end(submission: Submission, reports: queue.SimpleQueue[Reported], option: ProgressOption) -> ProgramEnded:
    """Wait on this thread for the submission's end. Raises what it failed with, or what a callback raised."""
    model = ProgressModel(time.monotonic())
    display = choose_display(option)
    shown = False
    try:
        while True:
            try:
                left = _LOOK_EVERY_S if display is None else model.due - time.monotonic()
                report = reports.get(timeout=min(max(left, 0.0), _LOOK_EVERY_S))
            except queue.Empty:
                pass
            else:
                if report is None:
                    return submission.ended.result()
                if isinstance(report, tuple):
                    _write(display, *report)
                else:
                    model.take(report, time.monotonic())
            if display is not None and (progress := model.shown(time.monotonic())) is not None:
                # A function that raises is not called again; a bar is taken away in any case.
                shown = isinstance(display, Bar)
                display(progress)
                shown = True
    finally:
        if display is not None and shown:
            display(model.progress(time.monotonic(), ended=True))


def _write(display: Callable[[Progress], object] | None, stream: str, text: str) -> None:
    if isinstance(display, Bar):
        display.write(lambda: write_text(stream, text), text)
    else:
        write_text(stream, text)
