"""Every case and two walks, under MicroPython: prints what fails, the walks, and `N passed, N failed`."""

import sys

from door_cases import CASES, play
from door_walk import walk

passed = failed = 0
for name, steps in CASES:
    try:
        play(steps)
        passed += 1
    except Exception as err:  # noqa: BLE001  a case must not keep the others from being played
        failed += 1
        print("FAILED", name)
        sys.print_exception(err)
for seed in (1, 2):
    print("walk", seed, *walk(seed))
print("%d passed, %d failed" % (passed, failed))  # noqa: UP031
