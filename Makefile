# Swath: one word per job. `make` alone says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

export PYTHONPATH := shared:client:dev:.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

STORE := tests/dynoxide/node_modules/.package-lock.json

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"Swath needs Python 3.11 or newer: '$(PYTHON)' is missing, older or does not start; try make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) >/dev/null || { echo \
		"'$(PYTHON) -m venv' does not work here; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@echo "installing the development environment into $(VENV) (once)" >&2
	@sed -n '/^uv==/,/[^\]$$/p' requirements/dev.txt > $(VENV)/uv.txt
	@$(PY) -m pip install -qq --require-hashes -r $(VENV)/uv.txt
	@$(PY) -m swath_dev._uv pip install -q --python $(PY) --require-hashes -r requirements/dev.txt \
		|| $(PY) -m pip install -qq --require-hashes -r requirements/dev.txt  # knows every setting of pip
	@touch $@

$(STORE): tests/dynoxide/package-lock.json
	@if [ "$$(uname -sm)" = "Linux x86_64" ] && command -v npm >/dev/null; then \
		npm ci --silent --no-audit --no-fund --prefix tests/dynoxide && touch $@ \
		|| echo "the second store could not be installed: tests on it are skipped" >&2; fi

PAGES := explorer/node_modules/.package-lock.json

$(PAGES): explorer/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --silent --no-audit --no-fund --ignore-scripts --prefix explorer && touch $@ \
		|| echo "the explorer's packages could not be installed: its own tests are skipped" >&2; fi

.PHONY: explorer
explorer: $(PAGES) ## build the explorer's page from explorer/ (needs Node 20 and npm)
	@test -e $(PAGES) || { echo "npm and its registry are needed to build the explorer" >&2; exit 2; }
	@npm run --silent build --prefix explorer

# The page that is in the repository is what its sources there become (a test says so); changed ones are built.
.PHONY: page
page:
	@if [ -n "$$(git status --porcelain -- explorer 2>/dev/null)" ]; then $(MAKE) --no-print-directory explorer; fi

.PHONY: setup
setup: $(STAMP) ## the development environment, in .venv

# ---- the local cloud ---------------------------------------------------------------------------

.PHONY: up down env token demo replay sample seed
up: $(STAMP) page ## start the local cloud and deploy Swath to it (SWATH_PORT, SWATH_STATE)
	@$(PY) -m swath_dev up

down: $(STAMP) ## end the local cloud; its data stays
	@$(PY) -m swath_dev down

env: $(STAMP) ## shell variables for the local stack, to be eval'd
	@$(PY) -m swath_dev env

token: $(STAMP) ## a token of the local issuer (ORG=acme SUB=developer)
	@$(PY) -m swath_dev token --org "$(or $(ORG),acme)" --sub "$(or $(SUB),developer)"

demo: $(STAMP) page ## a scene from upload to pixels, with a picture (IMAGE=some.tif for yours)
	@$(PY) -m swath_dev demo $(if $(IMAGE),--image "$(IMAGE)")

sample: $(STAMP) ## a small GeoTIFF to try the catalog with, red.tif
	@$(PY) -m swath_dev sample

seed: $(STAMP) ## fill the local stack with what docs/guide.ipynb and docs/cookbook show
	@$(PY) -m swath_dev seed

replay: $(STAMP) ## send dead letters again (QUEUE=ingest or tasks; STACK=name for AWS)
	@$(PY) -m swath_dev replay $(or $(QUEUE),ingest) $(if $(STACK),--stack "$(STACK)")

# ---- checks ------------------------------------------------------------------------------------

.PHONY: lint lint-types lint-style lint-template lint-page format guide test unit bench load
lint: lint-types lint-style lint-template lint-page ## ruff, mypy --strict, cfn-lint, and eslint where there is npm

lint-types: $(STAMP)
	@$(PY) -m mypy

lint-style: $(STAMP)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

lint-template: $(STAMP)
	@$(VENV)/bin/cfn-lint template.yaml

lint-page: $(PAGES)
	@if test -e $(PAGES); then npm run --silent lint --prefix explorer; fi

format: $(STAMP) ## let ruff rewrite what it can
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

guide: $(STAMP) ## execute docs/guide.ipynb and docs/cookbook against a fresh stack, the guide with a published client, too
	@$(PY) -m swath_dev guide

test: $(STAMP) $(STORE) $(PAGES) ## every test, the deployed local stack included
	@$(PY) -m pytest -n auto --dist loadgroup --durations 25

unit: $(STAMP) ## the unit tests, in under a minute
	@$(PY) -m pytest -n auto --dist worksteal tests/unit

bench: $(STAMP) ## benchmarks, one JSON object per figure (NAME=coldstart for one)
	@$(PY) -m swath_dev bench $(NAME)

load: $(STAMP) ## clients at once while workers are killed, and what is found afterwards (LOAD=50x60: clients x seconds)
	@SWATH_LOAD=$(or $(LOAD),50x60) $(PY) -m pytest -n 0 -q -s tests/integration/test_load.py

# ---- release -----------------------------------------------------------------------------------

.PHONY: package deploy undeploy smoke lock audit licences release
package: $(STAMP) page ## build functions and layers for AWS and prove them (ARCH=arm64 or x86_64)
	@$(PY) -m swath_dev package --architecture $(or $(ARCH),arm64)

deploy: $(STAMP) ## deploy the package to AWS (STACK=swath BUCKET=artifacts PARAMETERS="Name=value ...")
	@$(PY) -m swath_dev deploy --stack $(or $(STACK),swath) $(if $(BUCKET),--bucket "$(BUCKET)") $(PARAMETERS)

undeploy: $(STAMP) ## take a stack on AWS down (STACK=name; its data stays unless DATA=delete)
	@$(PY) -m swath_dev undeploy --stack "$(STACK)" $(if $(DATA),--data "$(DATA)") $(if $(CONFIRM),--confirm "$(CONFIRM)")

smoke: $(STAMP) ## the main job against a deployed stack (URL=https://... TOKEN=...; default: the local one)
	@$(PY) -m swath_dev smoke $(if $(URL),--url "$(URL)") $(if $(TOKEN),--token "$(TOKEN)")

lock: $(STAMP) ## resolve the requirements anew
	@$(PY) -m swath_dev lock

audit: $(STAMP) ## known vulnerabilities of what the layers hold (status 3: none could be asked)
	@$(PY) -m swath_dev audit

licences: $(STAMP) ## write docs/licences.md from the metadata of what the layers hold
	@$(PY) -m swath_dev licences

release: $(STAMP) ## check everything and tag a version (VERSION=0.2.0)
	@$(PY) -m swath_dev release "$(VERSION)"
