"""The controller without its wires: frames and inputs in, replies and outputs out. Joins the other parts.

`step` allocates nothing. A message from the host is hashed; `main` collects that garbage at once, while no
other work is due.
"""

import door as d
from commissioning import Commissioning
from door import Door
from frame import Receiver, encode
from limits import EVENTS_KEPT, MAX_WIRE
from micropython import const
from ring import EVENT_BYTES, Ring
from session import ASKED_AT, HELLO, KEY_CONFIRM, KEY_OFFER, PROVE, REFUSED, Session, get32, put32
from signals import Signals
from strike import Strike
from ticks import elapsed, left

FIRMWARE = bytes((0, 2, 0))

PING = const(0x10)
RELEASE = const(0x11)
RELOCK = const(0x12)
MODE = const(0x13)
SIGNAL = const(0x14)
EVENTS = const(0x15)
WIEGAND = const(0x16)
PONG = const(0x90)
DONE = const(0x91)
DENIED = const(0x92)
EVENT = const(0x93)

EV_BOOT = const(1)
EV_RELEASED = const(2)
EV_SESSION = const(14)
EV_EVENTS_LOST = const(16)
EV_KEY_SET = const(18)

SERVICE_IS_CLOSED = const(16)
_ERASE_MS = const(5_000)
_CONTENT_AT = const(5)  # of what is told
_MAX_WIEGAND_BITS = const(64)

_LOUD = (d.TOO_LONG, d.FORCED)  # built once: `step` must allocate nothing

OUT_STRIKE = const(1)
OUT_FREE = const(2)
OUT_BUZZER = const(4)
OUT_TAMPER = const(8)


