"""The rules of a door in words: situation, event, next situation, events told.

Plain Python for CPython and MicroPython. `check` brings a door into a situation through its methods, and then lets
one event happen. Each pair of situation and event is tested; without a rule for it, nothing must change.
"""

import door as d
from limits import FREE_ACCESS_MS, LATE_OPENING_MS, OPEN_TOO_LONG_MS, PRE_ALARM_MS, REX_RELEASE_MS

OPEN, REX, LID, FIRE = d.CONTACT_IS_OPEN, d.REX_IS_PRESSED, d.TAMPER_IS_OPEN, d.FIRE_IS_ON
GRANT_MS = 3_000
HOUR_MS = 3_600_000

_WORDS = {
    (d.EV_RELEASED, 0): "released",
    (d.EV_RELOCKED, 1): "relocked: time",
    (d.EV_RELOCKED, 2): "relocked: opened",
    (d.EV_RELOCKED, 3): "relocked: closed",
    (d.EV_RELOCKED, 4): "relocked: host",
    (d.EV_RELOCKED, 5): "relocked: heartbeat",
    (d.EV_RELOCKED, 6): "relocked: mode",
    (d.EV_RELOCKED, 7): "relocked: fault",
    (d.EV_RELOCKED, 8): "relocked: tamper",
    (d.EV_RELOCKED, 9): "relocked: fire over",
    (d.EV_OPENED, 0): "opened",
    (d.EV_CLOSED, 0): "closed",
    (d.EV_REX, 0): "rex",
    (d.EV_FORCED_OPEN, 0): "forced open",
    (d.EV_PRE_ALARM, 0): "pre-alarm",
    (d.EV_OPEN_TOO_LONG, 0): "open too long",
    (d.EV_TAMPER, 1): "lid off",
    (d.EV_TAMPER, 0): "lid on",
    (d.EV_FIRE, 1): "fire",
    (d.EV_FIRE, 0): "fire over",
    (d.EV_MODE, 0): "mode normal",
    (d.EV_MODE, 1): "mode lock-down",
    (d.EV_MODE, 2): "mode free access",
    (d.EV_FAULT, 3): "fault",
    (d.EV_FAULT, 0): "fault over",
    (d.EV_ALARM_OVER, 0): "alarm over",
    (d.EV_REX_STUCK, 0): "rex stuck",
}


