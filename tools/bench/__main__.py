"""`python tools/bench`: the command of cli.py."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # not this folder, whose names would hide others

from edge.app.heap import keep_freed_memory
from edge.app.threads import limit_threads

keep_freed_memory()
limit_threads()  # the settings of the device, also of the processes that a measurement starts

from tools.bench.cli import main

sys.exit(main())