class Controller:
    """One door's controller.

    `keys`: `load()` gives (lock, key) or None, `save(lock, key)`, `erase()`. `nonces`: `fresh()` gives 16
    bytes, new ones; `secret()` is a generator that returns 32 that no attacker can guess.
    `write(buffer, length)` sends; `drive(level)` moves the strike's pin; `lamps(bits)` the lamps and buzzer;
    `wiegand(bits, buffer, at)` a panel's wires, False where there are none. `cause`: why it booted.
    """

    def __init__(self, keys, nonces, write, drive, lamps, wiegand, inputs: int, now: int, cause: int) -> None:  # noqa: ANN001
        stored = keys.load()
        lock, key = stored or (0, None)
        self._keys = keys
        self._write = write
        self._lamps = lamps
        self._wiegand = wiegand
        self._wire = bytearray(MAX_WIRE)
        self._receiver = Receiver()
        self._ring = Ring()
        self._ring.add(EV_BOOT, now, cause)
        self._watchdog = bool(cause)
        self._told = 1  # number of the next event to send
        self._grant = 0
        self._erasing = False
        self._erase_since = now
        self._inputs = inputs
        self._shown = -1  # the state that the last PONG told, all of it in one number
        self.session = Session(key, lock, FIRMWARE, nonces.fresh)
        self.commissioning = Commissioning(self.session.reply, nonces.secret)
        self.strike = Strike(lock, drive)
        self.signals = Signals(now)
        self.door = Door(inputs, now, self._log)

    def step(self, inputs: int, now: int) -> None:
        """One turn of the loop: take time and inputs, set the strike."""
        if self.session.step(now):
            self._ring.add(EV_SESSION, now, 0)
            self.door.host_lost(now)
        self.door.step(inputs, now)
        self._watch_jumper(inputs, now)
        self._inputs = inputs
        self.strike.set_free(self.door.is_free)
        state = self.door.state
        self._lamps(self.signals.outputs(state == d.PRE_ALARM, state in _LOUD, now))

    def receive(self, byte: int, now: int) -> bool:
        """Take one byte from the wire; True if it ended a frame that was answered."""
        length = self._receiver.feed(byte)
        if not length:
            return False
        frame = self._receiver.frame
        kind = frame[0]
        if kind == HELLO:
            return self._send(self.session.greet(frame, length, self._flags(), now))
        if kind == PROVE:
            return self._prove(frame, length, now)
        if kind in (KEY_OFFER, KEY_CONFIRM):
            return self._send(self._set_key(frame, length, now))
        content = self.session.accept(frame, length, now)
        return content >= 0 and self._obey(kind, frame, content, now)

    def tell(self, now: int) -> bool:
        """Send the host the next event or state that it lacks; True if one was sent."""
        if not self.session.alive:
            return False
        if self._told < self._ring.next:
            return self._tell_event(now)
        if self._state() != self._shown:
            return self._pong(now)
        return False

    def work(self) -> bool:
        """One small step of a commissioning; True if it took memory."""
        if not self.door.tampered:
            self.commissioning.forget()
        if not self.commissioning.is_busy:
            return False
        self._send(self.commissioning.step())
        return True

    def _prove(self, frame: bytearray, length: int, now: int) -> bool:
        was = self.session.in_force
        first = self._ring.next
        reply = self.session.prove(frame, length, first, now)
        if reply and self.session.reply[0] != REFUSED:
            if was:  # a grant of the last session does not count in this one
                self.door.host_lost(now)
            self._told = first
            self._shown = -1
            self._watchdog = False
            self._ring.add(EV_SESSION, now, 1)
        return self._send(reply)

    def _obey(self, kind: int, frame: bytearray, content: int, now: int) -> bool:
        if kind == PING and content == 0:
            return self._pong(now)
        code = d.DENIED_MALFORMED
        if kind == RELEASE and content == 10:
            self._grant = get32(frame, ASKED_AT + 2) & 0x3FFFFFFF
            for_ms = frame[ASKED_AT] | frame[ASKED_AT + 1] << 8
            code = self.door.release(for_ms, left(get32(frame, ASKED_AT + 6), now), now)
        elif kind == RELOCK and content == 0:
            self.door.relock(now)
            code = d.OBEYED
        elif kind == MODE and content == 5:
            code = self.door.set_mode(frame[ASKED_AT], left(get32(frame, ASKED_AT + 1), now), now)
        elif kind == SIGNAL and content == 1:
            if self.signals.show(frame[ASKED_AT], now):
                code = d.OBEYED
        elif kind == EVENTS and content == 4:
            code = self._rewind(get32(frame, ASKED_AT), now)
        elif kind == WIEGAND and content == 13 and 0 < frame[ASKED_AT] <= _MAX_WIEGAND_BITS:
            code = d.DENIED_EXPIRED
            if left(get32(frame, ASKED_AT + 9), now):
                sent = self._wiegand(frame[ASKED_AT], frame, ASKED_AT + 1)
                code = d.OBEYED if sent else d.DENIED_NOT_NOW
        self.strike.set_free(self.door.is_free)  # before the answer: it saves the visitor 20 ms
        return self._answer(get32(frame, 1), code)

    def _answer(self, counter: int, code: int) -> bool:
        reply = self.session.reply
        put32(reply, _CONTENT_AT, counter)
        if code == d.OBEYED:
            return self._send(self.session.seal(DONE, 4))
        reply[_CONTENT_AT + 4] = code
        return self._send(self.session.seal(DENIED, 5))

    def _pong(self, now: int) -> bool:
        state = self._state()
        self._shown = state
        reply = self.session.reply
        reply[5], reply[6] = self.door.state, self._inputs
        reply[7], reply[8] = self._outputs(), self.door.mode
        put32(reply, 9, now)
        put32(reply, 13, self.session.taken)
        return self._send(self.session.seal(PONG, 12))

    def _tell_event(self, now: int) -> bool:
        if self._told < self._ring.oldest:
            self._skip_lost(self._told, now)
        self._ring.copy(self._told, self.session.reply, _CONTENT_AT)
        self._told += 1
        return self._send(self.session.seal(EVENT, EVENT_BYTES))

    def _rewind(self, number: int, now: int) -> int:
        if not 1 <= number <= self._ring.next:
            return d.DENIED_MALFORMED
        self._told = number
        if number < self._ring.oldest:
            self._skip_lost(number, now)
        return d.OBEYED

    def _skip_lost(self, number: int, now: int) -> None:
        """Go on with the oldest event left after EVENTS_LOST, which may overwrite one more."""
        self._told = max(self._ring.oldest, self._ring.next + 1 - EVENTS_KEPT)
        self._ring.add(EV_EVENTS_LOST, now, self._told - number)

    def _set_key(self, frame: bytearray, length: int, now: int) -> int:
        """Answer a frame of a commissioning; a key that is confirmed is stored before that is said."""
        refusal = d.OBEYED if self.door.tampered else d.DENIED_TAMPER
        if self.session.has_key:
            refusal = d.DENIED_NOT_NOW
        answer = self.commissioning.hear(frame, length, refusal)
        lock, key = self.commissioning.lock, self.commissioning.key
        if key:
            self._keys.save(lock, key)
            self._adopt(lock, key)
            self._ring.add(EV_KEY_SET, now, lock)
        return answer

    def _watch_jumper(self, inputs: int, now: int) -> None:
        """Erase key and events once the service jumper is closed for 5 s with the lid off."""
        wanted = inputs & SERVICE_IS_CLOSED and self.door.tampered and self.session.has_key
        if not wanted:
            self._erasing = False
        elif not self._erasing:
            self._erasing, self._erase_since = True, now
        elif elapsed(now, self._erase_since) >= _ERASE_MS:
            self._erasing = False
            self._keys.erase()
            self._adopt(0, None)
            self.door.host_lost(now)
            self._ring.forget()

    def _adopt(self, lock: int, key) -> None:  # noqa: ANN001
        self.commissioning.forget()
        self.session.use_key(key, lock)
        self.strike.use_lock(lock)

    def _log(self, kind: int, tick_ms: int, data: int) -> None:
        self._ring.add(kind, tick_ms, self._grant if kind == EV_RELEASED else data)

    def _flags(self) -> int:
        door = self.door
        return door.tampered | (not self.session.has_key) << 1 | self._watchdog << 2 | bool(door.fault) << 3

    def _outputs(self) -> int:
        outputs = OUT_STRIKE if self.strike.energised else 0
        outputs |= OUT_FREE if self.door.is_free else 0
        outputs |= OUT_BUZZER if self.door.alarm else 0
        return outputs | (OUT_TAMPER if self.door.tampered else 0)

    def _state(self) -> int:
        return self.door.state << 16 | self._inputs << 8 | self._outputs() << 4 | self.door.mode

    def _send(self, length: int) -> bool:
        if not length:
            return False
        self._write(self._wire, encode(self.session.reply, length, self._wire))
        return True
