"""`sys.path` and `sys.modules` as user code sees them: those of the worker, which say nothing about the client's.

Modules of the program's own may be looked up, as they are what they would be there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any, NoReturn

from pyfora.execute.purity import calling_user_code, refusal_of
from pyfora.language.reach import ReplicaModule

_PATH = "tells where the worker looks for modules, not where you do; import at the top of your file, before the block"
_MODULES = (
    "tells which modules the worker has loaded, not which you have; import what you need, or ask before the block"
)


class _Modules(Mapping[str, ModuleType]):
    """`sys.modules` for one frame of the user's."""

    def __init__(self, frame: FrameType) -> None:
        self._frame = frame

    def __getitem__(self, name: str) -> ModuleType:
        found = vars(sys)["modules"].get(name)
        if not isinstance(found, ReplicaModule):
            self._refuse()
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self[name] is not None

    def __iter__(self) -> Iterator[str]:
        self._refuse()

    def __len__(self) -> int:
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise refusal_of("sys.modules", _MODULES, self._frame)


class _LikeModule(type):
    """To whoever asks by `type(sys)`, every module is one."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, ModuleType) if cls is _System else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, ModuleType) if cls is _System else super().__subclasscheck__(subclass)


class _System(ModuleType, metaclass=_LikeModule):
    """The class of `sys` in a compute process. All that is not named here is found as in any module."""

    def __new__(cls, *arguments: Any, **keywords: Any) -> Any:
        # The import system makes each new module by calling the type of `sys`.
        return ModuleType(*arguments, **keywords) if cls is _System else super().__new__(cls)

    @property
    def path(self) -> list[str]:
        """Refused to user code."""
        frame = calling_user_code(sys._getframe(1))
        if frame is not None:
            raise refusal_of("sys.path", _PATH, frame)
        found: list[str] = vars(self)["path"]
        return found

    @path.setter
    def path(self, value: list[str]) -> None:
        frame = calling_user_code(sys._getframe(1))
        if frame is not None:
            raise refusal_of("sys.path", _PATH, frame)
        vars(self)["path"] = value

    @property
    def modules(self) -> Any:
        """To user code, the program's own modules, and refusals for all others."""
        frame = calling_user_code(sys._getframe(1))
        return vars(self)["modules"] if frame is None else _Modules(frame)


_System.__module__, _System.__name__, _System.__qualname__ = "builtins", "module", "module"


def hide_facts() -> None:
    """From now on, in this process."""
    sys.__class__ = _System
