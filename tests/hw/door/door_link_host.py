"""A host that releases its door for ten seconds and is then killed: `python door_link_host.py PORT KEY_HEX`."""

from __future__ import annotations

import sys
import threading

from edge.errors import DoorLinkFault
from edge.link.messages import Lock
from edge.link.session import LinkPairing
from hw.door.link import DoorLink
from hw.system.clock import SystemClock

link = DoorLink(sys.argv[1], LinkPairing(bytes.fromhex(sys.argv[2]), Lock.FAIL_SECURE), clock=SystemClock())
while True:
    try:
        link.wait_until_ready()
        link.release(10_000)
        break
    except DoorLinkFault:  # the machine is too slow; nothing else can fail here
        continue
print("released", flush=True)
threading.Event().wait()
