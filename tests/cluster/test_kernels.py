"""A kernel is compiled once in a cluster: what the manager answers, and what a worker passes on."""

from __future__ import annotations

from typing import Any

import pytest

from pyfora.cluster.events import (
    DropKernel,
    KeepKernel,
    KernelsRead,
    PeerJoined,
    PeerLeft,
    PeerSaid,
    TellProcess,
    Transmit,
)
from pyfora.limits import (
    KERNEL_LIMIT_BYTES,
    KERNEL_WAIT_S,
    KERNELS_LIMIT_BYTES,
    KERNELS_UNDER_WAY_LIMIT,
    SILENCE_LIMIT_S,
)
from pyfora.values.sealing import sealed
from pyfora.wire.messages import Beat, KernelAnswered, KernelBuilt, KernelWanted, Message, WorkerRegistered
from tests.cluster.manager_book import ManagerBook, registration
from tests.cluster.worker_book import WorkerBook

KEY, OTHER = "a" * 64, "b" * 64
CODE = sealed(b"the code")


class Manager(ManagerBook):
    """A manager whose workers speak of kernels."""

    def aside(self, worker_id: str, message: Message) -> Manager:
        self >> PeerSaid(worker_id, "worker", 0, message)
        return self

    def want(self, worker_id: str, key: str = KEY) -> Manager:
        return self.aside(worker_id, KernelWanted(key))

    def built(self, worker_id: str, key: str = KEY, payload: bytes = CODE, compiled: bool = True) -> Manager:
        self.aside(worker_id, KernelBuilt(key, compiled, payload))
        return self

    def answers(self) -> list[tuple[str, str, bytes]]:
        """Who has been answered now, about which kernel, with what."""
        told = [(e.peer_id, e.message) for e in self._open if isinstance(e, Transmit)]
        self << ...
        return [(to, m.key, m.payload) for to, m in told if isinstance(m, KernelAnswered)]


# ---- the manager ---------------------------------------------------------------------------------------------------


def test_the_first_compiles_and_the_others_are_given_it() -> None:
    book = Manager("w1", "w2", "w3")
    book.want("w1")
    assert book.answers() == [("w1", KEY, b"")]
    book.built("w1") << KeepKernel(KEY, CODE)
    book.done()
    book.want("w2")
    assert book.answers() == [("w2", KEY, CODE)]
    book.want("w3")
    assert book.answers() == [("w3", KEY, CODE)]
    book.want("w3", OTHER)
    assert book.answers() == [("w3", OTHER, b"")]


def test_who_asks_while_it_is_compiled_is_given_it_then() -> None:
    book = Manager("w1", "w2", "w3")
    book.want("w1") << KernelAnswered(KEY, b"")
    book.want("w2").done()
    book.want("w3").want("w2").done()
    book.wait(KERNEL_WAIT_S / 2, *beats(book)).built("w1")
    assert book.answers() == [("w2", KEY, CODE), ("w3", KEY, CODE)]
    book.wait(2 * KERNEL_WAIT_S, *beats(book))
    assert book.answers() == []


@pytest.mark.parametrize(
    "kept_away",
    [{"compiled": False, "payload": b""}, {"payload": sealed(bytes(KERNEL_LIMIT_BYTES))}, {"payload": CODE[:-1]}],
)
def test_what_cannot_be_had_is_not_waited_for(kept_away: dict[str, Any]) -> None:
    book = Manager("w1", "w2")
    book.want("w1") << KernelAnswered(KEY, b"")
    book.want("w2").built("w1", **kept_away)
    assert book.answers() == [("w2", KEY, b"")]
    book.want("w1")
    assert book.answers() == [("w1", KEY, b"")]


def test_a_builder_that_says_nothing_is_waited_for_in_bounded_time() -> None:
    book = Manager("w1", "w2", "w3")
    book.want("w1") << KernelAnswered(KEY, b"")
    book.want("w2").want("w3").done()
    book.wait(KERNEL_WAIT_S + 0.2, *beats(book))
    assert book.answers() == [("w2", KEY, b""), ("w3", KEY, b"")]
    # It was slow, no more: nobody has to do it again.
    book.built("w1") << ...
    book.want("w2")
    assert book.answers() == [("w2", KEY, CODE)]


