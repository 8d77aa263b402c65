"""A hub in a process of its own: an alarm goes from a batch of a device to a web server, and is not lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from peers.waiting import until
from worlds.fleet import DEVICE as NAME
from worlds.fleet import KEY, History, running_hub, tool

from edge.delivery.carriers import SIGNATURE_HEADER


class Receiver:
    """A web server that keeps the messages, and answers 503 while it is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.asked = 0
        self.codes: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked += 1
                if not receiver.is_away:
                    assert self.headers[SIGNATURE_HEADER].startswith("ed25519=")
                    receiver.codes.append(json.loads(body)["code"])
                self.send_response(503 if receiver.is_away else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/in"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.mark.slow
def test_a_message_survives_a_receiver_that_is_away_and_a_restart_of_the_hub(
    tmp_path: Path, receiver: Receiver
) -> None:
    db, history = str(tmp_path / "hub.db"), History(2)
    tool("device", "add", NAME, "--key", bytes(KEY.verify_key).hex(), db=db)
    receiver.is_away = True
    with running_hub(db, tmp_path, "--webhook", receiver.url) as hub:
        assert hub.give(history.batch(0, 2)).status == 200
        until(lambda: receiver.asked > 0)
    key = (tmp_path / "hub.key").read_bytes()
    assert (tmp_path / "hub.key").stat().st_mode & 0o077 == 0
    receiver.is_away = False
    with running_hub(db, tmp_path, "--webhook", receiver.url):
        until(lambda: len(receiver.codes) == 2)
    assert receiver.codes == ["card.revoked", "card.revoked"]
    assert SigningKey((tmp_path / "hub.key").read_bytes()) == SigningKey(key)
