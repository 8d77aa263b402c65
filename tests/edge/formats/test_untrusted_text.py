"""Readers of text from outside: a value or our error, whatever the bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from worlds.venues.building_door import ZONES

from edge.audit import record
from edge.config.parse import parse_config
from edge.errors import EdgeError
from edge.face import manifest
from edge.face.evaluation import calibration
from edge.formats.untrusted_text import (
    UnreadableText,
    json_object,
    json_objects,
    one_of,
    toml_table,
    typed_json,
)
from edge.passage.lane.officers.messages import parse_officer_message, parse_referral
from edge.policy import pin_tries
from edge.policy.risk import sightings_file
from edge.sync.signed_time import read_signed_time
from edge.trust import generation, issuer_file, site_policy
from edge.trust.status import jwk
from edge.trust.time import clock_file
from edge.upload import protocol
from edge.venues.door.rules_file import parse_rules

EDGE = Path(__file__).resolve().parents[3] / "edge"
DIGITS = b"9" * 5_000  # Python converts at most 4,300
NESTED = b"[" * 3_000 + b"]" * 3_000

JSON: dict[str, bytes] = {
    "nothing": b"",
    "half a character": b'{"a":"\xff"}',
    "a name that is half a character": b'{"\xff":1}',
    "half of a pair": b'{"\\ud800":"\\ud800"}',
    "5,000 digits": b'{"next":' + DIGITS + b"}",
    "nested": NESTED,
    "nested in a name that no reader uses": b'{"unused":' + NESTED + b"}",
    "NaN": b'{"next":NaN}',
    "infinity": b'{"next":1e999}',
    "a name twice": b'{"next":1,"next":[]}',
    "a list": b"[]",
    "a time that no calendar has": b'{"issued_at":"0001-01-01T00:00:00+23:59"}',
    "UTF-16": '{"next":[]}'.encode("utf-16"),
}
TOML: dict[str, bytes] = {
    "nested": b"a = " + NESTED,
    "5,000 digits": b"a = " + DIGITS,
    "NaN": b"door = nan",
    "a list for a table": b"door = []",
    "a list for a word": b"door = { venue = [] }",
    "a time that no calendar has": b"issued_at = 0001-01-01T00:00:00+23:59",
    "a table for a text": b"face = { embedder = '', model_id = {}, thresholds = [] }\nfiles = {}",
    "a list for tables": b"groups = [[]]\n[doors]\na = []",
}
JSON_READERS: dict[str, Callable[[bytes], object]] = {
    "record": record.decode,
    "calibration": calibration.parse,
    "officer's message": parse_officer_message,
    "referral": parse_referral,
    "wrong PINs": pin_tries.decode,
    "sightings": sightings_file.decode,
    "signed time": read_signed_time,
    "generation": generation.parse,
    "issuer": lambda data: issuer_file.read_issuer("issuers/0011223344556677.json", bytes(8), data),
    "key": jwk.parse,
    "clock": clock_file.parse,
    "answer": protocol.parse_next,
    "error": protocol.parse_error,
}
TOML_READERS: dict[str, Callable[[bytes], object]] = {
    "configuration": lambda data: parse_config(data, Path("door.toml")),
    "rules": lambda data: parse_rules(data, "site.toml", site="tower-1/lobby", zones=ZONES),
    "policy": site_policy.parse,
    "manifest": lambda data: manifest.parse(data.decode(), runtime="litert", machine="x86_64"),
}


@pytest.mark.parametrize("what", JSON)
@pytest.mark.parametrize("reader", JSON_READERS)
def test_a_reader_of_json_raises_our_errors_only(reader: str, what: str) -> None:
    with suppress(EdgeError):
        JSON_READERS[reader](JSON[what])


@pytest.mark.parametrize("what", TOML)
@pytest.mark.parametrize("reader", TOML_READERS)
def test_a_reader_of_toml_raises_our_errors_only(reader: str, what: str) -> None:
    with pytest.raises(EdgeError):
        TOML_READERS[reader](TOML[what])


@pytest.mark.parametrize(
    "what", sorted(set(JSON) - {"half of a pair", "infinity", "a time that no calendar has", "UTF-16"})
)
def test_an_object_is_read_strictly(what: str) -> None:
    with pytest.raises(UnreadableText):
        json_object(JSON[what], most=64)


def test_an_object_has_a_limit() -> None:
    assert json_object(b'{"a":{"b":1}}', most=1) == {"a": {"b": 1}}
    with pytest.raises(UnreadableText, match="too many"):
        json_object(b'{"a":1,"b":2}', most=1)


def test_a_byte_order_mark_does_not_count() -> None:
    assert json_object(b'\xef\xbb\xbf{"a":1}', most=1) == json_object('\ufeff{"a":1}', most=1) == {"a": 1}
    assert typed_json(b"\xef\xbb\xbf[1]", msgspec.json.Decoder(list[int])) == [1]
    assert toml_table("\ufeff[a]\nb = 1") == {"a": {"b": 1}}
    assert parse_config(b'\xef\xbb\xbf[door]\nsite = "a/b"\n', Path("door.toml")).door.site == "a/b"


def test_an_array_has_objects_only() -> None:
    assert json_objects(b'[{"a":1},{}]', most=1) == [{"a": 1}, {}]
    for text in (b"[1]", b"{}", b'[{"a":1,"a":2}]', b"[", b"[NaN]"):
        with pytest.raises(UnreadableText):
            json_objects(text, most=9)


def test_the_error_says_what_is_wrong() -> None:
    with pytest.raises(UnreadableText, match=r"\Atoo deeply nested\Z"):
        toml_table("a = " + NESTED.decode())
    with pytest.raises(UnreadableText, match=r"\Aa number has too many digits\Z"):
        toml_table("a = " + DIGITS.decode())
    with pytest.raises(UnreadableText, match="`next`"):
        typed_json(b"{}", msgspec.json.Decoder(protocol.Next))


@pytest.mark.parametrize("value", [True, 1.0, "1", b"1", [1], {1: 1}, None, float("nan")])
def test_a_value_of_another_type_is_none_of_the_allowed(value: object) -> None:
    assert one_of(value, (1, 2)) is None


def test_an_allowed_value_is_returned() -> None:
    assert one_of("ab", frozenset({"a" + "b"})) == "ab"


CALLS = re.compile(
    r"\bjson\.loads?\(|\bjson\.decode\(|decoder\.decode\(|tomllib\.|_spoken\.decode|_news\.decode"
)
OWN_TEXT = {
    "formats/untrusted_text.py": "the one place",
    "config/profiles/__init__.py": "profiles of this package",
    "venues/library/store.py": "sealed by this device's own key",
}


def test_no_other_module_calls_a_parser_of_text() -> None:
    found = {
        str(file.relative_to(EDGE)) for file in EDGE.rglob("*.py") if CALLS.search(file.read_text("utf-8"))
    }
    assert found == set(OWN_TEXT)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_depth_of_json_is_limited_on_every_python(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return '{"next":' + opening * (depth - 1) + "0" + closing * (depth - 1) + "}"

    assert json_object(nested(64), most=4)
    with pytest.raises(UnreadableText, match="too deeply nested"):
        json_object(nested(65), most=4)


def test_brackets_in_a_string_are_no_depth() -> None:
    assert json_object('{"a":"' + "[{" * 500 + r"\"[" + '"}', most=4)
