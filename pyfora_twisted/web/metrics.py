"""`/metrics`: the cluster's figures in the Prometheus text format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from twisted.web.resource import Resource
from twisted.web.server import Request

from pyfora.cluster.figures import WORKER_FIGURES, WORKER_HISTOGRAMS, Histogram
from pyfora.cluster.jobs import State
from pyfora.cluster.manager import Manager
from pyfora.cluster.membership import Member
from pyfora_twisted.driver import Driver
from pyfora_twisted.journal import Journal
from pyfora_twisted.measuring import directory_bytes, free_bytes, memory_bytes
from pyfora_twisted.metering import Meter
from pyfora_twisted.spool import Spool
from pyfora_twisted.web.answers import allow_only, give

KEPT_S = 0.5
"""How long figures are shown again as they are: to make them takes milliseconds, whoever asks how often."""
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Sources:
    """Where a manager's figures are."""

    core: Manager
    driver: Driver
    journal: Journal
    store: Spool
    meters: Mapping[str, Meter]
    """Port name -> what goes through it."""


class ManagerCollector(Collector):
    """Reads the figures when somebody asks, so that nothing is kept twice.

    The library's own Counter objects were the rejected way: they are shared between threads behind locks, and the pure
    core, which counts, may not know them.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from self._cluster(self._sources.core)
        yield from self._blocks(self._sources.core)
        yield from self._manager()
        members = sorted(self._sources.core.membership.members.values(), key=lambda member: member.worker_id)
        yield from _workers(members)

    def _cluster(self, core: Manager) -> Iterator[Metric]:
        members = core.membership.members.values()
        versions = {"version": core.pyfora_version, "python": core.python_version}
        yield InfoMetricFamily("pyfora_build", "What this manager runs", versions)
        yield _gauge("pyfora_workers", "Registered workers", len(members))
        yield _gauge("pyfora_cores", "Cores of all registered workers", sum(member.cores for member in members))
        yield _gauge("pyfora_clients", "Connected clients", core.clients.connected())
        yield _counter("pyfora_workers_joined", "Workers that have registered", core.figures.joined_workers)
        yield _counter("pyfora_workers_lost", "Workers that were given up for lost", core.figures.lost_workers)
        yield _gauge("pyfora_kernels", "Kernels that the manager keeps for workers", len(core.kernels.kept))
        yield _gauge("pyfora_kernels_bytes", "Size of these kernels", core.kernels.kept_bytes)
        yield _gauge("pyfora_open_loops", "Parallel loops that workers may steal from", len(core.offers.folds))

    def _blocks(self, core: Manager) -> Iterator[Metric]:
        states = dict.fromkeys((state.value for state in State), 0)
        for job in core.lineage.jobs.values():
            states[job.state.value] += 1
        blocks = GaugeMetricFamily("pyfora_blocks", "Blocks that the manager holds, by state", labels=["state"])
        for state, count in states.items():
            blocks.add_metric([state], count)
        yield blocks
        figures = core.figures
        yield _counter("pyfora_blocks_accepted", "Blocks that clients have submitted", figures.accepted_blocks)
        yield _counter("pyfora_blocks_placed", "Attempts at blocks that were given a home", figures.placed_blocks)
        ended = CounterMetricFamily("pyfora_blocks_ended", "Blocks that have ended, by outcome", labels=["outcome"])
        for outcome, count in figures.ended_blocks.items():
            ended.add_metric([outcome], count)
        yield ended
        yield _histogram("pyfora_block_waiting_seconds", "From a block's acceptance to its first home", figures.waiting)
        yield _histogram("pyfora_block_duration_seconds", "From a block's acceptance to its end", figures.block)
        values = len(core.lineage.whereabouts.by_value)
        yield _gauge("pyfora_values", "Values of blocks that some worker keeps", values)
        yield _gauge("pyfora_value_requests", "Requests for values that wait", len(core.lineage.wants))

    def _manager(self) -> Iterator[Metric]:
        sources = self._sources
        driver, journal, store = sources.driver, sources.journal, sources.store
        yield _histogram("pyfora_event_handling_seconds", "Time to handle one event", driver.handling)
        yield _gauge("pyfora_waiting_events", "Events that the manager's core was not told of yet", driver.waiting)
        queued = sources.core.outbox.channels.queued()
        yield _gauge("pyfora_queued_messages", "Messages to workers that were not acknowledged yet", queued)
        yield _histogram("pyfora_journal_writing_seconds", "Time to write one record", journal.writing)
        yield _gauge("pyfora_journal_bytes", "Size of the journal", journal.size_bytes())
        yield _gauge("pyfora_parcels_bytes", "Size of the parcels in the store", directory_bytes(store.directory))
        yield _gauge("pyfora_disk_free_bytes", "What is free in the data directory", free_bytes(store.directory))
        yield _gauge("pyfora_memory_bytes", "Resident memory of the manager", memory_bytes(os.getpid()))
        meters = sources.meters
        yield _by_port("pyfora_port_received_bytes", "Bytes received", meters, lambda meter: meter.received_bytes)
        yield _by_port("pyfora_port_sent_bytes", "Bytes sent", meters, lambda meter: meter.sent_bytes)
        yield _by_port("pyfora_port_accepted", "Connections accepted", meters, lambda meter: meter.accepted)
        refused = "Connections closed because there were too many, too fast or too slow"
        yield _by_port("pyfora_port_refused", refused, meters, lambda meter: meter.refused)
        connections = GaugeMetricFamily("pyfora_port_connections", "Open connections, by port", labels=["port"])
        for port, meter in meters.items():
            connections.add_metric([port], meter.connections)
        yield connections


def _workers(members: list[Member]) -> Iterator[Metric]:
    """Of each member; a worker that is lost is not shown any more."""
    info = InfoMetricFamily("pyfora_worker", "Where a worker is", labels=["worker"])
    cores = GaugeMetricFamily("pyfora_worker_cores", "Cores of a worker", labels=["worker"])
    for member in members:
        info.add_metric([member.worker_id], {"host": member.host, "base_port": str(member.base_port)})
        cores.add_metric([member.worker_id], member.cores)
    yield info
    yield cores
    for figure in WORKER_FIGURES:
        kind = CounterMetricFamily if figure.counts else GaugeMetricFamily
        family = kind(f"pyfora_worker_{figure.name}", figure.text, labels=["worker"])
        for member in members:
            if figure.name in member.figures:
                family.add_metric([member.worker_id], member.figures[figure.name])
        yield family
    for name, (bounds_s, text) in WORKER_HISTOGRAMS.items():
        histogram = HistogramMetricFamily(f"pyfora_worker_{name}_seconds", text, labels=["worker"])
        for member in members:
            counts = [member.figures.get(f"{name}.{at}") for at in range(len(bounds_s) + 1)]
            sum_s = member.figures.get(f"{name}.sum_s")
            if sum_s is not None and None not in counts:
                known = [count for count in counts if count is not None]
                histogram.add_metric([member.worker_id], _buckets(bounds_s, known), sum_s)
        yield histogram


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value)


def _by_port(name: str, text: str, meters: Mapping[str, Meter], of: Callable[[Meter], int]) -> Metric:
    family = CounterMetricFamily(name, f"{text}, by port", labels=["port"])
    for port, meter in meters.items():
        family.add_metric([port], of(meter))
    return family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(name, text, _buckets(histogram.bounds_s, histogram.counts), histogram.sum_s)


def _buckets(bounds_s: tuple[float, ...], counts: Iterable[float]) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    return list(zip([*(str(bound) for bound in bounds_s), "+Inf"], accumulate(counts), strict=True))


class Metrics(Resource):
    """GET /metrics."""

    isLeaf = True

    def __init__(self, sources: Sources, seconds: Callable[[], float]) -> None:
        super().__init__()
        self._seconds = seconds
        self._made_at = -KEPT_S
        self._made = b""
        # One of its own: the library's global one would show this process's threads and garbage, and be shared by
        # whatever else this process may run.
        self._registry = CollectorRegistry()
        self._registry.register(ManagerCollector(sources))

    def render(self, request: Request) -> bytes:
        """All figures."""
        refused = allow_only(request, ("GET",))
        if refused is not None:
            return refused
        now = self._seconds()
        if now - self._made_at >= KEPT_S:
            self._made_at, self._made = now, generate_latest(self._registry)
        return give(request, 200, self._made, CONTENT_TYPE)
