"""Fuzzed repositories: a sync accepts one or raises our errors, and a door always keeps its trust."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.publishing import NOW, SITE, Authority, Gate

from edge.card import cbor
from edge.errors import SyncError, UpdateRejected
from edge.sync import names
from edge.sync.build_generation import _boxes
from edge.sync.generation import KEPT, read_generation, read_kept
from hw.network.web import MAX_RETRY_AFTER_S, retry_after
from hw.sim.source import SimSource

numbers = itertools.count()


@pytest.fixture(scope="module")
def authority() -> Authority:
    authority = Authority()
    authority.manifest = True
    authority.publish_lists()
    authority.publish({names.boxes(SITE, authority.issuer.kid): cbor.encode([b"box", b"other"])})
    return authority


@pytest.fixture(scope="module")
def base() -> Path:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@given(data=st.data())
@settings(max_examples=60)
def test_fuzz_any_damage_to_any_file_is_refused_or_harmless(
    data: st.DataObject, authority: Authority, base: Path
) -> None:
    honest = SimSource(authority.files)
    gate = Gate(base / str(next(numbers)), authority.root)
    gate.sync(honest)
    first = gate.trust
    name = data.draw(st.sampled_from([name for name, _ in honest.asked if name in authority.files]))
    content = bytearray(authority.files[name])
    how = data.draw(st.sampled_from(["flip", "cut", "insert", "replace"]))
    at = data.draw(st.integers(0, max(len(content) - 1, 0)))
    match how:
        case "flip":
            content[at] ^= data.draw(st.integers(1, 255))
        case "cut":
            del content[at:]
        case "insert":
            content[at:at] = data.draw(st.binary(min_size=1, max_size=50))
        case "replace":
            content = bytearray(data.draw(st.binary(max_size=300)))
    source = SimSource({**authority.files, name: bytes(content)})
    again = Gate(base / str(next(numbers)), authority.root)
    for device in (gate, again):
        with suppress(SyncError):
            device.sync(source, now=NOW + timedelta(minutes=1))
        if (device.folder / "trust").exists():
            assert device.trust.issuers == first.issuers


@given(st.binary(max_size=200))
def test_fuzz_a_pack_is_boxes_or_refused(pack: bytes) -> None:
    with suppress(UpdateRejected):
        assert all(isinstance(box, bytes) for box in _boxes("sealed/x.boxes", pack))


@given(st.binary(max_size=200))
def test_fuzz_any_files_of_a_generation_are_read_or_ignored(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / KEPT).write_bytes(content)
        (folder / "generation.json").write_bytes(content)
        assert isinstance(read_kept(folder), dict)
        read_generation(folder)


@given(st.text(max_size=60))
def test_fuzz_a_server_delays_a_device_for_a_limited_time(said: str) -> None:
    assert 0 <= retry_after(said) <= MAX_RETRY_AFTER_S
