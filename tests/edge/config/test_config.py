"""A mistake in a configuration is told with file, line, value, allowed values and one thing to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from edge.config import MAX_CONFIG_BYTES, Config, explain, parse_config, profile
from edge.config.profiles import VENUES, about, text_of
from edge.errors import ConfigError

FILE = Path("door.toml")

# The text, the message after the file's name, and a part of the hint.
MISTAKES: dict[str, tuple[bytes, str, str]] = {
    "unknown key": (b"[door]\n\nrelase_ms = 3\n", "3: unknown key [door] relase_ms", "release_ms"),
    "unknown table": (b"[dor]\nsite = 'a'\n", "1: unknown table [dor]", "did you mean door?"),
    "an unknown key with a quotation mark": (b'"a`b" = 1\n', "1: unknown key a`b", "use one of device, door"),
    "an unknown key that is empty": (b'"" = 1\n', "1: unknown key", "use one of device, door"),
    "an unknown key like a place": (b'[device]\n"$.x" = 1\n', "2: unknown key [device] $.x", "delete it"),
    "an unknown key like a place in a message": (
        b'[device]\n"a` - at `$.face" = 1\n',
        "2: unknown key [device] a` - at `$.face",
        "delete it",
    ),
    "unknown top key": (b"x = 1\n", "1: unknown key x", "use one of device, door"),
    "a key of another table": (
        b"[strike]\nrelease_ms = 3\n",
        "2: unknown key [strike] release_ms",
        "to [door]",
    ),
    "a key in place of a table": (b"door = 3\n", "1: door: 3 is not a table", "write [door]"),
    "out of range": (
        b"[door]\nrelease_ms = 60000\n",
        "2: [door] release_ms: 60000 is not a whole number from 200 to 10000",
        "config show",
    ),
    "wrong type": (
        b"[face]\none_in = 'many'\n",
        '2: [face] one_in: "many" is not a whole number from',
        "config show",
    ),
    "a word for a list": (
        b"[face]\npad = 'texture'\n",
        '2: [face] pad: "texture" is not a list (each',
        'pad = ["texture"]',
    ),
    "wrong word in a list": (
        b"[face]\npad = ['geometry', 'moire']\n",
        '2: [face] pad: "moire" is not one of geometry, texture, passive',
        "config show",
    ),
    "wrong word": (
        b"[door]\nface = 'maybe'\n",
        '2: [door] face: "maybe" is not one of required, if-bound, none',
        "config show",
    ),
    "a capital letter": (
        b"[door]\nface = 'Required'\n",
        '2: [door] face: "Required" is not one',
        "mean required?",
    ),
    "a site with spaces": (
        b"[door]\nsite = 'the lobby'\n",
        '2: [door] site: "the lobby" is not a name',
        "config show",
    ),
    "a site with a line end": (
        b'[door]\nsite = "lobby\\n"\n',
        '2: [door] site: "lobby\\n" is not',
        "config show",
    ),
    "not TOML": (b"[door\n", "1: expected", "[table] on a line of its own"),
    "a key twice": (b"x = 1\nx = 2\n", "2: cannot overwrite", "delete one of the two"),
    "not text": (b"[door]\n\xff\xfe", "2: is not UTF-8 text", "UTF-8"),
    "stale before ageing": (
        b"[lists]\nageing_h = 48\nstale_h = 3\n",
        "3: [lists] stale_h: 3 is below ageing_h, which is 48",
        "48 or more",
    ),
    "a film without a name": (b"[camera]\nkind = 'film'\n", '2: [camera] kind = "film" needs device', "mp4"),
    "a picture without a side": (
        b"[camera]\nsize = [0, 720]\n",
        "2: [camera] size: 0 is not a whole number from 160 to 4608",
        "config show",
    ),
    "a scanner without a port": (
        b"[scanner]\nkind = 'serial'\n",
        "2: [scanner] port is required",
        "serial/by-id",
    ),
    "a scanner that types without a port": (
        b"[scanner]\nkind = 'keyboard'\n",
        "2: [scanner] port",
        "input/by-id",
    ),
    "a custom trigger without bytes": (
        b"[scanner]\nkind = 'serial'\nport = 'p'\ntrigger = 'custom'\n",
        '4: [scanner] trigger = "custom" needs trigger_start',
        "16 54 0D",
    ),
    "half a byte": (
        b"[scanner]\ntrigger_start = '16 5'\n",
        '2: [scanner] trigger_start: "16 5" is not hexadecimal bytes',
        "config show",
    ),
    "commands for a keyboard": (
        b"[scanner]\nkind = 'keyboard'\nport = 'p'\ntrigger = 'gm65'\n",
        '4: [scanner] trigger: "gm65" needs kind = "serial"',
        'trigger = "none"',
    ),
    "neither camera nor scanner": (
        b"[door]\nface = 'none'\n[camera]\nkind = 'none'\n",
        '4: [camera] kind = "none" needs a scanner',
        "[scanner] kind",
    ),
    "faces without a camera": (
        b"[camera]\nkind = 'none'\n[scanner]\nkind = 'serial'\nport = 'p'\n",
        '2: [camera] kind = "none" and [door] face = "required" exclude',
        'face = "none"',
    ),
    "a certificate without its key": (
        b"[hub]\ncert = 'a.pem'\n",
        "2: [hub] cert needs cert_key",
        "mutual TLS",
    ),
    "a key without its certificate": (
        b"[hub]\ncert_key = 'a.pem'\n",
        "2: [hub] cert_key needs cert",
        "mutual TLS",
    ),
    "a password in the clear": (
        b"[mqtt]\nuser = 'a'\ntls = false\n",
        "2: [mqtt] user needs tls = true",
        "tls = true",
    ),
    "a screen without a certificate": (
        b"[request]\nboard = 'picture'\n",
        '2: [request] board = "picture" needs certificate',
        "issuer certify",
    ),
    "a request without a screen": (
        b"[request]\ncertificate = 'c'\nshow = 'needed'\n",
        '3: [request] show = "needed" needs a screen',
        "board",
    ),
    "an attribute that is needed and optional": (
        b"[request]\nneeded = ['address']\noptional = ['patron', 'address']\n",
        "3: [request] address is in both needed and optional",
        "delete it",
    ),
    "a purpose in too many bytes": (
        "[request]\npurpose = '{}'\n".format("\u6fb3" * 33).encode(),
        "2: [request] purpose has 99 bytes",
        "shorten it",
    ),
    "an attribute that no card holds": (
        b"[request]\nneeded = ['shoe_size']\n",
        '2: [request] needed: "shoe_size" is not',
        "",
    ),
    "an unknown document": (b"[request]\ndocuments = ['card']\n", '2: [request] documents: "card"', ""),
    "rules of another venue": (
        b"[door]\nvenue = 'library'\n[library]\nhost = 'h'\ninstitution = 'i'\n[permits]\nrules = 'site.toml'\n",
        '7: [permits] rules needs [door] venue = "door", and it is "library"',
        "venue",
    ),
    "a password without a user": (b"[mqtt]\npassword_file = 'p'\n", "2: [mqtt] password_file needs", "user"),
    "too large": (b"#" * (MAX_CONFIG_BYTES + 1), " is larger than 64 kB", "door.toml"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_its_line(mistake: str) -> None:
    data, message, hint = MISTAKES[mistake]
    with pytest.raises(ConfigError) as error:
        parse_config(data, FILE)
    assert error.value.message.startswith(f"{FILE}:{message}")
    assert hint in error.value.hint
    assert "\n" not in error.value.message


def test_a_device_can_set_one_age_and_leave_the_other_to_its_site() -> None:
    lists = parse_config(b"[lists]\nstale_h = 3\nageing = 'step-up'\n", FILE).lists
    assert (lists.ageing_h, lists.stale_h, lists.ageing) == (None, 3, "step-up")


def test_an_empty_file_is_the_defaults() -> None:
    assert parse_config(b"", FILE) == Config()


def test_every_key_is_explained() -> None:
    assert not [(table, key) for table, key, _, note in explain() if not note]


# -- profiles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", VENUES)
def test_a_profile_explains_its_venue(venue: str) -> None:
    chosen = profile(venue)
    assert chosen.door.venue == venue
    heads = about(venue)
    assert any("ithout a face" in line for line in heads)
    assert any("taffed fallback" in line for line in heads)


@pytest.mark.parametrize("venue", VENUES)
def test_a_profile_repeats_no_default(venue: str) -> None:
    plain = msgspec.to_builtins(Config())
    said = tomllib.loads(text_of(venue))
    same = [
        (table, key)
        for table, keys in said.items()
        for key, value in keys.items()
        if plain[table][key] == value and (table, key) != ("door", "venue")
    ]
    assert same in ([], [("door", "face")])  # the first key that a reader of a profile looks for


def test_a_value_of_the_site_replaces_that_of_the_profile() -> None:
    text = '[door]\nvenue = "lane"\nmin_assurance = 1\n[face]\nprompts = 2\n'
    site = parse_config(text.encode(), Path("site.toml"))
    assert (site.door.min_assurance, site.face.prompts, site.face.consistency) == (1, 2, True)


def test_a_library_that_opens_without_staff_is_not_staffed() -> None:
    text = '[door]\nvenue = "library"\nstaffed = true\n[library]\nhost = "h"\nunstaffed = "everyone"\n'
    with pytest.raises(ConfigError, match=r"staffed = true and .* exclude each other") as error:
        parse_config(text.encode(), Path("site.toml"))
    assert (error.value.line, "delete staffed" in error.value.hint) == (3, True)
    with_hours = text.replace('"everyone"', '"none"')
    assert parse_config(with_hours.encode(), Path("site.toml")).door.staffed


def test_a_risk_signal_has_one_level() -> None:
    with pytest.raises(ConfigError, match=r"\[risk\] velocity is in both raised and high") as error:
        parse_config(b'[risk]\nraised = ["velocity"]\n', Path("site.toml"))
    assert error.value.hint == 'add high = ["issuer"] to [risk]', (
        "the list that the file leaves to the profile"
    )
