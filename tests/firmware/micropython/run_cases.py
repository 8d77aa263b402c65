"""Every rule, every case and two walks, under MicroPython. It prints failures, the walks, and `N passed, N failed`."""

import sys

import door_table
from door_cases import CASES, play
from door_walk import walk

passed = failed = 0


def attempt(name, test, *what) -> None:
    """Run one test. Its failure does not stop the others."""
    global passed, failed  # noqa: PLW0603
    try:
        test(*what)
        passed += 1
    except Exception as err:  # noqa: BLE001
        failed += 1
        print("FAILED", name)
        sys.print_exception(err)


for name, steps in CASES:
    attempt(name, play, steps)
for situation in door_table.SITUATIONS:
    for happening in door_table.HAPPENINGS:
        attempt(situation + ": " + happening, door_table.check, situation, happening)
for seed in (1, 2):
    print("walk", seed, *walk(seed))
print("%d passed, %d failed" % (passed, failed))  # noqa: UP031
