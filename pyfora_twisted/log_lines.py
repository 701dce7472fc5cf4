"""One event of the log as one line, in text or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from twisted.logger import formatEvent, formatEventAsClassicLogText, formatTime

from pyfora.wire.visible import visible

LINE_LIMIT_BYTES = 16 * 1024
"""Of a line; what is longer is cut, and says so."""
FIELD_LIMIT = 1024
"""Characters of one field in JSON."""
FIELDS = "pyfora_fields"
"""The key of an event under which a core's line has its fields."""
_CUT = " … (cut)"
_SCALARS = (str, int, float, bool)


def text_line(event: Mapping[str, Any], daemon: str) -> str | None:
    """Time, place, text; a traceback takes several lines. None for an event that says nothing."""
    text = formatEventAsClassicLogText(dict(event), formatTime=_with_milliseconds)
    if text is None:
        return None
    # In JSON they are escapes anyhow; here a name or a program's words would reach the terminal of whoever reads.
    text = visible(text)
    if len(text) <= LINE_LIMIT_BYTES:
        return text
    return text[:LINE_LIMIT_BYTES].rstrip("\n") + _CUT + "\n"


def _with_milliseconds(when: float | None) -> str:
    """Twisted's own form ends with the second: lines of several daemons could not be put in order."""
    if when is None:
        return formatTime(when)
    return datetime.fromtimestamp(when).astimezone().isoformat(timespec="milliseconds")


def json_line(event: Mapping[str, Any], daemon: str) -> str | None:
    """`{"time", "level", "daemon", "where", "text", …}`: behind them the event's own fields, as far as they are plain.

    A core's line has `by` (its id) and, where it is about them, `block`, `fold`, `run`, `lo`, `hi` (leaves), `worker`,
    `home`, `thief`, `process`. None for an event that says nothing.
    """
    fields = event.get(FIELDS)
    text = event.get("text", "") if fields is not None else formatEvent(dict(event))
    if not text:
        return None
    level = event.get("log_level")
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(event.get("log_time", 0.0), UTC).isoformat(timespec="milliseconds"),
        "level": level.name if level is not None else "info",
        "daemon": daemon,
        "where": str(event.get("log_namespace", "")),
        "text": _short(str(text), LINE_LIMIT_BYTES // 4),
    }
    if fields is None and line["where"].startswith("pyfora"):
        fields = {key: value for key, value in event.items() if not key.startswith("log_")}
    for key, value in (fields or {}).items():
        if key not in line and isinstance(value, _SCALARS):
            line[key] = _short(value, FIELD_LIMIT) if isinstance(value, str) else value
    failure = event.get("log_failure")
    if failure is not None:
        line["traceback"] = _short(failure.getTraceback(), LINE_LIMIT_BYTES // 4)
    made = json.dumps(line)
    while len(made) >= LINE_LIMIT_BYTES:
        # Escapes can make many bytes of a character: leave out the longest.
        longest = max(line, key=lambda key: len(json.dumps(line[key])))
        line[longest] = _CUT.strip()
        made = json.dumps(line)
    return made + "\n"


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + _CUT


FORMATS: dict[str, Callable[[Mapping[str, Any], str], str | None]] = {"text": text_line, "json": json_line}
