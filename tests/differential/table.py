"""All rows: one construct of the language each."""

from __future__ import annotations

from tests.differential.chapters import functions
from tests.differential.rows import Row

ROWS: list[Row] = [
    *functions.ROWS,
]
