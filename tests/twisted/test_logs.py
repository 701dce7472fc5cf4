"""Lines of the log: their form, their length, their file."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogLevel, LogPublisher
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile

from pyfora.client.logbook import block_lines
from pyfora_twisted.log_lines import FIELDS, FORMATS, LINE_LIMIT_BYTES
from pyfora_twisted.logs import _Lines, filtered


def event(**fields: Any) -> dict[str, Any]:
    return {"log_time": 0.0, "log_level": LogLevel.info, "log_namespace": "pyfora.manager", "log_format": "x", **fields}


def as_json(**fields: Any) -> dict[str, Any]:
    line = FORMATS["json"](event(**fields), "manager")
    assert line is not None and line.endswith("\n") and "\n" not in line[:-1] and len(line) <= LINE_LIMIT_BYTES
    found: dict[str, Any] = json.loads(line)
    return found


def test_the_fields_of_a_line() -> None:
    line = as_json(log_format="{text} {fields}", text="hello", fields="block=b", **{FIELDS: {"by": "m", "block": "b"}})
    assert line == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "daemon": "manager",
        "where": "pyfora.manager",
        "text": "hello",
        "by": "m",
        "block": "b",
    }


def test_a_shells_line_keeps_plain_fields_only() -> None:
    line = as_json(log_format="{peer} of {thing}", peer="w1", thing=object())
    assert line["peer"] == "w1" and "thing" not in line and line["text"].startswith("w1 of <object")


def test_a_field_cannot_pose_as_the_time_or_the_level() -> None:
    assert as_json(**{FIELDS: {"level": "error", "time": "never"}}, text="t")["level"] == "info"


@pytest.mark.parametrize("text", ["x" * 10**6, "é\n" * 10**5, "\x00" * 10**5])
def test_long_lines_are_cut_in_both_formats(text: str) -> None:
    fields = {f"field{n}": text for n in range(40)}
    assert as_json(text=text, **{FIELDS: fields})["text"]
    line = FORMATS["text"](event(log_format="{text}", text=text), "")
    assert line is not None and len(line) <= LINE_LIMIT_BYTES + 20 and line.endswith("(cut)\n")


def test_a_failure_has_its_traceback() -> None:
    try:
        raise KeyError("lost count")
    except KeyError:
        assert "lost count" in as_json(log_failure=Failure())["traceback"]


def test_text_cannot_forge_a_line() -> None:
    line = FORMATS["text"](event(log_format="{text}", text="one\n1970-01-01 forged"), "")
    assert line is not None and "\n1970" not in line


def test_a_level_filters() -> None:
    stream, publisher = io.StringIO(), LogPublisher()
    publisher.addObserver(filtered(stream, "warn", "json", "worker-1"))
    for level in (LogLevel.info, LogLevel.warn):
        publisher(event(log_level=level, log_format=level.name))
    assert [json.loads(line)["text"] for line in stream.getvalue().splitlines()] == ["warn"]


def test_a_full_file_is_turned_over_and_the_oldest_goes(tmp_path: Path) -> None:
    file = LogFile("x.log", str(tmp_path), rotateLength=1000, maxRotatedFiles=2)
    lines = _Lines(file, "text", "manager")
    for number in range(100):
        lines.write(f"{number:03} {'x' * 95}\n")
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"x.log", "x.log.1", "x.log.2"} and max(sizes.values()) <= 1100


class Full:
    """A file on a disk that is full at times."""

    path = "/x.log"

    def __init__(self) -> None:
        self.is_full = False
        self.text = ""

    def write(self, text: str) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.text += text

    def flush(self) -> None:
        pass


def test_a_full_disk_is_said_once_and_the_gap_is_told_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    file: Any = Full()
    lines = _Lines(file, "json", "manager")
    lines.write("one\n")
    file.is_full = True
    for _ in range(3):
        lines.write("lost\n")
    file.is_full = False
    lines.write("two\n")
    one, gap, two = file.text.splitlines()
    assert (one, two) == ("one", "two")
    assert json.loads(gap)["text"] == "3 lines could not be written here"
    assert capsys.readouterr().err.count("cannot be written (No space left on device)") == 1


STEERING = "\x1b]0;title\x07\x1b[2J\rforged \u202egnol\u2028\x9b1m\ud800"


def test_what_peers_say_steers_no_terminal() -> None:
    """Of whoever reads the log, or has it shown by `pyfora logs`."""
    line = FORMATS["text"](event(log_format="{said}", said=STEERING), "manager")
    assert line is not None and line.endswith("\n")
    shown = "\\x1b]0;title\\x07\\x1b[2J\\x0dforged \\u202egnol\\u2028\\x9b1m\\ud800"
    assert line.endswith(f"#info] {shown}\n")
    assert as_json(log_format="{said}", said=STEERING)["text"] == STEERING


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nor_when_a_block_is_followed(tmp_path: Path, log_format: str) -> None:
    block = "0123456789abcdef" * 2
    told = {FIELDS: {"by": "m", "block": block, "reason": STEERING}}
    shown = f"block={block} reason={STEERING}"
    line = FORMATS[log_format](event(log_format="{text} {shown}", text="ended", shown=shown, **told), "manager")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "manager.log").write_text(line or "")
    (found,) = block_lines([tmp_path], block)
    assert "ended" in found and "\\x1b]0;title" in found
    assert all(letter.isprintable() for letter in found)
