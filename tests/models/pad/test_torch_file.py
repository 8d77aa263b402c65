"""A PyTorch file gives its tensors or a ModelFault, and no name in its pickles is ever called."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelFault
from models.pad import torch_file
from models.pad.torch_file import MAGIC, PROTOCOL

NUMBERS = np.arange(6, dtype="<f4")


class Named:
    """An object that the pickle stores as a name and arguments."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self.module, self.name, self.arguments = module, name, arguments


class Storage:
    """A storage that the pickle refers to by a persistent id."""

    def __init__(self, *pid: object) -> None:
        self.pid = pid


class Pickler(pickle._Pickler):  # the Python one: its methods for names can be called
    """Writes names of modules that are not installed."""

    def persistent_id(self, obj: object) -> object:
        return obj.pid if isinstance(obj, Storage) else None

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Named):
            self.write(b"c" + f"{obj.module}\n{obj.name}\n".encode())
            if obj.arguments:
                self.save(obj.arguments[0])
                self.write(pickle.REDUCE)
            return
        super().save(obj, save_persistent_id)


def pickled(value: object) -> bytes:
    file = io.BytesIO()
    Pickler(file, protocol=2).dump(value)
    return file.getvalue()


FLOATS = Named("torch", "FloatStorage")


def tensor(storage: Storage, shape: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> Named:
    return Named("torch._utils", "_rebuild_tensor_v2", (storage, offset, shape, stride, False, OrderedDict()))


def stored(count: int = 6, kind: object = FLOATS) -> Storage:
    return Storage("storage", kind, "0", "cpu", count, None)


def file(
    state: object,
    *,
    magic: object = MAGIC,
    protocol: object = PROTOCOL,
    keys: object = ("0",),
    count: int = 6,
) -> bytes:
    head = [pickled(value) for value in (magic, protocol, {"little_endian": True}, state, list(keys))]
    return b"".join([*head, count.to_bytes(8, "little"), NUMBERS.tobytes()])


GOOD = file(OrderedDict({"module.fc.weight": tensor(stored(), (2, 3), (3, 1))}))


def test_a_tensor_has_its_shape_and_loses_the_prefix_of_its_name() -> None:
    (name, array), *others = torch_file.read(GOOD, "a.pth").items()
    assert (name, others) == ("fc.weight", [])
    assert np.array_equal(array, NUMBERS.reshape(2, 3))


def test_two_tensors_may_share_a_storage() -> None:
    shared = stored()
    state = OrderedDict(a=tensor(shared, (2,), (1,)), b=tensor(shared, (), (), offset=5))
    found = torch_file.read(file(state), "a.pth")
    assert (found["a"].tolist(), found["b"].tolist()) == ([0.0, 1.0], 5.0)


def calls(path: Path) -> dict[str, Named]:
    """Names that a hostile file would like to have called."""
    return {
        "a command": Named("os", "system", (f"touch {path}",)),
        "a built-in": Named("builtins", "exec", (f"open({str(path)!r}, 'w')",)),
        "an attribute of a known name": Named("collections", "OrderedDict.fromkeys", ("ab",)),
        "another name of torch": Named("torch", "load", (str(path),)),
        "another name of its utilities": Named("torch._utils", "_rebuild_parameter", (1,)),
        "pickle itself": Named("pickle", "loads", (b"",)),
    }


@pytest.mark.parametrize("case", calls(Path()))
@pytest.mark.parametrize("place", ["magic", "protocol", "state"])
def test_a_name_that_weights_do_not_need_is_refused_and_never_called(
    case: str, place: str, tmp_path: Path
) -> None:
    hostile = calls(tmp_path / "called")[case]
    parts = {"state": OrderedDict({"a": hostile})} if place == "state" else {"state": {}, place: hostile}
    with pytest.raises(ModelFault, match="which no weights need"):
        torch_file.read(file(**parts), "a.pth")
    assert list(tmp_path.iterdir()) == []


ONE = OrderedDict(a=tensor(stored(), (6,), (1,)))
BROKEN = {
    "nothing": (b"", "a.pth is not a PyTorch file"),
    "no pickle": (b"PK\x03\x04", "a.pth is not a PyTorch file"),
    "another magic number": (file(ONE, magic=1), "it has 1 in place of"),
    "another protocol": (file(ONE, protocol=1002), "it has 1002 in place of 1001"),
    "a list in place of names": (file([1]), "a.pth is not"),
    "a number in place of a tensor": (file({"a": 1}), "a.pth is not"),
    "a storage of another length": (file(ONE, count=5), "a storage has 5 numbers, and its tensors say 6"),
    "a storage of a negative length": (
        file(OrderedDict(a=tensor(stored(-1), (6,), (1,))), count=2**64 - 1), "a.pth is not",
    ),
    "a storage that is not named": (file(ONE, keys=()), "a tensor has no numbers"),
    "a storage that nothing uses": (file(ONE, keys=("1",)), "a.pth is not"),
    "an end within its numbers": (GOOD[:-1], "a.pth is not"),
    "an end within its head": (GOOD[:60], "a.pth is not"),
    "a view of a storage": (
        file(OrderedDict(a=tensor(Storage("storage", FLOATS, "0", "cpu", 6, (0, 1)), (6,), (1,)))), "not a storage",
    ),
    "something else by reference": (
        file(OrderedDict(a=tensor(Storage("module", FLOATS, "0", "cpu", 6, None), (6,), (1,)))), "not a storage",
    ),
    "a transposed tensor": (file(OrderedDict(a=tensor(stored(), (2, 3), (1, 2)))), "has strides"),
    "a tensor beyond its storage": (file(OrderedDict(a=tensor(stored(), (7,), (1,)))), "a.pth is not"),
    "a tensor before its storage": (file(OrderedDict(a=tensor(stored(), (2,), (1,), offset=-2))), "the offset -2"),
    "a negative shape": (file(OrderedDict(a=tensor(stored(), (-1,), (1,)))), "the shape"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_a_model_fault(case: str) -> None:
    content, said = BROKEN[case]
    with pytest.raises(ModelFault, match=said) as caught:
        torch_file.read(content, "a.pth")
    assert caught.value.hint == "get the weights that models/pad.md names"


@given(st.binary(max_size=200) | st.integers(0, len(GOOD)).map(lambda n: GOOD[:n]))
def test_fuzz_any_bytes_are_tensors_or_a_model_fault(content: bytes) -> None:
    try:
        found = torch_file.read(content, "a.pth")
    except ModelFault:
        return
    assert found["fc.weight"].shape == (2, 3)


@given(st.data())
def test_fuzz_a_changed_byte_gives_tensors_or_a_model_fault(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    changed = GOOD[:place] + bytes([data.draw(st.integers(0, 255))]) + GOOD[place + 1 :]
    with suppress(ModelFault):
        torch_file.read(changed, "a.pth")
