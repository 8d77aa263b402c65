"""The composition root of what is asked besides: a venue's rules, signs of risk, and the means to ask."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from edge.app.parts.request_display import document_keys, open_board, open_request, request_of
from edge.config.zones import zone_of
from edge.decision import Reason
from edge.errors import InputError, StorageFault
from edge.passage.machine import PassageState
from edge.passage.request_display import DisplayMode, RequestDisplay
from edge.passage.requirements import Means, VisitRules
from edge.policy import sightings_file
from edge.policy.obligations import Factor, OpenVenue
from edge.policy.risk_history import RecentPast
from edge.policy.risk_table import RiskLevel, RiskPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack
    from datetime import tzinfo
    from pathlib import Path

    from edge import config
    from edge.passage.verifier import StepResult
    from edge.policy.obligations import Host, Venue
    from edge.ports import Files, Keypad, Signals
    from edge.venues.library.worker import ItemResult

LOOK_MS: Final = 5_000  # an upload takes longer to come
MAX_PROMPT: Final = 200  # a line or two on a small screen
NONCE_BYTES: Final = 8  # the least that FORMAT.md takes; one of 2^64 is not met twice
_LEVELS: Final = {"raised": RiskLevel.RAISED, "high": RiskLevel.HIGH, "severe": RiskLevel.SEVERE}


@dataclass(frozen=True, slots=True)
class _Opened:
    venue: Venue
    host: Host | None = None
    items: Callable[[str], None] | None = None
    lines: Callable[[], tuple[str, ...]] = tuple


def open_visit_rules(whole: config.Config, base: Path, stack: ExitStack, *, seed: bytes) -> VisitRules:
    """The counsel of a configuration; what it opens closes with `stack`. Raises ConfigError, StorageFault.

    `seed`: the device's, with which it signs the code on its own screen.
    """
    opened = _open_venue(whole, base, stack)
    return VisitRules(
        kind=whole.door.venue,
        venue=opened.venue,
        risk=risk_policy(whole.risk),
        past=RecentPast(whole.door.site) if whole.risk.watch else None,
        means=Means(
            keypad=whole.keypad.kind != "none",
            notice=_open_notice(whole, base, stack, seed),
            host=opened.host,
        ),
        zone=zone_of_door(whole),
        request=request_of(whole),
        document_keys=document_keys(whole, base),
        items=opened.items,
        lines=opened.lines,
    )


def _open_notice(whole: config.Config, base: Path, stack: ExitStack, seed: bytes) -> RequestDisplay | None:
    if whole.request.board == "none":
        return None
    signer = open_request(whole, base, seed)
    assert signer is not None, "parse_config refuses a screen that nobody vouches for"
    board = stack.enter_context(open_board(whole, base))
    assert board is not None
    return RequestDisplay(
        board, signer.at, lambda: secrets.token_bytes(NONCE_BYTES), DisplayMode(whole.request.show)
    )


class SightingsWatch:
    """Hands over what sync was told of cards at other doors; what cannot be read leaves what was known."""

    def __init__(self, past: RecentPast, state: Files) -> None:
        self._past, self._state = past, state
        self._due_ms: int | None = None
        self._data = b""

    def see(self, moment: StepResult) -> None:
        """Between two passages, as often as a sync can have brought something."""
        if moment.state is not PassageState.IDLE or (
            self._due_ms is not None and moment.tick_ms < self._due_ms
        ):
            return
        self._due_ms = moment.tick_ms + LOOK_MS
        with suppress(StorageFault, InputError):  # there is none until the first sync
            data = self._state.read(sightings_file.FILE, limit=sightings_file.MAX_SIGHTINGS_BYTES)
            if data != self._data:
                self._past.sightings = sightings_file.decode(data)
                self._data = data


@runtime_checkable
class _Watches(Protocol):
    """A venue that takes over changed rules, and runs the door in their mode."""

    def watcher(self, strike: object) -> Callable[[StepResult], None]: ...


@runtime_checkable
class _TellsOfItems(Protocol):
    """A venue that lends."""

    def news(self) -> Sequence[ItemResult]: ...


def watchers_of(
    counsel: VisitRules, strike: object, signals: Signals, state: Files
) -> list[Callable[[StepResult], None]]:
    """What has to be shown every moment, for the venue's own work between passages."""
    venue = counsel.venue
    watchers: list[Callable[[StepResult], None]] = []
    if isinstance(counsel.past, RecentPast):
        watchers.append(SightingsWatch(counsel.past, state).see)
    if isinstance(venue, _Watches):
        watchers.append(venue.watcher(strike))
    if isinstance(venue, _TellsOfItems):

        def tell(_: StepResult) -> None:
            for news in venue.news():
                # The one who stands there is told in the library's own words, and the log is told nothing.
                signals.prompt(news.line[:MAX_PROMPT])

        watchers.append(tell)
    return watchers


