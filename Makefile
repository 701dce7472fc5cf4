# The two commands of the README are `make demo` and `make test`; each sets up what it needs in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-fast test-cluster test-systemd test-debian test-docker test-slow test-nightly check bench clean

$(VENV)/.run: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(VENV)/.run
	$(BIN)/python examples/demo.py

test: check test-fast test-cluster

# In one process, or in processes of the test's own, no daemons: as many tests at once as there are cores.
test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not cluster and not systemd and not debian and not docker" -n auto

# Real daemons in other processes, on loopback.
test-cluster: $(VENV)/.dev
	$(BIN)/python -m pytest -m "cluster and not slow"

# Installed for real; each needs root, and says what else is missing.
test-systemd test-debian test-docker: $(VENV)/.dev
	$(BIN)/python -m pytest -m $(@:test-%=%) tests/packaging

# Every row of the differential table, in every mode: over an hour.
test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

# A million cases for each primitive of the compiler, and tens of thousands of programs: hours.
test-nightly: $(VENV)/.dev
	$(BIN)/python -m pytest tests/compile -n auto --cases 1000000 --timeout 0

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

# The peers' own environment: their versions of LLVM are not ours.
$(VENV)-peers/.ready: benchmarks/peers.txt
	$(PYTHON) -m venv $(VENV)-peers
	$(VENV)-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	touch $@

bench: $(VENV)/.bench $(VENV)-peers/.ready
	PYFORA_PEERS_PYTHON=$(abspath $(VENV)-peers/bin/python) $(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-peers build dist *.egg-info
