"""Turns "the passage is free" into current for the strike, by the kind of its lock."""

from micropython import const

FAIL_SECURE = const(1)  # locked without current
FAIL_SAFE = const(2)  # free without current


class Strike:
    """The strike's driver. `drive(level)`: 1 lets current flow. Without a known lock it drives nothing."""

    def __init__(self, lock: int, drive) -> None:  # noqa: ANN001
        self.energised = False
        self._lock = lock
        self._drive = drive
        self.set_free(False)

    def use_lock(self, lock: int) -> None:
        """Take the kind of lock that was commissioned; 0: erased."""
        self._lock = lock
        self.set_free(False)

    def set_free(self, is_free: bool) -> None:
        """Drive the strike. Call it in every turn of the loop: it also repairs a disturbed level."""
        if self._lock == FAIL_SECURE:
            self.energised = is_free
        elif self._lock == FAIL_SAFE:
            self.energised = not is_free
        else:
            self.energised = False
        self._drive(1 if self.energised else 0)
