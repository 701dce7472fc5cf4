"""The manager's journal: programs in an SQLite file that outlives the manager."""

from __future__ import annotations

import contextlib
import errno
import json
import sqlite3
import time
from pathlib import Path

from twisted.logger import Logger

from pyfora.cluster.events import Forget, JournaledProgram, Record
from pyfora.cluster.figures import Histogram
from pyfora.errors import WireError
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.framing import FrameReader, frame
from pyfora.wire.messages import Message, ProgramEnded, ProgramPrinted, SubmitProgram

FORMAT = 2
WRITING_BOUNDS_S = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
PROBED_FOR_S = 2.0
PROBE_BYTES = 32 * 1024
"""How long a journal that was found to be writable, or not, counts as such: asking costs a write."""
_log = Logger()
_TABLE = """CREATE TABLE IF NOT EXISTS programs (
    program_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, submission BLOB NOT NULL, ended BLOB, home_id TEXT NOT NULL,
    attempt INTEGER NOT NULL, taken INTEGER NOT NULL, printed BLOB NOT NULL,
    released TEXT NOT NULL) WITHOUT ROWID"""
_PROBE = "CREATE TABLE IF NOT EXISTS probe (one INTEGER PRIMARY KEY, text TEXT NOT NULL)"


class Journal:
    """Performs `Record` and `Forget`.

    A program that has not ended is on the disk when `record` returns: it was, or will be, acknowledged. The rest is
    written but not waited for (a power failure may undo it): an end that is lost is computed again.
    """

    def __init__(self, path: Path, durable: bool = True) -> None:
        """Open the journal at `path`, or begin one. One that is no journal of ours is set aside, and said so.

        Raises OSError where it cannot be opened just now: full disk, no rights.

        `durable=False`: for a manager whose journal nobody will ever read again.
        """
        self._path = path
        self._durable = durable
        self.writing = Histogram(WRITING_BOUNDS_S)
        """How long records took to be written, to the disk where they had to be."""
        self._probed_at = -PROBED_FOR_S
        self._fault = ""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = self._open()
        except sqlite3.OperationalError as error:
            # The disk is full or failing, or somebody holds the file: what is in it is as good as before.
            raise OSError(errno.EIO, f"its journal cannot be opened: {error}", str(path)) from error
        except sqlite3.DatabaseError as error:
            self._set_aside(str(error))
            self._connection = self._open()

    def read(self) -> list[JournaledProgram]:
        """Every program, in the order of their ids. One that cannot be read is left out, and said so."""
        try:
            rows = self._connection.execute("SELECT * FROM programs ORDER BY program_id").fetchall()
        except sqlite3.OperationalError as error:
            raise OSError(errno.EIO, f"its journal cannot be read: {error}", str(self._path)) from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            self._set_aside(str(error))
            self._connection = self._open()
            return []
        programs = []
        for row in rows:
            try:
                programs.append(_program(row))
            except (WireError, TypeError, ValueError) as error:
                _log.error("Program {id} of the journal cannot be read: {error}", id=row[0], error=error)
        return programs

    def record(self, effect: Record) -> None:
        """Write a program, over what was there of it."""
        program = effect.program
        row = (
            program.program_id,
            program.session_id,
            encode_message(program.submission),
            encode_message(program.ended) if program.ended is not None else None,
            program.home_id,
            program.attempt,
            program.taken,
            b"".join(frame(encode_message(message)) for message in program.printed),
            json.dumps(program.released),
        )
        began_at = time.monotonic()
        self._wait_for_disk(program.ended is None)
        self._connection.execute("INSERT OR REPLACE INTO programs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.writing.note(time.monotonic() - began_at)

    def forget(self, effect: Forget) -> None:
        """Delete a program."""
        self._wait_for_disk(False)
        self._connection.execute("DELETE FROM programs WHERE program_id = ?", (effect.program_id,))

    def fault(self) -> str:
        """Why the journal cannot be written just now, in a sentence; empty where it can."""
        now = time.monotonic()
        if now - self._probed_at >= PROBED_FOR_S:
            self._probed_at = now
            try:
                self._wait_for_disk(False)
                # As much as a block's record may need, so that "it can be written" means one.
                self._connection.execute("INSERT OR REPLACE INTO probe VALUES (1, ?)", (" " * PROBE_BYTES,))
                self._connection.execute("DELETE FROM probe")
                self._fault = ""
            except sqlite3.Error as error:
                self._fault = f"the journal {self._path} cannot be written ({error}): make room there"
        return self._fault

    def size_bytes(self) -> int:
        """Of its files."""
        files = [self._path, *(self._path.with_name(self._path.name + suffix) for suffix in ("-wal", "-shm"))]
        return sum(file.stat().st_size for file in files if file.exists())

    def _wait_for_disk(self, wanted: bool) -> None:
        if self._durable:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        # Without a transaction of our own, each statement is one, ended (and, with FULL, on the disk) when it returns.
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, FORMAT):
                raise sqlite3.DatabaseError(f"it is of format {version}, this version writes {FORMAT}")
            connection.execute(_TABLE)
            connection.execute(_PROBE)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _set_aside(self, why: str) -> None:
        aside = self._path.with_name(f"{self._path.name}.unreadable-{int(time.time())}")
        _log.error("The journal cannot be read ({why}); it is kept as {aside}, a new one begins", why=why, aside=aside)
        self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).unlink()


def _program(row: tuple[str, str, bytes, bytes | None, str, int, int, bytes, str]) -> JournaledProgram:
    program_id, session_id, submission, ended, home_id, attempt, taken, printed, released = row
    prints: list[Message] = [decode_message(data, (ProgramPrinted,)) for data in FrameReader().receive(printed)]
    return JournaledProgram(
        program_id=program_id,
        session_id=session_id,
        submission=decode_message(submission, (SubmitProgram,)),
        ended=decode_message(ended, (ProgramEnded,)) if ended is not None else None,
        home_id=home_id,
        attempt=attempt,
        taken=bool(taken),
        printed=prints,
        released=json.loads(released),
    )
