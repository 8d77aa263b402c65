"""Thresholds of the checks: each function turns measures into findings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.card.claims import Freshness
from edge.doctor import findings as f
from edge.ports import DoorEventKind, Light
from edge.trust.time.freshness import AgeAction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from edge.doctor.findings import Finding
    from edge.trust.time.trust_age import TrustState

MEGABYTE: Final = 1_000_000
# The longest usual code (QR version 17, 85 modules) on a screen 60 mm wide.
PHONE_MODULE_MM: Final = 0.7
# Bits of get_throttled. Source: Raspberry Pi's documentation of vcgencmd.
_LOW_NOW, _SLOW_NOW, _SOFT_NOW = 1 << 0, 1 << 2, 1 << 3
_LOW_ONCE, _HOT_ONCE = 1 << 16, (1 << 18) | (1 << 19)


@dataclass(frozen=True, slots=True)
class CameraMeasures:
    """The measures of a camera: size in pixels, frames a second (None: too few frames), and light.

    `dark`, `bright`: the grey levels, 0 to 255, with 2 % of the picture below and above.
    """

    width: int
    height: int
    fps: float | None
    light: Light
    dark: float
    bright: float


def camera(seen: CameraMeasures, *, wanted_fps: float) -> list[Finding]:
    """The finding for the camera."""
    size = f"{seen.width} x {seen.height}, grey from {seen.dark:.0f} to {seen.bright:.0f}"
    if seen.light is Light.BLACK:
        return [
            f.CAMERA_BLACK.found(
                "the picture is black", "remove the cap from the lens, and switch a light on"
            )
        ]
    if seen.light is Light.SATURATED:
        return [
            f.CAMERA_SATURATED.found(
                "the picture is white",
                "turn the camera away from lamps and the sun, or set [camera] exposure",
            )
        ]
    if seen.bright < 80:  # paper and skin are brighter than this under an automatic exposure
        text = f"grey from {seen.dark:.0f} to {seen.bright:.0f} of 255"
        return [f.CAMERA_DIM.found(text, 'switch a light on, or set [camera] exposure = "auto"')]
    if seen.fps is None:
        return [f.ok("camera", f"{size}, too few frames to measure their rate")]
    rate = f"{seen.fps:.1f} frames/s"
    if seen.fps * 3 < wanted_fps * 2:
        return [
            f.CAMERA_SLOW.found(
                f"{rate}, not {wanted_fps:g}",
                "add light, set a smaller [camera] size, or use another USB port",
            )
        ]
    return [f.ok("camera", f"{size}, {rate}")]


def focus(px_per_mm: float, spread_px: float | None) -> list[Finding]:
    """The finding for the optics, with the test card at the distance of phones.

    `spread_px`: from 10 to 90 % of an edge; None without the edge. The limits are those of the code engine in
    typical light: it reads 95 of 100 frames at 2.5 pixels a module, 99 at 3.
    """
    module_px = px_per_mm * PHONE_MODULE_MM
    text = f"{module_px:.1f} px a module of {PHONE_MODULE_MM} mm"
    if spread_px is not None:
        text += f", edges {spread_px:.1f} px wide"
    hint = "have phones held nearer, or set a larger [camera] size"
    if module_px < 2.5:
        return [f.CARD_SMALL.found(text, hint)]
    if spread_px is not None and spread_px > module_px:
        return [f.CARD_SOFT.found(text, "clean the lens, then focus it with [camera] lens")]
    return [f.CARD_SCANT.found(text, hint)] if module_px < 3 else [f.ok("focus", text)]


@dataclass(frozen=True, slots=True)
class Rtc:
    """A clock with a battery. Volts are None if the machine does not report them."""

    name: str
    battery_v: float | None = None
    charging_v: float | None = None


def clock(anomaly: str | None, since_sync: timedelta, rtcs: Sequence[Rtc]) -> list[Finding]:
    """The findings for the clock: anomaly, time without a correction, and battery."""
    found: list[Finding] = []
    if anomaly is not None:
        found.append(
            f.CLOCK_SUSPECT.found(
                f"the clock is suspect: {anomaly}", "set the clock, then run: doorward sync"
            )
        )
    if since_sync.days > 30:  # 26 s at 10 ppm
        found.append(
            f.SYNC_OLD.found(
                f"not corrected for {since_sync.days} days", "connect a network, then run: doorward sync"
            )
        )
    if not rtcs:
        found.append(
            f.RTC_MISSING.found(
                "no clock with a battery", "install one: without it the time is lost at a power cut"
            )
        )
    found.extend(finding for rtc in rtcs if (finding := _battery(rtc)))
    return found or [f.ok("clock", f"trusted, {', '.join(rtc.name for rtc in rtcs)}")]


def _battery(rtc: Rtc) -> Finding | None:
    if rtc.battery_v is None:
        return None
    volts = f"{rtc.name}: the battery has {rtc.battery_v:.2f} V"
    # Lithium cells, also the rechargeable ML-2020, are empty at 2.0 V; at 2.5 V they last some weeks.
    if rtc.battery_v >= 2.5:
        return None
    if rtc.charging_v == 0:
        return f.RTC_BATTERY.found(
            f"{volts} and is not charged",
            "replace the cell; for a rechargeable one set dtparam=rtc_bbat_vchg=3000000 in config.txt",
        )
    return f.RTC_BATTERY.found(
        volts, "connect or replace the battery; a new rechargeable cell charges for a day"
    )


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the journal. `fsync_ms` is None if a write failed."""

    free_bytes: int
    read_only: bool
    fsync_ms: float | None
    errors: int = 0
    worn_tenths: int | None = None  # tenths of its life, from an eMMC; 11 is beyond its life


