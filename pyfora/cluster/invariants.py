"""What must be true of the two cores after every event; tests check it, daemons need not."""

from __future__ import annotations

from pyfora.cluster.channel import Channel
from pyfora.cluster.folds import Folds
from pyfora.cluster.intervals import Intervals
from pyfora.cluster.jobs import Job, State
from pyfora.cluster.kernels import size_bytes
from pyfora.cluster.manager import Manager
from pyfora.cluster.runs import FoldRuns
from pyfora.cluster.slots import QUEUE_LIMIT, LeafSlots
from pyfora.cluster.worker import Worker
from pyfora.limits import (
    CHANNEL_QUEUE_LIMIT,
    CHANNEL_WINDOW,
    CLIENTS_LIMIT,
    FOLDS_LIMIT,
    HELD_RUNS_LIMIT,
    KERNELS_LIMIT_BYTES,
    KERNELS_UNDER_WAY_LIMIT,
    LOST_IDS_LIMIT,
    OFFERS_LIMIT,
    PEERS_LIMIT,
    PROGRAMS_LIMIT,
    WANTS_LIMIT,
)


class InvariantBroken(AssertionError):
    """A core is in a state that it must never be in."""


def _check(true: bool, text: str) -> None:
    if not true:
        raise InvariantBroken(text)


def check_channel(channel: Channel) -> None:
    """Numbers are consecutive, nothing passes its bound."""
    name = f"channel with {channel.peer_id} ({channel.role})"
    _check(len(channel.outgoing) <= CHANNEL_QUEUE_LIMIT, f"{name}: queue over its limit")
    _check(len(channel.early) < CHANNEL_WINDOW, f"{name}: too many early messages")
    _check(channel.first + len(channel.outgoing) == channel.next, f"{name}: its numbers have gaps")
    _check(all(number > channel.expected for number in channel.early), f"{name}: what is due, or done, is kept")


def check_runs(runs: FoldRuns) -> None:
    """Every leaf is exactly one of pending, issued, settled or moot; who has what agrees on both sides."""
    left = Intervals((0, runs.moot_from))
    for lo, hi in runs.pending:
        _check(0 <= lo < hi <= runs.moot_from, f"pending {lo}..{hi} is moot")
        _check(not runs.settled.touches(lo, hi), f"{lo}..{hi} is pending and settled")
        left.remove(lo, hi)
    for lo, hi in runs.settled:
        left.remove(lo, hi)
    for run in runs.runs.values():
        _check(run.consumer in runs.consumers, f"run {run.run_id} is with {run.consumer}, which is gone")
        _check(runs.consumers[run.consumer].runs.get(run.run_id) is run, f"run {run.run_id}: books differ")
        _check(run.lo <= run.next < run.hi, f"run {run.run_id} is over, but in the books")
        _check(not runs.pending.touches(run.next, run.hi), f"run {run.run_id}: {run.next}..{run.hi} also pending")
        left.remove(run.next, run.hi)
    _check(not left, f"leaves {left} are neither pending, issued, settled nor moot")
    held: dict[tuple[str, int], int] = {}
    for (lo, hi), piece in runs.held.items():
        _check(runs.settled.touches(lo, hi), f"held {lo}..{hi} is not settled")
        _check(piece.consumer in runs.consumers, f"{lo}..{hi} is held by {piece.consumer}, which is gone")
        held[piece.consumer, piece.run_id] = held.get((piece.consumer, piece.run_id), 0) + 1
    _check(sum(c.slots for c in runs.consumers.values()) == runs.slots, "the sum of slots is wrong")
    for consumer in runs.consumers.values():
        for run_id, count in consumer.held.items():
            _check(held.pop((consumer.name, run_id), 0) == count, f"{consumer.name}: held pieces miscounted")
        if runs.holds_terms and consumer.slots and consumer.slots == consumer.most_slots:
            loaded = set(consumer.runs) | set(consumer.held)
            _check(len(loaded) <= HELD_RUNS_LIMIT * consumer.processes + 1, f"{consumer.name} holds too much")
    _check(not held, f"held pieces {held} of nobody")


def check_slots(slots: LeafSlots) -> None:
    """Slots are not oversubscribed, queues are bounded."""
    _check(len(slots.leaves) <= slots.cores, "more leaf processes than slots")
    for leaf in slots.leaves.values():
        _check(len(leaf.queue) <= QUEUE_LIMIT, f"{leaf.process_id}: its queue is too long")


