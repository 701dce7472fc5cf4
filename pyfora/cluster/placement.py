"""Which worker becomes the home of a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyfora.cluster.membership import Member


def choose_home(members: Iterable[Member], held_bytes: Mapping[str, int], avoid: str) -> Member | None:
    """The worker that holds most of the inputs, then has most idle slots, then fewest programs, then the lowest id.

    `held_bytes`: worker id -> bytes of the inputs that it has. A worker with too many programs or about to leave,
    and the one to `avoid` while there are others, are passed over; None where nobody is left.
    """

    def rank(member: Member) -> tuple[bool, int, int, int, str]:
        return (
            member.worker_id == avoid,
            -held_bytes.get(member.worker_id, 0),
            -member.idle_slots,
            len(member.programs),
            member.worker_id,
        )

    free = [m for m in members if m.left_at is None and not m.leaving and len(m.programs) < m.programs_limit]
    return min(free, key=rank, default=None)
