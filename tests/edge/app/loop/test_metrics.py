"""Metrics of a device, without the name of a person, a card or a place."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from prometheus_client import generate_latest
from worlds.trust import DAY, NOW, TRUST, verified

from edge.app.loop.metrics import Metrics
from edge.audit.record import ClockEvent
from edge.decision import Deny, Grant, Reason
from edge.errors import ConfigError, StorageFault
from edge.passage.machine import PassageState
from edge.passage.verifier import PassageOutcome, StepResult
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime

FOOTING = trust_state(TRUST, TrustedTime(NOW), AgePolicy())


def moment(**changes: object) -> StepResult:
    return replace(StepResult(0, PassageState.IDLE, None, trust_state=FOOTING), **changes)  # type: ignore[arg-type]


def metrics(replay: int = 3, records: int = 17) -> Metrics:
    return Metrics(replay=lambda: replay, records=lambda: records)


def said(of: Metrics) -> list[str]:
    lines = generate_latest(of.registry).decode().splitlines()
    return [line for line in lines if not line.startswith("#") and "_created" not in line]


def test_ages_and_sizes_are_measured() -> None:
    told = metrics()
    told.see(moment())
    assert set(said(told)) >= {
        'doorward_trust_age_seconds{part="status"} 3600.0',
        'doorward_trust_age_seconds{part="time"} 3600.0',
        'doorward_trust_age_seconds{part="keys"} 3.456e+07',  # 400 days
        'doorward_trust_freshness{part="status"} 0.0',
        'doorward_trust_freshness{part="keys"} 1.0',
        "doorward_clock_suspect 0.0",
        "doorward_clock_since_sync_seconds 0.0",
        "doorward_replay_entries 3.0",
        "doorward_journal_records 17.0",
    }


def test_passages_are_counted_by_outcome_and_reason() -> None:
    told = metrics()
    for decision in (Grant(3_000), Grant(3_000), Deny(Reason.CARD_REVOKED)):
        told.see(moment(outcome=PassageOutcome(decision, 1, {})))
    told.see(moment())
    assert [line for line in said(told) if line.startswith("doorward_passages")] == [
        'doorward_passages_total{outcome="grant",reason=""} 2.0',
        'doorward_passages_total{outcome="deny",reason="card.revoked"} 1.0',
    ]


def test_an_untrusted_clock_is_shown_until_it_is_trusted_again() -> None:
    told = metrics()
    doubted = trust_state(TRUST, TrustedTime(NOW, ClockAnomaly.BACK, off=-DAY), AgePolicy())
    told.see(moment(trust_state=doubted, clock=(ClockEvent.BACK,)))
    assert {"doorward_clock_suspect 1.0", "doorward_clock_off_seconds -86400.0"} <= set(said(told))
    assert 'doorward_clock_events_total{event="back"} 1.0' in said(told)
    told.see(moment())
    assert "doorward_clock_suspect 0.0" in said(told)


def test_a_journal_that_cannot_be_read_stops_no_passage() -> None:
    def broken() -> int:
        raise StorageFault("the disk failed")

    told = Metrics(replay=lambda: 0, records=broken)
    told.see(moment())
    assert "doorward_clock_suspect 0.0" in said(told)


def test_no_label_names_a_card_a_site_or_an_issuer() -> None:
    told, card = metrics(), verified(subject="erin@example.org")
    told.see(
        moment(trust_state=FOOTING.under(card), outcome=PassageOutcome(Deny(Reason.CARD_EXPIRED), 1, {}))
    )
    text = generate_latest(told.registry).decode()
    for secret in (card.pseudonym, card.kid.hex(), "CN-GD", "tower-1", "erin", "s.example"):
        assert secret not in text


def test_metrics_are_served_on_the_loopback_interface_until_the_end() -> None:
    told = metrics()
    told.see(moment())
    with told.serve(0) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b"doorward_clock_suspect 0.0" in answer.read()
        with pytest.raises(ConfigError, match=rf"\[metrics\] port: {port}") as caught, metrics().serve(port):
            pytest.fail("two served on one port")
        assert caught.value.hint
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)


def test_other_machines_on_the_network_cannot_read_them() -> None:
    with metrics().serve(0) as port, socket.socket() as other:
        # Another address of this machine: a server on all addresses would answer there.
        assert other.connect_ex(("127.0.0.2", port)) != 0
