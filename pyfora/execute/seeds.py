"""`numpy.random.RandomState(seed)`, which makes its generator before it looks at the seed.

The generator is made without a seed, so draws one from the system, which is refused; a moment later the seed that
was given takes its place. Here the generator draws nothing, and is looked at when the state is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def seed_late(unseeded: Callable[[], None]) -> None:
    """Let RandomState call `unseeded`, which may raise, where it got no seed at all; not before."""
    from numpy.random import mtrand

    plain: Any = getattr(mtrand, "_MT19937", None)
    if plain is None:  # another numpy: seeded ones go on being refused
        return

    class AlsoPlain(type):
        """RandomState asks whether a generator is of the class that stands here: plain ones are, too."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, plain)

    class MT19937(plain, metaclass=AlsoPlain):  # type: ignore[misc]
        """Pickled as the plain one, which it is but for its making."""

        def __init__(self) -> None:
            super().__init__(0)
            self._is_seeded = False

        def _legacy_seeding(self, seed: Any) -> None:
            super()._legacy_seeding(seed)
            self._is_seeded = True

        @property
        def capsule(self) -> Any:
            """What RandomState draws from; it asks once it is done with the seed."""
            if not self._is_seeded:
                unseeded()
                self._legacy_seeding(None)
            return super().capsule

        def __reduce__(self) -> Any:
            make, arguments, *state = super().__reduce__()
            return make, tuple(plain if argument is type(self) else argument for argument in arguments), *state

    MT19937.__module__, MT19937.__qualname__ = plain.__module__, plain.__qualname__
    mtrand._MT19937 = MT19937  # type: ignore[attr-defined]
