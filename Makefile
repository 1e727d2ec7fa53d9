.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8420
SANDBOX_PORT ?= 8421
DATA ?= .demo
BIN := .venv/bin

.PHONY: help environment demo job test check lint types imports docs trial bench pictures css clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo "  Settings: PORT=$(PORT) SANDBOX_PORT=$(SANDBOX_PORT) DATA=$(DATA) (demo), ONLY=name (trial, bench)"

environment: .venv/.made ## make or renew the environment in .venv

.venv/.made: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tillwright needs Python 3.11 or later; say which with: make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@echo "Installing the pinned packages …"
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

demo: environment ## start everything with believable data: database, sandbox Stripe, web, worker (Ctrl-C stops it)
	@exec $(BIN)/tillwright demo --port $(PORT) --sandbox-port $(SANDBOX_PORT) --data $(DATA)

job: environment ## the main job unattended: demo in a throw-away folder, the example against it, all stopped again
	@$(BIN)/tillwright demo --job examples/failed_payment.py

test: environment lint types imports docs ## every check and every test
	@$(BIN)/python -m pytest --numprocesses $${TEST_PROCESSES:-auto} --dist loadgroup

check: test ## the same as test

lint: environment ## style and common mistakes
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check . || { echo "Mend with: $(BIN)/ruff check --fix . && $(BIN)/ruff format ." >&2; exit 1; }

types: environment ## types, strict in kit and domains
	@$(BIN)/pyright --warnings | tail -n 40; exit $${PIPESTATUS[0]}

imports: environment ## the house: who may import whom
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

docs: environment ## the docs agree with the tables in the code
	@$(BIN)/python scripts/check_docs.py

trial: environment ## the long trials; ONLY=name for one
	@$(BIN)/python -m tests.trials $(ONLY)

bench: environment ## every benchmark; ONLY=name for one
	@$(BIN)/python -m bench $(ONLY)

pictures: environment ## the pictures in the docs, from the running console
	@$(BIN)/python scripts/pictures.py

css: environment ## build the console's style sheet from its templates
	@$(BIN)/python scripts/build_css.py

clean: ## remove the environment and the demo's data
	rm -rf .venv .demo .pytest_cache .ruff_cache .import_linter_cache .hypothesis
