PYTHON ?= python3
UV ?= uv
WEEK ?= schedules/safeguarding-childrens-week-2023.yaml
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help run test check bench lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed ## Play a real week and serve its desk; nothing leaves this machine (WEEK=path, SERVE=0 ends)
	.venv/bin/campaign rehearse $(WEEK) $(if $(filter 0,$(SERVE)),--no-serve)

test: .venv/installed ## Run every test, on two processes
	.venv/bin/python -m pytest -q -n 2

check: .venv/installed ## Lint, format, types, import contracts, and the shipped programmes
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy && .venv/bin/lint-imports --no-cache
	.venv/bin/campaign check --alone schedules/*.yaml

bench: .venv/installed ## Measure, print a table, write benchmarks/results.json
	.venv/bin/python -m benchmarks

lock: ## Pin the dependencies of pyproject.toml anew (needs uv)
	$(LOCK) pyproject.toml --all-extras -o requirements.lock > /dev/null
	$(LOCK) pyproject.toml -c requirements.lock -o requirements-run.lock > /dev/null
	echo hatchling | $(LOCK) - -c requirements.lock -o requirements-build.lock > /dev/null

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (make PYTHON=python3.11 ...)")'
	$(PYTHON) -m venv .venv && .venv/bin/pip install --quiet --require-hashes -r requirements.lock
	.venv/bin/pip install --quiet --no-deps --no-build-isolation -e . && touch $@
