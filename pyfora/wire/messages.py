"""Every message of pyfora's protocols, as frozen dataclasses: the contract of all ports.

A message has fields of the types `str int float bool bytes list[...] dict[str, ...]` only, most of them of a form
(`pyfora.wire.forms`). At most one field, `payload`, is `bytes`: it travels raw behind the JSON header. `Json` fields
are opaque to the daemons that pass them on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyfora.wire.forms import (
    BasePort,
    BlockId,
    Count,
    Counted,
    Few,
    Fingerprint,
    HeldValue,
    Host,
    KernelKey,
    Leaves,
    Name,
    NoName,
    Seconds,
    Version,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """The base of all messages; `name` on the wire is the class's own name."""


# ---- client -> manager (WebSocket) --------------------------------------------------------------------


@dataclass(frozen=True)
class ClientHello(Message):
    """The first message of a client: who it is. The manager answers with `Welcome` or `Refused`."""

    session_id: Name
    """Chosen by the client once per executor; the same after a reconnect."""
    pyfora_version: Version
    python_version: Version
    """Major and minor, such as "3.11"."""
    libm_fingerprint: Fingerprint


@dataclass(frozen=True)
class SubmitProgram(Message):
    """Run this program. Sent again after a reconnect: the same `program_id` is accepted once."""

    program_id: BlockId
    """32 hex digits, chosen by the client."""
    fingerprint: Name
    """sha256 of the program's bytes, in hex; also its parcel's name."""
    size_bytes: Count
    inputs: list[Name]
    """Ids of values on the cluster that the program reads."""
    download: Name
    """"all", "none" or "small": what of the results comes back by itself."""
    download_limit_bytes: Count
    """For "small": names whose value is at most this large come back, others stay as proxies."""
    payload: bytes
    """The program's bytes, or nothing where they were PUT to /api/v1/parcels/{fingerprint} before."""


@dataclass(frozen=True)
class CancelProgram(Message):
    """Stop the program: also manager -> worker."""

    program_id: Name


@dataclass(frozen=True)
class AnswerTaken(Message):
    """The client has the end of this program; the manager may forget the answer (not the values)."""

    program_id: Name


@dataclass(frozen=True)
class ReleaseValues(Message):
    """Nobody at the client refers to these values any more: also manager -> worker."""

    value_ids: list[Name]


# ---- manager -> client (WebSocket) --------------------------------------------------------------------


@dataclass(frozen=True)
class Welcome(Message):
    """The client is known; what the cluster is like now. Sent again whenever workers come or go."""

    manager_id: Name
    """New with every start of the manager."""
    pyfora_version: Version
    python_version: Version
    libm_fingerprint: Fingerprint
    """Of the workers; empty while there are none."""
    workers: Count
    cores: Count


@dataclass(frozen=True)
class Refused(Message):
    """The peer will not be served; the connection closes. Also manager -> worker."""

    reason: str
    start_again: bool = False
    """To a worker: True means that it was given up for lost, and may come back under a new id."""


@dataclass(frozen=True)
class ProgramAccepted(Message):
    """The program is in the journal."""

    program_id: Name


@dataclass(frozen=True)
class ProgramProgressed(Message):
    """How far the program is: also worker -> manager."""

    program_id: Name
    attempt: Count
    leaves_done: Count
    leaves_total: Count
    """Of the parallel loops met so far."""
    workers: Count
    """Workers that run leaves of it now, its home included."""


@dataclass(frozen=True)
class ProgramPrinted(Message):
    """The program wrote text: also worker -> manager."""

    program_id: Name
    attempt: Count
    position: Count
    """Characters that the program had written before on that stream.

    A later attempt writes the same text again, and the client skips what it has.
    """
    stream: Name
    """"stdout" or "stderr"."""
    text: str


