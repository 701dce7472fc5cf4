"""What happens to the two thinking cores, and what they want done: the contract with the shells that drive them.

A core is driven by `handle(event, now) -> list[Effect]` (now: seconds of a monotonic clock) and
`wake_at() -> float | None`, the time at which it wants a `Ticked` at the latest. A shell performs the effects in
order, each before the next; `Record` is durable before the next effect is performed.

A *peer* is a daemon on the other end of an AMP connection, named by its id (`worker_id`, `manager_id`), which is new
with every start. When two daemons connect, their shells first exchange ids and then report `PeerJoined`; a connection
that breaks is `PeerLeft`, and the same two ids may join again. Messages to peers go through the channel
(pyfora.cluster.channel): `Transmit` carries a sequence number, the receiving shell reports `PeerSaid` and then answers,
and the answer is `PeerAcknowledged`. Sequence number 0 marks a message outside the channel (beats): sent once, never
acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyfora.wire.messages import Message


@dataclass(frozen=True)
class Event:
    """Something that happened, in the past tense."""


@dataclass(frozen=True)
class Effect:
    """Something to be done, in the imperative."""


# ---- events of both cores ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ticked(Event):
    """Time has passed: `now` says how much."""


@dataclass(frozen=True)
class PeerJoined(Event):
    """A connection to this daemon stands, and both sides know the other's id."""

    peer_id: str
    role: str
    """What the peer is: "manager", "worker", and on control ports "thief" or "home"."""


@dataclass(frozen=True)
class PeerLeft(Event):
    """The connection to this peer broke, or could not be made."""

    peer_id: str
    role: str


@dataclass(frozen=True)
class PeerSaid(Event):
    """A message from a peer; `sequence` is 0 outside the channel."""

    peer_id: str
    role: str
    sequence: int
    message: Message


@dataclass(frozen=True)
class PeerAcknowledged(Event):
    """The peer's shell answered for the message that was sent to it under this number."""

    peer_id: str
    role: str
    sequence: int


# ---- effects of both cores ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Transmit(Effect):
    """Send to a peer, if it is connected; else drop (the channel sends again)."""

    peer_id: str
    role: str
    sequence: int
    message: Message


@dataclass(frozen=True)
class DropPeer(Effect):
    """Close the connection to this peer."""

    peer_id: str
    role: str
    reason: str


@dataclass(frozen=True)
class DropParcel(Effect):
    """Delete a parcel from this daemon's own store."""

    name: str


@dataclass(frozen=True)
class Log(Effect):
    """Write a line to the log."""

    level: str
    """"debug", "info", "warn" or "error"."""
    text: str
    fields: dict[str, object] = field(default_factory=dict)


# ---- manager only ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class JournalRead(Event):
    """The manager has started; this is what its journal held."""

    programs: list[JournaledProgram]


@dataclass(frozen=True)
class KernelsRead(Event):
    """The manager has started; these kernels, by key, were kept by the ones before it."""

    kernels: dict[str, bytes]


@dataclass(frozen=True)
class ClientJoined(Event):
    """A client's WebSocket is open and its `ClientHello` was read."""

    session_id: str
    python_version: str
    pyfora_version: str
    libm_fingerprint: str


@dataclass(frozen=True)
class ClientLeft(Event):
    """The client's WebSocket is closed."""

    session_id: str


@dataclass(frozen=True)
class ClientSaid(Event):
    """A message from a client.

    A `SubmitProgram` arrives when its bytes are in the manager's parcel store under its fingerprint.
    """

    session_id: str
    message: Message


@dataclass(frozen=True)
class CancelAsked(Event):
    """Somebody asks over HTTP that a block be stopped."""

    program_id: str


@dataclass(frozen=True)
class ParcelPushed(Event):
    """The parcel is in that worker's spool."""

    worker_id: str
    name: str


@dataclass(frozen=True)
class ParcelPushFailed(Event):
    """The parcel could not be brought to that worker."""

    worker_id: str
    name: str
    reason: str


@dataclass(frozen=True)
class ValueWanted(Event):
    """Somebody asks over HTTP for a value; `ValueFound` or `ValueMissed` answers, at once or when it is there again."""

    request_id: str
    value_id: str


@dataclass(frozen=True)
class ValueFound(Effect):
    """The value is in the spool of this worker, under its id."""

    request_id: str
    value_id: str
    size_bytes: int
    host: str
    base_port: int


