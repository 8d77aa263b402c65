"""Officers' screens over a Unix socket, which carries referrals to officers and their verbs back.

A user with access to the socket's file can watch; a user in `[lane] officers` can decide. The kernel tells
the user of a connection (SO_PEERCRED), so that no user can decide in the name of another. A screen that reads
too slowly is disconnected; when it connects again, it gets the open referral.
"""

from __future__ import annotations

import os
import pwd
import selectors
import socket
import stat
import struct
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError, InputError
from edge.passage.lane.officers.messages import (
    MAX_LINE_BYTES,
    OfficerDecision,
    Referral,
    ReferralClosed,
    line,
    parse_officer_message,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_SCREENS: Final = 16  # more than officers at one lane
MAX_OF_A_USER: Final = 4  # so that no user takes the places of the others
MAX_WATCHERS: Final = 8  # without a role: the other places stay for officers
MAX_WORDS: Final = 16  # as the port defines: the newest are kept
_PEER: Final = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED


@dataclass(slots=True)
class _Screen:
    """One connection. `role`: None for a user who can only watch."""

    socket: socket.socket
    user: int
    role: str | None
    heard: bytearray = field(default_factory=bytearray)


class OfficerSocket:
    """Implements the port `Officers` with a Unix socket, in its own thread."""

    def __init__(self, path: Path, roles: Mapping[str, str]) -> None:
        """`roles`: role by user of this machine. Raises ConfigError if the socket cannot be made."""
        self._path = path
        self._roles = dict(roles)
        self._guard = threading.Lock()
        self._words: deque[OfficerDecision] = deque(maxlen=MAX_WORDS)
        self._news: Referral | ReferralClosed | None = None
        self._screens: list[_Screen] = []
        self._closing = False
        self._listener = _listen(path)
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._thread = threading.Thread(target=self._serve, name="officers", daemon=True)
        self._thread.start()

    def tell(self, news: Referral | ReferralClosed) -> None:
        with self._guard:
            self._news = news
            for screen in tuple(self._screens):
                self._send(screen, news)

    def decisions(self) -> Sequence[OfficerDecision]:
        with self._guard:
            words = tuple(self._words)
            self._words.clear()
        return words

    def close(self) -> None:
        """Close all connections. Safe to call again."""
        with self._guard:
            self._closing = True
            with suppress(OSError):
                self._wake.send(b"x")
        self._thread.join()
        with suppress(FileNotFoundError):
            self._path.unlink()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector, self._listener, self._woken, self._wake:
            selector.register(self._listener, selectors.EVENT_READ, None)
            selector.register(self._woken, selectors.EVENT_READ, None)
            while not self._closing:
                for key, _ in selector.select():
                    if key.fileobj is self._listener:
                        self._welcome(selector)
                    elif isinstance(key.data, _Screen) and not self._hear(key.data):
                        selector.unregister(key.data.socket)
                        self._part(key.data)
            for screen in tuple(self._screens):
                self._part(screen)

    def _welcome(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # the client has gone
        user, role = self._peer(connection)
        if not self._has_place(user, role):
            connection.close()
            return
        connection.setblocking(False)
        screen = _Screen(connection, user, role)
        selector.register(connection, selectors.EVENT_READ, screen)
        with self._guard:
            self._screens.append(screen)
            if isinstance(self._news, Referral):
                self._send(screen, self._news)

    def _has_place(self, user: int, role: str | None) -> bool:
        own = sum(screen.user == user for screen in self._screens)
        watchers = sum(screen.role is None for screen in self._screens)
        return (
            len(self._screens) < MAX_SCREENS
            and own < MAX_OF_A_USER
            and (role is not None or watchers < MAX_WATCHERS)
        )

    def _peer(self, connection: socket.socket) -> tuple[int, str | None]:
        """The user of a connection by its kernel, and the role of that user."""
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        uid: int = _PEER.unpack(raw)[1]
        try:
            return uid, self._roles.get(pwd.getpwuid(uid).pw_name)
        except KeyError:
            return uid, None

    def _hear(self, screen: _Screen) -> bool:
        """Read from a screen; False: it has gone, or sent an unknown message."""
        try:
            data = screen.socket.recv(MAX_LINE_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        screen.heard += data
        while (end := screen.heard.find(b"\n")) >= 0:
            text = bytes(screen.heard[:end])
            del screen.heard[: end + 1]
            try:
                spoken = parse_officer_message(text)
            except InputError:
                return False
            if screen.role is None:
                return False
            with self._guard:
                self._words.append(OfficerDecision(spoken.referral, spoken.verb, screen.role))
        return bool(data) and len(screen.heard) < MAX_LINE_BYTES

    def _send(self, screen: _Screen, news: Referral | ReferralClosed) -> None:
        """Send to one screen; one that takes no more data is disconnected."""
        try:
            sent = screen.socket.send(line(news))
        except OSError:
            sent = 0
        if sent < len(line(news)):
            with suppress(OSError):
                screen.socket.shutdown(socket.SHUT_RDWR)

    def _part(self, screen: _Screen) -> None:
        with self._guard:
            self._screens.remove(screen)
            screen.socket.close()


def roles_of(words: Sequence[str]) -> dict[str, str]:
    """Role by user, from words such as "anna=officer-17" of the configuration."""
    return {user: role for user, _, role in (word.partition("=") for word in words)}


def _listen(path: Path) -> socket.socket:
    """The listening socket; its owner and the group of its folder can connect."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        os.fchmod(
            listener.fileno(), 0o600
        )  # of the file to come: no client can connect before the chmod below
        listener.bind(str(path))
        with suppress(PermissionError):
            os.chown(path, -1, path.parent.stat().st_gid)
        path.chmod(0o660)
        listener.listen(MAX_SCREENS)
    except (OSError, ValueError) as err:
        listener.close()
        why = (getattr(err, "strerror", None) or str(err)).lower()
        raise ConfigError(
            f"[lane] socket: {path}: {why}",
            hint="set it to a path of at most 100 characters in a folder that exists",
        ) from err
    return listener


def _clear(path: Path) -> None:
    """Remove the socket of an earlier run. Raises ValueError if it is in use, or another kind of file."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ValueError("is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise ValueError("is used by another lane")
