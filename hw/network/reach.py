"""Whether a server can be reached: a name is resolved and a connection made, in so much time and no more."""

from __future__ import annotations

import socket
import threading
import time
from typing import Final

from edge.errors import FetchError

PATIENCE_S: Final = 3.0  # a mobile network needs one


def reach_ms(host: str, port: int, *, patience_s: float = PATIENCE_S) -> float:
    """How long it took to connect, in milliseconds. Raises FetchError."""
    done: list[float | OSError] = []

    def connect() -> None:
        began = time.perf_counter()
        try:
            socket.create_connection((host, port), timeout=patience_s).close()
        except (OSError, UnicodeError) as err:  # IDNA refuses some names with the latter
            done.append(err if isinstance(err, OSError) else OSError(0, "is no name of a host"))
        else:
            done.append((time.perf_counter() - began) * 1_000)

    # The system's resolver has patience of its own, which nobody can shorten: it is left behind.
    thread = threading.Thread(target=connect, name="reach", daemon=True)
    thread.start()
    thread.join(patience_s)
    if not done:
        raise FetchError(
            f"{host}:{port}: no answer within {patience_s:g} s", hint="look at network and firewall"
        )
    if isinstance(done[0], OSError):
        why = (done[0].strerror or "cannot be reached").lower()
        raise FetchError(f"{host}:{port}: {why}", hint="look at cable, name and port")
    return done[0]