class Rig:
    """A door, its inputs and its clock. `told()`: the events since the last call, in words."""

    def __init__(self, inputs=0, now=0) -> None:
        self.now = now
        self.inputs = inputs
        self.ticks = []
        self._told = []
        self.door = d.Door(inputs, now, self._log)

    def _log(self, kind, tick_ms, data) -> None:
        self._told.append(_WORDS[kind, data])
        self.ticks.append(tick_ms)

    def step(self, ms=10):
        """Read the inputs once, `ms` later."""
        self.now = (self.now + ms) & 0x3FFFFFFF
        self.door.step(self.inputs, self.now)
        return self

    def wait(self, ms, every=100):
        for _ in range(ms // every):
            self.step(every)
        return self

    def on(self, bits):
        self.inputs |= bits
        return self.step()

    def off(self, bits):
        self.inputs &= ~bits
        return self.step()

    def tap(self):
        """Press REX and release it."""
        self.on(REX)
        self.off(REX)
        return self

    def grant(self, for_ms=GRANT_MS, left_ms=HOUR_MS):
        return self.door.release(for_ms, left_ms, self.now)

    def mode(self, mode, left_ms=HOUR_MS):
        return self.door.set_mode(mode, left_ms, self.now)

    def fault(self, code=3) -> None:
        self.door.set_fault(code, self.now)

    def told(self):
        told, self._told = self._told, []
        return told


# -- situations: (state, whether the passage is free, the steps to reach it)


def _released(rig) -> None:
    rig.grant()


def _open(rig) -> None:
    rig.grant()
    rig.on(OPEN)


def _pre_alarm(rig) -> None:
    _open(rig)
    rig.step(PRE_ALARM_MS)


def _too_long(rig) -> None:
    _pre_alarm(rig)
    rig.step(OPEN_TOO_LONG_MS - PRE_ALARM_MS)


def _free_open(rig) -> None:
    rig.mode(d.MODE_FREE_ACCESS)
    rig.on(OPEN)


def _fire_open(rig) -> None:
    rig.on(FIRE)
    rig.on(OPEN)


def _just_locked(rig) -> None:
    _released(rig)
    rig.step(GRANT_MS)
    rig.step(LATE_OPENING_MS - 11)  # the next event counts 10 ms later


SITUATIONS = {
    "normal": (d.NORMAL, False, lambda _: None),
    "just locked": (d.NORMAL, False, _just_locked),
    "released": (d.RELEASED, True, _released),
    "egress": (d.EGRESS, True, lambda rig: rig.tap()),
    "open": (d.OPEN, False, _open),
    "pre-alarm": (d.PRE_ALARM, False, _pre_alarm),
    "too long": (d.TOO_LONG, False, _too_long),
    "forced": (d.FORCED, False, lambda rig: rig.on(OPEN)),
    "fault": (d.FAULT, False, lambda rig: rig.fault()),
    "lock-down": (d.LOCK_DOWN, False, lambda rig: rig.mode(d.MODE_LOCK_DOWN)),
    "free access": (d.FREE_ACCESS, True, lambda rig: rig.mode(d.MODE_FREE_ACCESS)),
    "free access, open": (d.FREE_ACCESS, True, _free_open),
    "fire": (d.FIRE, True, lambda rig: rig.on(FIRE)),
    "fire, open": (d.FIRE, True, _fire_open),
    # an open leaf during egress: its contact may be defective
    "open, egress": (d.OPEN, True, lambda rig: (_open(rig), rig.tap())),
    "pre-alarm, egress": (d.PRE_ALARM, True, lambda rig: (_pre_alarm(rig), rig.tap())),
    "too long, egress": (d.TOO_LONG, True, lambda rig: (_too_long(rig), rig.tap())),
    "forced, egress": (d.FORCED, True, lambda rig: (rig.on(OPEN), rig.tap())),
}
EVERYWHERE = tuple(SITUATIONS)
IN_USE = ("open", "pre-alarm", "too long", "forced")  # the leaf is open, perhaps for too long
IN_USE_EGRESS = ("open, egress", "pre-alarm, egress", "too long, egress", "forced, egress")
SHUT = ("normal", "just locked", "fault", "lock-down")  # the passage is locked
ON_FIRE = ("fire", "fire, open")


# -- events: a name, and a function that makes it happen and returns the code of the answer, if there is one

HAPPENINGS = {
    "grant": lambda rig: rig.grant(),
    "the host revokes": lambda rig: rig.door.relock(rig.now),
    "the host is lost": lambda rig: rig.door.host_lost(rig.now),
    "REX": lambda rig: rig.on(REX) and None,
    "the leaf opens": lambda rig: rig.on(OPEN) and None,
    "the leaf closes": lambda rig: rig.off(OPEN) and None,
    "fire": lambda rig: rig.on(FIRE) and None,
    "fire is over": lambda rig: rig.off(FIRE) and None,
    "mode normal": lambda rig: rig.mode(d.MODE_NORMAL),
    "mode lock-down": lambda rig: rig.mode(d.MODE_LOCK_DOWN),
    "mode free access": lambda rig: rig.mode(d.MODE_FREE_ACCESS),
    "the lid comes off": lambda rig: rig.on(LID) and None,
    "a fault": lambda rig: rig.fault(),
    "the fault is over": lambda rig: rig.fault(0),
    "time passes": lambda rig: rig.step(_TIMES.get(rig.door.state, HOUR_MS)) and None,
}
# time after which a state ends by itself; the other states have no time
_TIMES = {
    d.RELEASED: GRANT_MS,
    d.EGRESS: REX_RELEASE_MS,
    d.OPEN: PRE_ALARM_MS,
    d.PRE_ALARM: OPEN_TOO_LONG_MS - PRE_ALARM_MS,
    d.FREE_ACCESS: FREE_ACCESS_MS,
}

SAME = ""  # the situation stays
OK = d.OBEYED

# (rule, event, situations, next situation, events told, answer). The first rule that fits counts.
RULES = (
    # -- a grant
    ("a grant frees a passage that is locked only by itself",
     "grant", ("normal", "just locked", "released", "egress"), "released", ["released"], OK),
    ("a grant while the leaf is open starts the time of the leaf again",
     "grant", ("open", "pre-alarm"), "open", [], OK),
    ("a grant while the leaf is open keeps egress",
     "grant", ("open, egress", "pre-alarm, egress"), "open, egress", [], OK),
    ("a grant is denied during an alarm",
     "grant", ("too long", "forced", "too long, egress", "forced, egress"), SAME, [], d.DENIED_NOT_NOW),
    ("a grant is denied in lock-down", "grant", ("lock-down",), SAME, [], d.DENIED_LOCK_DOWN),
    ("a grant is denied in a fault", "grant", ("fault",), SAME, [], d.DENIED_FAULT),
    ("a grant for a free passage changes nothing",
     "grant", ("free access", "free access, open", "fire", "fire, open"), SAME, [], OK),
    ("the host revokes a grant, and nothing else",
     "the host revokes", ("released",), "normal", ["relocked: host"], None),
    # -- the heartbeat
    ("a grant ends with the heartbeat",
     "the host is lost", ("released",), "normal", ["relocked: heartbeat"], None),
    ("free access ends with the heartbeat",
     "the host is lost", ("free access",), "normal", ["mode normal", "relocked: heartbeat"], None),
    ("free access ends with the heartbeat, also with an open leaf",
     "the host is lost", ("free access, open",), "open", ["mode normal", "relocked: heartbeat"], None),
    # -- getting out
    ("REX frees a locked passage, for any cause of the lock", "REX", SHUT, "egress", ["rex"], None),
    ("REX frees an open leaf and keeps its alarm: open", "REX", ("open",), "open, egress", ["rex"], None),
    ("REX frees an open leaf and keeps its alarm: pre-alarm", "REX", ("pre-alarm",), "pre-alarm, egress", ["rex"], None),
    ("REX frees an open leaf and keeps its alarm: too long", "REX", ("too long",), "too long, egress", ["rex"], None),
    ("REX frees an open leaf and keeps its alarm: forced", "REX", ("forced",), "forced, egress", ["rex"], None),
    ("REX is an event also for a free passage", "REX", EVERYWHERE, SAME, ["rex"], None),
    # -- the leaf
    ("a leaf pulled just before the relock is not forced",
     "the leaf opens", ("just locked",), "open", ["opened"], None),
    ("a leaf that opens without a release is forced", "the leaf opens", SHUT, "forced", ["opened", "forced open"], None),
    ("a strike relocks when the leaf opens",
     "the leaf opens", ("released", "egress"), "open", ["opened", "relocked: opened"], None),
    ("in free access the leaf may open", "the leaf opens", ("free access",), "free access, open", ["opened"], None),
    ("in a fire the leaf may open", "the leaf opens", ("fire",), "fire, open", ["opened"], None),
    ("after the leaf closes the door is at rest", "the leaf closes", ("open", "pre-alarm"), "normal", ["closed"], None),
    ("a leaf that closes ends its alarm",
     "the leaf closes", ("too long", "forced"), "normal", ["closed", "alarm over"], None),
    ("egress ends when the leaf closes",
     "the leaf closes", ("open, egress", "pre-alarm, egress"), "normal", ["closed", "relocked: closed"], None),
    ("egress and the alarm end when the leaf closes",
     "the leaf closes", ("too long, egress", "forced, egress"), "normal", ["closed", "alarm over", "relocked: closed"], None),
    ("in free access the leaf may close", "the leaf closes", ("free access, open",), "free access", ["closed"], None),
    ("in a fire the leaf may close", "the leaf closes", ("fire, open",), "fire", ["closed"], None),
    # -- fire
    ("fire frees every passage and ends alarms",
     "fire", ("too long", "forced", "too long, egress", "forced, egress"), "fire, open", ["fire", "alarm over"], None),
    ("fire frees every passage: open leaves", "fire", ("open", "pre-alarm", "open, egress", "pre-alarm, egress", "free access, open"), "fire, open", ["fire"], None),
    ("a fire continues", "fire", ON_FIRE, SAME, [], None),
    ("fire frees every passage", "fire", EVERYWHERE, "fire", ["fire"], None),
    ("after a fire the door is at rest", "fire is over", ("fire",), "normal", ["fire over", "relocked: fire over"], None),
    ("after a fire an open leaf is not forced",
     "fire is over", ("fire, open",), "open", ["fire over", "relocked: fire over"], None),
    # -- modes
    ("lock-down ends a grant", "mode lock-down", ("released",), "lock-down", ["mode lock-down", "relocked: mode"], OK),
    ("lock-down locks a door at rest", "mode lock-down", ("normal", "just locked"), "lock-down", ["mode lock-down"], OK),
    ("lock-down ends free access", "mode lock-down", ("free access",), "lock-down", ["mode lock-down", "relocked: mode"], OK),
    ("lock-down ends free access, also with an open leaf",
     "mode lock-down", ("free access, open",), "open", ["mode lock-down", "relocked: mode"], OK),
    ("lock-down again changes nothing", "mode lock-down", ("lock-down",), SAME, [], OK),
    ("lock-down waits for the end of an open leaf, a fire, a fault or egress",
     "mode lock-down", EVERYWHERE, SAME, ["mode lock-down"], OK),
    ("the mode goes back to normal from lock-down", "mode normal", ("lock-down",), "normal", ["mode normal"], OK),
    ("the mode goes back to normal from free access",
     "mode normal", ("free access",), "normal", ["mode normal", "relocked: mode"], OK),
    ("the mode goes back to normal, also with an open leaf",
     "mode normal", ("free access, open",), "open", ["mode normal", "relocked: mode"], OK),
    ("normal again changes nothing", "mode normal", EVERYWHERE, SAME, [], OK),
    ("free access again changes nothing", "mode free access", ("free access", "free access, open"), SAME, [], OK),
    ("free access is denied in a fault", "mode free access", ("fault",), SAME, [], d.DENIED_FAULT),
    ("free access waits for the end of a fire", "mode free access", ON_FIRE, SAME, ["mode free access"], OK),
    ("free access ends the alarm of an open leaf",
     "mode free access", ("too long", "forced", "too long, egress", "forced, egress"), "free access, open", ["mode free access", "alarm over"], OK),
    ("free access frees an open leaf",
     "mode free access", ("open", "pre-alarm", "open, egress", "pre-alarm, egress"), "free access, open", ["mode free access"], OK),
    ("free access frees every closed door", "mode free access", EVERYWHERE, "free access", ["mode free access"], OK),
    # -- the lid
    ("a grant ends when the lid comes off", "the lid comes off", ("released",), "normal", ["lid off", "relocked: tamper"], None),
    ("free access ends when the lid comes off",
     "the lid comes off", ("free access",), "normal", ["lid off", "mode normal", "relocked: tamper"], None),
    ("free access ends when the lid comes off, also with an open leaf",
     "the lid comes off", ("free access, open",), "open", ["lid off", "mode normal", "relocked: tamper"], None),
    ("an open lid is an event in every state, and does not stop egress", "the lid comes off", EVERYWHERE, SAME, ["lid off"], None),
    # -- a fault of the controller
    ("a fault that continues is one event", "a fault", ("fault",), SAME, [], None),
    ("a door at rest goes into the fault", "a fault", ("normal", "just locked", "lock-down"), "fault", ["fault"], None),
    ("a grant ends with a fault", "a fault", ("released",), "fault", ["fault", "relocked: fault"], None),
    ("free access ends with a fault",
     "a fault", ("free access",), "fault", ["fault", "mode normal", "relocked: fault"], None),
    ("free access ends with a fault, also with an open leaf",
     "a fault", ("free access, open",), "open", ["fault", "mode normal", "relocked: fault"], None),
    ("a fault does not stop egress", "a fault", EVERYWHERE, SAME, ["fault"], None),
    ("after a fault the door is at rest", "the fault is over", ("fault",), "normal", ["fault over"], None),
    # -- time
    ("a grant ends in time", "time passes", ("released",), "normal", ["relocked: time"], None),
    ("egress ends in time", "time passes", ("egress",), "normal", ["relocked: time"], None),
    ("free access that is not asked for again ends in time",
     "time passes", ("free access",), "normal", ["mode normal", "relocked: time"], None),
    ("free access that is not asked for again ends in time, also of a leaf that is open",
     "time passes", ("free access, open",), "open", ["mode normal", "relocked: time"], None),
    ("who holds a door open is reminded", "time passes", ("open",), "pre-alarm", ["pre-alarm"], None),
    ("who goes on is heard everywhere", "time passes", ("pre-alarm",), "too long", ["open too long"], None),
    ("egress beside an open leaf ends in time: open", "time passes", ("open, egress",), "pre-alarm", ["relocked: time", "pre-alarm"], None),
    ("egress beside an open leaf ends in time: pre-alarm", "time passes", ("pre-alarm, egress",), "too long", ["relocked: time", "open too long"], None),
    ("egress beside an open leaf ends in time: too long", "time passes", ("too long, egress",), "too long", ["relocked: time"], None),
    ("egress beside an open leaf ends in time: forced", "time passes", ("forced, egress",), "forced", ["relocked: time"], None),
)  # fmt: skip

_ANSWERED = ("grant", "mode normal", "mode lock-down", "mode free access")


def rule(situation, happening):
    """(rule, next situation, events told, answer) of one pair."""
    for words, what, where, becomes, told, answer in RULES:
        if what == happening and situation in where:
            return words, becomes or situation, told, answer
    return "", situation, [], OK if happening in _ANSWERED else None


def brought_into(situation, now=0):
    """A door in this situation, without events waiting."""
    state, is_free, way = SITUATIONS[situation]
    rig = Rig(now=now).step()
    way(rig)
    _expect((rig.door.state, rig.door.is_free), (state, is_free), "the way to " + situation)
    rig.told()
    return rig


def check(situation, happening, now=0) -> None:
    """Play one pair. Raises AssertionError with the rule that is broken."""
    words, becomes, told, answer = rule(situation, happening)
    rig = brought_into(situation, now)
    got = HAPPENINGS[happening](rig)
    state, is_free, _ = SITUATIONS[becomes]
    words = situation + ", " + happening + ": " + (words or "no rule: nothing changes")
    _expect((rig.door.state, rig.door.is_free), (state, is_free), words)
    _expect(rig.told(), told, words)
    _expect(got, answer, words)


def _expect(got, wanted, what) -> None:
    if got != wanted:
        raise AssertionError("%s: %r, not %r" % (what, got, wanted))  # noqa: UP031  for both Pythons
