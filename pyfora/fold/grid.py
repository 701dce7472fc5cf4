"""The fixed grid on which the elements of a source are cut into leaves."""

from __future__ import annotations

from dataclasses import dataclass

from pyfora.limits import LEAF_ELEMENTS_LIMIT

LEAF_TARGET_S = 0.004
"""How long a leaf is meant to take: short beside a run, long beside the cost of calling a kernel."""
LEAVES_LIMIT = 1 << 30


@dataclass(frozen=True)
class Grid:
    """Elements [first, total) of a source, in leaves of `leaf_elements`; the last leaf may be shorter."""

    first: int
    total: int
    leaf_elements: int

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return -(-(self.total - self.first) // self.leaf_elements)

    def elements(self, lo: int, hi: int) -> tuple[int, int]:
        """The elements [start, stop) of leaves [lo, hi)."""
        start = self.first + lo * self.leaf_elements
        return start, min(self.first + hi * self.leaf_elements, self.total)


def grid_for(first: int, total: int, element_s: float, terms_per_element: float = 1.0) -> Grid:
    """The grid for elements that take about `element_s` each: a power of two, at most LEAF_ELEMENTS_LIMIT.

    `terms_per_element`: how many terms an element is expected to give; a leaf's terms are to stay below the same limit.
    The answer does not depend on the grid, since partials are folded in index order; only the speed does.
    """
    limit = LEAF_ELEMENTS_LIMIT / max(terms_per_element, 1.0)
    leaf = 1
    while 2 * leaf <= limit and 2 * leaf * element_s <= LEAF_TARGET_S:
        leaf *= 2
    while -(-(total - first) // leaf) > LEAVES_LIMIT:
        leaf *= 2
    return Grid(first, total, leaf)
