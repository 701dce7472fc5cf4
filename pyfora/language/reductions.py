"""Objects of the standard library that pickle does not know, and how each is made again."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any


def _of_struct(layout: struct.Struct) -> Any:
    return struct.Struct, (layout.format,)


REDUCTIONS: dict[type, Callable[[Any], Any]] = {struct.Struct: _of_struct}
"""By type, for a pickler's dispatch table."""
