"""Who may connect to one port just now: a decision from addresses and times, before anything is read.

An address may stand for many (a company's NAT, an SSH tunnel's localhost), so that nobody is shut out for what another
did from the same one: where there are too many who have not proved themselves, the oldest of the address that has most
of them gives way. An honest caller proves itself within milliseconds and is never the oldest for long.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from dataclasses import dataclass

from pyfora.limits import (
    ADDRESSES_LIMIT,
    ARRIVALS_BURST,
    ARRIVALS_PER_S,
    DOOR_TIMEOUT_S,
    PROVED_LIMIT,
    PROVED_PER_ADDRESS_LIMIT,
    UNPROVED_LIMIT,
)


@dataclass
class _Budget:
    """How many connections an address may still make at once; it grows with time."""

    left: float
    at: float


@dataclass(frozen=True)
class Close:
    """A connection that is to be closed at once, and why."""

    number: int
    reason: str


class Admission:
    """One port's connections, by number, from their arrival to their end."""

    def __init__(self) -> None:
        self._unproved: OrderedDict[int, tuple[str, float]] = OrderedDict()
        self._proved: dict[int, str] = {}
        self._unproved_by_address: Counter[str] = Counter()
        self._proved_by_address: Counter[str] = Counter()
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()

    def arrived(self, number: int, address: str, now: float) -> list[Close]:
        """A connection stands. What is to be closed for it: itself, an older one, or nothing."""
        address = crowd_of(address)
        if not self._spend(address, now):
            return [Close(number, f"more than {ARRIVALS_PER_S:g} connections a second came from {address}")]
        self._unproved[number] = (address, now)
        self._unproved_by_address[address] += 1
        if len(self._unproved) <= UNPROVED_LIMIT:
            return []
        crowd = max(self._unproved_by_address.values())
        for older, (whose, _) in self._unproved.items():
            if self._unproved_by_address[whose] == crowd:
                self.left(older)
                return [Close(older, f"more than {UNPROVED_LIMIT} connections had not proved themselves")]
        raise AssertionError("somebody has most")

    def proved(self, number: int) -> list[Close]:
        """The peer of this connection is known. It is to be closed all the same where there are too many."""
        if number not in self._unproved:
            return []
        address, _ = self._unproved[number]
        self.left(number)
        if len(self._proved) >= PROVED_LIMIT:
            return [Close(number, f"{PROVED_LIMIT} connections are the most this port takes")]
        if self._proved_by_address[address] >= PROVED_PER_ADDRESS_LIMIT:
            return [Close(number, f"{PROVED_PER_ADDRESS_LIMIT} connections are the most one address may have")]
        self._proved[number] = address
        self._proved_by_address[address] += 1
        return []

    def left(self, number: int) -> None:
        """The connection is over."""
        if number in self._unproved:
            address, _ = self._unproved.pop(number)
            _take_one(self._unproved_by_address, address)
        elif number in self._proved:
            _take_one(self._proved_by_address, self._proved.pop(number))

    def overdue(self, now: float) -> list[Close]:
        """The connections whose peers took too long to prove themselves."""
        late = []
        for number, (_, since) in self._unproved.items():
            if now < since + DOOR_TIMEOUT_S:
                break
            late.append(Close(number, f"it did not prove itself within {DOOR_TIMEOUT_S:g} s"))
        for close in late:
            self.left(close.number)
        return late

    def wake_at(self) -> float | None:
        """When to ask `overdue` again."""
        for _, since in self._unproved.values():
            return since + DOOR_TIMEOUT_S
        return None

    def counts(self) -> tuple[int, int]:
        """Connections that have not proved themselves, and those that have."""
        return len(self._unproved), len(self._proved)

    def _spend(self, address: str, now: float) -> bool:
        budget = self._budgets.pop(address, None) or _Budget(ARRIVALS_BURST, now)
        budget.left = min(ARRIVALS_BURST, budget.left + (now - budget.at) * ARRIVALS_PER_S)
        budget.at = now
        self._budgets[address] = budget
        if len(self._budgets) > ADDRESSES_LIMIT:
            self._budgets.popitem(last=False)
        if budget.left < 1:
            return False
        budget.left -= 1
        return True


def crowd_of(address: str) -> str:
    """What counts as one address: of IPv6 the network that one customer is given, a /64 (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False))


def _take_one(counter: Counter[str], address: str) -> None:
    counter[address] -= 1
    if not counter[address]:
        del counter[address]
