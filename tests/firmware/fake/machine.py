"""A board in memory, for any Python: pins whose levels a test sets and reads, and a UART of two bytearrays.

A test replaces functions in `hooks`: `pin(number, level)` is called when a driven level changes, `level(number)`
gives the level of an input, `read(buffer, length)` and `write(buffer)` are the UART, `fed()` is the watchdog.
"""

PWRON_RESET = 1
WDT_RESET = 3


class Hooks:
    """The functions that a test replaces."""

    def __init__(self) -> None:
        self.cause = PWRON_RESET
        self.levels = {}  # of inputs; a missing one reads high, as with a pull-up
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
    """Use these hooks from now on."""
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
