"""Budget of a hub's connections: a new one always gets in, at the cost of one that the hub waits for. Pure.

A connection costs an attacker nothing and the hub a file descriptor, before any signature. So the hub refuses
no client while it waits for another one, and each wait has a deadline. Addresses from which a device signed,
or from which an operator gave the password, have a budget of their own: no stranger takes a place from them.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KNOWN: Final = 150  # a request takes up to 1 MB, and 250 MB are there for both budgets
MOST_STRANGERS: Final = 100
MOST_OF_A_STRANGER: Final = 50  # of one address: as many devices as share the address of a site
MOST_OPEN: Final = 400  # descriptors, with those that were cut but are not closed yet
KNOWN_PEERS: Final = 4_096  # 400 kB; the address that was silent for longest is forgotten first
IPV6_SITE_BITS: Final = 64  # one subscriber has at least a /64: RFC 6177

HEAD_S: Final = 10.0  # TLS handshake and the head of a request: 16 kB at 2 kB/s
BODY_S: Final = 75.0  # the 60 s of the upload endpoint, which answers by itself before
STALL_S: Final = 30.0  # no 48 kB taken: slower than 2 kB/s
BEGUN_S: Final = 1.0  # a client that is there sends its head within some round trips
NEXT_S: Final = 30.0  # the end of an answer and the next head; an idle connection is closed after 5 s


class Wait(IntEnum):
    """The part of a request that the hub waits for, the least valuable first."""

    HEAD = 0
    NEXT = 1  # the head of a further request
    BODY = 2
    READER = 3
    NOTHING = 4  # the hub works


WAIT_S: Final = {
    Wait.HEAD: HEAD_S,
    Wait.NEXT: NEXT_S,
    Wait.BODY: BODY_S,
    Wait.READER: STALL_S,
    Wait.NOTHING: float("inf"),
}


@dataclass(slots=True, eq=False)
class Client:
    """One connection. `cut` ends it."""

    peer: str
    known: bool
    cut: Callable[[], None]
    since_s: float
    wait: Wait = Wait.HEAD

    def waits(self, wait: Wait, now_s: float) -> None:
        """Note what the hub waits for from now on; the same wait goes on with its deadline."""
        if wait is not self.wait:
            self.wait, self.since_s = wait, now_s


class ConnectionBudget:
    """All connections of one hub. For one thread."""

    def __init__(self) -> None:
        self.dropped = 0
        self._clients: set[Client] = set()
        self._known: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._clients)

    def enter(self, peer: str, now_s: float, cut: Callable[[], None]) -> Client | None:
        """A place for a new connection; None: the hub works for all others at this moment."""
        known = peer in self._known
        rivals = [client for client in self._clients if client.known is known]
        own = [client for client in rivals if client.peer == peer]
        if not known and len(own) >= MOST_OF_A_STRANGER:
            rivals = own
        if len(rivals) >= (MOST_KNOWN if known else MOST_STRANGERS) or rivals is own:
            victim = _weakest(rivals, now_s)
            if victim is None:
                self.dropped += 1
                return None
            self._drop(victim)
        client = Client(peer, known, cut, now_s)
        self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """Free the place of a connection that ended. Safe to call again."""
        self._clients.discard(client)

    def vouch(self, peer: str) -> None:
        """Move an address to the budget of known ones, with its connections."""
        self._known[peer] = None
        self._known.move_to_end(peer)
        if len(self._known) > KNOWN_PEERS:
            self._known.popitem(last=False)
        for client in self._clients:
            if client.peer == peer:
                client.known = True

    def sweep(self, now_s: float) -> None:
        """End all connections whose wait has passed its deadline."""
        for client in [c for c in self._clients if now_s - c.since_s > WAIT_S[c.wait]]:
            self._drop(client)

    def _drop(self, client: Client) -> None:
        self.dropped += 1
        self.leave(client)
        client.cut()


def _weakest(clients: list[Client], now_s: float) -> Client | None:
    """The connection to end, of the address with the most; one that began just now only if all did."""
    counts = Counter(client.peer for client in clients)

    def worth(client: Client) -> tuple[int, bool, int, float]:
        begun = now_s - client.since_s < BEGUN_S
        return -counts[client.peer], begun, 0 if begun else client.wait, client.since_s

    waiting = [client for client in clients if client.wait is not Wait.NOTHING]
    return min(waiting, key=worth, default=None)


def peer_of(host: str) -> str:
    """The subscriber of an address: IPv4 as it is, also inside IPv6; of IPv6 the network of 64 bits."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False))
