"""A board in memory, for any Python: pins whose levels a test sets and sees, a wire made of two bytearrays.

What a test wants to watch or answer it hangs into `hooks`: `pin(number, level)` whenever a driven level changes,
`level(number)` for what an input reads, `read(buffer, length)` and `write(buffer)` for the wire, `fed()`.
"""

PWRON_RESET = 1
WDT_RESET = 3


class Hooks:
    """See above."""

    def __init__(self) -> None:
        self.cause = PWRON_RESET
        self.levels = {}  # of inputs; what is not here reads high, as a pull-up does
        self.outputs = {}
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.fed = 0

    def level(self, number):
        return self.levels.get(number, 1)

    def pin(self, number, level):
        self.outputs[number] = level

    def any(self):
        return len(self.incoming)

    def read(self, buffer, length):
        count = min(length, len(self.incoming))
        for index in range(count):
            buffer[index] = self.incoming[index]
        self.incoming[:] = self.incoming[count:]
        return count or None

    def write(self, buffer):
        self.outgoing.extend(buffer)
        return len(buffer)

    def feed(self):
        self.fed += 1


hooks = Hooks()


def use(other) -> None:
    """From now on these hooks answer."""
    global hooks  # noqa: PLW0603  who plays with a board chooses one for all of it
    hooks = other


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 1

    def __init__(self, number, mode=-1, pull=None, value=None) -> None:
        self.number = number
        self._is_output = mode == Pin.OUT
        self._level = 0
        if self._is_output:
            self.value(value or 0)

    def value(self, level=None):
        if level is None:
            return self._level if self._is_output else hooks.level(self.number)
        if level != self._level:
            self._level = level
            hooks.pin(self.number, level)
        return None


class UART:
    def __init__(self, number, baudrate=9600, tx=None, rx=None, txbuf=256, rxbuf=256) -> None:
        pass

    def any(self):
        return hooks.any()

    def readinto(self, buffer, length):
        return hooks.read(buffer, length)

    def write(self, buffer):
        return hooks.write(buffer)


class WDT:
    def __init__(self, timeout=5000) -> None:
        self.timeout = timeout

    def feed(self) -> None:
        hooks.feed()


def reset_cause():
    return hooks.cause


def unique_id():
    return b"\xe6\x61\x64\x08\x43\x2f\x1b\x2c"
