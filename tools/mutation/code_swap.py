"""Puts the code of a mutant's functions in place of the original's, in this process.

Every reference to a function sees the change, as the function stays the same object: a name imported
elsewhere, a method, a property, a decorated function. So a process that has imported all modules and
collected all tests tries a mutant at once. A change outside functions (a constant, a field, a default) has
had its effect at the import: such a mutant needs a process that imports its modules again (forks.py).
"""

from __future__ import annotations

import gc
import inspect
from collections import defaultdict
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Place: TypeAlias = tuple[str, str, int]  # file, qualified name, first line


def place_of(code: CodeType) -> Place:
    """File, name and line of this code."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def live_functions() -> dict[Place, list[FunctionType]]:
    """All functions of this process, by place."""
    found: dict[Place, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if type(each) is FunctionType:
            found[place_of(each.__code__)].append(each)
    return found


def changed_functions(original: CodeType, mutant: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The outermost functions of two modules that differ, in pairs; None if other code differs too."""
    before, after = list(_parts(original)), list(_parts(mutant))
    if [_outline(code) for code in before] != [_outline(code) for code in after]:
        return None
    return [
        (old, new)
        for old, new in zip(before, after, strict=True)
        if _is_function(old) and not _same(old, new)
    ]


def swap(original: CodeType, mutant: CodeType, functions: Mapping[Place, list[FunctionType]]) -> bool:
    """Give the functions of this process the mutant's code. False, and no change, if that is not enough."""
    changed = changed_functions(original, mutant)
    if changed is None:
        return False
    pairs = [(function, new) for old, new in changed for function in functions.get(place_of(old), ())]
    if len({id(new) for _, new in pairs}) < len(changed):
        return False  # a lambda or a comprehension that was thrown away
    if any(function.__code__.co_freevars != new.co_freevars for function, new in pairs):
        return False
    for function, new in pairs:
        function.__code__ = new
    return True


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _parts(code: CodeType) -> Iterator[CodeType]:
    """The code of a module, of its classes, and of the functions in them; not of those within functions."""
    yield code
    if not _is_function(code):
        for each in code.co_consts:
            if isinstance(each, CodeType):
                yield from _parts(each)


def _outline(code: CodeType) -> object:
    """All that the import of a module runs of this code: nothing of a function."""
    if _is_function(code):
        return code.co_qualname
    return code.co_code, code.co_names, [_constant(each) for each in code.co_consts]


def _same(old: CodeType, new: CodeType) -> bool:
    """Whether two functions behave alike. Lines may differ: a changed expression takes one line."""
    return (
        (old.co_code, old.co_names, old.co_varnames, old.co_freevars, old.co_exceptiontable)
        == (new.co_code, new.co_names, new.co_varnames, new.co_freevars, new.co_exceptiontable)
        and len(old.co_consts) == len(new.co_consts)
        and all(
            _same(one, other)
            if isinstance(one, CodeType) and isinstance(other, CodeType)
            else _constant(one) == _constant(other)
            for one, other in zip(old.co_consts, new.co_consts, strict=True)
        )
    )


def _constant(value: object) -> str:
    """A constant as text that tells 1 from True; code without its content."""
    return value.co_qualname if isinstance(value, CodeType) else repr(value)
