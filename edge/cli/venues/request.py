"""`doorward request`: the request of this device to its visitors, and the certificate for it."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

from edge.app.parts.camera import system_clock
from edge.app.parts.keys import device_seed
from edge.app.parts.request_display import open_board, open_request
from edge.card import numbers as n
from edge.card.cose import public_key
from edge.card.documents import word_of
from edge.cli.config import given
from edge.cli.output import tell
from edge.cli.repeat import rounds
from edge.cli.verbs import CONFIG_REQUIRED, argument, json_lines, verb
from edge.errors import ConfigError, Exit
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from edge.config import Config
    from edge.request.code import RequestSigner


def _key(args: argparse.Namespace) -> int:
    root, base = given(args.config)
    print(public_key(_seed(root, base)).hex())
    return Exit.OK


def _show(args: argparse.Namespace) -> int:
    signer = _signer(*given(args.config))
    text = signer.at(system_clock().now(), secrets.token_bytes(n.MIN_NONCE_BYTES))
    if args.text:
        print(text)
        return Exit.OK
    request = signer.request
    row = {
        "site": request.site,
        "purpose": request.purpose,
        "needed": list(request.needed),
        "optional": list(request.optional),
        "documents": [word_of(kind) for kind in request.documents],
        "retention_days": request.retention_days,
        "issuers": list(request.issuers),
        "vouched_until": signer.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "code_chars": len(text),
    }
    lines = (
        f"{name:14} {(', '.join(value) or '-') if isinstance(value, list) else value}"
        for name, value in row.items()
    )
    tell(row, *lines, as_json=args.json)
    return Exit.OK


def _post(args: argparse.Namespace) -> int:
    root, base = given(args.config)
    signer, clock = _signer(root, base), system_clock()
    with open_board(root, base) as board:
        if board is None:
            raise ConfigError(
                '[request] board = "none" shows nothing',
                file=args.config,
                hint='set [request] board = "picture" or "terminal"',
            )
        print(f"shown as {root.request.board} until Ctrl-C", file=sys.stderr)
        display = RequestDisplay(
            board, signer.at, lambda: secrets.token_bytes(n.MIN_NONCE_BYTES), DisplayMode.OFFERED
        )

        def once() -> int:
            display.turn(clock.now(), clock.tick_ms())
            return Exit.OK

        return rounds(once)


def _seed(root: Config, base: Path) -> bytes:
    """The seed of the device's key, made now if there is none yet."""
    return device_seed(base / root.device.key)


def _signer(root: Config, base: Path) -> RequestSigner:
    signer = open_request(root, base, _seed(root, base))
    if signer is None:
        raise ConfigError(
            "[request] certificate is required",
            hint="send the output of doorward request key to an issuer, which makes the certificate",
        )
    return signer


VERBS = (
    verb("key", "print this device's public key, for doorward-issuer certify", _key, CONFIG_REQUIRED),
    verb(
        "show",
        "print the request, its purpose, and the end of its certificate",
        _show,
        CONFIG_REQUIRED,
        json_lines("print one JSON object"),
        argument(
            "--text", action="store_true", help="print the text of the code, which is valid for a minute"
        ),
    ),
    verb("post", "show the code on this device's screen until stopped", _post, CONFIG_REQUIRED),
)
