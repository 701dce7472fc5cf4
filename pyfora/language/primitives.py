"""The names by which rewritten code calls what runs it; the text of users has none that begin with `pyfora_`."""

from __future__ import annotations

LOOP = "pyfora_loop"
CALLS = "pyfora_calls"
FOLD = "pyfora_fold"
REDUCE = "pyfora_reduce"
COMPREHENSION = "pyfora_comprehension"
SOURCE = "pyfora_source"
READ = "pyfora_read"
IS_SHORT = "pyfora_is_short"
IS_SHORT_FOLD = "pyfora_is_short_fold"
IS_SHORT_KEYED = "pyfora_is_short_keyed"
TYPE = "pyfora_type"
RANGE = "pyfora_range"
KEYED = "pyfora_keyed"
KEPT = "pyfora_kept"
