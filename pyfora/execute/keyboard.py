"""`sys.stdin` of a compute process, where no one is to be heard."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

from pyfora.execute.impure import KEYBOARD
from pyfora.execute.purity import is_user_code, refusal


class NoKeyboard(io.TextIOBase):
    """Whoever reads from it is refused; it can be told from a terminal, and passed on, as any stream."""

    encoding = "utf-8"
    name = "<stdin>"

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> NoReturn:
        _refuse("read")

    def readline(self, size: int = -1, /) -> NoReturn:  # type: ignore[override]
        _refuse("readline")

    def readlines(self, hint: int = -1, /) -> NoReturn:
        _refuse("readlines")

    def __next__(self) -> NoReturn:
        _refuse("readline")


def _refuse(name: str) -> NoReturn:
    frame = sys._getframe(2)
    while not is_user_code(frame) and frame.f_back is not None:
        frame = frame.f_back
    raise refusal(f"sys.stdin.{name}", KEYBOARD, frame)
