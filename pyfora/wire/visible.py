"""Text of others as it may be shown: what would steer a terminal, or turn a line round, is written out."""

from __future__ import annotations

_KEPT = "\n\t"
_STEERING = (
    *range(0x20),  # of a terminal: its cursor, its colours, its title
    *range(0x7F, 0xA0),
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),  # lines that end where none is seen to end, text that runs the other way
    *range(0x2066, 0x206A),
    0xFEFF,
)
_TABLE = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _STEERING if chr(code) not in _KEPT}


def visible(text: str) -> str:
    """The text with such characters, and halves of surrogate pairs, as escapes. Line ends and tabs stay."""
    return text.translate(_TABLE).encode("utf-8", "backslashreplace").decode("utf-8")
