"""Each threshold at its limits: measures, and the numbers of the findings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edge.card.claims import Freshness
from edge.doctor import findings as f
from edge.doctor import thresholds
from edge.doctor.findings import Severity
from edge.doctor.thresholds import CameraMeasures, Disk, Rtc
from edge.ports import DoorEventKind, Light
from edge.trust.time.freshness import AgeAction, Aged, AgePolicy, TrustInput
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import TrustedTime

NOW = datetime(2026, 3, 2, tzinfo=UTC)
GB = 1_000 * thresholds.MEGABYTE


def numbers(found) -> list[int]:
    assert found, "every check has a finding"
    assert all(bool(finding.hint) == (finding.level is not Severity.OK) for finding in found)
    return [finding.number for finding in found]


@pytest.mark.parametrize(
    ("fps", "light", "expected"),
    [
        (15.0, Light.FINE, 0),
        (10.0, Light.FINE, 0),
        (9.9, Light.FINE, 21),
        (None, Light.FINE, 0),
        (15.0, Light.BLACK, 22),
        (15.0, Light.SATURATED, 23),
    ],
)
def test_camera_frames(fps, light, expected) -> None:
    assert numbers(thresholds.camera(CameraMeasures(1280, 720, fps, light, 20.0, 220.0), wanted_fps=15)) == [
        expected
    ]


@pytest.mark.parametrize(("bright", "expected"), [(79.0, 24), (81.0, 0), (255.0, 0)])
def test_camera_exposure(bright, expected) -> None:
    seen = CameraMeasures(1280, 720, 15.0, Light.FINE, 10.0, bright)
    (finding,) = thresholds.camera(seen, wanted_fps=15)
    assert finding.number == expected
    assert f"grey from 10 to {bright:.0f}" in finding.text


@pytest.mark.parametrize(
    ("module_px", "spread_px", "expected"),
    [(2.49, 1.5, 26), (2.51, 1.5, 27), (2.99, None, 27), (3.01, None, 0), (3.5, 3.4, 0), (3.5, 3.6, 28)],
)
def test_focus(module_px, spread_px, expected) -> None:
    assert numbers(thresholds.focus(module_px / thresholds.PHONE_MODULE_MM, spread_px)) == [expected]


@pytest.mark.parametrize(
    ("doubt", "days", "rtcs", "expected"),
    [
        (None, 1, [Rtc("rtc0")], [0]),
        (None, 1, [], [52]),
        ("behind", 1, [Rtc("rtc0")], [51]),
        (None, 31, [Rtc("rtc0")], [54]),
        (None, 1, [Rtc("rtc0", 3.0, 0.0)], [0]),
        (None, 1, [Rtc("rtc0", 2.4, 0.0)], [53]),
        (None, 1, [Rtc("rtc0", 0.0, 3.0)], [53]),
        ("back", 40, [], [51, 54, 52]),
    ],
)
def test_clock(doubt, days, rtcs, expected) -> None:
    assert numbers(thresholds.clock(doubt, timedelta(days=days), rtcs)) == expected


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        (Disk(GB, False, 20), [0]),
        (Disk(GB, True, 20), [60]),
        (Disk(GB, False, None), [60]),
        (Disk(49 * thresholds.MEGABYTE, False, 20), [61]),
        (Disk(199 * thresholds.MEGABYTE, False, 20), [62]),
        (Disk(GB, False, 201), [63]),
        (Disk(GB, False, 20, errors=1), [64]),
        (Disk(GB, False, 20, worn_tenths=8), [0]),
        (Disk(GB, False, 20, worn_tenths=11), [65]),
    ],
)
def test_storage(disk, expected) -> None:
    assert numbers(thresholds.storage(disk, spare_bytes=200 * thresholds.MEGABYTE)) == expected


@pytest.mark.parametrize(
    ("freshness", "action", "issuers", "expected"),
    [
        (Freshness.FRESH, AgeAction.PASS, 1, [0]),
        (Freshness.AGEING, AgeAction.PASS, 1, [78]),
        (Freshness.AGEING, AgeAction.STEP_UP, 1, [77]),
        (Freshness.STALE, AgeAction.STAFF, 1, [76]),
        (Freshness.FRESH, AgeAction.PASS, 0, [79]),
    ],
)
def test_trust(freshness, action, issuers, expected) -> None:
    aged = Aged(TrustInput.STATUS, NOW, timedelta(days=2), freshness, action)
    assert numbers(thresholds.trust(TrustState(TrustedTime(NOW), (aged,), AgePolicy()), issuers)) == expected


@pytest.mark.parametrize(
    ("state", "mode", "inputs", "flags", "expected"),
    [
        ("normal", "normal", [], [], [0]),
        ("normal", "normal", ["rex"], ["watchdog"], [0]),
        ("open", "normal", ["contact-open"], [], [43]),
        ("forced-open", "normal", ["contact-open"], [], [42, 43]),
        ("normal", "normal", ["tamper"], [], [42]),
        ("normal", "normal", [], ["fault"], [42]),
        ("lock-down", "lock-down", [], [], [45]),
    ],
)
def test_door(state, mode, inputs, flags, expected) -> None:
    assert numbers(thresholds.door(state, mode, inputs, flags, "firmware 1.0")) == expected


@pytest.mark.parametrize(
    ("happened", "has_contact", "expected"),
    [
        ({DoorEventKind.RELEASED, DoorEventKind.OPENED, DoorEventKind.RELOCKED}, True, 0),
        ({DoorEventKind.RELEASED, DoorEventKind.RELOCKED}, True, 47),
        ({DoorEventKind.RELEASED, DoorEventKind.RELOCKED}, False, 0),
        ({DoorEventKind.PRESENTED}, False, 0),
        ({DoorEventKind.REX}, True, 46),
    ],
)
def test_strike(happened, has_contact, expected) -> None:
    assert numbers(thresholds.strike(happened, has_contact=has_contact)) == [expected]


@pytest.mark.parametrize(
    ("celsius", "throttled", "expected"),
    [
        (60.0, 0, 0),
        (75.1, 0, 91),
        (82.1, 0, 92),
        (60.0, 0x4, 92),
        (60.0, 0x8, 92),
        (60.0, 0x80000, 93),
        (60.0, 0x50005, 92),
        (60.0, 0x10001, 0),
    ],
)
def test_heat(celsius, throttled, expected) -> None:
    assert numbers(thresholds.heat(celsius, throttled)) == [expected]


@pytest.mark.parametrize(
    ("throttled", "alarm", "expected"),
    [
        (0, None, 0),
        (None, True, 95),
        (0x50005, None, 95),
        (0x10000, False, 96),
        (0x8, False, 0),
    ],
)
def test_power(throttled, alarm, expected) -> None:
    assert numbers(thresholds.power(throttled, alarm=alarm)) == [expected]


@pytest.mark.parametrize(("days", "expected"), [(-1, 87), (0, 87), (1, 88), (13, 88), (14, 0), (90, 0)])
def test_request(days: int, expected: int) -> None:
    now = datetime(2026, 6, 15, tzinfo=UTC)
    assert numbers(thresholds.request(now + timedelta(days=days), now)) == [expected]


@pytest.mark.parametrize(("megabytes", "expected"), [(100, 0), (99, 98)])
def test_memory(megabytes, expected) -> None:
    assert numbers(thresholds.memory(megabytes * thresholds.MEGABYTE)) == [expected]


def test_a_part_that_the_machine_does_not_have_is_skipped() -> None:
    found = [*thresholds.heat(None, None), *thresholds.power(None, alarm=None), *thresholds.memory(None)]
    assert {finding.level for finding in found} == {f.Severity.SKIPPED}
    assert f.worst(found) is f.Severity.SKIPPED
    assert f.summary(found) == (
        "0 passed, 0 warnings, 0 failed, 3 skipped: heat, power, memory (not on this machine)"
    )


def test_the_summary_counts_each_level() -> None:
    found = [
        f.ok("a", "well"),
        f.DOOR_SIM.found("simulated", "set it"),
        f.CAMERA_BLACK.found("black", "light"),
    ]
    assert f.summary(found) == "1 passed, 1 warning, 1 failed, 0 skipped"
    assert f.worst(found) is f.Severity.ERROR


@pytest.mark.parametrize(("spent_ms", "expected"), [(300, 0), (301, 72)])
def test_models(spent_ms, expected) -> None:
    assert numbers(thresholds.models("mfn1", spent_ms)) == [expected]
