"""Cases of a whole controller, one rule each, for CPython and for MicroPython.

A case is a list of steps. `grant` and `mode` end with the code of the answer: 0 for done, None for no answer.
"""

import door as d
from controller import DONE, EV_KEY_SET, EV_SESSION, EVENTS, RELOCK, SIGNAL
from door_world import KEY, PING_MS, World, expect
from limits import (
    DEBOUNCE_MS,
    FREE_ACCESS_MS,
    FRESH_MS,
    HEARTBEAT_MS,
    LATE_OPENING_MS,
    MAX_RELEASE_MS,
    OPEN_TOO_LONG_MS,
    PRE_ALARM_MS,
    REX_RELEASE_MS,
    SESSION_MS,
    STUCK_REX_MS,
)
from mac import Mac
from session import KEY_ANSWER, KEY_CONFIRM, KEY_OFFER, KEY_SET, REFUSED, VERSION
from x25519 import BASE, x25519

SETTLED = 2 * DEBOUNCE_MS
OPEN, REX, LID, FIRE, JUMPER = d.CONTACT_IS_OPEN, d.REX_IS_PRESSED, d.TAMPER_IS_OPEN, d.FIRE_IS_ON, 16

CASES = (
    ("a grant frees the passage, is answered and is an event", (
        ("grant", 3_000, 42, 0), ("energised", 1), ("told", d.EV_RELEASED, [42]),
    )),
    ("a release ends when its time is up", (
        ("grant", 3_000, 42, 0), ("wait", 2_900), ("energised", 1),
        ("wait", 200), ("energised", 0), ("told", d.EV_RELOCKED, [1]),
    )),
    ("a release above the limit ends at the limit", (
        ("grant", 60_000, 1, 0), ("wait", MAX_RELEASE_MS - 100), ("energised", 1), ("wait", 200), ("energised", 0),
    )),
    ("a release of 0 ms is malformed", (("grant", 0, 1, d.DENIED_MALFORMED), ("energised", 0))),
    ("the strike relocks when the leaf opens", (
        ("grant", 5_000, 1, 0), ("wires", OPEN), ("wait", SETTLED), ("energised", 0), ("state", d.OPEN),
        ("told", d.EV_RELOCKED, [2]), ("wires", 0), ("wait", SETTLED), ("state", d.NORMAL),
    )),
    ("the host revokes its grant", (
        ("grant", 5_000, 1, 0), ("say", RELOCK, b"", DONE), ("wait", 20), ("energised", 0), ("told", d.EV_RELOCKED, [4]),
    )),
    ("a silent host loses its grant", (
        ("grant", 9_000, 1, 0), ("hush",), ("wait", HEARTBEAT_MS), ("energised", 1), ("wait", 20), ("energised", 0),
    )),
    ("a host that is back gets the event of the relock", (
        ("grant", 9_000, 1, 0), ("hush",), ("wait", SESSION_MS + 100), ("session",), ("wait", 20), ("forget",),
        ("say", EVENTS, b"\x01\0\0\0", DONE), ("told", d.EV_RELOCKED, [5]), ("told", EV_SESSION, [1, 0, 1]),
    )),
    ("REX frees without a host", (
        ("no host",), ("wires", REX), ("wait", SETTLED), ("energised", 1), ("wires", 0),
        ("wait", REX_RELEASE_MS - 100), ("energised", 1), ("wait", 200), ("energised", 0),
    )),
    ("REX continues after the heartbeat is lost", (
        ("wires", REX), ("wait", SETTLED), ("wires", 0), ("hush",), ("wait", HEARTBEAT_MS + 500), ("energised", 1),
    )),
    ("REX frees in lock-down", (
        ("mode", d.MODE_LOCK_DOWN, 0), ("grant", 1_000, 1, d.DENIED_LOCK_DOWN), ("energised", 0),
        ("wires", REX), ("wait", SETTLED), ("energised", 1), ("state", d.EGRESS),
    )),
    ("a jammed REX does not hold the door", (
        ("wires", REX), ("wait", STUCK_REX_MS + REX_RELEASE_MS + 100), ("energised", 0), ("told", d.EV_REX_STUCK, [0]),
    )),
    ("noise shorter than the debounce is not REX", (
        ("wires", REX), ("wait", DEBOUNCE_MS - 10), ("wires", 0), ("wait", SETTLED), ("energised", 0), ("told", d.EV_REX, []),
    )),
    ("a leaf that opens without a release is forced", (
        ("wires", OPEN), ("wait", SETTLED), ("state", d.FORCED), ("told", d.EV_FORCED_OPEN, [0]),
        ("grant", 1_000, 1, d.DENIED_NOT_NOW), ("wires", 0), ("wait", SETTLED), ("told", d.EV_ALARM_OVER, [0]),
        ("state", d.NORMAL),
    )),
    ("a leaf pulled at the end of a release is not forced, although it counts later", (
        ("grant", 1_000, 1, 0), ("wait", 990), ("wires", OPEN), ("wait", SETTLED), ("state", d.OPEN),
        ("told", d.EV_RELOCKED, [1]), ("told", d.EV_OPENED, [0]), ("told", d.EV_FORCED_OPEN, []),
        ("wires", 0), ("wait", SETTLED), ("state", d.NORMAL),
    )),
    ("a leaf pulled at the end of REX is not forced", (
        ("wires", REX), ("wait", SETTLED), ("wires", 0), ("wait", DEBOUNCE_MS + REX_RELEASE_MS - 20),
        ("energised", 1), ("wires", OPEN), ("wait", SETTLED), ("state", d.OPEN), ("told", d.EV_FORCED_OPEN, []),
    )),
    ("a leaf that opens later is forced", (
        ("grant", 1_000, 1, 0), ("wait", 1_000 + LATE_OPENING_MS), ("wires", OPEN), ("wait", SETTLED),
        ("state", d.FORCED), ("told", d.EV_FORCED_OPEN, [0]),
    )),
    ("a wrapped clock does not excuse a leaf", (
        ("at", 2**30 - 1_020), ("grant", 1_000, 1, 0), ("wait", 1_000 + LATE_OPENING_MS), ("wires", OPEN),
        ("wait", SETTLED), ("state", d.FORCED),
    )),
    ("a leaf held open warns, then alarms", (
        ("grant", 1_000, 1, 0), ("wires", OPEN), ("wait", PRE_ALARM_MS + SETTLED), ("state", d.PRE_ALARM),
        ("wait", OPEN_TOO_LONG_MS - PRE_ALARM_MS), ("state", d.TOO_LONG), ("told", d.EV_OPEN_TOO_LONG, [0]),
    )),
    ("fire frees at once, and the passage locks when it is over", (
        ("no host",), ("wires", FIRE), ("wait", SETTLED), ("energised", 1), ("state", d.FIRE),
        ("wires", 0), ("wait", SETTLED), ("energised", 0), ("state", d.NORMAL),
    )),
    ("a grant is denied while the lid is off", (
        ("wires", LID), ("wait", SETTLED), ("grant", 1_000, 1, d.DENIED_TAMPER), ("energised", 0),
        ("mode", d.MODE_FREE_ACCESS, d.DENIED_TAMPER),
    )),
    ("a lid that comes off ends a release", (
        ("grant", 9_000, 1, 0), ("wires", LID), ("wait", SETTLED), ("energised", 0), ("told", d.EV_RELOCKED, [8]),
    )),
    ("free access ends with the heartbeat, lock-down does not", (
        ("mode", d.MODE_FREE_ACCESS, 0), ("energised", 1), ("hush",), ("wait", HEARTBEAT_MS + 20), ("energised", 0),
        ("session",), ("mode", d.MODE_LOCK_DOWN, 0), ("hush",), ("wait", HEARTBEAT_MS + 20), ("state", d.LOCK_DOWN),
    )),
    ("free access ends by itself, unless it is asked for again", (
        ("mode", d.MODE_FREE_ACCESS, 0), ("wait", 40_000), ("mode", d.MODE_FREE_ACCESS, 0), ("wait", FREE_ACCESS_MS - 100),
        ("energised", 1), ("wait", 100), ("energised", 0), ("told", d.EV_MODE, [2, 0]), ("told", d.EV_RELOCKED, [1]),
    )),
    ("a grant that is held back until it is stale is not heard", (
        ("late", FRESH_MS + PING_MS + 10), ("grant", 3_000, 1, None), ("energised", 0), ("told", d.EV_RELEASED, []),
    )),
    ("a grant that is held back until it has expired is denied", (
        ("late", 500), ("grant", 200, 1, d.DENIED_EXPIRED), ("energised", 0), ("told", d.EV_RELEASED, []),
    )),
    ("a grant that is held back does not end later", (
        ("late", 500), ("grant", 1_000, 1, 0), ("energised", 1), ("wait", 680), ("energised", 0),
    )),
    ("free access that is held back is not begun", (
        ("late", FRESH_MS + PING_MS + 10), ("mode", d.MODE_FREE_ACCESS, None), ("energised", 0),
    )),
    ("a fail-safe lock has current until it is released", (
        ("lock", 2), ("wait", 20), ("energised", 1), ("grant", 1_000, 1, 0), ("energised", 0),
        ("wait", 1_100), ("energised", 1),
    )),
    ("the clock may wrap in the middle of a release", (
        ("at", 2**30 - 1_500), ("grant", 3_000, 1, 0), ("wait", 2_900), ("energised", 1), ("wait", 200), ("energised", 0),
    )),
    ("signals are shown, unknown ones denied", (
        ("say", SIGNAL, b"\x05", DONE), ("wait", 500), ("lamps", 2), ("denied", SIGNAL, b"\x09", d.DENIED_MALFORMED),
    )),
    ("a card's number reaches the panel as it was given", (
        ("card", b"\x1a\x12\x34\x56\x40\0\0\0\0", 0), ("panel", [(26, b"\x12\x34\x56\x40\0\0\0\0")]),
        ("card", b"\x41" + bytes(8), d.DENIED_MALFORMED),
    )),
    ("a card's number that is held back is not presented", (
        ("late", 300), ("card", b"\x1a\x12\x34\x56\x40\0\0\0\0", d.DENIED_EXPIRED), ("panel", []),
    )),
    ("a key is agreed on with the lid off, once", (
        ("new",), ("commission", REFUSED), ("wires", LID), ("wait", SETTLED), ("commission", KEY_SET), ("commission", REFUSED),
        ("wires", 0), ("wait", SETTLED), ("session",), ("told", EV_KEY_SET, []), ("grant", 1_000, 1, 0), ("energised", 1),
    )),
    ("without a key REX frees nothing", (
        ("new",), ("wires", REX), ("wait", SETTLED), ("energised", 0),
    )),
    ("a replayed message moves nothing", (
        ("grant", 1_000, 1, 0), ("wait", 1_200), ("energised", 0), ("replay",), ("energised", 0),
    )),
)  # fmt: skip


