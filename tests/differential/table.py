"""All rows: one construct of the language each."""

from __future__ import annotations

from dataclasses import replace

from tests.differential.chapters import (
    accumulating,
    ambient,
    arrays,
    caches,
    captured,
    classes,
    consuming,
    control,
    corners,
    depths,
    dividing,
    exceptions,
    frames,
    functions,
    held,
    library,
    parallel,
    purity,
    sets,
    values,
)
from tests.differential.chapters.known import KNOWN
from tests.differential.rows import Row

ROWS: list[Row] = [
    replace(row, known_difference=KNOWN.get(row.name))
    for chapter in (
        *(functions, control, classes, exceptions, values, sets, depths, arrays, frames, ambient),
        *(parallel, consuming, accumulating, dividing, captured, held, caches, library, purity, corners),
    )
    for row in chapter.ROWS
]
