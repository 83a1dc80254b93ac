# Every command works on a fresh machine with Python 3.11+, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXTRA ?= dev
SERVE ?= 1
WORKERS ?= auto
# The tests of a file stay together, for they share a server. Workers share the cores, so each computes in one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist loadfile
# Tests start many processes, which begin sooner where what they import is compiled already.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup test test-all demo lint format constraints clean

setup: $(VENV)/.installed

# Tests speak to the service with clip-retrieval's own client, whose package wants NumPy 1 and much else: it comes alone.
$(VENV)/.installed: pyproject.toml constraints.txt Makefile
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[$(EXTRA)]'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps clip-retrieval==2.45.0
	touch $@

test: setup
	$(PYTEST) -m 'not slow'

test-all: setup
	$(PYTEST)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Draws a catalogue, indexes it with the bundled model, searches it, and serves it (SERVE=0 stops before).
demo: setup
	$(BIN)/retrieval tour demo-data
	@test "$(SERVE)" = 0 || $(BIN)/retrieval serve --data-dir demo-data/retrieval-data

# Pins of everything that a development environment holds, without any index line.
constraints: setup
	$(BIN)/uv pip compile --quiet --upgrade --universal --extra dev --no-header --no-annotate --no-emit-index-url \
		--output-file constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache
