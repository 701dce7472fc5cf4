"""Settings of the interpreter on which the answer of a loop may depend, from the driver to its leaf processes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ambient:
    """Taken in a driver, set in leaf processes."""

    recursion_limit: int
    int_digits_limit: int
    decimal_context: Any
    """A copy; None where the program does not use the module."""
    numpy_errors: Any

    @classmethod
    def of_this_process(cls) -> Ambient:
        """The settings as they are now."""
        decimal, numpy = sys.modules.get("decimal"), sys.modules.get("numpy")
        return cls(
            sys.getrecursionlimit(),
            sys.get_int_max_str_digits(),
            decimal.getcontext().copy() if decimal is not None else None,
            numpy.geterr() if numpy is not None else None,
        )

    def set(self) -> None:
        """Let this process have them."""
        sys.setrecursionlimit(self.recursion_limit)
        sys.set_int_max_str_digits(self.int_digits_limit)
        if self.decimal_context is not None:
            import decimal

            decimal.setcontext(self.decimal_context.copy())
        if self.numpy_errors is not None:
            import numpy as np

            np.seterr(**self.numpy_errors)
