# `make demo` and `make test` do all the set-up; both can be run again at any time.
PYTHON ?= $(shell for p in python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
JOBS ?= 2

.PHONY: help install vulkan demo test test-fast lint format wheel clean

help:
	@echo "make demo       install, simulate 64 random + 64 teacher episodes of pick_cube into demo/, write a report"
	@echo "make test       install, run the whole test suite (JOBS=$(JOBS) processes)"
	@echo "make test-fast  the same without the slow tests"
	@echo "make lint       format, lint, types and import layers"
	@echo "make wheel      build a wheel into dist/"
	@echo "make install    create .venv with everything; make clean removes what was built"
	@echo "make vulkan     see to it that the maniskill engine can draw: installs Mesa's driver if none is there (root, apt)"

install: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, with its venv module"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

vulkan: .venv/.installed
	@.ci/vulkan

demo: .venv/.installed
	rm -rf demo
	$(BIN)/simgen generate pick_cube --out demo --random 64 --teacher 64 --num-envs 64 --seed 0
	$(BIN)/simgen report demo
	@echo "The report is demo/report/index.html"

test: .venv/.installed
	@RETRY_PAUSES= .ci/vulkan || echo "The tests that draw with SAPIEN will be skipped."
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-fast: .venv/.installed
	@RETRY_PAUSES= .ci/vulkan || echo "The tests that draw with SAPIEN will be skipped."
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow"

lint: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: .venv/.installed
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf build dist demo .pytest_cache .ruff_cache .hypothesis .import_linter_cache
