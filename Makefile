# `make` alone prints what there is to make. Everything sets up what it needs, in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo check test test-all format lint types layers unit bench lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## run the daemon on the example shop, on an embedded PostgreSQL; stop it with Ctrl-C
	@cd examples && exec ../$(BIN)/python -m shop.demo

test: $(VENV)/.dev ## run the whole test suite
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not long" tests

test-all: $(VENV)/.dev ## run also what takes longer
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup tests
	other="$$($(BIN)/python -m tests.servers)" && DELAYED_DAEMON_TEST_SERVER_BIN="$$other" \
	  $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not long" tests/store

check: lint types layers unit ## format, lint, types, layers, unit and store tests: before each commit

format: $(VENV)/.dev ## rewrite the sources in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not long" tests/unit tests/payload tests/settings tests/store

bench: $(VENV)/.dev ## jobs per second, beside the raw limit of the same machine
	$(BIN)/python bench/drain.py

lock: $(VENV)/.dev ## write requirements.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet "uv>=0.5"
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate --extra dev -o requirements.lock pyproject.toml

clean: ## remove what was built, except for the data of the embedded PostgreSQL
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "delayed-daemon needs Python 3.11 or later with venv; try: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[examples]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@ $(VENV)/.demo