@dataclass(frozen=True)
class ProgramEnded(Message):
    """The program's end: process -> worker -> manager -> client, once for each program id."""

    program_id: Name
    attempt: Count
    outcome: Name
    """"completed" (also with a user's exception, which `end` tells), "unloadable", "crashed", "cancelled", "lost" or
    "returned".

    "unloadable": it could not be made from its bytes; "lost": it lacked an input; "returned": its worker is leaving.
    """
    reason: str
    """For the outcomes other than "completed": one sentence for the user."""
    end: Json
    """Written by the driver, read by the client."""
    values: list[Counted]
    """[value id, size in bytes] of every value that now lives on the home worker."""
    payload: bytes
    """Small parcels, one behind the other, as `end` describes."""


# ---- worker -> manager (registry port) -----------------------------------------------------------------


@dataclass(frozen=True)
class RegisterWorker(Message):
    """The first message of a worker on every connection. Answered by `WorkerRegistered` or `Refused`."""

    worker_id: Name
    """New with every start of the worker, and after the manager had given it up for lost."""
    host: Host
    base_port: BasePort
    """Control port; the data port is the next one."""
    cores: Few
    pyfora_version: Version
    python_version: Version
    libm_fingerprint: Fingerprint
    programs: list[Counted]
    """[program id, attempt] of what runs here (after the manager was lost, or restarted)."""
    values: list[Counted]
    """[value id, size in bytes] of what is kept here."""


@dataclass(frozen=True)
class KernelWanted(Message):
    """A driver lacks this kernel: process -> worker -> manager. Answered by `KernelAnswered`.

    Outside the channel, as what follows from it: where anything of it is lost, the kernel is compiled here.
    """

    key: KernelKey


@dataclass(frozen=True)
class KernelBuilt(Message):
    """A driver was to compile this kernel: process -> worker -> manager."""

    key: KernelKey
    compiled: bool
    """False: it cannot be compiled."""
    payload: bytes
    """The sealed kernel (`pyfora.values.sealing`); nothing where it is too large to be passed on."""


@dataclass(frozen=True)
class WorkerLeaving(Message):
    """This worker was asked to stop: nothing is to be placed there any more, and its going is no loss."""


@dataclass(frozen=True)
class FoldOpened(Message):
    """A parallel loop is under way at this worker: others may steal runs of it."""

    program_id: Name
    fold_id: Name
    """program id, attempt and number, joined by dots."""


@dataclass(frozen=True)
class FoldClosed(Message):
    """The loop has ended: process -> worker -> manager -> the other workers."""

    fold_id: Name


# ---- manager -> worker (registry port) -----------------------------------------------------------------


@dataclass(frozen=True)
class WorkerRegistered(Message):
    """The worker belongs to the cluster. Sent again to the first one when there is a second."""

    manager_id: Name
    alone: bool
    """No other worker has been in this cluster, and its manager has no kernels: nobody has any for it."""


@dataclass(frozen=True)
class KernelAnswered(Message):
    """About a `KernelWanted`: manager -> worker -> process."""

    key: KernelKey
    payload: bytes
    """The sealed kernel as its builder sent it; nothing: compile it yourself."""


@dataclass(frozen=True)
class RunProgram(Message):
    """Be the home of this program.

    Its bytes are in `payload`, or in the spool under its fingerprint (put there through the data port before).
    """

    program_id: Name
    attempt: Count
    fingerprint: Name
    size_bytes: Count
    download: Name
    download_limit_bytes: Count
    inputs: list[HeldValue]
    """[value id, size in bytes, worker id, host, base port]: where each input is now."""
    payload: bytes


@dataclass(frozen=True)
class WorkOffered(Message):
    """A worker has runs to steal."""

    fold_id: Name
    home_id: Name
    host: Host
    base_port: BasePort


# ---- thief -> home (control port) ----------------------------------------------------------------------


@dataclass(frozen=True)
class StealRuns(Message):
    """Give me runs of this fold: up to `slots` at a time.

    Sent again with another number when that changes; 0 ends it.
    """

    fold_id: Name
    slots: Few
    host: Host = ""
    """Where the thief's own parcels can be fetched (its data port is `base_port` + 1)."""
    base_port: BasePort = 0


