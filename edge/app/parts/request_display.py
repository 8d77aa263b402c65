"""Opens a venue's request: its content, its certificate, and the screen that shows it."""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.card.attributes import Attribute
from edge.card.documents import BY_WORD, KEY_BYTES
from edge.errors import ConfigError, InputError, StorageFault
from edge.log import log_line
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.request.certificate import MAX_CERTIFICATE_BYTES
from edge.request.code import RequestSigner
from edge.request.request import Request
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from edge import config
    from edge.ports import Screen

KID_DIGITS: Final = 16
NONCE_BYTES: Final = 8  # the minimum of FORMAT.md; a number of 2^64 does not repeat


def request_of(root: config.Config) -> Request:
    """The request of this venue, from `[request]` and, for a desk or a check, from their tables."""
    said = root.request
    desk = root.door.venue == "desk"
    own = {"desk": root.desk.request, "check": root.check.request}.get(root.door.venue, ())
    needed = dict.fromkeys([*said.needed, *own])
    return Request(
        site=root.door.site,
        purpose=said.purpose,
        needed=tuple(map(Attribute, needed)),
        optional=tuple(Attribute(name) for name in said.optional if name not in needed),
        documents=tuple(sorted({BY_WORD[word].value for word in said.documents})),
        retention_days=root.desk.retain_days if desk else said.retention_days,
        issuers=said.issuers,
    )


def open_request(root: config.Config, base: Path, seed: bytes) -> RequestSigner | None:
    """The signer of this venue's request with the device's key; None without a certificate.

    `base`: the folder of the configuration; `seed`: that of the device's key. Raises ConfigError.
    """
    name = root.request.certificate
    if name is None:
        return None
    file = base / name
    try:
        certificate = open_files(file.parent).read(file.name, limit=MAX_CERTIFICATE_BYTES)
        return RequestSigner(seed, request_of(root), certificate)
    except (StorageFault, InputError) as error:
        raise ConfigError(f"[request] certificate: {error.message}", hint=error.hint) from error


@contextmanager
def open_board(root: config.Config, base: Path) -> Iterator[Screen | None]:
    """The screen of `[request] board`, cleared at the end; None: there is no screen."""
    said = root.request
    if said.board == "none":
        yield None
        return
    from hw.signals.screens.picture import picture_screen
    from hw.signals.screens.terminal import terminal_screen

    if said.board == "picture":
        board = picture_screen(base / said.folder, log_board)
    else:
        board = terminal_screen(sys.stdout, log_board)
    try:
        yield board
    finally:
        board.close()


def open_notice(root: config.Config, base: Path, stack: ExitStack, seed: bytes) -> RequestDisplay | None:
    """The display of this door's own code; None without a screen. Raises ConfigError."""
    if root.request.board == "none":
        return None
    signer = open_request(root, base, seed)
    assert signer is not None, "parse_config refuses a screen without a certificate"
    board = stack.enter_context(open_board(root, base))
    assert board is not None
    # Without a number of this moment a code can be signed ahead, on a phone whose clock was set.
    show = DisplayMode(root.request.show or DisplayMode.NEEDED)
    return RequestDisplay(board, signer.at, lambda: secrets.token_bytes(NONCE_BYTES), show)


def document_keys(root: config.Config, base: Path) -> Mapping[bytes, bytes]:
    """The keys that compare document numbers here, by the id of their issuer's key.

    Raises ConfigError for a file that others can read, or that is not such a key.
    """
    if root.request.document_keys is None:
        return {}
    folder = base / root.request.document_keys
    return dict(_document_key(folder / name) for name in _listed(folder))


def log_board(fault: str | None) -> None:
    """Write one log line when codes can no longer be shown, and one when they can again."""
    if fault is None:
        log_line("board", state="showing")
    else:
        log_line(
            "board",
            level="warning",
            state="fault",
            error=fault,
            hint="check that [request] folder exists and can be written",
        )


def _listed(folder: Path) -> list[str]:
    try:
        return [name for name in open_files(folder).names() if name.endswith(".key")]
    except StorageFault as fault:
        raise ConfigError(f"[request] document_keys: {fault.message}", hint=fault.hint) from fault


def _document_key(file: Path) -> tuple[bytes, bytes]:
    try:
        kid = bytes.fromhex(file.stem)
    except ValueError:
        kid = b""
    if len(kid) * 2 != KID_DIGITS:
        raise ConfigError(
            f"{file}: is not named after a key id",
            hint="name it after the issuer's key id: 16 hexadecimal digits and .key",
        )
    key = read_secret(file, "the key for documents", limit=KEY_BYTES)
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{file}: is not a key for documents", hint="copy documents.key from the issuer")
    return kid, key
