"""Peers, clients and compute processes that say anything that has the right form: no core ever fails at it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, get_origin

import pytest

from pyfora.cluster.events import (
    ClientJoined,
    ClientLeft,
    ClientSaid,
    DropParcel,
    Effect,
    Event,
    FetchParcel,
    ParcelArrived,
    ParcelMissed,
    PeerAcknowledged,
    PeerJoined,
    PeerLeft,
    PeerSaid,
    ProcessDied,
    ProcessSaid,
    ProcessStarted,
    PushParcel,
    StartProcess,
    StoreParcel,
    TellClient,
    TellProcess,
    Ticked,
    Transmit,
    ValueWanted,
)
from pyfora.cluster.manager import Manager
from pyfora.cluster.worker import Worker
from pyfora.values.sealing import sealed
from pyfora.wire.codec import check_fields, encode_message, field_types
from pyfora.wire.forms import (
    BasePort,
    BlockId,
    Counted,
    Few,
    Fingerprint,
    HeldValue,
    Host,
    KernelKey,
    Leaves,
    NoName,
    Seconds,
    check_of,
    type_of,
)
from pyfora.wire.links import Link
from pyfora.wire.messages import (
    CancelProgram,
    DriveProgram,
    FoldOffered,
    Message,
    ProgramAccepted,
    ProgramEnded,
    Refused,
    RegisterWorker,
    RunLeaves,
    RunProgram,
)
from pyfora.wire.tickets import is_parcel_name

EVENTS = 400
LIVES = 10
"""Of each core: one that has left its cluster does nothing more."""
BLOCKS = ["a" * 32, "b" * 32]
WORKERS = ["w1", "w2", "h1", "t1"]
NAMES = [*BLOCKS, *WORKERS, f"{BLOCKS[0]}.1.0", f"{BLOCKS[1]}.1.0", f"{BLOCKS[0]}.v", "env", "completed", "held"]
WORDS = ["partial", "held", "raised", "touched", "completed", "crashed", "lost", "returned", "stdout", "all", "small"]
NUMBERS = [0, 0, 1, 1, 2, 3, 7, 40, 256, 2**31, 2**62]
LEAVES = [0, 1, 1, 2, 40, 2**32]
SECONDS = [0.0, 1e-320, 0.001, 0.5, 7, 1e18]


class Speaker:
    """Says anything, from a seed; knows what it has heard, so that much of it fits."""

    def __init__(self, seed: int) -> None:
        self.around = random.Random(seed)
        self.heard: list[Message] = []

    def message(self, kinds: tuple[type[Message], ...]) -> Message:
        kind = self.around.choice(kinds)
        made = kind(**{name: self.value(name, hint) for name, hint in field_types(kind).items()})
        check_fields(made)
        return made

    def value(self, name: str, hint: Any) -> Any:
        around = self.around
        echoes = [getattr(message, name) for message in self.heard[-30:] if hasattr(message, name)]
        echoes = [value for value in echoes if check_of(hint)(value)]
        if echoes and around.random() < 0.6:
            return around.choice(echoes)
        if get_origin(hint) is list:
            return [self.value("", hint.__args__[0]) for _ in range(around.choice([0, 0, 1, 3]))]
        if hint in (Counted, HeldValue):
            row = [around.choice(NAMES), around.choice(NUMBERS)]
            return row if hint == Counted else [*row, around.choice(WORKERS), "host", around.choice([0, 65534])]
        if "version" in name:
            return "3.11" if "python" in name else "0.1.0"
        if name in ("outcome", "stream", "download"):
            return around.choice(WORDS)
        special = {
            BlockId: BLOCKS,
            BasePort: [0, 65534],
            Few: [0, 1, 2, 4096],
            Leaves: LEAVES,
            Host: ["", "host"],
            Seconds: SECONDS,
        }
        special |= {Fingerprint: ["", "f"], NoName: ["", *NAMES], KernelKey: ["0" * 64, "f" * 64]}
        kind = type_of(hint)
        if kind is dict or get_origin(kind) is dict:
            return {"leaves": 1e300, "x": float("nan")} if name == "figures" else {}
        plain = {str: NAMES, int: NUMBERS, float: SECONDS, bool: [True, False], bytes: [b"", b"x", sealed(b"x")]}
        return around.choice(special.get(hint) or plain[kind])


def looked_at(effects: list[Effect], speaker: Speaker) -> list[Effect]:
    """Each of them can be performed: messages can be encoded and are taken by the other end, names are names."""
    for effect in effects:
        if isinstance(effect, (Transmit, TellClient, TellProcess)):
            check_fields(effect.message)
            encode_message(effect.message)
            speaker.heard.append(effect.message)
        elif isinstance(effect, (DropParcel, StoreParcel, FetchParcel, PushParcel)):
            assert is_parcel_name(effect.name), effect
    return effects


def drive(core: Any, speaker: Speaker, events: list[Callable[[], Event]]) -> int:
    """How many effects there were."""
    now, count = 0.0, 0
    starting: list[Event] = []
    for _ in range(EVENTS):
        now += speaker.around.choice([0.0, 0.001, 0.01, 0.2])
        event = starting.pop() if starting else speaker.around.choice(events)()
        effects = looked_at(core.handle(event, now), speaker)
        starting += [ProcessStarted(effect.process_id) for effect in effects if isinstance(effect, StartProcess)]
        count += len(effects)
    return count


@pytest.mark.parametrize("seed", range(4))
def test_a_manager_survives_what_workers_and_clients_say(seed: int) -> None:
    speaker = Speaker(seed)
    assert sum(manager_life(speaker) for _ in range(LIVES)) > 1000
    kinds = {type(message) for message in speaker.heard}
    assert {ProgramAccepted, RunProgram, CancelProgram, ProgramEnded} <= kinds, "it had to do with them"


def manager_life(speaker: Speaker) -> int:
    """How many effects there were."""
    core = Manager("m1", "0.1.0", "3.11")
    around, sequences = speaker.around, dict.fromkeys(WORKERS, 0)
    core.handle(ClientJoined("s1", "3.11", "0.1.0", "f"), 0.0)

    def said() -> Event:
        worker = around.choice(WORKERS)
        message = speaker.message(Link.WORKER_TO_MANAGER)
        if isinstance(message, RegisterWorker):
            message = RegisterWorker(**{**vars(message), "worker_id": worker, "libm_fingerprint": "f"})
        sequences[worker] += around.random() < 0.9
        return PeerSaid(worker, "worker", sequences[worker] if around.random() < 0.9 else 0, message)

    def registered() -> Event:
        worker = around.choice(WORKERS)
        sequences[worker] += 1
        cores = around.choice([1, 4096])
        message = RegisterWorker(worker, "host", 1, cores, "0.1.0", "3.11", "f", [], [])
        return PeerSaid(worker, "worker", sequences[worker], message)

    def joined() -> Event:
        worker = around.choice(WORKERS)
        return PeerJoined(worker, "worker")

    return drive(
        core,
        speaker,
        [
            *[said] * 6,
            *[joined] * 2,
            registered,
            lambda: PeerLeft(around.choice(WORKERS), "worker"),
            lambda: PeerAcknowledged(around.choice(WORKERS), "worker", around.choice(range(50))),
            *[lambda: ClientSaid("s1", speaker.message(Link.CLIENT_TO_MANAGER))] * 3,
            lambda: ClientJoined(around.choice(["s1", "s2"]), "3.11", "0.1.0", "f"),
            lambda: ClientLeft("s2"),
            lambda: ValueWanted(str(around.random()), around.choice(NAMES)),
            Ticked,
        ],
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_worker_survives_what_its_manager_peers_and_processes_say(seed: int) -> None:
    speaker = Speaker(seed)
    count = sum(worker_life(speaker) for _ in range(LIVES))
    kinds = {type(message) for message in speaker.heard}
    assert count > 1000 and {DriveProgram, RunLeaves} <= kinds, "it had to do with them"


def worker_life(speaker: Speaker) -> int:
    """How many effects there were."""
    core, around = Worker("w1", "host", 30009, 2, "0.1.0", "3.11", "f"), speaker.around
    core.handle(PeerJoined("m1", "manager"), 0.0)
    sequences: dict[tuple[str, str], int] = {}
    peers = {"manager": Link.MANAGER_TO_WORKER, "thief": Link.THIEF_TO_HOME, "home": Link.HOME_TO_THIEF}
    ids = {"manager": ["m1"], "thief": ["t1", "w2"], "home": ["h1", "w2"]}

    def peer() -> tuple[str, str]:
        role = around.choice(list(peers))
        return around.choice(ids[role]), role

    def number(peer_id: str, role: str) -> int:
        sequences[peer_id, role] = sequences.get((peer_id, role), 0) + 1
        return sequences[peer_id, role]

    def said() -> Event:
        peer_id, role = peer()
        message = speaker.message(tuple(kind for kind in peers[role] if kind is not Refused))
        return PeerSaid(peer_id, role, number(peer_id, role), message)

    def process() -> str:
        return around.choice([*core.processes.live, "nobody"])

    def offered() -> Event:
        drivers = [p.driver for p in core.home.programs.values() if p.driver] or ["nobody"]
        leaves, leaf_s = around.choice(LEAVES), around.choice(SECONDS)
        fold_id = around.choice(NAMES)
        return ProcessSaid(
            around.choice(drivers), FoldOffered(fold_id, leaves, leaf_s, around.random() < 0.5, "env", 3)
        )

    def ordered() -> Event:
        order = RunProgram(around.choice(BLOCKS), around.choice([1, 2, 3]), "f", 1, "all", 0, [], b"x")
        return PeerSaid("m1", "manager", number("m1", "manager"), order)

    return drive(
        core,
        speaker,
        [
            *[said] * 6,
            lambda: PeerJoined(*peer()),
            lambda: PeerLeft(*peer()),
            lambda: PeerAcknowledged(*peer(), around.choice(range(50))),
            *[lambda: ProcessSaid(process(), speaker.message(Link.PROCESS_TO_WORKER))] * 4,
            *[offered] * 2,
            ordered,
            lambda: ProcessDied(process(), "signal 9"),
            lambda: ParcelArrived(around.choice(NAMES)),
            lambda: ParcelMissed(around.choice(NAMES), "it is gone"),
            Ticked,
        ],
    )
