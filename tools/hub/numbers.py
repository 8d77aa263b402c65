"""Metrics of the hub for Prometheus: counts of this process, and states of all devices, without names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

# From the fastest batch on a laptop to the longest wait for a lock.
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class HubMetrics:
    """The metrics of one hub, with their own registry, so that one process can hold two hubs."""

    def __init__(
        self,
        states: Callable[[], Mapping[str, Mapping[str, int]]],
        messages: Callable[[], Mapping[str, int]],
        waiting: Callable[[], int],
    ) -> None:
        """The metrics, with numbers of the database that are the same at every hub over it.

        Args:
            states: gives the number of devices in each state, by the kind of state.
            messages: gives the number of messages to staff by code.
            waiting: gives the number of messages that the webhook has not delivered.
        """
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "doorward_hub_answers", "Answers to devices, by status", ["status"], registry=self.registry
        )
        self.records = Counter("doorward_hub_records", "Records stored", registry=self.registry)
        self.seconds = Histogram(
            "doorward_hub_upload_seconds",
            "Seconds from the first byte of a batch to its answer",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.registry.register(_Devices(states))
        self.registry.register(_Messages(messages, waiting))

    def page(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _Devices(Collector):
    def __init__(self, states: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
        self._states = states

    def describe(self) -> Iterator[Metric]:
        """Give no metrics: otherwise the registry would count all devices to learn their names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        for of, counts in self._states().items():
            family = GaugeMetricFamily(f"doorward_hub_devices_{of}", f"Devices by {of}", labels=["state"])
            for state, count in counts.items():
                family.add_metric([state], count)
            yield family


class _Messages(Collector):
    """Every code has a number from the start: Prometheus sees no increase in a number that was not there."""

    def __init__(self, counts: Callable[[], Mapping[str, int]], waiting: Callable[[], int]) -> None:
        self._counts = counts
        self._waiting = waiting

    def describe(self) -> Iterator[Metric]:
        """Give no metrics, as for devices."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "doorward_hub_staff_messages", "Messages to staff by code", labels=["code"]
        )
        for code, count in sorted(self._counts().items()):
            family.add_metric([code], count)
        yield family
        yield GaugeMetricFamily(
            "doorward_hub_staff_waiting", "Messages that no webhook has delivered yet", value=self._waiting()
        )
