"""A journal that is written, closed, read again, and broken."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pyfora.cluster.events import Forget, JournaledProgram, Record
from pyfora.wire.messages import ProgramEnded, ProgramPrinted, SubmitProgram
from pyfora_twisted.journal import Journal


def program(number: int) -> JournaledProgram:
    name = f"{number:032x}"
    return JournaledProgram(
        program_id=name,
        session_id="s",
        submission=SubmitProgram(name, "f" * 64, 3, ["v"], "all", 0, b"\x00\xff!"),
        ended=ProgramEnded(name, 1, "completed", "", {"a": [1]}, [["v", 3]], b"xyz") if number % 2 else None,
        home_id="w",
        attempt=number,
        taken=bool(number % 2),
        printed=[ProgramPrinted(name, 1, 0, "stdout", "text\ud800"), ProgramPrinted(name, 1, 5, "stderr", "")],
        released=[f"{name}.x"],
    )


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    for number in (2, 1, 3):
        journal.record(Record(program(number)))
    journal.record(Record(program(1)))
    journal.forget(Forget(program(3).program_id))
    journal.close()
    assert Journal(path).read() == [program(1), program(2)]


def test_a_journal_that_is_none_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is no database, but it is long enough to look at" * 40)
    journal = Journal(path)
    assert journal.read() == []
    journal.record(Record(program(1)))
    journal.close()
    assert Journal(path).read() == [program(1)]
    (aside,) = tmp_path.glob("journal.sqlite.unreadable-*")
    assert aside.read_bytes().startswith(b"this is no database")


def test_a_journal_that_cannot_be_opened_just_now_is_not_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal.record(Record(program(1)))
    journal.close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(OSError, match="its journal cannot be"):
            Journal(path).read()
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert [file.name for file in tmp_path.iterdir() if "unreadable" in file.name] == []
    assert Journal(path).read() == [program(1)]


def test_a_journal_says_whether_it_can_be_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    assert journal.fault() == "" and journal.size_bytes() > 0
    journal._connection.execute("PRAGMA query_only = 1")
    assert journal.fault() == "", "asked again too soon: the answer of before"
    journal._probed_at -= 10
    assert "cannot be written (attempt to write a readonly database)" in journal.fault()
