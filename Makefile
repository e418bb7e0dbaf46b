# What the project can do; `make` alone prints this.
PY ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input install
SEEDS ?= 1-2
.DEFAULT_GOAL := help
.PHONY: help setup dev run test check drill bench browser lock clean

help: ## Print the commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.run $(VENV)/.words ## The environment alone, in .venv
dev: $(VENV)/.dev

$(BIN)/pip:
	@rm -rf $(VENV)
	@$(PY) -m venv $(VENV) 2>/dev/null || python3 -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.run: requirements/build.txt requirements/run.txt package-lock.json pyproject.toml | $(BIN)/pip
	@echo "Installing Python packages (hashed lock) ..."
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@echo "Installing web assets (npm lock) ..."
	@npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/.words: $(VENV)/.run $(wildcard src/lienthong/web/locale/*/LC_MESSAGES/*.po)
	@$(BIN)/python tools/translations.py compile
	@touch $@

$(VENV)/.dev: $(VENV)/.run $(VENV)/.words requirements/dev.txt
	@echo "Installing the tools of developers (hashed lock) ..."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

run: $(VENV)/.run $(VENV)/.words ## Start the demo province on loopback and print addresses and accounts
	@exec $(BIN)/lienthong demo

test: $(VENV)/.dev ## Fast tests, on SQLite and on PostgreSQL
	@$(BIN)/python tools/run_tests.py

check: $(VENV)/.dev ## Format, lint, types, import contracts, migrations, translations, licences, links
	@$(BIN)/python tools/run_checks.py

drill: $(VENV)/.dev ## Make a province fail on purpose, and count what arrived; SEEDS=1-1000 for more
	@$(BIN)/python -m pytest tests/drill tests/exchange/test_reconciling.py -m drill -n 3 --dist worksteal --durations=9
	@$(BIN)/lienthong drill --seeds $(SEEDS) --json

bench: $(VENV)/.dev ## Measure, side by side in one run, and write docs/reference/benchmarks.md
	@PYTHONPATH=tests $(BIN)/python -m bench

browser: $(VENV)/.dev ## The pages in Debian's Chromium, with axe
	@$(BIN)/python -m pytest tests/browser -m browser -n 2 --dist worksteal

lock: $(VENV)/.dev ## Renew the hashed locks (needs uv) and the list of licences
	@cd requirements && for name in build run dev bench; do \
		uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header \
			--python-version 3.11 $$name.in -o $$name.txt || exit 1; done
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund
	@$(MAKE) --no-print-directory dev
	@$(BIN)/python tools/licences.py write

clean: ## Remove the environment and the demo's data
	@rm -rf $(VENV) node_modules var
