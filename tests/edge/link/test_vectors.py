"""Runs tests/vectors/link on CPython: frames on both ends, controllers on the firmware, hosts on the host's code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import frame as controller_frame
import pytest
from conftest import ROOT
from controller import Controller
from limits import MAX_WIRE
from peers.link_host import Keys, Nonces

from edge.link import frame
from edge.link import messages as m
from edge.link.session import LinkPairing, LinkSession

FOLDER = ROOT / "tests" / "vectors" / "link"


def vectors(kind: str) -> list[Path]:
    return sorted(FOLDER.glob(f"{kind}_*.json"))


def payloads(wire: bytes) -> list[str]:
    return [payload.hex() for payload in frame.FrameReceiver().feed(wire)]


@pytest.mark.parametrize("file", vectors("frame"), ids=lambda file: file.stem)
def test_both_ends_decode_a_frame_alike(file: Path) -> None:
    vector = json.loads(file.read_bytes())
    wire = bytes.fromhex(vector["wire"])
    assert payloads(wire) == vector["payloads"]
    receiver = controller_frame.Receiver()
    heard = [receiver.frame[:length].hex() for byte in wire if (length := receiver.feed(byte))]
    assert heard == vector["payloads"]


@pytest.mark.parametrize("file", vectors("frame_valid"), ids=lambda file: file.stem)
def test_both_ends_encode_a_valid_frame(file: Path) -> None:
    vector = json.loads(file.read_bytes())
    heard = [bytes.fromhex(payload) for payload in vector["payloads"]]
    wire = bytes.fromhex(vector["wire"]).lstrip(b"\0")
    assert b"".join(map(frame.encode, heard)) == wire
    out, made = bytearray(MAX_WIRE), bytearray()
    for payload in heard:
        made += out[: controller_frame.encode(bytearray(payload + bytes(2)), len(payload), out)]
    assert made == wire


@pytest.mark.parametrize("file", vectors("controller"), ids=lambda file: file.stem)
def test_a_controller_follows_the_vectors(file: Path) -> None:
    vector = json.loads(file.read_bytes())
    said, levels = bytearray(), [0]
    fresh = iter([bytes.fromhex(nonce) for nonce in vector["nonces"]] * 9)
    nonces = Nonces(private=bytes.fromhex(vector["secret"]))
    nonces.fresh = lambda: next(fresh)
    controller = Controller(
        keys=Keys((vector["lock"], bytes.fromhex(vector["key"])) if vector["key"] else None),
        nonces=nonces,
        write=lambda buffer, length: said.extend(buffer[:length]),
        drive=levels.append,
        lamps=lambda bits: None,
        wiegand=lambda bits, buffer, at: True,
        inputs=vector["inputs"],
        now=0,
        cause=0,
    )
    for step in vector["steps"]:
        said.clear()
        controller.step(step["inputs"], step["ms"])
        for byte in bytes.fromhex(step["hear"]):
            controller.receive(byte, step["ms"])
        while controller.work():
            pass
        assert payloads(bytes(said)) == step["say"], f"at {step['ms']} ms"
        assert levels[-1] == step["strike"], f"at {step['ms']} ms"


def plain(event: m.LinkEvent) -> list[object]:
    """An event in the form of the vectors: its name, and its numbers in order."""
    numbers = [getattr(event, field.name) for field in dataclasses.fields(event)]
    return [type(event).__name__, *(list(n) if isinstance(n, tuple) else int(n) for n in numbers)]


@pytest.mark.parametrize("file", vectors("host"), ids=lambda file: file.stem)
def test_a_host_follows_the_vectors(file: Path) -> None:
    vector = json.loads(file.read_bytes())
    nonces = iter([bytes.fromhex(nonce) for nonce in vector["nonces"]])
    pair = LinkPairing(bytes.fromhex(vector["key"]), m.Lock(vector["lock"]))
    host = LinkSession(pair, fresh=lambda: next(nonces))
    for step in vector["steps"]:
        replies, told = host.receive(bytes.fromhex(step["hear"]), step["ms"])
        unasked, more = host.step(step["ms"])
        said = b"".join(frame.encode(bytes.fromhex(payload)) for payload in step["say"])
        assert replies + unasked == said, f"at {step['ms']} ms"
        assert [plain(event) for event in (*told, *more)] == step["told"], f"at {step['ms']} ms"


def test_there_are_vectors_of_every_kind() -> None:
    assert len(vectors("frame")) >= 20
    assert len(vectors("controller")) >= 60
    assert len(vectors("host")) >= 30
