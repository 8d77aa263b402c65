"""A reader on a third-party panel's OSDP bus; it sends card numbers over the secure channel only.

`hw.door.panel` says what such a door guarantees. Over OSDP a panel fetches card events when it polls, every
100 to 200 ms. A number that it did not fetch in time is withdrawn: no number may open the door minutes after
its holder left.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Final

from edge.errors import DoorLinkFault
from hw.door.serial_line import SerialLine
from hw.door.strike import ProofCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.on_record import OnRecord

BAUD: Final = 9_600  # the factory setting of panels
KEY_BYTES: Final = 16
FETCH_S: Final = 1.0  # five polls of a slow panel
READY_S: Final = 8.0  # a panel polls a lost reader again every few seconds
# A limit for a panel that sends faster than we read; a frame of OSDP has 1,440 bytes at most.
MAX_WAITING_BYTES: Final = 4_096

_FIRMWARE: Final = 0x00_01_00  # as a panel shows it: 0.1.0
_NO_CHANNEL: Final = "check the wires, the address, and that the panel has the key in [strike] key"


class OsdpReader:
    """One OSDP peripheral device. `key`: 16 bytes for the secure channel.

    Without a key it is in install mode, for a panel that gives keys to new readers: `learnt` is called with
    the new key, in the thread of the line. No attacker may reach the wires meanwhile: the new key is
    encrypted with the public default key of OSDP.
    """

    def __init__(
        self,
        port: str,
        *,
        address: int,
        key: bytes | None,
        baud: int = BAUD,
        learnt: Callable[[bytes], None] | None = None,
    ) -> None:
        self._guard = threading.Condition()
        self._waiting = bytearray()
        self._fetched: bool | None = None  # whether the panel has the event that was submitted last
        self._learnt = learnt
        self._proofs = ProofCheck()
        self._osdp, self._sys = _library()
        self._context = self._peripheral(address, key)
        self._line = SerialLine(port, baud, guard=self._guard, turn=self._turn, ended=self._ended)
        self._line.start()

    @property
    def fault(self) -> DoorLinkFault | None:
        """The fault that closed the port, if it is closed."""
        return self._line.fault

    def wait_until_ready(self, for_s: float = READY_S) -> None:
        """Wait for the secure channel. Raises DoorLinkFault."""
        with self._guard:
            if not self._guard.wait_for(self._is_secure, for_s):
                raise self._line.fault or DoorLinkFault(
                    "the panel has opened no secure channel", hint=_NO_CHANNEL
                )

    def present(self, bits: int, value: int, allowed: OnRecord) -> None:
        """Send a card number of `bits` bits, and wait until the panel has it. Raises DoorLinkFault.

        `allowed`: proof of a grant, because the panel may open the door.
        """
        self._proofs.release(allowed)
        spare = -bits % 8
        event = {
            "event": self._osdp.Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": self._osdp.CardFormat.Wiegand,
            "length": bits,
            "data": (value << spare).to_bytes((bits + spare) // 8, "big"),
        }
        with self._guard:
            if not self._is_secure():
                raise self._line.fault or DoorLinkFault(
                    "there is no secure channel to the panel", hint=_NO_CHANNEL
                )
            self._fetched = None
            self._context.submit_event(event)
            self._guard.wait_for(lambda: self._fetched is not None, FETCH_S)
            if not self._fetched:
                self._context.flush_events()
                raise DoorLinkFault("the panel did not fetch the card number", hint=_NO_CHANNEL)

    def close(self) -> None:
        """Stop sending, and close the port."""
        self._line.close()

    def _peripheral(self, address: int, key: bytes | None) -> Any:  # noqa: ANN401  the library has no types
        osdp = self._osdp
        flags = [osdp.LibFlag.EnforceSecure] if key else [osdp.LibFlag.InstallMode]
        identity = osdp.PdId(1, 1, 0x00_D0_0D, 1, _FIRMWARE)
        info = osdp.PDInfo(address, self._channel(), scbk=key, name="doorward", flags=flags, id=identity)
        can = osdp.PDCapabilities([(osdp.Capability.CardDataFormat, 1, 1), (osdp.Capability.Readers, 0, 1)])
        self._sys.set_loglevel(osdp.LogLevel.Alert)
        context = self._sys.PeripheralDevice(info.get(), capabilities=can.get())
        context.set_command_callback(self._commanded)
        context.set_event_completion_callback(self._completed)
        return context

    def _channel(self) -> Any:  # noqa: ANN401  likewise
        reader = self

        class Wires(self._osdp.Channel):  # type: ignore[name-defined,misc]  # known when it is loaded
            def read(self, max_bytes: int) -> bytes:
                data = bytes(reader._waiting[:max_bytes])
                del reader._waiting[:max_bytes]
                return data

            def write(self, data: bytes) -> int:
                reader._line.write(bytes(data))
                return len(data)

            def flush(self) -> None:
                reader._waiting.clear()

        return Wires()

    # -- in the line's thread, with the guard held ----------------------------------------------

    def _turn(self, data: bytes) -> None:
        self._waiting += data
        del self._waiting[:-MAX_WAITING_BYTES]
        self._context.refresh()
        self._guard.notify_all()

    def _ended(self) -> None:
        self._waiting.clear()
        self._context.flush_events()
        self._guard.notify_all()

    def _commanded(self, command: dict[str, Any]) -> tuple[int, None]:
        """Accept a new key; every other command, such as for lamps, is acknowledged and ignored."""
        if command.get("command") == self._osdp.Command.Keyset and self._learnt is not None:
            self._learnt(bytes(command["data"]))
        return 0, None

    def _completed(self, _: dict[str, Any], status: int) -> None:
        self._fetched = status == self._osdp.CompletionStatus.Ok

    def _is_secure(self) -> bool:
        return bool(self._line.fault is None and self._context.is_sc_active())


def learn_key(port: str, *, address: int, baud: int, for_s: float) -> bytes:
    """The key that the panel gives to a new reader. Raises DoorLinkFault where none comes in time."""
    keys: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = OsdpReader(port, address=address, key=None, baud=baud, learnt=keys.put)
    try:
        key = keys.get(timeout=for_s)
        reader.wait_until_ready()  # with the new key; otherwise the panel did not get our answer
    except queue.Empty:
        raise reader.fault or DoorLinkFault(
            "the panel gave no key",
            hint="start the enrolment of a new reader at the panel; check the wires and the address",
        ) from None
    finally:
        reader.close()
    return key


def _library() -> tuple[Any, Any]:
    try:
        import osdp  # only a door with a panel needs it
        import osdp_sys
    except ImportError as err:
        raise DoorLinkFault("libosdp is not installed", hint="pip install 'doorward[osdp]'") from err
    if not hasattr(osdp, "PeripheralDevice"):
        raise DoorLinkFault(
            "the package osdp is installed instead of libosdp: both have the import name osdp",
            hint="pip uninstall osdp libosdp, then pip install 'doorward[osdp]'",
        )
    return osdp, osdp_sys
