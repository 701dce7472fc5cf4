"""A module that is loaded where a block is entered says nothing meanwhile, whatever its streams are made of."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pyfora.language.first_imports import loaded_silently


class Bare:
    """A stream that has no room for attributes."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def text_of(stream: Bare | io.StringIO) -> str:
    return stream.text if isinstance(stream, Bare) else stream.getvalue()


@pytest.mark.parametrize("kind", [Bare, io.StringIO])
def test_what_a_module_prints_is_heard_and_not_written(
    kind: type[Bare | io.StringIO], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loud_module.py").write_text("import sys\nprint('loud')\nprint('too', file=sys.stderr)\n")
    monkeypatch.syspath_prepend(tmp_path)
    streams = kind(), kind()
    for name, stream in zip(("stdout", "stderr"), streams, strict=True):
        monkeypatch.setattr(sys, name, stream)
    refused = loaded_silently("loud_module", lambda name: name == "loud_module")
    assert refused == "prints as it is loaded" and "loud_module" not in sys.modules
    assert (sys.stdout, sys.stderr) == streams
    print("after")
    print("it", file=sys.stderr)
    assert [text_of(stream) for stream in streams] == ["after\n", "it\n"]


def test_without_a_terminal_there_is_nothing_to_hear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "silent_module.py").write_text("print('nobody hears this')\nN = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "stdout", None)
    module = loaded_silently("silent_module", lambda name: name == "silent_module")
    assert getattr(module, "N", None) == 1 and sys.stdout is None
    del sys.modules["silent_module"]
