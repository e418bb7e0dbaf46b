# What the project can do; `make` alone prints this.
PY ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help setup dev run test check drill bench browser lock clean

help: ## Print the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(VENV)/.run ## The environment alone, in .venv
dev: $(VENV)/.dev

$(VENV)/.run: requirements/build.txt requirements/run.txt package-lock.json pyproject.toml
	@test -x $(BIN)/python || $(PY) -m venv $(VENV) 2>/dev/null || python3 -m venv $(VENV)
	@echo "Installing Python packages (hashed lock) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "Installing web assets (npm lock) ..."
	@npm ci --omit=dev --no-audit --no-fund --loglevel=error
	@$(BIN)/python tools/translations.py compile
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

run: $(VENV)/.run ## Start the demo province on loopback and print addresses and accounts
	@exec $(BIN)/lienthong demo

test: $(VENV)/.dev ## Fast tests, on SQLite and on PostgreSQL
	@$(BIN)/python tools/run_tests.py

check: $(VENV)/.dev ## Format, lint, types, import contracts, migrations, translations
	@$(BIN)/python tools/run_checks.py

drill: $(VENV)/.dev ## Kill and restart every process while the demo runs, and count
	@$(BIN)/python -m pytest tests/drill -m drill

bench: $(VENV)/.dev ## Measure, side by side in one run, and write docs/reference/benchmarks.md
	@$(BIN)/python -m bench

browser: $(VENV)/.dev ## The pages in Debian's Chromium, with axe
	@$(BIN)/python -m pytest tests/browser -m browser

lock: ## Renew the hashed locks (needs uv)
	@cd requirements && for f in build run dev; do uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 $$f.in -o $$f.txt; done

clean: ## Remove the environment and the demo's data
	@rm -rf $(VENV) node_modules var
