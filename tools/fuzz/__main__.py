"""`python tools/fuzz`: the command of cli.py."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # not this folder, whose names would hide others

from tools.fuzz.cli import main

sys.exit(main())
