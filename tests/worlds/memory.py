"""Finds data in the memory of a program: in all objects that one object reaches, and in all pages."""

from __future__ import annotations

import gc
import re
import types
from collections.abc import Iterator
from pathlib import Path

_LEAVES = (type, types.ModuleType)
_WRITABLE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")


def reached(root: object, *but: type) -> Iterator[tuple[str, str | bytes]]:
    """Each text and each bytes that `root` reaches, with the types on the way; not through objects of `but`."""
    seen: dict[int, object] = {}
    ahead = [(root, type(root).__name__)]
    while ahead:
        thing, path = ahead.pop()
        if id(thing) in seen or isinstance(thing, (*_LEAVES, *but)):
            continue
        seen[id(thing)] = thing  # kept, so that no id is used twice
        if isinstance(thing, bytes | bytearray | memoryview):
            yield path, bytes(thing)
        elif isinstance(thing, str):
            yield path, thing
        elif isinstance(thing, types.FunctionType):  # what it holds, not its module, which reaches all others
            held = (*(thing.__closure__ or ()), thing.__defaults__, thing.__kwdefaults__)
            ahead += [(part, f"{path}.{thing.__name__}") for part in held]
        else:
            ahead += [(part, f"{path}.{type(part).__name__}") for part in gc.get_referents(thing)]


def in_pages(backwards: bytearray) -> int:
    """The number of copies of some bytes in the writable pages of this process; given backwards, so as not to be found here."""
    count = 0
    maps = Path("/proc/self/maps").read_text().splitlines()
    with Path("/proc/self/mem").open("rb", buffering=0) as memory:
        for line in maps:
            pages = _WRITABLE.match(line)
            if pages is None or "[v" in line:
                continue
            begin, end = (int(each, 16) for each in pages.groups())
            data = bytearray(end - begin)
            memory.seek(begin)
            memory.readinto(data)
            data.reverse()
            count += data.count(backwards)
            data[:] = bytes(len(data))
    return count
