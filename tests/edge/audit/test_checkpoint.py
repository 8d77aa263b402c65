from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from edge.audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from edge.audit.errors import JournalBroken
from edge.audit.merkle import EMPTY_ROOT
from edge.audit.signed_note import MAX_NOTE_BYTES, key_id, open_note, sign_note
from edge.errors import InputError

KEY = SigningKey(bytes(range(32)))
ORIGIN = "doorward/lobby-1"
HEAD = Checkpoint(ORIGIN, 3, EMPTY_ROOT)
NOTE = sign_checkpoint(HEAD, KEY)


def read(note: str | bytes) -> Checkpoint:
    data = note.encode() if isinstance(note, str) else note
    return open_checkpoint(data, origin=ORIGIN, key=KEY.verify_key)


def signed(text: str) -> str:
    """A note of any text, signed by this device."""
    return sign_note(text, ORIGIN, KEY)


def test_a_note_of_the_go_checksum_database_verifies() -> None:
    """Verifies the example of golang.org/x/mod/sumdb/note, the origin of the format C2SP signed-note."""
    name, hint, encoded = "PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    blob = b64decode(encoded)
    key = VerifyKey(blob[1:])
    assert (blob[0], key_id(name, key).hex()) == (1, hint)
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    note = (
        text
        + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert open_note(note.encode(), name=name, key=key) == text


@example(2**63 - 1, EMPTY_ROOT)
@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_is_read_back(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert read(sign_checkpoint(checkpoint, KEY)) == checkpoint


def test_the_text_has_the_form_of_c2sp() -> None:
    assert HEAD.text == f"{ORIGIN}\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert NOTE.startswith(HEAD.text + "\n— doorward/lobby-1 ")


def test_signatures_of_witnesses_are_skipped() -> None:
    witness = sign_note(HEAD.text, "witness.example", SigningKey(bytes(32))).partition("\n\n")[2]
    body, _, own = NOTE.partition("\n\n")
    assert read(f"{body}\n\n{witness}{own}") == read(f"{body}\n\n{own}{witness}") == HEAD


def test_sixteen_post_quantum_signatures_of_5_kb_are_read() -> None:
    """The least that C2SP signed-note asks of a verifier."""
    lines = [f"— witness-{number}.example {b64encode(bytes(5_000)).decode()}\n" for number in range(15)]
    body, _, own = NOTE.partition("\n\n")
    assert read(f"{body}\n\n{''.join(lines)}{own}") == HEAD


ROOT = b64encode(EMPTY_ROOT).decode()
MALFORMED = {
    "empty": "",
    "no gap": NOTE.replace("\n\n", "\n"),
    "no signature": HEAD.text + "\n",
    "no newline at the end": NOTE[:-1],
    "a newline, then a letter": NOTE + "A",
    "a hyphen for the dash": NOTE.replace("— ", "- "),
    "no name": NOTE.replace(f"— {ORIGIN} ", "—  "),
    "a signature that is no base64": NOTE[:-3] + "!\n",
    "a signature of four bytes": NOTE.rpartition(" ")[0] + " AAAAAA==\n",
    "carriage returns": NOTE.replace("\n", "\r\n"),
    "Latin-1": NOTE.encode().replace("—".encode(), b"\x97"),
    "too long": NOTE + "x" * MAX_NOTE_BYTES,
    "an extension line": signed(HEAD.text + "more\n"),
    "two lines": signed(f"{ORIGIN}\n3\n"),
    "a size with a leading zero": signed(f"{ORIGIN}\n03\n{ROOT}\n"),
    "a size with a sign": signed(f"{ORIGIN}\n+3\n{ROOT}\n"),
    "a size in Arabic digits": signed(f"{ORIGIN}\n٣\n{ROOT}\n"),
    "a size with a space": signed(f"{ORIGIN}\n3 \n{ROOT}\n"),
    "no size": signed(f"{ORIGIN}\n\n{ROOT}\n"),
    "a size of 2^63": signed(f"{ORIGIN}\n{2**63}\n{ROOT}\n"),
    "a size of a thousand digits": signed(f"{ORIGIN}\n{'9' * 1000}\n{ROOT}\n"),
    "more digits than Python converts": signed(f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n"),
    "a root of 31 bytes": signed(f"{ORIGIN}\n3\n{b64encode(bytes(31)).decode()}\n"),
    "a root with spare bits set": signed(f"{ORIGIN}\n3\n{ROOT[:-2]}V=\n"),
    "a root without padding": signed(f"{ORIGIN}\n3\n{ROOT[:-1]}\n"),
}


@pytest.mark.parametrize("note", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_checkpoint_is_an_input_error(note: str | bytes) -> None:
    with pytest.raises(InputError, match="not a checkpoint") as caught:
        read(note)
    assert caught.value.hint


BROKEN = {
    "another size": NOTE.replace("\n3\n", "\n4\n"),
    "another device signed it": sign_checkpoint(HEAD, SigningKey(bytes(32))),
    "it is of another journal": sign_checkpoint(Checkpoint("doorward/lobby-2", 3, EMPTY_ROOT), KEY),
    "another name over the right signature": NOTE.replace("— doorward/lobby-1", "— doorward/lobby-2"),
    "our name over the text of another journal": signed(f"doorward/lobby-2\n3\n{ROOT}\n"),
    "a signature cut short": NOTE.rpartition(" ")[0]
    + f" {b64encode(key_id(ORIGIN, KEY.verify_key) + bytes(63)).decode()}\n",
    "a signature of zeros": NOTE.rpartition(" ")[0]
    + f" {b64encode(key_id(ORIGIN, KEY.verify_key) + bytes(64)).decode()}\n",
}


@pytest.mark.parametrize("note", BROKEN.values(), ids=BROKEN.keys())
def test_a_checkpoint_that_this_key_did_not_sign_is_broken(note: str) -> None:
    with pytest.raises(JournalBroken):
        read(note)


@pytest.mark.parametrize("last", [byte for byte in range(256) if byte != ord("\n")])
def test_a_note_ends_in_a_newline_and_in_no_other_byte(last: int) -> None:
    with pytest.raises(InputError, match="not a checkpoint"):
        read(NOTE.encode()[:-1] + bytes([last]))


@given(st.integers(0, 8 * len(NOTE.encode()) - 1))
def test_no_bit_can_be_flipped(bit: int) -> None:
    flipped = bytearray(NOTE.encode())
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises((InputError, JournalBroken)):
        read(bytes(flipped))


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.text(max_size=100).map(lambda text: signed(text + "\n").encode())
)
def test_fuzz_open_checkpoint_accepts_or_raises_ours(note: bytes) -> None:
    try:
        read(note)
    except (InputError, JournalBroken):
        return
    raise AssertionError("random bytes were a signed checkpoint")
