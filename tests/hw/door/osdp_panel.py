"""A control panel of another maker for the OSDP reader: PyPI `osdp`, run by a Python that has it.

    python osdp_panel.py FD ADDRESS MASTER_KEY_HEX

`FD`: an open pty. It prints one line for each event: `secure`, `lost`, `card BITS HEX`. It ends with its
standard input. The tests have a library with the same import name, so this program has its own virtual
environment.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time

from osdp import ControlPanel, OsdpConnection


class Wires(OsdpConnection):
    """The other end of a pty, without another process: on a busy machine the 200 ms for a reply are short."""

    baud_rate = 9_600
    is_open = True

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def open(self) -> None: ...

    def close(self) -> None: ...

    def write(self, buf: bytes) -> None:
        os.write(self._fd, buf)

    def read(self, size: int = 1) -> bytes:
        ready, _, _ = select.select([self._fd], [], [], 2.0)
        return os.read(self._fd, size) if ready else b""


class Panel(ControlPanel):
    def on_raw_card_data_reply_received(self, address, raw_card_data) -> None:
        print(f"card {raw_card_data.bit_count} {bytes(raw_card_data.data).hex()}", flush=True)


def main() -> None:
    wires, address, key = Wires(int(sys.argv[1])), int(sys.argv[2]), bytes.fromhex(sys.argv[3])
    panel = Panel(key)  # without a master key its polling thread dies at the first secure reply
    bus = panel.start_connection(wires)
    panel.add_device(bus, address, use_crc=True, use_secure_channel=True)
    device = panel._buses[bus]._configured_devices[address]
    ends = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ends.set()), daemon=True).start()
    was = False
    while not ends.is_set():
        is_secure = device.is_security_established and not device.is_scbkd
        if is_secure != was:
            print("secure" if is_secure else "lost", flush=True)
        was = is_secure
        time.sleep(0.01)
    panel.shutdown()


if __name__ == "__main__":
    main()
