"""The levels and handlers of `logging`, as JSON can say them."""

from __future__ import annotations

import logging
import sys
from typing import Any

_STYLES: dict[type, str] = {
    logging.PercentStyle: "%",
    logging.StrFormatStyle: "{",
    logging.StringTemplateStyle: "$",
}


_NOWHERE = ["nowhere"]


class _Elsewhere(logging.NullHandler):
    """In the place of a handler that writes to the client's files or services: only the client has those."""

    def __init__(self, said: list[Any]) -> None:
        super().__init__()
        self.said = said


def log_settings() -> dict[str, Any]:
    """Of each logger that was changed, by name: its level, whether it propagates, is disabled, its handlers."""
    found = {}
    for name, logger in _loggers().items():
        handlers = [_said(handler) for handler in logger.handlers]
        settings = [logger.level, logger.propagate, bool(logger.disabled), handlers]
        if settings != _default(logger):
            found[name] = settings
    return found


def set_log_settings(settings: dict[str, Any]) -> None:
    """Let the loggers of this process be so, and all others as they are made. Handlers that are there already stay."""
    for name in settings:
        logging.getLogger(name)
    for name, logger in _loggers().items():
        level, propagate, disabled, handlers = settings.get(name, _default(logger))
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled
        wanted = list(handlers)
        for handler in list(logger.handlers):
            said = _said(handler)
            if said in wanted:
                wanted.remove(said)
            elif said != _NOWHERE:  # a library that is loaded here has it
                logger.removeHandler(handler)
        for said in wanted:
            logger.addHandler(_handler(said))


def disabled_level() -> int:
    """What `logging.disable` was called with."""
    return logging.root.manager.disable


def set_disabled_level(level: int) -> None:
    """As `logging.disable`."""
    logging.disable(level)


def _loggers() -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict
    return {"": logging.root, **{name: it for name, it in known.items() if isinstance(it, logging.Logger)}}


def _default(logger: logging.Logger) -> list[Any]:
    return [logging.WARNING if logger is logging.root else logging.NOTSET, True, False, []]


def _said(handler: logging.Handler) -> list[Any]:
    if isinstance(handler, _Elsewhere):
        return handler.said
    if type(handler) is logging.NullHandler:
        return _NOWHERE
    if type(handler) is logging.StreamHandler and not handler.filters:
        stream = _stream_name(handler.stream)
        formatter = _said_formatter(handler.formatter)
        if stream is not None and formatter is not None:
            return ["stream", stream, handler.level, formatter]
    return ["elsewhere", type(handler).__qualname__, handler.level]


def _stream_name(stream: object) -> str | None:
    if stream is sys.stdout or stream is sys.__stdout__:
        return "stdout"
    return "stderr" if stream is sys.stderr or stream is sys.__stderr__ else None


def _said_formatter(formatter: logging.Formatter | None) -> list[Any] | None:
    """Format, date format and style; empty for none, None for one of the user's own kind."""
    if formatter is None:
        return []
    style = _STYLES.get(type(formatter._style))
    if type(formatter) is not logging.Formatter or style is None or getattr(formatter._style, "_defaults", None):
        return None
    return [formatter._fmt, formatter.datefmt, style]


def _handler(said: list[Any]) -> logging.Handler:
    match said:
        case ["nowhere"]:
            return logging.NullHandler()
        case ["stream", "stdout" | "stderr" as stream, level, formatter]:
            handler = logging.StreamHandler(getattr(sys, stream))
            handler.setLevel(level)
            if formatter:
                handler.setFormatter(logging.Formatter(*formatter))
            return handler
        case _:
            return _Elsewhere(said)