@dataclass(frozen=True)
class ValueMissed(Effect):
    """The value cannot be had: never made, released, or lost beyond recomputing."""

    request_id: str
    value_id: str
    reason: str


@dataclass(frozen=True)
class TellClient(Effect):
    """Send to a client, if it is connected; else drop (it is told again when it comes back)."""

    session_id: str
    message: Message


@dataclass(frozen=True)
class PushParcel(Effect):
    """Bring a parcel of the manager's store into a worker's spool, through its data port."""

    worker_id: str
    host: str
    base_port: int
    name: str


@dataclass(frozen=True)
class JournaledProgram:
    """A program as the journal holds it."""

    program_id: str
    session_id: str
    submission: Message
    """The `SubmitProgram`, with its payload when that is small."""
    ended: Message | None
    """The `ProgramEnded`, once there is one."""
    home_id: str
    """The worker where its values are, once ended."""
    attempt: int = 0
    """The highest attempt that was placed; where that was the first, 0 may stand."""
    taken: bool = False
    """The client has the answer; the program is kept for the lineage of its values."""
    printed: list[Message] = field(default_factory=list)
    """Once ended and until taken: every `ProgramPrinted`, in order."""
    released: list[str] = field(default_factory=list)
    """Of the values that `ended` names, those that nobody refers to any more."""


@dataclass(frozen=True)
class Record(Effect):
    """Write this program to the journal, over what it held of it before."""

    program: JournaledProgram


@dataclass(frozen=True)
class Forget(Effect):
    """Delete this program from the journal."""

    program_id: str


@dataclass(frozen=True)
class KeepKernel(Effect):
    """Keep this kernel for the managers after this one, if there is room."""

    key: str
    kernel: bytes


@dataclass(frozen=True)
class DropKernel(Effect):
    """Keep it no longer, if it is kept."""

    key: str


# ---- worker only -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StopRequested(Event):
    """The worker was asked to stop; `EndWorker` follows, within a bounded time."""


@dataclass(frozen=True)
class ProcessStarted(Event):
    """A compute process has connected and said who it is."""

    process_id: str


@dataclass(frozen=True)
class ProcessDied(Event):
    """A compute process is gone (also one that was killed, or could not be started)."""

    process_id: str
    reason: str


@dataclass(frozen=True)
class ProcessSaid(Event):
    """A message from a compute process."""

    process_id: str
    message: Message


@dataclass(frozen=True)
class ParcelArrived(Event):
    """A parcel that was to be fetched is in the spool."""

    name: str


@dataclass(frozen=True)
class ParcelMissed(Event):
    """A parcel could not be fetched."""

    name: str
    reason: str


@dataclass(frozen=True)
class Measured(Event):
    """The shell has looked at memory, spool and ports; the names are those of `pyfora.cluster.figures`."""

    figures: dict[str, float]


@dataclass(frozen=True)
class StartProcess(Effect):
    """Fork a compute process; `ProcessStarted` or `ProcessDied` follows."""

    process_id: str


@dataclass(frozen=True)
class KillProcess(Effect):
    """Kill a compute process at once; `ProcessDied` follows."""

    process_id: str


@dataclass(frozen=True)
class TellProcess(Effect):
    """Send to a compute process."""

    process_id: str
    message: Message


@dataclass(frozen=True)
class StoreParcel(Effect):
    """Write these bytes into the spool under this name, before the next effect."""

    name: str
    data: bytes


@dataclass(frozen=True)
class FetchParcel(Effect):
    """Bring a parcel from another worker's data port into the spool; `ParcelArrived` or `ParcelMissed` follows."""

    name: str
    size_bytes: int
    host: str
    base_port: int


@dataclass(frozen=True)
class JoinPeer(Effect):
    """Connect to another worker's control port, as a thief, and stay connected (reconnecting) until `DropPeer`."""

    worker_id: str
    host: str
    base_port: int


@dataclass(frozen=True)
class StartAgain(Effect):
    """Give up this worker's identity: kill all processes, empty the spool, begin anew with a new core and id."""

    reason: str


@dataclass(frozen=True)
class EndWorker(Effect):
    """The worker was asked to stop, and has nothing left that anybody waits for: end it."""


@dataclass(frozen=True)
class StopDaemon(Effect):
    """This worker cannot belong to the cluster (its versions or libm differ): stop with this reason."""

    reason: str