def play(steps) -> None:
    """Play one case. Raises AssertionError with the step that failed."""
    world = _begin(steps[0])
    for number in range(len(steps)):
        step = steps[number]
        try:
            _STEPS[step[0]](world, *step[1:])
        except AssertionError as err:
            raise AssertionError("step %d %r: %s" % (number, step, err))  # noqa: B904, UP031


def _begin(first):
    """A door with a key, a host and a fail-secure lock, unless the first step changes this."""
    if first[0] == "new":
        return World(key=None)
    world = World(lock=first[1] if first[0] == "lock" else 1, now=first[1] if first[0] == "at" else 0)
    if first[0] != "no host":
        world.open_session()
    return world


def _nothing(world, *_) -> None:
    pass


def _wires(world, bits) -> None:
    world.wires = bits


def _hush(world) -> None:
    world.pings = False


def _grant(world, for_ms, grant, code) -> None:
    world.release_again = (for_ms, grant)
    expect(world.release(for_ms, grant), code, "grant")


def _mode(world, mode, code) -> None:
    expect(world.mode(mode), code, "mode")


def _say(world, kind, content, answer) -> None:
    expect((world.say(kind, content) or (None,))[0], answer, "answer")


def _denied(world, kind, content, code) -> None:
    expect(world.say(kind, content)[1][4], code, "code")


