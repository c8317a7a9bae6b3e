# Needs Python 3.11 to 3.13 and make. Everything else is installed into .venv, at the versions of uv.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENGINES := .venv-engines
TESTS ?= tests
ENGINE_TESTS ?= tests/engines
PYTEST_OPTIONS ?=
# `--daemon`: Dagster's service instead of a timer.
SERVICE_OPTIONS ?=

export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_SYSTEM_CERTS := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := yes

.DEFAULT_GOAL := help
.PHONY: help install demo refresh docs sources terms metrics analyses engines test test-sail test-spark test-full lint bench dev install-service clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## create the environment in .venv

# uv installs the locked versions from the public index; where only pip's own index answers, pip installs the same ones.
$(VENV)/.installed: pyproject.toml uv.lock installer.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, and %s is %s: set PYTHON=, e.g. make PYTHON=python3.12" % (sys.executable, sys.version.split()[0]))'
	@echo "Creating the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r installer.txt
	@$(BIN)/uv sync --frozen --inexact --quiet --compile-bytecode || { \
		$(BIN)/uv export --frozen --no-emit-project --quiet --output-file $(VENV)/requirements.txt && \
		$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/requirements.txt && \
		$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable . ; }
	@$(BIN)/python -m compileall -q warehouse dagster_project schedules
	@echo "Letting dbt read and build its project, once for all warehouse homes ..."
	@$(BIN)/python -m warehouse.build.prepared_project
	@touch $@

demo: install ## IDC as it is, the portals from a small sandbox (synthetic): fetch, build, audit, publish, show
	@$(BIN)/icw refresh --sources sandbox

refresh: install ## the same from the public services alone, for the schedule or by hand
	@$(BIN)/icw refresh --sources live

docs: install ## the snapshot in service as a page for a browser: models, SQL, lineage, columns, row counts
	@$(BIN)/icw docs

sources: install ## write the sources of the dbt project from the contracts (after a change of warehouse/contracts)
	@$(BIN)/python -m warehouse.build.dbt_sources

terms: install ## write the defined terms of DICOM into the seeds of the dbt project, from the wheels of highdicom and pydicom
	@$(BIN)/python -m warehouse.build.dicom_terms

metrics: install ## write the macros and the page of the metrics from dbt/semantic (after a change of it)
	@$(BIN)/python -m warehouse.metrics.dbt_macros
	@$(BIN)/python -m warehouse.metrics.page

analyses: install ## renew the analysts' page from the snapshot in service: diagrams, SQL, outputs
	@$(BIN)/python -m dagster_project.analysts_page
	@$(BIN)/python -m warehouse.documentation.exposures

test: install ## run the tests (about 6 minutes on two cores)
	@$(BIN)/pytest -q -m "not full and not bench" $(PYTEST_OPTIONS) $(TESTS)

engines: $(ENGINES)/.installed ## create a second environment in .venv-engines, with Spark and Sail

$(ENGINES)/.installed: $(VENV)/.installed
	@echo "Creating the environment with Spark and Sail in $(ENGINES) ..."
	@UV_PROJECT_ENVIRONMENT=$(ENGINES) $(BIN)/uv sync --frozen --inexact --quiet --compile-bytecode --extra spark --extra sail || { \
		$(PYTHON) -m venv $(ENGINES) && \
		$(BIN)/uv export --frozen --extra spark --extra sail --no-emit-project --quiet --output-file $(ENGINES)/requirements.txt && \
		$(ENGINES)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(ENGINES)/requirements.txt && \
		$(ENGINES)/bin/pip install --quiet --disable-pip-version-check --no-deps --editable . ; }
	@touch $@

test-sail: engines ## hold the tables that Sail builds against those of DuckDB
	@ICW_TEST_ENGINE=sail $(ENGINES)/bin/pytest -q --dist worksteal $(PYTEST_OPTIONS) $(ENGINE_TESTS)

test-spark: engines ## the same with Spark in local mode, which needs Java 17
	@ICW_TEST_ENGINE=spark $(ENGINES)/bin/pytest -q --dist worksteal $(PYTEST_OPTIONS) $(ENGINE_TESTS)

test-full: install ## run all tests, also those that take longer
	@$(BIN)/pytest -q -m "not bench" $(PYTEST_OPTIONS) $(TESTS)

lint: install ## ruff, pyright, and known vulnerabilities of the locked packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/python -m tests.support.vulnerabilities

bench: install ## print seconds, memory and bytes beside the idc-index client and plain DuckDB
	@$(BIN)/python -m tests.bench

dev: install ## the Dagster UI on loopback, port 3000
	@$(BIN)/icw dev

install-service: install ## write units for systemd that refresh every night, and let systemd check them
	@$(BIN)/python -m schedules.systemd $(SERVICE_OPTIONS)

clean: ## remove the environment and caches; the warehouse home stays
	rm -rf $(VENV) $(ENGINES) .artifacts .bench .cache .pytest_cache .ruff_cache .hypothesis dbt/target dbt/logs logs build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