def test_who_compiles_what_is_kept_already_could_not_use_it() -> None:
    book = Manager("w1", "w2")
    book.built("w1") << ...
    book.built("w2", payload=sealed(b"a better one")) << ...
    book.want("w1")
    assert book.answers() == [("w1", KEY, sealed(b"a better one"))]


def test_a_kernel_outlives_its_builder() -> None:
    book = Manager("w1", "w2")
    book.built("w1") << ...
    book.lose("w1", "w2")
    book << ...
    book.want("w2")
    assert book.answers() == [("w2", KEY, CODE)]


def test_a_worker_that_is_lost_while_it_waits_is_not_answered() -> None:
    book = Manager("w1", "w2")
    book.want("w1") << KernelAnswered(KEY, b"")
    book.want("w2").lose("w2", "w1")
    book << ...
    book.built("w1")
    assert book.answers() == []


def test_strangers_are_not_answered() -> None:
    book = Manager("w1")
    book >> PeerJoined("w2", "worker")
    book << ...
    book.built("w1") << ...
    book.want("w2").built("w2", OTHER)
    assert book.answers() == []
    assert list(book.core.kernels.kept) == [KEY]


def test_what_is_kept_is_bounded_and_that_which_was_not_used_for_longest_goes() -> None:
    book = Manager("w1")
    kernel = sealed(bytes(KERNEL_LIMIT_BYTES - 96))
    room = KERNELS_LIMIT_BYTES // KERNEL_LIMIT_BYTES
    dropped: list[str] = []
    keys = [f"{number:064x}" for number in range(room + 3)]
    for key in keys:
        book.built("w1", key, kernel)
        dropped += [effect.key for effect in book._open if isinstance(effect, DropKernel)]
        book << ...
        book.want("w1", keys[0])
        assert book.answers() == [("w1", keys[0], kernel)]
    assert dropped == keys[1:4]
    assert set(book.core.kernels.kept) == {keys[0], *keys[4:]}
    assert book.core.kernels.kept_bytes == KERNELS_LIMIT_BYTES


def test_a_manager_goes_on_with_what_was_kept_before_it() -> None:
    book = Manager("w1")
    kernel = sealed(bytes(KERNEL_LIMIT_BYTES - 96))
    room = KERNELS_LIMIT_BYTES // KERNEL_LIMIT_BYTES
    keys = [f"{number:064x}" for number in range(room + 1)]
    book >> KernelsRead(dict.fromkeys(keys, kernel))
    book << DropKernel(keys[0])
    book.done()
    book.want("w1", keys[1])
    assert book.answers() == [("w1", keys[1], kernel)]


def test_beyond_the_limit_of_kernels_under_way_nobody_waits() -> None:
    book = Manager("w1", "w2")
    for number in range(KERNELS_UNDER_WAY_LIMIT):
        book.want("w1", f"{number:064x}")
        book << ...
    for worker_id in ("w1", "w2"):
        book.want(worker_id)
        assert book.answers() == [(worker_id, KEY, b"")]


def test_who_joins_a_manager_that_has_kernels_is_not_alone() -> None:
    book = Manager()
    book >> KernelsRead({KEY: CODE})
    book.register("w1").find(WorkerRegistered("m1", alone=False))


def test_what_is_kept_is_not_written_again() -> None:
    book = Manager("w1", "w2")
    book.built("w1").find(KeepKernel(KEY, CODE))
    book << ...
    book.built("w2").never(KeepKernel)


def test_workers_hear_whether_they_are_alone() -> None:
    book = Manager()
    book.register("w1").find(WorkerRegistered("m1", alone=True))
    book << ...
    book.register("w2")
    told = {e.peer_id: e.message for e in book._open if isinstance(getattr(e, "message", None), WorkerRegistered)}
    assert told == {"w1": WorkerRegistered("m1", alone=False), "w2": WorkerRegistered("m1", alone=False)}
    book << ...
    book.register("w3").find(WorkerRegistered("m1", alone=False))
    book.never(WorkerRegistered)
    book.lose("w1", "w2", "w3").never(WorkerRegistered)
    # What those had that are gone is still kept for those that are not.
    book.lose("w3", "w2").never(WorkerRegistered)
    book.say("w2", registration("w2")) << WorkerRegistered("m1", alone=False)
    book.lose("w2") << ...
    book.register("w4").find(WorkerRegistered("m1", alone=False))


