"""A hub in memory that gives the answers of a test's script and keeps the requests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import FetchError
from edge.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Posted:
    """One request, as it arrived."""

    path: str
    body: bytes
    headers: Mapping[str, str]


class SimHub:
    """Implements Post. Plays its script, one step for each request; after its end `otherwise` answers.

    A step is an Answer, a function that makes one from the request, or a FetchError to raise. The FetchError
    stands for a lost answer: the request is in `posted` all the same.
    """

    def __init__(
        self,
        script: Iterable[Answer | FetchError | Callable[[Posted], Answer]] = (),
        *,
        otherwise: Callable[[Posted], Answer] | None = None,
    ) -> None:
        self.posted: list[Posted] = []
        self._script = deque(script)
        self._otherwise = otherwise

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        request = Posted(path, body, dict(headers))
        self.posted.append(request)
        step = self._script.popleft() if self._script else self._otherwise
        match step:
            case None:
                raise FetchError("the hub is unreachable")
            case FetchError():
                raise step
            case Answer():
                return step
        return step(request)
