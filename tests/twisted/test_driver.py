"""A driver with a core that answers by a script, and a clock that stands still."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from pyfora.cluster.events import ClientLeft, Effect, Event, Forget, Log, Ticked
from pyfora_twisted.driver import Driver


class ScriptedCore:
    """Answers each event by what the script says; notes what it is told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[Event, float]] = []
        self.script: dict[Event, list[Effect]] = {}
        self.wake: float | None = None
        self.fault: Event | None = None

    def handle(self, event: Event, now: float) -> list[Effect]:
        self.told.append((event, now))
        if event == self.fault:
            raise KeyError("lost count")
        return self.script.get(event, [])

    def wake_at(self) -> float | None:
        return self.wake

    def snapshot(self) -> dict[str, Any]:
        return {}


def make() -> tuple[ScriptedCore, Clock, list[Any], list[str], Driver]:
    core, clock, done, failures = ScriptedCore(), Clock(), [], []
    performers: dict[type[Any], Any] = {Forget: lambda effect: done.append(effect)}
    driver = Driver(core, performers, clock, failures.append)  # type: ignore[arg-type]
    return core, clock, done, failures, driver


def test_an_event_within_an_effect_waits_until_all_effects_are_done() -> None:
    core, clock, done, _, _ = make()
    first, second = ClientLeft("1"), ClientLeft("2")
    core.script = {first: [Log("info", "x"), Forget("a")], second: [Forget("b")]}
    driver = Driver(
        core,
        {Log: lambda _: driver.happened(second), Forget: done.append},
        clock,  # type: ignore[arg-type]
        lambda reason: None,
    )
    driver.happened(first)
    assert done == [Forget("a"), Forget("b")]


def test_the_timer_follows_the_core() -> None:
    core, clock, _, _, driver = make()
    core.wake = 5.0
    driver.happened(ClientLeft("1"))
    core.wake = 2.0
    driver.happened(ClientLeft("2"))
    core.wake = None
    clock.advance(1.9)
    assert len(core.told) == 2
    clock.advance(0.1)
    assert core.told[2] == (Ticked(), 2.0)
    clock.advance(10)
    assert len(core.told) == 3 and not clock.getDelayedCalls()


def test_a_fault_of_the_core_ends_it_once() -> None:
    core, clock, _, failures, driver = make()
    core.fault, core.wake = ClientLeft("bad"), 1.0
    driver.happened(ClientLeft("good"))
    driver.happened(ClientLeft("bad"))
    driver.happened(ClientLeft("more"))
    clock.advance(5)
    assert len(core.told) == 2 and len(failures) == 1 and "ClientLeft" in failures[0]


def test_an_effect_that_cannot_be_performed_ends_it() -> None:
    core, _, done, failures, driver = make()
    core.script = {ClientLeft("1"): [Log("info", "nobody performs this"), Forget("a")]}
    driver.happened(ClientLeft("1"))
    assert done == [] and len(failures) == 1