def open_keypad(keypad: config.KeypadConfig, stack: ExitStack) -> Keypad | None:
    """The keypad of a configuration, if there is one; whether or not it answers now."""
    if keypad.kind == "none":
        return None
    from hw.scanner.evdev import open_keyboard
    from hw.scanner.keypad_wire import WiredKeypad
    from hw.scanner.keys import KeyDecoder

    assert keypad.port is not None, "parse_config refuses a keypad without a port"
    name = keypad.port
    pad = WiredKeypad(lambda: open_keyboard(name, KeyDecoder("us")))
    stack.callback(pad.close)
    return pad


def risk_policy(risk: config.RiskConfig) -> RiskPolicy:
    """The same in the words of the core; a sign that the site names nowhere is noted and asks for nothing."""
    levels = {Reason(f"risk.{sign}"): RiskLevel.NONE for sign in _every_sign()}
    for name, level in _LEVELS.items():
        levels |= {Reason(f"risk.{sign}"): level for sign in getattr(risk, name)}
    return RiskPolicy(
        levels=levels,
        ladder=tuple(map(Factor, risk.ladder)),
        velocity=risk.velocity_doors,
        velocity_min=risk.velocity_min,
        failures=risk.failures,
        failures_min=risk.failures_min,
        margin=risk.margin,
        pad_margin=risk.pad_margin,
        assurance=risk.assurance,
        quiet=risk.quiet,
        issuers=frozenset(risk.issuers),
    )


def able_of(whole: config.Config) -> frozenset[Factor]:
    """What a door of this configuration can ask for, of a holder who has everything."""
    has = {
        Factor.CHALLENGE: whole.door.face != "none",
        Factor.PIN: whole.keypad.kind != "none",
        Factor.DOCUMENT: True,
    }
    return frozenset(factor for factor, is_there in has.items() if is_there)


def zone_of_door(whole: config.Config) -> tzinfo:
    """Where this door is. Raises ConfigError."""
    return UTC if whole.door.zone == "UTC" else zone_of(whole.door.zone)


def _every_sign() -> list[str]:
    return [reason.value.removeprefix("risk.") for reason in RiskPolicy().levels]


def _open_venue(whole: config.Config, base: Path, stack: ExitStack) -> _Opened:
    """What each venue has of its own; each pays for its own parts only. Raises ConfigError, StorageFault."""
    match whole.door.venue:
        case "door":
            from edge.app.venues.door import open_door

            door = open_door(whole, base)
            if isinstance(door, OpenVenue):
                return _Opened(door)
            stack.callback(door.close)
            return _Opened(door)
        case "gate":
            from edge.app.venues.library import open_library_entrance

            gate = open_library_entrance(whole.gate, base)
            stack.callback(gate.close)
            return _Opened(gate, gate, gate.scanned, lambda: gate.lines)
        case "desk":
            from edge.app.venues.desk import open_desk

            return _Opened(open_desk(whole, base, stack))
        case "check":
            from edge.app.venues.check import open_check

            return _Opened(open_check(whole, base, stack))
        case "lane":  # which is opened beside this: its two doors are not one passage (edge.app.lane_device)
            return _Opened(OpenVenue())
