"""What is pickled in the place of an object that pickle would not ask about, or not get right."""

from __future__ import annotations

from typing import Any


class StandIn:
    """Pickled, it makes what its original is; each has its own `__reduce__`."""

    def __init__(self, original: Any) -> None:
        self.original = original
