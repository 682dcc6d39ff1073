"""The office's numbers in Prometheus' text form, taken when they are asked for.

Each office has a registry of its own, so that several can live in one process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import metadata

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.web.office import Office

__all__ = ["Metrics"]


class Metrics(Collector):
    """The numbers of one office, and of the process in which it is."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._version = metadata.version("copperline")

    def text(self) -> bytes:
        """All numbers, in the text exposition format 0.0.4."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: what there is depends on the office."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Ask the office."""
        version = GaugeMetricFamily("copperline_build_info", "1, with what runs here.", labels=["version"])
        version.add_metric([self._version], 1.0)
        yield version
        calls = GaugeMetricFamily("copperline_calls", "Calls in progress.", labels=["state"])
        # States that are always shown, so that a graph falls to zero and does not break off.
        states = Counter({"ringing": 0, "up": 0})
        states.update(self._office.states())
        for state, count in states.items():
            calls.add_metric([state], count)
        yield calls
        lines = GaugeMetricFamily(
            "copperline_line_in_service", "1 where calls can be made.", labels=["line", "kind"]
        )
        for line in self._office.lines():
            lines.add_metric([line.name, line.kind], float(line.in_service))
        yield lines
        trunks = GaugeMetricFamily("copperline_trunk_up", "1 where calls can be placed by it.", labels=["trunk"])
        for trunk in self._office.trunks():
            trunks.add_metric([trunk.name], float(trunk.up))
        yield trunks
        worries = GaugeMetricFamily("copperline_worries", "What an operator should look at: `copperline calls`.")
        worries.add_metric([], len(self._office.worries()))
        yield worries
        ends = GaugeMetricFamily(
            "copperline_certificate_end_seconds",
            "When a certificate that SIP shows ends, Unix time.",
            labels=["file"],
        )
        for file, end in self._office.certificates().items():
            ends.add_metric([str(file)], end.timestamp())
        yield ends
        registered = GaugeMetricFamily("copperline_registrations", "Telephones that are registered.")
        registered.add_metric([], self._office.registration_count)
        yield registered
        used = GaugeMetricFamily("copperline_in_use", "What is in use now.", labels=["resource"])
        for resource, count in self._office.usage().items():
            used.add_metric([resource], count)
        yield used
        events = CounterMetricFamily("copperline_events", "What was counted since the start.", labels=["event"])
        for name, count in self._office.totals().items():
            events.add_metric([name], count)
        yield events
