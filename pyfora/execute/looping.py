"""One loop that the driver meets: its first milliseconds in place, and the rest shared out where it is worth it."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyfora.execute.loops import LoopReport, LoopRun, reason_of
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.paces import Paces
from pyfora.execute.prefix import Prefix
from pyfora.execute.spreading import Spreader
from pyfora.fold.folders import ElementsFolder, Folder, MustRunInOrder
from pyfora.fold.plan import Plan
from pyfora.fold.sources import Source
from pyfora.fold.views import Cursor

_FIRST = operator.itemgetter(0)


class Elsewhere(BaseException):
    """Thrown through a builtin that has seen the first elements: the rest is folded without it.

    A BaseException, as no builtin catches it.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder


class Sharing:
    """What all loops of one driver have in common: how their rests are shared out, and reported on."""

    def __init__(self, spreader: Spreader, output: ProgramOutput, report: LoopReport) -> None:
        self.spreader = spreader
        self.paces = Paces()
        self._output = output
        self._report = report

    def share(self, offer: Offer, run: LoopRun, rest_from: Callable[[int], Iterable[Any]] | None) -> bool:
        """Fold the rest of a loop, and report on it. False: it is to be run in order after all.

        `rest_from(i)` runs in place what is left from the element of index i on, which raised elsewhere.
        Raises what the loop raises; where there is no `rest_from`, nothing: then it is to be run in order.
        """
        mark = self._output.mark()
        try:
            index = self.spreader.spread(offer, run)
            if index is not None:
                if rest_from is None:
                    raise TakenBack("one of its elements raises")
                offer.folder.absorb_rest(rest_from(index))
        except Exception as reason:
            if rest_from is not None and not isinstance(reason, (TakenBack, MustRunInOrder)):
                raise
            run.how, run.reason = "in order", reason_of(reason)
            # What leaves wrote was shown already, as far as it was absorbed; the run in order writes it once more.
            self._output.rewind(mark)
            return False
        finally:
            self._report.add(run)
        return True

    def spread_s(self) -> float:
        """For how many seconds loops of this process have been shared out."""
        return self.spreader.spread_s


class Ahead:
    """Elements that were made before their consumer asked for them, and how many of them it has taken."""

    def __init__(self, made: Iterable[Any]) -> None:
        self.exhausted = False
        """The consumer was told that there are no more."""
        self._numbers = itertools.count()
        # The elements stand first, so that no number is lost at their end; and no Python frame for each of them.
        self.elements = itertools.chain(map(_FIRST, zip(made, self._numbers, strict=False)), self._end())

    def _end(self) -> Iterator[Any]:
        self.exhausted = True
        yield from ()

    def taken(self) -> int:
        """How many elements the consumer has taken. To be asked once, at the end."""
        return next(self._numbers)


class Loop:
    """One loop."""

    def __init__(
        self,
        sharing: Sharing,
        part: Callable[[Any], Any],
        source: Source,
        callee: Callable[..., Any],
        at: str,
        *,
        keep: bool = False,
        begun: Cursor | None = None,
    ) -> None:
        """`callee` is what leaves make their elements for; `begun` as for a Prefix."""
        self._sharing = sharing
        self._part = part
        self._source = source
        self._callee = callee
        self._at = at
        self._begun = begun
        self.ahead: Ahead | None = None
        """Of what has begun: the elements that it was not asked for, as they were made elsewhere."""
        self.prefix = Prefix(
            part,
            source,
            keep=keep,
            element_s=sharing.paces.element_s(at),
            spread_s=sharing.spread_s,
            begun=begun,
            refusal=lambda: sharing.spreader.analysed(part, source)[1],
        )

    def note_pace(self) -> None:
        """Remember how long the loop's elements took."""
        self._sharing.paces.note(self._at, self.prefix.element_s)

    def element_type(self) -> str | None:
        """The type of what the part yields, where the compiler can tell."""
        return self._sharing.spreader.analysed(self._part, self._source)[0]

    def stream(self, folder: Callable[[], Folder | None]) -> Iterator[Iterable[Any]]:
        """The elements, in order, for a builtin that iterates over them.

        Where the rest is worth spreading, and `folder` gives something that needs no elements, raises Elsewhere.
        """
        yield from self.prefix.chunks()
        self.note_pace()
        if self.prefix.plan is Plan.HERE:
            return
        found = folder()
        if found is not None:
            raise Elsewhere(found)
        elements = ElementsFolder()
        if not self.spread_into(elements):
            yield self.prefix.rest()
        elif self._begun is None:
            yield elements.finish()
        else:
            self.ahead = Ahead(elements.finish())
            yield self.ahead.elements

    def spread_into(self, folder: Folder) -> bool:
        """Fold the rest into `folder`; False where it is to be run in order. Raises what the loop raises."""
        prefix = self.prefix
        offer = Offer(
            part=self._part,
            source=self._source,
            first=prefix.done,
            stop=len(self._source),
            folder=folder,
            callee=self._callee,
            compiled=prefix.plan is Plan.COMPILED,
            needs_kernel=prefix.needs_kernel,
            refusal=prefix.refusal,
            element_s=prefix.element_s,
            terms_per_element=len(prefix.kept) / prefix.done,
        )
        # What has begun is to raise itself whatever is raised, and to stand there.
        rest_from = prefix.rest_from if self._begun is None else None
        return self._sharing.share(offer, run_of(self._at, len(self._source)), rest_from)


def run_of(at: str, elements: int) -> LoopRun:
    """The report on a loop at this place."""
    place, _, filename = at.partition(" ")
    return LoopRun(filename, int(place.partition(":")[0]), elements=elements)