def check_folds(folds: Folds, slots: LeafSlots) -> None:
    """The loops at home agree with the leaf processes and thieves that work for them."""
    _check(len(folds.table) <= FOLDS_LIMIT, "too many open loops")
    for fold in folds.table.values():
        check_runs(fold.runs)
        for consumer in fold.runs.consumers.values():
            leaf = slots.leaves.get(consumer.name)
            if leaf is None:
                thief = folds.thieves.get(consumer.name)
                _check(thief is not None, f"{consumer.name} has runs of {fold.fold_id}, but is gone")
                _check(thief is None or fold.fold_id in thief.folds, f"{consumer.name}: not a thief of this loop")
            else:
                queued = {run.run_id for run in leaf.queue if run.fold_id == fold.fold_id}
                _check(set(consumer.runs) <= queued, f"{leaf.process_id}: runs in the books, not in its queue")
    for thief in folds.thieves.values():
        _check(bool(thief.folds), f"thief {thief.worker_id} of nothing")
        _check(thief.folds <= folds.table.keys(), f"thief {thief.worker_id} of loops that are over")


def check_worker(worker: Worker) -> None:
    """Everything about a worker."""
    if worker.over:
        return
    check_slots(worker.slots)
    check_folds(worker.folds, worker.slots)
    for process_id, leaf in worker.slots.leaves.items():
        process = worker.processes.live.get(process_id)
        _check(process is not None and process.role == "leaf", f"{process_id} is a leaf process, but not alive")
        _check(process is None or process.serves == leaf.attempt_id, f"{process_id} serves two programs")
    drivers = set()
    for program in worker.home.programs.values():
        if program.driver:
            drivers.add(program.driver)
            process = worker.processes.live.get(program.driver)
            _check(process is not None and process.role == "driver", f"the driver {program.driver} is not alive")
    for process in worker.processes.live.values():
        _check(process.role != "driver" or process.process_id in drivers, f"{process.process_id} drives nothing")
        _check(
            process.role != "leaf" or process.process_id in worker.slots.leaves, f"{process.process_id} is forgotten"
        )
    _check(len(worker.processes.live) <= len(drivers) + 2 * worker.cores + 4, "too many processes")
    _check(len(worker.thief.offers) <= OFFERS_LIMIT, "too many offers")
    leased = sum(offer.lease for offer in worker.thief.offers.values())
    _check(leased <= worker.cores, f"{leased} slots are leased, {worker.cores} there are")
    for offer in worker.thief.offers.values():
        _check(offer.home_id in worker.thief.homes, f"the home of {offer.fold_id} is forgotten")
    _check(len(worker.outbox.channels.table) <= PEERS_LIMIT, "too many channels")
    for channel in worker.outbox.channels.table.values():
        check_channel(channel)


def check_job(job: Job, manager: Manager) -> None:
    """One program at the manager."""
    name = f"program {job.program_id} ({job.state.value})"
    waiting = job.program_id in manager.lineage.waiting
    _check(waiting == (job.state is State.WAITING), f"{name}: wrongly queued")
    if job.live:
        member = manager.membership.members.get(job.home_id)
        _check(member is not None, f"{name}: its home {job.home_id} is gone")
        _check(member is None or job.program_id in member.programs, f"{name}: its home does not count it")
        _check(job.attempt > 0, f"{name}: it runs, but was never placed")
    elif job.state is State.ENDED:
        _check(job.ended is not None, f"{name}: no end")
    _check(job.ended is not None or not (job.values or job.taken), f"{name}: values without an end")


def check_manager(manager: Manager) -> None:
    """Everything about a manager."""
    lineage, members = manager.lineage, manager.membership.members
    _check(len(lineage.jobs) <= PROGRAMS_LIMIT, "too many programs")
    for job in lineage.jobs.values():
        check_job(job, manager)
    for member in members.values():
        for program_id in member.programs:
            job_there = lineage.jobs.get(program_id)
            _check(
                job_there is not None and job_there.live and job_there.home_id == member.worker_id,
                f"{member.worker_id} counts {program_id}, which is not there",
            )
        _check(member.worker_id not in manager.membership.lost, f"{member.worker_id} is lost and registered")
    for value_id, holders in lineage.whereabouts.by_value.items():
        _check(bool(holders) and holders.keys() <= members.keys(), f"{value_id} is with a worker that is gone")
    for fold_id, home_id in manager.offers.folds.items():
        _check(home_id in members, f"the loop {fold_id} is offered, its home {home_id} is gone")
    kernels = manager.kernels
    size = sum(size_bytes(key, payload) for key, payload in kernels.kept.items())
    _check(kernels.kept_bytes == size, "the size of the kernels is wrong")
    _check(kernels.kept_bytes <= KERNELS_LIMIT_BYTES, "too many kernels")
    _check(len(kernels.under_way) <= KERNELS_UNDER_WAY_LIMIT, "too many kernels under way")
    _check(not kernels.under_way.keys() & kernels.kept.keys(), "a kernel is kept and waited for")
    _check(len(lineage.wants) <= WANTS_LIMIT, "too many requests for values")
    _check(len(manager.clients.sessions) <= CLIENTS_LIMIT, "too many sessions")
    _check(len(manager.membership.lost) <= LOST_IDS_LIMIT, "too many lost ids")
    for channel in manager.outbox.channels.table.values():
        check_channel(channel)
