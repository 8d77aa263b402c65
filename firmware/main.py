"""The controller's program: joins all parts and runs the loop without end.

An exception here takes the current from the strike; the watchdog is not fed, and resets the chip after a
second.
"""

import gc
import time

import machine
from board import Board
from controller import Controller
from debounce import Debounce
from keystore import KeyStore
from limits import DEBOUNCE_MS
from micropython import const
from nonce import Nonces
from sectors import Sectors
from ticks import elapsed, wrapped
from watchdog import INPUTS_READ, LINK_HEARD, STRIKE_SET, TIMEOUT_MS, Watchdog
from wiegand import Wiegand

FAULT_BOARD = const(1)  # straps of a revision that this firmware does not know

# Of one turn: with more, an attacker who floods the line could keep the loop from its inputs. 64 bytes of
# forged frames took 12 ms in an emulator, a turn without any 0.7.
_BYTES_A_TURN = const(64)


class Loop:
    """The loop of the controller. `timer`: of the watchdog, with `feed()`."""

    def __init__(self, board: Board, timer, cause: int) -> None:  # noqa: ANN001
        self._board = board
        self._watchdog = Watchdog(timer)
        self._bytes = bytearray(_BYTES_A_TURN)
        self._at = self._end = 0  # of those that came: the next to be heard, and how many there are
        self._debounce = _settled(board)
        now = wrapped(time.ticks_ms())
        self.controller = Controller(
            keys=KeyStore(Sectors()),
            nonces=Nonces(machine.unique_id(), time.ticks_us),
            write=self._write,
            drive=self._drive,
            lamps=board.lamps,
            wiegand=Wiegand(board.d0).send,
            inputs=self._debounce.quiet,
            now=now,
            cause=cause,
        )
        if not board.is_known():
            self.controller.door.set_fault(FAULT_BOARD, now)

    def turn(self) -> None:
        """One turn: inputs, door, strike, link, watchdog."""
        self.step()
        spoke = self.talk()
        if self.controller.work() or spoke:
            gc.collect()  # nothing is due now, and `step` needs no memory
        self._watchdog.end_turn()

    def step(self) -> None:
        """The part of a turn that must not wait for memory: allocates nothing."""
        now = wrapped(time.ticks_ms())
        raw = self._board.inputs()
        self._watchdog.did(INPUTS_READ)
        self.controller.step(self._debounce.step(raw, now), now)

    def talk(self) -> bool:
        """Read the host's bytes and send one message; True if one was sent."""
        now = wrapped(time.ticks_ms())
        uart, controller = self._board.uart, self.controller
        spoke = False
        if self._at == self._end:
            waiting = min(uart.any(), _BYTES_A_TURN)
            self._at, self._end = 0, uart.readinto(self._bytes, waiting) or 0 if waiting else 0
        while self._at < self._end and not spoke:  # one answer a turn: a handshake's hashing takes 12 ms
            spoke = controller.receive(self._bytes[self._at], now)
            self._at += 1
        self._watchdog.did(LINK_HEARD)
        return controller.tell(now) or spoke

    def _write(self, buffer: bytearray, length: int) -> None:
        # The buffer holds four of the longest frames. A frame that does not fit is lost, without a wait.
        self._board.uart.write(memoryview(buffer)[:length])

    def _drive(self, level: int) -> None:
        self._board.strike(level)
        self._watchdog.did(STRIKE_SET)


def _settled(board: Board) -> Debounce:
    """Inputs after two debounce times: a pull-up that still rises must not look like a pressed REX."""
    began = wrapped(time.ticks_ms())
    debounce = Debounce(board.inputs(), began)
    while elapsed(wrapped(time.ticks_ms()), began) < 2 * DEBOUNCE_MS:
        debounce.step(board.inputs(), wrapped(time.ticks_ms()))
    return debounce


def main() -> None:
    """Run until the power ends."""
    board = Board()
    cause = 1 if machine.reset_cause() == machine.WDT_RESET else 0
    timer = machine.WDT(timeout=TIMEOUT_MS)
    try:
        loop = Loop(board, timer, cause)
        while True:
            loop.turn()
            time.sleep_ms(1)
    finally:
        board.strike(0)


if __name__ == "__main__":
    main()