# ---- a worker ------------------------------------------------------------------------------------------------------


def among_others() -> tuple[WorkerBook, str]:
    """A worker that is not alone, and one of its drivers."""
    book = WorkerBook()
    book.manager(WorkerRegistered("m1", alone=False))
    driver = book.drive()
    book << ...
    return book, driver


def test_a_question_and_its_answer_are_passed_on() -> None:
    book, driver = among_others()
    for payload, fetched in ((b"", 0), (CODE, 1)):
        book.process(driver, KernelWanted(KEY)) << Transmit("m1", "manager", 0, KernelWanted(KEY))
        book >> PeerSaid("m1", "manager", 0, KernelAnswered(KEY, payload))
        book << TellProcess(driver, KernelAnswered(KEY, payload))
        assert book.core.report()["fetched_kernels"] == fetched
    book >> PeerSaid("m1", "manager", 0, KernelAnswered(KEY, CODE))
    book.done()


def test_an_answer_after_the_driver_has_helped_itself_is_none() -> None:
    book, driver = among_others()
    book.process(driver, KernelWanted(KEY)) << KernelWanted(KEY)
    book.process(driver, KernelBuilt(KEY, True, CODE)) << KernelBuilt
    book >> PeerSaid("m1", "manager", 0, KernelAnswered(KEY, CODE))
    book.done()
    assert book.core.report()["fetched_kernels"] == 0


def test_what_was_compiled_is_passed_on_and_counted() -> None:
    book, driver = among_others()
    for built, compiled in ((KernelBuilt(KEY, False, b""), 0), (KernelBuilt(KEY, True, CODE), 1)):
        book.process(driver, built) << Transmit("m1", "manager", 0, built)
        assert book.core.report()["compiled_kernels"] == compiled
    book.done()


def test_alone_it_asks_nobody_but_tells() -> None:
    book, driver = among_others()
    book.manager(WorkerRegistered("m1", alone=True))
    book.process(driver, KernelWanted(KEY)) << TellProcess(driver, KernelAnswered(KEY, b""))
    book.process(driver, KernelBuilt(KEY, True, CODE)) << Transmit("m1", "manager", 0, KernelBuilt(KEY, True, CODE))
    book.done()


def test_a_manager_that_is_away_or_silent_is_not_asked() -> None:
    book, driver = among_others()
    book.wait(SILENCE_LIMIT_S + 1.0)
    book << ...
    book.process(driver, KernelWanted(KEY)) << TellProcess(driver, KernelAnswered(KEY, b""))
    book >> PeerSaid("m1", "manager", 0, Beat("m1"))
    book << ...
    book.process(driver, KernelWanted(KEY)) << KernelWanted(KEY)
    book >> PeerLeft("m1", "manager")
    book.process(driver, KernelWanted(KEY)) << TellProcess(driver, KernelAnswered(KEY, b""))
    book.done()


def test_what_a_process_waits_for_is_forgotten_with_it() -> None:
    book, driver = among_others()
    book.process(driver, KernelWanted(KEY)) << KernelWanted(KEY)
    book.die(driver)
    book << ...
    other = book.drive("q" * 32)
    book << ...
    book.process(other, KernelWanted(OTHER)) << KernelWanted(OTHER)
    assert book.core.kernels.waiting == {other: OTHER}


def test_only_a_driver_is_listened_to() -> None:
    book, driver = among_others()
    book.offer(driver)
    leaf, _ = book.runs()[0]
    book << ...
    book.process(leaf, KernelWanted(KEY)).process(leaf, KernelBuilt(KEY, True, CODE)).done()


def beats(book: Manager) -> list[PeerSaid]:
    return [book.beat(worker_id) for worker_id in book.core.membership.members]
