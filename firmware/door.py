"""The door itself: one table of states and their successors. Pure, and allocates nothing.

This file alone decides whether the passage is free. Inputs come debounced, time as wrapped ticks. Only REX,
the fire input, a grant in the normal mode and the free-access mode free the passage; an event that is not in
the table changes nothing.
"""

from limits import (
    FREE_ACCESS_MS,
    LATE_OPENING_MS,
    LONGEST_TURN_MS,
    MAX_RELEASE_MS,
    OPEN_TOO_LONG_MS,
    PRE_ALARM_MS,
    REX_RELEASE_MS,
    STUCK_REX_MS,
)
from micropython import const
from ticks import elapsed, left, wrapped

# -- states, by BACnet's names (LINK.md section 3)
NORMAL = const(0)
RELEASED = const(1)
EGRESS = const(2)
OPEN = const(3)
PRE_ALARM = const(4)
TOO_LONG = const(5)
FORCED = const(6)
FAULT = const(7)
LOCK_DOWN = const(8)
FREE_ACCESS = const(9)
FIRE = const(10)

# -- modes
MODE_NORMAL = const(0)
MODE_LOCK_DOWN = const(1)
MODE_FREE_ACCESS = const(2)

# -- inputs, one bit each
CONTACT_IS_OPEN = const(1)
REX_IS_PRESSED = const(2)
TAMPER_IS_OPEN = const(4)
FIRE_IS_ON = const(8)

# -- events: the columns of the table
GRANT, CANCEL, HOST_LOST, REX, OPENED, CLOSED, TIME, FIRE_ON, FIRE_OFF, MODE, TAMPERED, FAULTED = range(12)
_COLUMNS = const(12)
_LEAF_MOVED = (OPENED, CLOSED)  # built once: its user must allocate nothing

# -- cells that are not a next state
STAY = const(0xF0)
REST = const(0xF1)  # to the state of a door at rest: by its leaf, its mode and its health
LOOSEN = const(0xF2)  # to free-access if that is the mode; otherwise an open leaf keeps its alarm
NO = const(0xF3)  # a grant is denied

_ = STAY
# fmt: off
TABLE = bytes((
    # GRANT     CANCEL LOST  REX     OPENED  CLOSED TIME       FIRE_ON OFF   MODE    TAMPER FAULT
    RELEASED, _,     _,    EGRESS, FORCED, _,     _,         FIRE,   _,    REST,   _,     REST,  # NORMAL
    RELEASED, REST,  REST, _,      OPEN,   REST,  REST,      FIRE,   _,    REST,   REST,  REST,  # RELEASED
    RELEASED, _,     _,    _,      OPEN,   REST,  REST,      FIRE,   _,    LOOSEN, _,     _,     # EGRESS
    OPEN,     _,     _,    _,      _,      REST,  PRE_ALARM, FIRE,   _,    LOOSEN, _,     _,     # OPEN
    OPEN,     _,     _,    _,      _,      REST,  TOO_LONG,  FIRE,   _,    LOOSEN, _,     _,     # PRE_ALARM
    NO,       _,     _,    _,      _,      REST,  _,         FIRE,   _,    LOOSEN, _,     _,     # TOO_LONG
    NO,       _,     _,    _,      _,      REST,  _,         FIRE,   _,    LOOSEN, _,     _,     # FORCED
    NO,       _,     _,    EGRESS, FORCED, _,     _,         FIRE,   _,    REST,   _,     REST,  # FAULT
    NO,       _,     _,    EGRESS, FORCED, _,     _,         FIRE,   _,    REST,   _,     REST,  # LOCK_DOWN
    _,        _,     REST, _,      _,      _,     REST,      FIRE,   _,    REST,   REST,  REST,  # FREE_ACCESS
    _,        _,     _,    _,      _,      _,     _,         _,      REST, _,      _,     _,     # FIRE
))
# fmt: on

# -- kinds of events, and causes of relocking (LINK.md section 3)
EV_RELEASED = const(2)
EV_RELOCKED = const(3)
EV_OPENED = const(4)
EV_CLOSED = const(5)
EV_REX = const(6)
EV_FORCED_OPEN = const(7)
EV_PRE_ALARM = const(8)
EV_OPEN_TOO_LONG = const(9)
EV_TAMPER = const(10)
EV_FIRE = const(11)
EV_MODE = const(12)
EV_FAULT = const(13)
EV_ALARM_OVER = const(15)
EV_REX_STUCK = const(17)

