"""A configuration mistake says file, line and what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from edge.config import MAX_CONFIG_BYTES, Config, explain, parse_config, profile
from edge.config.profiles import VENUES, about, text_of
from edge.errors import ConfigError

FILE = Path("door.toml")

# What is written, what the message says behind the file's name, what its hint has.
MISTAKES: dict[str, tuple[bytes, str, str]] = {
    "unknown key": (b"[door]\n\nrelase_ms = 3\n", "3: unknown key [door] relase_ms", "release_ms"),
    "unknown table": (b"[dor]\nsite = 'a'\n", "1: unknown key dor", "did you mean door?"),
    "unknown top key": (b"x = 1\n", "1: unknown key x", "known here: device, door"),
    "out of range": (b"[door]\nrelease_ms = 60000\n", "2: door.release_ms: expected", "config show"),
    "wrong type": (b"[face]\none_in = 'many'\n", "2: face.one_in: expected", "config show"),
    "wrong word in a list": (
        b"[face]\npad = ['geometry', 'moire']\n",
        "2: face.pad[1]: invalid enum value",
        "config show",
    ),
    "wrong word": (b"[door]\nface = 'maybe'\n", "2: door.face: invalid enum value", "config show"),
    "a site with spaces": (b"[door]\nsite = 'the lobby'\n", "2: door.site", "config show"),
    "a site with a line end": (b'[door]\nsite = "lobby\\n"\n', "2: door.site", "config show"),
    "not TOML": (b"[door\n", "1: ", "toml.io"),
    "not text": (b"[door]\n\xff\xfe", "2: is not UTF-8 text", "UTF-8"),
    "stale before ageing": (b"[lists]\nageing_h = 48\nstale_h = 3\n", "3: stale_h 3 is below", "larger"),
    "a film without a name": (b"[camera]\nkind = 'film'\n", "2: device must name the film", "mp4"),
    "a picture without a side": (b"[camera]\nsize = [0, 720]\n", "2: camera.size", "config show"),
    "a scanner without a port": (b"[scanner]\nkind = 'serial'\n", "2: port must be said", "by-id"),
    "a custom trigger without bytes": (
        b"[scanner]\nkind = 'serial'\nport = 'p'\ntrigger = 'custom'\n",
        "4: trigger_start must be said",
        "16 54 0D",
    ),
    "half a byte": (b"[scanner]\ntrigger_start = '16 5'\n", "2: scanner.trigger_start", "config show"),
    "a keyboard that is told to look": (
        b"[scanner]\nkind = 'keyboard'\nport = 'p'\ntrigger = 'gm65'\n",
        "4: a scanner that types",
        "none",
    ),
    "neither camera nor scanner": (
        b"[door]\nface = 'none'\n[camera]\nkind = 'none'\n",
        "4: a door without a camera needs a scanner",
        "[scanner] kind",
    ),
    "faces without a camera": (
        b"[camera]\nkind = 'none'\n[scanner]\nkind = 'serial'\nport = 'p'\n",
        "2: a door without a camera compares no faces",
        'face = "none"',
    ),
    "a certificate without its key": (
        b"[hub]\ncert = 'a.pem'\n",
        "2: cert_key must be said with cert",
        "mutual TLS",
    ),
    "a key without its certificate": (
        b"[hub]\ncert_key = 'a.pem'\n",
        "2: cert must be said with cert_key",
        "mutual TLS",
    ),
    "a password in the clear": (
        b"[mqtt]\nuser = 'a'\ntls = false\n",
        "2: [mqtt] a password would travel in the clear",
        "tls = true",
    ),
    "a screen that nobody vouches for": (
        b"[request]\nboard = 'picture'\n",
        "2: a screen without a certificate",
        "vouches",
    ),
    "a request without a screen": (
        b"[request]\ncertificate = 'c'\nshow = 'needed'\n",
        "3: nothing to show it on",
        "board",
    ),
    "an attribute that is needed and is not": (
        b"[request]\nneeded = ['address']\noptional = ['patron', 'address']\n",
        "3: address is both needed and optional",
        "once",
    ),
    "a purpose in too many bytes": (
        "[request]\npurpose = '{}'\n".format("\u6fb3" * 33).encode(),
        "2: purpose has more than 96 bytes",
        "shorter",
    ),
    "an attribute that no card holds": (b"[request]\nneeded = ['shoe_size']\n", "2: ", ""),
    "a document that nobody knows": (b"[request]\ndocuments = ['library-card']\n", "2: ", ""),
    "rules that nobody would read": (
        b"[door]\nvenue = 'library'\n[library]\nhost = 'h'\ninstitution = 'i'\n[permits]\nrules = 'site.toml'\n",
        "7: [permits] rules are for a building's door",
        "venue",
    ),
    "a password of nobody": (b"[mqtt]\npassword_file = 'p'\n", "2: a password without", "user"),
    "too large": (b"#" * (MAX_CONFIG_BYTES + 1), " is", ""),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_its_line(mistake: str) -> None:
    data, message, hint = MISTAKES[mistake]
    with pytest.raises(ConfigError) as error:
        parse_config(data, FILE)
    assert error.value.message.startswith(f"{FILE}:{message}")
    assert hint in error.value.hint
    assert "\n" not in error.value.message


def test_a_device_may_say_one_age_and_leave_the_other_to_its_site() -> None:
    lists = parse_config(b"[lists]\nstale_h = 3\nageing = 'step-up'\n", FILE).lists
    assert (lists.ageing_h, lists.stale_h, lists.ageing) == (None, 3, "step-up")


def test_an_empty_file_is_the_defaults() -> None:
    assert parse_config(b"", FILE) == Config()


def test_every_key_is_explained() -> None:
    assert not [(table, key) for table, key, _, note in explain() if not note and table != "paths"]


# -- profiles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", VENUES)
def test_a_venue_is_chosen_with_one_word(venue: str) -> None:
    chosen = profile(venue)
    assert chosen.door.venue == venue
    heads = about(venue)
    assert any("ithout a face" in line for line in heads)
    assert any("taffed fallback" in line for line in heads)


@pytest.mark.parametrize("venue", VENUES)
def test_a_profile_says_nothing_that_is_so_anyhow(venue: str) -> None:
    plain = msgspec.to_builtins(Config())
    said = tomllib.loads(text_of(venue))
    same = [
        (table, key)
        for table, keys in said.items()
        for key, value in keys.items()
        if plain[table][key] == value and (table, key) != ("door", "venue")
    ]
    assert same in ([], [("door", "face")])  # which a reader of a profile looks for first


def test_what_a_site_says_itself_counts_before_its_profile() -> None:
    text = '[door]\nvenue = "lane"\nmin_assurance = 1\n[face]\nprompts = 2\n'
    site = parse_config(text.encode(), Path("site.toml"))
    assert (site.door.min_assurance, site.face.prompts, site.face.consistency) == (1, 2, True)


def test_a_sign_has_one_level() -> None:
    with pytest.raises(ConfigError, match=r"velocity is both \w+ and \w+"):
        parse_config(b'[risk]\nraised = ["velocity"]\n', Path("site.toml"))