@dataclass(frozen=True)
class PieceDone(Message):
    """Leaves [lo, hi) of a run are done: leaf process -> its worker -> (home worker ->) driver."""

    fold_id: Name
    run_id: Count
    lo: Leaves
    hi: Leaves
    outcome: Name
    """"partial", "held", "raised" or "touched"."""
    elapsed_s: Seconds
    """Time spent computing."""
    parcel_id: NoName
    """Where the partial is too large for `payload`: its name in the spool of the worker that made it; else empty."""
    size_bytes: Count
    payload: bytes
    gave_up: Leaves = 0
    """Leaves among them on which the kernel gave up."""


@dataclass(frozen=True)
class TermsFolded(Message):
    """The terms of [lo, hi) are added to the accumulator: holder -> (worker ->) driver."""

    fold_id: Name
    lo: Leaves
    hi: Leaves
    payload: bytes
    """The accumulator after them."""


@dataclass(frozen=True)
class RunLost(Message):
    """The process that had this run, or held terms of it, is gone: thief -> home."""

    fold_id: Name
    run_id: Count
    died: bool = True
    """False: not by this run, which was over, or never begun."""


# ---- home -> thief (control port) ----------------------------------------------------------------------


@dataclass(frozen=True)
class RunGranted(Message):
    """Run leaves [lo, hi)."""

    fold_id: Name
    run_id: Count
    lo: Leaves
    hi: Leaves
    environment_id: Name
    """Name of the parcel with the part function, kernel and captured values, in the home's spool."""
    environment_bytes: Count


@dataclass(frozen=True)
class FoldTerms(Message):
    """Add your terms of [lo, hi) to this accumulator: driver -> (worker ->) holder.

    An empty payload (worker -> holder only) means: forget these terms, and answer nothing.
    """

    fold_id: Name
    lo: Leaves
    hi: Leaves
    payload: bytes


@dataclass(frozen=True)
class DropFold(Message):
    """Forget all about this fold: also daemon -> leaf process."""

    fold_id: Name


# ---- compute process -> its worker (compute socket) ----------------------------------------------------


@dataclass(frozen=True)
class ProcessReady(Message):
    """The first message of a compute process: which one it is."""

    process_id: Name
    """Given to it when it was forked: a secret between it and its worker."""


@dataclass(frozen=True)
class FoldOffered(Message):
    """The driver has a loop to be run in parallel."""

    fold_id: Name
    leaves: Leaves
    leaf_s: Seconds
    """An estimate of the time for one leaf."""
    holds_terms: bool
    """True: pieces may be "held"; they are folded in index order by `FoldTerms`."""
    environment_id: Name
    environment_bytes: Count
    compile_s: Seconds = 0.0
    """Time spent to have its kernel, compiled or from the store; 0 where it has none."""


# ---- worker -> its compute processes (compute socket) --------------------------------------------------


@dataclass(frozen=True)
class DriveProgram(Message):
    """Be the driver of this program."""

    program_id: Name
    attempt: Count
    path: Name
    """The program's bytes. Paths are relative to the spool: a process joins them with its --spool."""
    download: Name
    download_limit_bytes: Count
    inputs: dict[Name, Name]
    """value id -> path of its parcel."""
    cores: Few
    """Leaf processes of this worker."""


@dataclass(frozen=True)
class RunLeaves(Message):
    """Run leaves [lo, hi) of a fold."""

    fold_id: Name
    run_id: Count
    lo: Leaves
    hi: Leaves
    environment_path: Name
    """Relative to the spool, as in `DriveProgram`."""


@dataclass(frozen=True)
class PieceLost(Message):
    """Terms that were held for leaves [lo, hi) are gone; the leaves are run again: worker -> driver."""

    fold_id: Name
    lo: Leaves
    hi: Leaves


@dataclass(frozen=True)
class Beat(Message):
    """The sender is alive. Outside the channel: neither resent nor acknowledged."""

    sender_id: Name
    idle_slots: Few = 0
    programs: list[Counted] = field(default_factory=list)
    """[program id, attempt] that run at the sender (worker -> manager)."""
    figures: dict[str, float] = field(default_factory=dict)
    """Now and then what the sender counts of its work, by the names of `pyfora.cluster.figures` (worker -> manager)."""
