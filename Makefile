# make demo: try it.  make test: check it.  That is all the set-up there is.

PYTHON ?= $(shell scripts/python.sh)
TESTS ?= tests
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check generate bench servers clean

demo: $(VENV)/runtime
	scripts/demo.sh

test: check servers
	$(BIN)/python -m pytest --timeout 900 $(TESTS)

check: $(VENV)/developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

generate: $(VENV)/runtime
	$(BIN)/python -m kazoo_sup.catalogue
	$(BIN)/python -m kazoo_sup.completions completions
	$(BIN)/python -m kazoo_sup.reference docs

bench: $(VENV)/developer servers
	for each in start generate_numbers; do $(BIN)/python bench/$$each.py || exit 1; done

servers:
	scripts/servers.sh

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/runtime: pyproject.toml
	scripts/venv.sh "$(PYTHON)" $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/developer: $(VENV)/runtime requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
	touch $@
