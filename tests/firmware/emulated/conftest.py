"""These tests take minutes and need a UF2, so only `make test-firmware-emulated` collects them."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("DOORWARD_EMULATED") else ["test_*.py"]
