"""What a manager shows of its workers, blocks and values, as JSON."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pyfora.cluster.jobs import Job, State
from pyfora.cluster.manager import Manager
from pyfora.cluster.membership import Member
from pyfora.limits import PAGE_LIMIT


def worker_view(member: Member, now: float) -> dict[str, Any]:
    """One worker; `now` is the time of the manager's clock."""
    return {
        "worker_id": member.worker_id,
        "host": member.host,
        "base_port": member.base_port,
        "cores": member.cores,
        "idle_slots": member.idle_slots,
        "connected": member.left_at is None,
        "silent_s": round(max(0.0, now - member.heard_at), 3),
        "blocks": sorted(member.programs),
        "figures": member.figures,
    }


def block_view(job: Job) -> dict[str, Any]:
    """One block, by the id of its Program."""
    progress, ended = job.progress, job.ended
    return {
        "block_id": job.program_id,
        "state": job.state.value,
        "attempt": job.attempt,
        "home_id": job.home_id,
        "size_bytes": job.submission.size_bytes,
        "inputs": list(job.submission.inputs),
        "leaves_done": progress.leaves_done if progress else 0,
        "leaves_total": progress.leaves_total if progress else 0,
        "workers": progress.workers if progress else int(job.live),
        "outcome": ended.outcome if ended else "",
        "reason": ended.reason if ended else "",
        "taken": job.taken,
        "values": [{"value_id": value_id, "size_bytes": size} for value_id, size in job.values.items()],
    }


def workers_view(manager: Manager, now: float) -> dict[str, Any]:
    """All workers, by id."""
    members = sorted(manager.membership.members.values(), key=lambda member: member.worker_id)
    return {"workers": [worker_view(member, now) for member in members]}


def blocks_view(manager: Manager, state: State | None, after: str, limit: int) -> dict[str, Any]:
    """Up to `limit` blocks, by id, those behind the id `after`, in this state (None: in any).

    `next` is what to give as `after` for the following ones; "" where there are none.
    """
    jobs = sorted(
        (job for job in manager.lineage.jobs.values() if job.program_id > after and state in (None, job.state)),
        key=lambda job: job.program_id,
    )
    page = jobs[: min(limit, PAGE_LIMIT)]
    more = len(jobs) > len(page)
    return {"blocks": [block_view(job) for job in page], "next": page[-1].program_id if page and more else ""}


def values_view(manager: Manager, after: str, limit: int) -> dict[str, Any]:
    """Up to `limit` values that some worker keeps, as in `blocks_view`."""
    found = manager.lineage.whereabouts.by_value
    ids = sorted(value_id for value_id in found if value_id > after)
    page = list(islice(ids, min(limit, PAGE_LIMIT)))
    values = [
        {"value_id": value_id, "size_bytes": max(found[value_id].values()), "worker_ids": sorted(found[value_id])}
        for value_id in page
    ]
    return {"values": values, "next": page[-1] if len(ids) > len(page) else ""}
