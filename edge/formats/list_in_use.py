"""Decides whether an imported list may take the place of the list in use.

A list from which nothing can be used never does: an empty file, a header alone, or a date format that has
changed would leave a house without its guests, or a building without its people. Emptying is a verb of its
own. A list with less than half of the entries is more often cut off than right, so an operator has to agree.
"""

from __future__ import annotations

from edge.errors import InputError


class FewerError(InputError):
    """More than half of the entries in use would be gone. `question`: asks an operator for consent."""

    def __init__(self, message: str, *, question: str) -> None:
        super().__init__(message, hint="if that is right, import it with --accept-fewer")
        self.question = question


def check_usable(what: str, *, usable: int, because: str = "") -> None:
    """Raise InputError if a list has nothing that can be used.

    `what`: the entries, such as "bookings"; `because`: of the first mistake in the list.
    """
    if not usable:
        why = f": {because}" if because else ""
        hint = "correct the file" if because else "export the list again, with its entries"
        raise InputError(f"no {what} in it can be used, so the list in use stays{why}", hint=hint)


def check_replacement(
    what: str, *, in_use: int, stay: int, usable: int, accept_fewer: bool = False, because: str = ""
) -> None:
    """Raise InputError if a list may not replace the list in use.

    Args:
        what: the entries, such as "bookings".
        in_use: entries of the list in use.
        stay: those of them that stay.
        usable: entries of the new list that can be used.
        accept_fewer: whether an operator agrees that more than half of the entries go.
        because: the first mistake in the new list.

    Raises:
        FewerError: more than half of the entries go.
        InputError: no entry of the new list can be used.
    """
    check_usable(what, usable=usable, because=because)
    if 2 * stay < in_use and not accept_fewer:
        gone = f"{in_use - stay} of {in_use} {what}"
        raise FewerError(
            f"{gone} would be gone: the list in use stays", question=f"{gone} will be gone. Import it?"
        )
