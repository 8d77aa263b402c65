"""A host that releases its door for ten seconds and is then killed: `python door_link_host.py PORT KEY_HEX`."""

from __future__ import annotations

import itertools
import sys
import threading

from edge.errors import DoorLinkFault
from edge.link.messages import Lock
from edge.link.session import LinkPairing
from edge.on_record import LockMovement, OnRecord
from hw.door.link import DoorLink
from hw.system.clock import SystemClock

link = DoorLink(sys.argv[1], LinkPairing(bytes.fromhex(sys.argv[2]), Lock.FAIL_SECURE), clock=SystemClock())
for seq in itertools.count(1):
    try:
        link.wait_until_ready()
        link.release(10_000, OnRecord(b"journal", "lobby", seq, LockMovement.RELEASE))
        break
    except DoorLinkFault:  # the machine is too slow; nothing else can fail here
        continue
print("released", flush=True)
threading.Event().wait()