# by column: the cause of a relock
_CAUSES = bytes((0, 4, 5, 0, 2, 3, 1, 0, 9, 6, 8, 7))

# -- codes of a denial (LINK.md section 3)
OBEYED = const(0)
DENIED_MALFORMED = const(1)
DENIED_LOCK_DOWN = const(6)
DENIED_FAULT = const(7)
DENIED_TAMPER = const(8)
DENIED_NOT_NOW = const(9)
DENIED_EXPIRED = const(11)


class Door:
    """One door. `log(kind, tick_ms, data)` gets its events; `data` is an int below 2^30.

    `inputs`: at boot. A leaf that is open then does not count as forced: its opening was not seen.
    """

    def __init__(self, inputs: int, now: int, log) -> None:  # noqa: ANN001
        self.mode = MODE_NORMAL
        self.fault = 0
        self._log = log
        self._inputs = inputs & CONTACT_IS_OPEN  # any other input that is on counts as just switched on
        self._since = now  # start of this state's time
        self._for_ms = PRE_ALARM_MS
        self._free_until = now  # free access, unless it is renewed
        self._egress = False  # REX frees beside every state, an open leaf too: its contact may be broken
        self._egress_since = now
        self._pressed_since = now
        self._stuck = False
        self._lately_free = False  # a flag: ticks alone wrap and would match again
        self._locked_since = now
        self.state = OPEN if inputs & CONTACT_IS_OPEN else NORMAL

    @property
    def is_free(self) -> bool:
        """Whether the passage is free; the strike must make it so with its kind of lock."""
        return self._egress or self.state in (RELEASED, FREE_ACCESS, FIRE)

    @property
    def alarm(self) -> bool:
        """Whether the buzzer must sound."""
        return self.state in (PRE_ALARM, TOO_LONG, FORCED)

    @property
    def tampered(self) -> bool:
        return bool(self._inputs & TAMPER_IS_OPEN)

    def step(self, inputs: int, now: int) -> None:
        """Take the inputs of now. Call at least once a second; more often makes the door faster."""
        changed, self._inputs = inputs ^ self._inputs, inputs
        if elapsed(now, self._locked_since) >= LATE_OPENING_MS:
            self._lately_free = False
        if changed & FIRE_IS_ON:
            self._log(EV_FIRE, now, 1 if inputs & FIRE_IS_ON else 0)
            self._on(FIRE_ON if inputs & FIRE_IS_ON else FIRE_OFF, now)
        if changed & TAMPER_IS_OPEN:
            self._log(EV_TAMPER, now, 1 if inputs & TAMPER_IS_OPEN else 0)
            self._end_free_access(now)
            self._on(TAMPERED, now)
        if changed & CONTACT_IS_OPEN:
            self._log(EV_OPENED if inputs & CONTACT_IS_OPEN else EV_CLOSED, now, 0)
            self._on(OPENED if inputs & CONTACT_IS_OPEN else CLOSED, now)
        if changed & REX_IS_PRESSED:
            self._stuck, self._pressed_since = False, now
            if inputs & REX_IS_PRESSED:
                self._log(EV_REX, now, 0)
        if self._is_held():
            self._press(now)
        if self._egress and elapsed(now, self._egress_since) >= REX_RELEASE_MS:
            self._end_egress(now)
        if elapsed(now, self._since) >= self._for_ms:
            self._on(TIME, now)
        self._pass_free_access(now)

    def release(self, for_ms: int, left_ms: int, now: int) -> int:
        """The host grants: OBEYED, or the code of a denial. `left_ms`: until the grant expires."""
        if for_ms <= 0:
            return DENIED_MALFORMED
        if (denial := self._denial(left_ms)) != OBEYED:
            return denial
        if self.mode == MODE_LOCK_DOWN:
            return DENIED_LOCK_DOWN
        if TABLE[self.state * _COLUMNS + GRANT] == NO:
            return DENIED_NOT_NOW
        self._on(GRANT, now)
        if self.state == RELEASED:
            self._for_ms = min(for_ms, left_ms - LONGEST_TURN_MS, MAX_RELEASE_MS)
            self._log(EV_RELEASED, now, 0)
        return OBEYED

    def relock(self, now: int) -> None:
        """End a grant, as the host asks."""
        self._on(CANCEL, now)

    def host_lost(self, now: int) -> None:
        """End all that the host granted: its heartbeat stopped. REX and fire stay in force."""
        self._end_free_access(now)
        self._on(HOST_LOST, now)

    def set_mode(self, mode: int, left_ms: int, now: int) -> int:
        """OBEYED, or the code of a denial. `left_ms`: until free access ends, unless renewed."""
        if mode > MODE_FREE_ACCESS:
            return DENIED_MALFORMED
        if mode == MODE_FREE_ACCESS:
            if (denial := self._denial(left_ms)) != OBEYED:
                return denial
            self._free_until = wrapped(now + min(left_ms - LONGEST_TURN_MS, FREE_ACCESS_MS))
        if mode != self.mode:
            self.mode = mode
            self._log(EV_MODE, now, mode)
            self._on(MODE, now)
        return OBEYED

    def set_fault(self, code: int, now: int) -> None:
        """Set a fault of the controller (0: none). REX and fire still work."""
        if code != self.fault:
            self.fault = code
            self._log(EV_FAULT, now, code)
            self._end_free_access(now)
            self._on(FAULTED, now)

    def _denial(self, left_ms: int) -> int:
        """OBEYED, or the reason for which no host can release the strike now."""
        if left_ms <= LONGEST_TURN_MS:
            return DENIED_EXPIRED
        if self.fault or self.tampered:
            return DENIED_TAMPER if self.tampered else DENIED_FAULT
        return OBEYED

    def _press(self, now: int) -> None:
        """Free the passage while REX is pressed."""
        if elapsed(now, self._pressed_since) >= STUCK_REX_MS:
            self._stuck = True
            self._log(EV_REX_STUCK, now, 0)
            return
        self._egress = True
        self._egress_since = now
        self._on(REX, now)

    def _on(self, column: int, now: int) -> None:
        """Take an event: enter the state that the table gives."""
        was_free = self.is_free
        if column in _LEAF_MOVED and not self._is_held():
            self._egress = False  # the person is through
        cell = TABLE[self.state * _COLUMNS + column]
        if cell == REST:
            cell = self._resting()
        elif cell == LOOSEN:
            cell = FREE_ACCESS if self.mode == MODE_FREE_ACCESS else STAY
        elif cell == FORCED and self._lately_free:
            cell = OPEN  # the leaf began to move before the passage locked
        if cell < STAY:
            self._enter(cell, now)
        if was_free and not self.is_free:
            self._relocked(column, now)

    def _enter(self, state: int, now: int) -> None:
        if self.state in (TOO_LONG, FORCED):
            self._log(EV_ALARM_OVER, now, 0)
        self.state = state
        self._since = now
        if state == OPEN:
            self._for_ms = PRE_ALARM_MS
        elif state == PRE_ALARM:
            self._for_ms = OPEN_TOO_LONG_MS - PRE_ALARM_MS
            self._log(EV_PRE_ALARM, now, 0)
        elif state == TOO_LONG:
            self._log(EV_OPEN_TOO_LONG, now, 0)
        elif state == FORCED:
            self._log(EV_FORCED_OPEN, now, 0)

    def _resting(self) -> int:
        if self.mode == MODE_FREE_ACCESS:
            return FREE_ACCESS
        if self._inputs & CONTACT_IS_OPEN:
            return OPEN
        if self._egress:
            return EGRESS
        if self.fault:
            return FAULT
        return LOCK_DOWN if self.mode == MODE_LOCK_DOWN else NORMAL

    def _pass_free_access(self, now: int) -> None:
        """End free access that was not renewed."""
        if self.mode == MODE_FREE_ACCESS and not left(self._free_until, now):
            self._end_free_access(now)
            self._on(TIME, now)

    def _end_free_access(self, now: int) -> None:
        """Set the normal mode again: the host, the lid or the board fails."""
        if self.mode == MODE_FREE_ACCESS:
            self.mode = MODE_NORMAL
            self._log(EV_MODE, now, MODE_NORMAL)

    def _end_egress(self, now: int) -> None:
        self._egress = False
        if self.state == EGRESS:
            self._on(TIME, now)
        if not self.is_free:
            self._relocked(TIME, now)

    def _relocked(self, column: int, now: int) -> None:
        self._lately_free = True
        self._locked_since = now
        self._log(EV_RELOCKED, now, _CAUSES[column])

    def _is_held(self) -> bool:
        """Whether REX is held down: more people may follow."""
        return bool(self._inputs & REX_IS_PRESSED) and not self._stuck
