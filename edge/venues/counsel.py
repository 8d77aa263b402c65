"""The composition root of what is asked besides: a venue's rules, signs of risk, and the means to ask."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from edge.config.zones import zone_of
from edge.decision import Reason
from edge.errors import InputError, StorageFault
from edge.passage.counsel import Counsel, Means
from edge.passage.machine import State
from edge.passage.notice import Notice, Show
from edge.risk import sightings
from edge.risk.past import RecentPast
from edge.risk.table import Level, RiskPolicy
from edge.venue.terms import Factor, Open
from edge.venues.board import document_keys, open_board, open_request, request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack
    from datetime import tzinfo
    from pathlib import Path

    from edge import config
    from edge.passage.verifier import Moment
    from edge.ports import Files, Keypad, Signals
    from edge.venue.terms import Host, Venue
    from edge.venues.gate_worker import News

LOOK_MS: Final = 5_000  # an upload takes longer to come
MAX_PROMPT: Final = 200  # a line or two on a small screen
NONCE_BYTES: Final = 8  # the least that FORMAT.md takes; one of 2^64 is not met twice
_LEVELS: Final = {"raised": Level.RAISED, "high": Level.HIGH, "severe": Level.SEVERE}


@dataclass(frozen=True, slots=True)
class _Opened:
    venue: Venue
    host: Host | None = None
    items: Callable[[str], None] | None = None
    lines: Callable[[], tuple[str, ...]] = tuple


def open_counsel(whole: config.Config, base: Path, stack: ExitStack, *, seed: bytes) -> Counsel:
    """The counsel of a configuration; what it opens closes with `stack`. Raises ConfigError, StorageFault.

    `seed`: the device's, with which it signs the code on its own screen.
    """
    opened = _open_venue(whole, base, stack)
    return Counsel(
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


def _open_notice(whole: config.Config, base: Path, stack: ExitStack, seed: bytes) -> Notice | None:
    if whole.request.board == "none":
        return None
    signer = open_request(whole, base, seed)
    assert signer is not None, "parse_config refuses a screen that nobody vouches for"
    board = stack.enter_context(open_board(whole, base))
    assert board is not None
    return Notice(board, signer.at, lambda: secrets.token_bytes(NONCE_BYTES), Show(whole.request.show))


class SightingsWatch:
    """Hands over what sync was told of cards at other doors; what cannot be read leaves what was known."""

    def __init__(self, past: RecentPast, state: Files) -> None:
        self._past, self._state = past, state
        self._due_ms: int | None = None
        self._data = b""

    def see(self, moment: Moment) -> None:
        """Between two passages, as often as a sync can have brought something."""
        if moment.state is not State.IDLE or (self._due_ms is not None and moment.tick_ms < self._due_ms):
            return
        self._due_ms = moment.tick_ms + LOOK_MS
        with suppress(StorageFault, InputError):  # there is none until the first sync
            data = self._state.read(sightings.FILE, limit=sightings.MAX_SIGHTINGS_BYTES)
            if data != self._data:
                self._past.sightings = sightings.decode(data)
                self._data = data


@runtime_checkable
class _Watches(Protocol):
    """A venue that takes over changed rules, and runs the door in their mode."""

    def watcher(self, strike: object) -> Callable[[Moment], None]: ...


@runtime_checkable
class _TellsOfItems(Protocol):
    """A venue that lends."""

    def news(self) -> Sequence[News]: ...


def watchers_of(
    counsel: Counsel, strike: object, signals: Signals, state: Files
) -> list[Callable[[Moment], None]]:
    """What has to be shown every moment, for the venue's own work between passages."""
    venue = counsel.venue
    watchers: list[Callable[[Moment], None]] = []
    if isinstance(counsel.past, RecentPast):
        watchers.append(SightingsWatch(counsel.past, state).see)
    if isinstance(venue, _Watches):
        watchers.append(venue.watcher(strike))
    if isinstance(venue, _TellsOfItems):

        def tell(_: Moment) -> None:
            for news in venue.news():
                # The one who stands there is told in the library's own words, and the log is told nothing.
                signals.prompt(news.line[:MAX_PROMPT])

        watchers.append(tell)
    return watchers


def open_keypad(keypad: config.Keypad, stack: ExitStack) -> Keypad | None:
    """The keypad of a configuration, if there is one; whether or not it answers now."""
    if keypad.kind == "none":
        return None
    from hw.keypad_wire import WiredKeypad  # noqa: PLC0415
    from hw.scanner_evdev import open_keyboard  # noqa: PLC0415
    from hw.scanner_keys import KeyDecoder  # noqa: PLC0415

    assert keypad.port is not None, "parse_config refuses a keypad without a port"
    name = keypad.port
    pad = WiredKeypad(lambda: open_keyboard(name, KeyDecoder("us")))
    stack.callback(pad.close)
    return pad


def risk_policy(risk: config.Risk) -> RiskPolicy:
    """The same in the words of the core; a sign that the site names nowhere is noted and asks for nothing."""
    levels = {Reason(f"risk.{sign}"): Level.NONE for sign in _every_sign()}
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
            from edge.venues.door import open_door  # noqa: PLC0415

            door = open_door(whole, base)
            if isinstance(door, Open):
                return _Opened(door)
            stack.callback(door.close)
            return _Opened(door)
        case "gate":
            from edge.venues.gate import open_gate  # noqa: PLC0415

            gate = open_gate(whole.gate, base)
            stack.callback(gate.close)
            return _Opened(gate, gate, gate.scanned, lambda: gate.lines)
        case "desk":
            from edge.venues.desk import open_desk  # noqa: PLC0415

            return _Opened(open_desk(whole, base, stack))
        case "check":
            from edge.venues.check import open_check  # noqa: PLC0415

            return _Opened(open_check(whole, base, stack))
        case "lane":  # which is opened beside this: its two doors are not one passage (edge.lanes)
            return _Opened(Open())
