"""A bar on standard error, or in a notebook, that shows how far a block is."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

from pyfora.client.progress import Progress, ProgressOption

_WIDTH_UNKNOWN = 80


class Bar:
    """A tqdm bar, made when there is first something to show, and gone when the block ends."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._line_is_open = False

    def __call__(self, progress: Progress) -> None:
        """Show `progress`; the last one removes the bar."""
        if progress.ended:
            self._close()
            return
        if progress.leaves_total == 0:
            return
        if self._bar is None:
            self._bar = _make_bar(progress)
        bar = self._bar
        bar.total = progress.leaves_total
        bar.n = progress.leaves_done
        bar.set_description_str(status_line(progress), refresh=False)
        # A bar would be drawn over the printed text that stands on this line.
        if not self._line_is_open:
            bar.refresh()

    def write(self, write: Callable[[], None], text: str) -> None:
        """Let `write` print `text` with the bar out of its way."""
        if self._bar is not None and not self._line_is_open:
            self._bar.clear()
        write()
        self._line_is_open = not text.endswith("\n")
        if self._bar is not None and not self._line_is_open:
            self._bar.refresh()

    def _close(self) -> None:
        bar, self._bar = self._bar, None
        if bar is None:
            return
        if self._line_is_open:
            # tqdm would wipe the line: it is not ours.
            bar.disable = True
        # A notebook's bar that ends short of its total stays there, in red.
        bar.total = bar.n
        bar.close()


def status_line(progress: Progress) -> str:
    """What stands beside the bar."""
    parts = [f"{progress.leaves_done:,} of {progress.leaves_total:,} leaves"]
    if progress.leaves_per_s > 0:
        parts.append(f"{progress.leaves_per_s:,.{0 if progress.leaves_per_s >= 10 else 1}f}/s")
    parts.append(f"{progress.workers} worker{'' if progress.workers == 1 else 's'}")
    if progress.attempt > 1:
        parts.append(f"attempt {progress.attempt}")
    parts.append(_clock(progress.elapsed_s))
    if 0 < progress.leaves_done < progress.leaves_total and progress.leaves_per_s > 0:
        left_s = (progress.leaves_total - progress.leaves_done) / progress.leaves_per_s
        parts.append(f"{_clock(left_s)} left")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def _make_bar(progress: Progress) -> Any:
    # Without ipywidgets tqdm's notebook bar is a warning and a failure; the text bar works there too.
    if in_notebook() and importlib.util.find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    width = _terminal_width()
    return tqdm(
        # Its first picture is drawn as it is made.
        total=progress.leaves_total,
        initial=progress.leaves_done,
        desc=status_line(progress),
        file=sys.stderr,
        # A block's output is what the program prints: nothing of the bar stays.
        leave=False,
        mininterval=0,
        ncols=width,
        # What does not tell its width does not tell its height; tqdm would take it for none, and draw nothing.
        nrows=None if width is None else 24,
        dynamic_ncols=width is None,
        bar_format="{percentage:3.0f}% {bar} {desc}",
    )


def _terminal_width() -> int | None:
    """A width to be used throughout where the terminal does not tell its own; None where tqdm may ask it."""
    try:
        return None if os.get_terminal_size(sys.stderr.fileno()).columns else _WIDTH_UNKNOWN
    except (OSError, ValueError, AttributeError):
        return None if in_notebook() else _WIDTH_UNKNOWN


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def choose_display(option: ProgressOption) -> Callable[[Progress], object] | None:
    """What shows the progress under this option, None for nothing."""
    if option is None:
        stream = sys.stderr
        visible = in_notebook() or (stream is not None and stream.isatty())
        return Bar() if visible else None
    if option is True:
        return Bar()
    return option or None
