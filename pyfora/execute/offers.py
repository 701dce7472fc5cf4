"""The rest of a loop, as it is offered to the cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyfora.fold.adding import NOTHING, AddedTo
from pyfora.fold.folders import Folder
from pyfora.fold.sources import Source


class TakenBack(Exception):
    """The loop is to be run in order after all; the text says why."""


@dataclass(frozen=True)
class Offer:
    """The rest of a loop."""

    part: Callable[[Any], Any]
    source: Source
    first: int
    """Elements before this one are folded already."""
    stop: int
    """Elements from this one on are none of it."""
    folder: Folder
    callee: Callable[..., Any]
    compiled: bool
    """Whether it is worth a kernel."""
    needs_kernel: bool
    """Whether it is to be run in order where there is none."""
    refusal: str
    """Why there is none, where one was wanted."""
    element_s: float
    """Seconds for an element, interpreted."""
    terms_per_element: float
    """What an element of the source gave so far, where it was counted; else 0."""
    added_to: AddedTo = NOTHING
    """The variables that must not be seen by the loop."""
