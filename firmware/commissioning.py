"""The controller's half of commissioning (LINK.md section 5): public keys on the wire, never a secret one.

Sans-IO: payloads in, payloads out through one buffer. An exchange takes some hundred small steps, so that the
loop of the door goes on beside it.
"""

from limits import POINT_BYTES
from mac import Mac, same
from micropython import const
from session import KEY_ANSWER, KEY_OFFER, KEY_SET, REFUSED, VERSION, WRONG_TAG, WRONG_VERSION
from strike import FAIL_SAFE, FAIL_SECURE
from x25519 import BASE, x25519

_OFFER_BYTES = const(35)  # type, version, lock, public key
_CONFIRM_BYTES = const(9)  # type, check
_POINT_AT = const(3)
_MALFORMED = const(1)


class Commissioning:
    """One key at a time. `reply`: where payloads go; lengths are returned, 0 for nothing.

    `secret()`: a generator that yields between its steps, and returns 32 bytes that no attacker can guess.
    """

    def __init__(self, reply: bytearray, secret) -> None:  # noqa: ANN001
        self.lock = 0
        self.key = None  # of the pair, once the host has confirmed it
        self._agreed = None
        self._reply = reply
        self._secret = secret
        self._steps = None
        self._offer = self._answer = b""

    def forget(self) -> None:
        """An exchange that was begun is over."""
        self.key = self._agreed = self._steps = None
        self._offer = self._answer = b""

    def hear(self, frame: bytearray, length: int, refusal: int) -> int:
        """Answer a KEY_OFFER or a KEY_CONFIRM. `refusal`: the code where no key can be set now, or 0."""
        is_offer = frame[0] == KEY_OFFER
        if length != (_OFFER_BYTES if is_offer else _CONFIRM_BYTES):
            return 0
        if refusal:
            return self._refuse(refusal)
        return self._hear_offer(frame) if is_offer else self._confirm(frame)

    def _hear_offer(self, frame: bytearray) -> int:
        """One that comes again has the same answer, a newer one takes its place."""
        if frame[1] != VERSION:
            return self._refuse(WRONG_VERSION)
        if frame[2] not in (FAIL_SECURE, FAIL_SAFE):
            return self._refuse(_MALFORMED)
        offer = bytes(frame[:_OFFER_BYTES])
        if offer == self._offer:
            return self._say(self._answer)
        self.forget()
        self._offer, self.lock = offer, offer[2]
        self._steps = self._agree(offer)
        return 0

    def step(self) -> int:
        """One small step, while it is busy; the length of the answer with the last one."""
        assert self._steps is not None
        try:
            next(self._steps)
        except StopIteration:
            self._steps = None
            return self._say(self._answer) if self._answer else self._refuse(_MALFORMED)
        return 0

    @property
    def is_busy(self) -> bool:
        return self._steps is not None

    def _confirm(self, frame: bytearray) -> int:
        """A right one makes the key, a wrong one ends the exchange."""
        if self._agreed is None:
            return 0
        mac = Mac(self._agreed)
        if not same(mac.tag(b"host check"), frame, 1):
            self.forget()
            return self._refuse(WRONG_TAG)
        self.key = self._agreed
        return self._say(bytes((KEY_SET,)) + mac.tag(b"key set"))

    def _agree(self, offer: bytes):  # noqa: ANN202
        """The steps: a secret key, its public one, the secret that both ends share, and the pair's key."""
        secret = yield from self._secret()
        public = yield from x25519(secret, BASE)
        shared = yield from x25519(secret, offer[_POINT_AT:])
        if shared == bytes(POINT_BYTES):  # whatever our key: a point of low order (RFC 7748 section 6.1)
            return
        self._agreed = Mac(shared).digest(b"doorward link key" + offer[1:] + public)
        self._answer = bytes((KEY_ANSWER,)) + public + Mac(self._agreed).tag(b"controller check")

    def _say(self, payload: bytes) -> int:
        self._reply[: len(payload)] = payload
        return len(payload)

    def _refuse(self, code: int) -> int:
        self._reply[0], self._reply[1] = REFUSED, code
        return 2
