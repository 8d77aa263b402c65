"""Standard input as a terminal at which an operator types."""

from __future__ import annotations

import io


class Terminal(io.StringIO):
    """Standard input that is a terminal, with the text that the operator types."""

    def isatty(self) -> bool:
        return True