def _late(world, ms) -> None:
    """An attacker on the cable holds back what the host says from now on, and drops its PINGs."""
    world.pings = False
    world.delayed_ms = ms


def _commission(world, answer) -> None:
    world.replies = []
    world.put(bytes([KEY_OFFER, VERSION, 1]) + product(KEY, BASE))
    world.work()
    reply = world.replies[-1]
    if reply[0] == KEY_ANSWER:
        public = reply[1:33]
        offer = bytes([VERSION, 1]) + product(KEY, BASE)
        mac = Mac(Mac(product(KEY, public)).digest(b"doorward link key" + offer + public))
        expect(reply[33:], mac.tag(b"controller check"), "the controller's check")
        world.put(bytes([KEY_CONFIRM]) + mac.tag(b"host check"))
        reply = world.replies[-1]
        expect(reply[1:], mac.tag(b"key set"), "the check of KEY_SET")
        world._key = world.keys.stored[1]
    expect(reply[0], answer, "answer")


def product(secret, point):
    """The generator's steps, to their end."""
    result = []

    def steps():
        result.append((yield from x25519(secret, point)))

    for _ in steps():
        pass
    return result[0]


def _replay(world) -> None:
    world._count -= 1
    expect(world.release(*world.release_again), None, "answer to a replayed message")


_STEPS = {
    "new": _nothing,
    "lock": _nothing,
    "at": _nothing,
    "no host": _nothing,
    "wires": _wires,
    "hush": _hush,
    "grant": _grant,
    "mode": _mode,
    "card": lambda world, content, code: expect(world.card(content), code, "card"),
    "say": _say,
    "denied": _denied,
    "late": _late,
    "commission": _commission,
    "replay": _replay,
    "wait": lambda world, ms: world.wait(ms),
    "session": lambda world: world.open_session(),
    "energised": lambda world, level: expect(world.level, level, "strike"),
    "state": lambda world, state: expect(world.controller.door.state, state, "state"),
    "lamps": lambda world, bits: expect(world.lamps, bits, "lamps"),
    "told": lambda world, kind, data: expect(world.told(kind), data, "events"),
    "forget": lambda world: world.events.clear(),
    "panel": lambda world, sent: expect(world.panel, sent, "panel"),
}
