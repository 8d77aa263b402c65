"""The RP2040's other parts in memory: flash whose bits only erasing sets to 1, and a state machine."""

SECTOR = 4096
PAGE = 256


class Flash:
    """Two sectors in the class, so that they keep their content when a test makes new objects, as after a power cut."""

    contents = bytearray(b"\xff" * (2 * SECTOR))

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(Flash.contents) // SECTOR
        if operation == 6:
            Flash.contents[argument * SECTOR : (argument + 1) * SECTOR] = b"\xff" * SECTOR
        return 0

    def readblocks(self, sector, buffer, offset=0):
        start = sector * SECTOR + offset
        buffer[:] = Flash.contents[start : start + len(buffer)]

    def writeblocks(self, sector, buffer, offset=0):
        if len(buffer) % PAGE or offset % PAGE:
            raise ValueError("the chip writes whole pages")
        start = sector * SECTOR + offset
        for index in range(len(buffer)):
            Flash.contents[start + index] &= buffer[index]


class PIO:
    OUT_LOW = 2
    SHIFT_LEFT = 0


def asm_pio(**_):
    """The decorator of PIO programs. The fake runs no programs."""
    return lambda program: program


class StateMachine:
    """Keeps the words put into it. It gives one answer for two words, after `done` of them are sent."""

    last = None

    def __init__(self, number, program, freq=0, set_base=None) -> None:
        self.words = []
        self.done = 0
        self.is_active = False
        StateMachine.last = self

    def active(self, value) -> None:
        self.is_active = bool(value)

    def put(self, word) -> None:
        self.words.append(word)

    def rx_fifo(self):
        return self.done

    def get(self):
        self.done -= 1
        return 0