def storage(disk: Disk, *, spare_bytes: int, why: str = "") -> list[Finding]:
    """The findings for the disk. `why`: the reason for which a write failed."""
    free = f"{disk.free_bytes / MEGABYTE:,.0f} MB free"
    found: list[Finding] = []
    if disk.read_only or disk.fsync_ms is None:
        found.append(
            f.DISK_READ_ONLY.found(
                why or "the disk is read-only",
                "mount the disk writable; replace an SD card that turned read-only by itself",
            )
        )
    if disk.free_bytes < 50 * MEGABYTE:  # a sync needs 30, a day's records 10
        found.append(
            f.DISK_FULL.found(free, "remove files that doorward does not need, or use a larger disk")
        )
    elif disk.free_bytes < spare_bytes:
        found.append(
            f.DISK_SCANT.found(
                free, "free space, or set a smaller [journal] spare_mb: old records are removed early"
            )
        )
    if disk.fsync_ms is not None and disk.fsync_ms > 200:  # every visitor waits for it
        found.append(
            f.DISK_SLOW.found(
                f"a durable write takes {disk.fsync_ms:.0f} ms", "use a faster SD card (class A2)"
            )
        )
    if disk.errors:
        found.append(
            f.DISK_ERRORS.found(
                f"{disk.errors} file system errors", "copy the journal, then replace the disk"
            )
        )
    if disk.worn_tenths is not None and disk.worn_tenths >= 9:
        found.append(
            f.DISK_WORN.found(f"{min(disk.worn_tenths, 10) * 10} % of its life is used", "order a new disk")
        )
    return found or [f.ok("storage", f"{free}, a durable write takes {disk.fsync_ms or 0:.0f} ms")]


def models(model_id: str, spent_ms: float) -> list[Finding]:
    """The finding for the models. `spent_ms`: the time of one search for a face."""
    text = f"{model_id}, a frame without a face takes {spent_ms:.0f} ms"
    if spent_ms > 300:  # at three frames a second a passage takes too long
        return [f.MODELS_SLOW.found(text, "check heat and power; if they are OK, use a faster board")]
    return [f.ok("models", text)]


def trust(at: TrustState, issuers_in_force: int) -> list[Finding]:
    """The findings for keys, lists and policy: their ages, and the actions that follow."""
    found: list[Finding] = []
    if not issuers_in_force:
        found.append(
            f.ISSUERS_NONE.found("no issuer key is valid now", "check the clock, then run: doorward sync")
        )
    for part in at.ages:
        text = f"{part.kind} are {part.age.total_seconds() / 86_400:.1f} days old: {part.freshness}"
        if part.action is AgeAction.STAFF:
            found.append(f.TRUST_STAFF.found(f"{text}, staff decide", "run: doorward sync"))
        elif part.action is AgeAction.STEP_UP:
            found.append(f.TRUST_STEP_UP.found(f"{text}, visitors step up", "run: doorward sync"))
        elif part.freshness is not Freshness.FRESH:
            found.append(f.TRUST_AGEING.found(f"{text}, cards pass", "run: doorward sync"))
    return found or [f.ok("trust", f"{issuers_in_force} issuers, all trust is fresh")]


