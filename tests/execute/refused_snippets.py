"""Runs snippets as user code, in a process where purity is guarded; prints what came of each as JSON."""

from __future__ import annotations

import builtins
import json
import sys

from pyfora.errors import InvalidPyforaOperation
from pyfora.execute import purity
from pyfora.execute.identity import GUARDED_BUILTINS
from pyfora.execute.keyboard import NoKeyboard
from pyfora.language.primitives import FOLD


def outcome(snippet: str, directory: str) -> str:
    """ "ok", or the error's type and text."""
    names = {"__builtins__": {**vars(builtins), **GUARDED_BUILTINS, FOLD: None}, "directory": directory}
    try:
        exec(compile(snippet, "user.py", "exec"), names)
    except InvalidPyforaOperation as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


if __name__ == "__main__":
    import numpy  # noqa: F401

    snippets = json.load(sys.stdin)
    sys.stdin = NoKeyboard()
    purity.install()
    print(json.dumps({snippet: outcome(snippet, sys.argv[1]) for snippet in snippets}))
