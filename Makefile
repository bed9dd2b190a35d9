# make demo: try it.  make test: check it.  That is all the set-up there is.

PYTHON ?= $(shell scripts/python.sh)
TESTS ?= tests
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check generate bench servers docs deb rpm zipapp try-packages clean

demo: $(VENV)/runtime
	scripts/demo.sh $(PORT)

test: check servers
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --timeout 900 --timeout-method thread $(TESTS)

check: $(VENV)/developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

generate: $(VENV)/runtime
	$(BIN)/python -m kazoo_sup.cli.catalogue
	$(BIN)/python -m kazoo_sup.cli.completion.scripts completions
	$(BIN)/python -m kazoo_sup.cli.reference docs

bench: $(VENV)/developer servers
	for each in start generate_numbers; do $(BIN)/python bench/$$each.py || exit 1; done

docs: $(VENV)/developer
	$(BIN)/python scripts/site.py

deb rpm zipapp: $(VENV)/developer
	scripts/package.sh $@

try-packages: deb rpm zipapp
	scripts/try_packages.sh

servers:
	scripts/servers.sh

clean:
	rm -rf $(VENV) dist .site .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/runtime: pyproject.toml
	@echo "Making $(VENV): this needs Python's venv, and takes kazoo-sup's dependencies from PyPI." >&2
	scripts/venv.sh "$(PYTHON)" $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/developer: $(VENV)/runtime requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
	touch $@