def request(expires: datetime, now: datetime) -> list[Finding]:
    """The finding for the certificate of the door's requests. Both times are aware UTC."""
    hint = "run doorward request key, and have the issuer certify the key again"
    left = expires - now
    text = f"the certificate is valid until {expires:%Y-%m-%d}"
    if left <= timedelta(0):
        return [
            f.CERTIFICATE_WRONG.found(
                f"the certificate ended on {expires:%Y-%m-%d}, so no wallet answers", hint
            )
        ]
    if left < timedelta(days=14):  # an issuer needs a week for a new one, with a reminder
        return [f.CERTIFICATE_ENDS.found(text, hint)]
    return [f.ok("request", text)]


def door(state: str, mode: str, inputs: Iterable[str], flags: Iterable[str], about: str) -> list[Finding]:
    """The findings for a controller, from the words of `doorward door status`."""
    inputs, flags = set(inputs), set(flags)
    found: list[Finding] = []
    wrong = sorted({*(inputs & {"tamper", "fire"}), *(flags - {"watchdog"})})
    wrong += [state] if state in {"forced-open", "fault", "fire", "open-too-long"} else []
    if wrong:
        found.append(
            f.DOOR_STATE.found(
                f"the controller reports {', '.join(wrong)}", "look up these states in firmware/DOOR.md"
            )
        )
    if mode != "normal":
        found.append(f.DOOR_MODE.found(f"the mode is {mode}", "run: doorward door mode normal"))
    if "contact-open" in inputs:
        found.append(
            f.DOOR_OPEN.found(
                "the door is open", "close the door; if it is closed, check the contact and its wires"
            )
        )
    return found or [f.ok("door", about)]


def strike(happened: Collection[DoorEventKind], *, has_contact: bool) -> list[Finding]:
    """The finding for a lock that was released once, from the events of the door."""
    if not {DoorEventKind.RELEASED, DoorEventKind.PRESENTED} & set(happened):
        return [f.STRIKE_FAULT.found("the door reports no release", "check lock, relay and their supply")]
    if has_contact and DoorEventKind.OPENED not in happened:
        return [
            f.CONTACT_DEAD.found(
                "released, but the contact did not open",
                "open the door while the lock is released; if you did, check the contact",
            )
        ]
    return [f.ok("strike", "released" + (", opened" if DoorEventKind.OPENED in happened else ""))]


def heat(celsius: float | None, throttled: int | None) -> list[Finding]:
    """The finding for the processor. `throttled`: the bits of a Raspberry Pi's firmware; None elsewhere."""
    bits = throttled or 0
    cool = "add shade, air or a cooler; a housing in the sun reaches 85 degrees inside"
    text = "slowed down by heat" if celsius is None else f"{celsius:.0f} degrees"
    if bits & (_SLOW_NOW | _SOFT_NOW) or (celsius is not None and celsius > 82):
        return [f.VERY_HOT.found(text, cool)]
    if celsius is not None and celsius > 75:
        return [f.HOT.found(text, cool)]
    if bits & _HOT_ONCE:
        return [f.HAS_BEEN_HOT.found(f"{text} now, slowed down before", cool)]
    return [f.absent("heat") if celsius is None and throttled is None else f.ok("heat", text)]


def power(throttled: int | None, *, alarm: bool | None) -> list[Finding]:
    """The finding for the supply. `alarm`: of the kernel's undervoltage sensor; None without one."""
    hint = "use a supply of 5.1 V with 3 A (Pi 5: 5 A), and a short thick cable"
    if throttled is None and alarm is None:
        return [f.absent("power")]
    if alarm or (throttled or 0) & _LOW_NOW:
        return [f.POWER_LOW.found("below 4.63 V", hint)]
    if (throttled or 0) & _LOW_ONCE:
        return [f.POWER_WAS_LOW.found("was below 4.63 V since the start", hint)]
    return [f.ok("power", "never below 4.63 V since the start")]


def memory(available_bytes: int | None) -> list[Finding]:
    """The finding for the available memory."""
    if available_bytes is None:
        return [f.absent("memory")]
    text = f"{available_bytes / MEGABYTE:,.0f} MB available"
    if available_bytes < 100 * MEGABYTE:  # the models take 60
        return [f.MEMORY_SCANT.found(text, "stop other programs, or use a board with 512 MB or more")]
    return [f.ok("memory", text)]
