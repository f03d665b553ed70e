# Two commands do all the set-up:
#   make        installs into .venv, compiles and validates this repository's own sources
#   make test   runs the tests
# `make help` lists the rest.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CLUSTER_TOOLS := crds etcd kube-apiserver kube-score kubeconform kubectl kustomize promtool schemas
PYTHON ?= $(shell command -v python3.11 || command -v python3)

.DEFAULT_GOAL := all
.PHONY: all install test lint types contracts check docs lock tools cluster schemas demo bench bench-runtime fuzz torture properties clean help

all: install ## install, then compile and validate this repository's own sources
	@echo "compiling exchanges/, schemas/ and environments/"
	@$(BIN)/ssmd compile --verbose
	@$(BIN)/ssmd validate
	@echo "validated: no findings"
	@echo "look at generated/kalshi-dev/ (one environment) and generated/ssmd.lock.json (what came from what);"
	@echo "change environments/kalshi-dev.yaml and run make again, or type: $(BIN)/ssmd --help"

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml runtime/pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed, and no python3 was found"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; $(PYTHON) is older. Say which: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "installing into $(VENV) (once; about half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable runtime --editable .
	@$(BIN)/python -m compileall -q ssmd_compiler runtime/ssmd_runtime
	@touch $(INSTALLED)

test: install ## run the tests, on all processors
	@echo "running the tests"
	@$(BIN)/python -m pytest -n auto

lint: install ## ruff, both halves
	@$(BIN)/ruff check . tools/build
	@$(BIN)/ruff format --check . tools/build

types: install ## mypy, strict
	@$(BIN)/mypy

contracts: install ## import contracts
	@$(BIN)/lint-imports --no-logo

check: lint types contracts ## everything but the tests
	@$(BIN)/ssmd fmt --check
	@$(BIN)/ssmd compile --check
	@$(BIN)/ssmd validate

docs: install ## write docs/diagnostics from the checks
	@$(BIN)/python docs/build.py

tools: ## build the real tools that tests use (needs Go; see tools/README.md)
	@tools/build

cluster: install ## hold generated/ against real tools and a real API server (needs Go; see docs/cluster.md)
	@tools/build $(CLUSTER_TOOLS)
	@PYTHONPATH=tools $(BIN)/python -m cluster

schemas: install ## write ssmd_compiler/manifests/schemas.json anew from tools/schemas (needs Go)
	@$(BIN)/python tools/schemas/write.py --package ssmd_compiler/manifests/schemas.json

fuzz: install ## every fuzz target on new inputs for FUZZ_SECONDS=60 each (FUZZ_TARGETS="reader tree" for some)
	@$(BIN)/python tests/fuzz/campaign.py $(FUZZ_TARGETS)

torture: install ## kill, cut and starve the runtime (TORTURE_KILLS=1000 TORTURE_CUTS=200; see docs/durability.md)
	@$(BIN)/python tests/torture/torture_campaign.py

properties: install ## try the properties on many more examples, and new ones (FUZZ_FACTOR=50 times as many)
	@HYPOTHESIS_PROFILE=campaign $(BIN)/python -m pytest -n auto \
		tests/model/test_json_schema.py tests/compiler/test_spans.py tests/outputs/test_texts.py tests/outputs/test_same_bytes.py \
		tests/graph tests/origin/test_origin_oracle.py tests/manifests/test_manifests_reading.py

demo: install ## a simulated exchange and a collector at work, with live counts (DEMO_SECONDS=15; docs/running.md)
	@$(BIN)/python tools/demo/demo.py

bench: install ## compile and validate beside a floor and peers (SIZES=10,100,1000 ROUNDS=5; see benchmarks/README.md)
	@$(BIN)/python -m compileall -q ssmd_compiler runtime/ssmd_runtime
	@$(BIN)/python benchmarks/compile.py --sizes $(or $(SIZES),10,100,1000) --runs $(or $(ROUNDS),5)
	@$(BIN)/python benchmarks/watching.py --sizes $(or $(SIZES),10,100,1000)
	@$(BIN)/python benchmarks/validation.py --sizes $(or $(SIZES),10,100) --runs $(or $(ROUNDS),5)

bench-runtime: install ## capture from a flood beside floors and peers (FRAMES=1000000 ROUNDS=3; see benchmarks/README.md)
	@$(BIN)/python benchmarks/runtime_speed.py --frames $(or $(FRAMES),1000000) --rounds $(or $(ROUNDS),3)

lock: $(VENV)/.uv ## resolve the dependencies anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-package ssmd-runtime --no-header --group dev pyproject.toml runtime/pyproject.toml \
		--output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--constraint requirements.lock runtime/pyproject.toml --output-file runtime/requirements.lock
	@echo 'hatchling>=1.27' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --constraint requirements.lock --output-file runtime/build.lock -

$(VENV)/.uv:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

clean: ## remove everything that was installed or built
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .hypothesis .import_linter_cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
