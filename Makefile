# Everything a user or a developer runs from a checkout. `make help` lists it.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
MODELS ?= models
IMAGE ?= gatehouse
# Where pip finds torch built for CPUs. PyPI's Linux build brings gigabytes of CUDA along, so it is
# taken only on request: with TORCH_INDEX= (empty), pip's own configuration decides.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH_VERSION ?= 2.13.0
UV ?= uv
NPM ?= npm

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# macOS builds are CPU builds under the plain version; those for Linux are marked +cpu.
TORCH := torch==$(TORCH_VERSION)$(if $(TORCH_INDEX),$(if $(filter Linux,$(shell uname -s)),+cpu))
TORCH_STAMP := $(VENV)/.torch-$(TORCH_VERSION)
# npm writes this file last.
NODE_MODULES := tests/javascript/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help serve training test test-browser test-javascript format format-check lint types pytest docs lock image bench clean

help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-17s%s\n", $$1, $$2}'
	@echo
	@echo '  Variables: PYTHON=$(PYTHON) HOST=$(HOST) PORT=$(PORT) MODELS=$(MODELS) IMAGE=$(IMAGE)'
	@echo '             TORCH_INDEX=$(TORCH_INDEX)'

serve: $(VENV)/.serve ## Serve models/ on HOST:PORT (installs the serving dependencies first).
	@exec $(BIN)/python -m service serve --models $(MODELS) --host $(HOST) --port $(PORT)

training: $(TORCH_STAMP) ## Install what training needs (torch for CPUs) into .venv.

test: format-check lint types pytest ## Check formatting, lint, types, tests and documentation.

format: $(TORCH_STAMP) ## Rewrite the code in the project's formatting.
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --select I --fix .

format-check: $(TORCH_STAMP) ## Check the formatting.
	$(BIN)/python -m ruff format --check .

lint: $(TORCH_STAMP) ## Check with ruff.
	$(BIN)/python -m ruff check .

types: $(TORCH_STAMP) ## Check the types (mypy, strict).
	$(BIN)/python -m mypy

pytest: $(TORCH_STAMP) ## Run the tests, the documentation's among them.
	$(BIN)/python -m pytest

test-browser: $(TORCH_STAMP) ## Test the page in Chromium (says how to install one).
	GATEHOUSE_TEST_BROWSER=1 $(BIN)/python -m pytest tests/browser

test-javascript: $(TORCH_STAMP) $(NODE_MODULES) ## Run the documentation's JavaScript (needs node; 450 MB).
	$(BIN)/python -m pytest tests/documentation/test_exported_models.py

docs: $(TORCH_STAMP) ## Write the generated parts of the documentation.
	$(BIN)/python -m tests.documentation.settings_reference
	$(BIN)/python -m tests.documentation.help_reference

lock: ## Write the locks in requirements/ again (needs uv; LOCK_FLAGS=--upgrade).
	$(UV) pip compile --quiet $(LOCK_FLAGS) pyproject.toml --output-file requirements/serve.txt
	$(UV) pip compile --quiet $(LOCK_FLAGS) pyproject.toml --extra tracing \
	  --constraints requirements/serve.txt --output-file requirements/tracing.txt
	$(UV) pip compile --quiet $(LOCK_FLAGS) pyproject.toml --all-extras \
	  --constraints requirements/tracing.txt --output-file requirements/test.txt

image: ## Build the container image.
	docker build -t $(IMAGE) .

bench: $(TORCH_STAMP) ## Measure the service beside its peers (needs wrk; half an hour; Linux).
	$(BIN)/python -m benchmarks run

clean: ## Remove the virtual environment and the caches; runs/ and models/ stay.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis benchmarks/.environments \
	  tests/javascript/node_modules
	find service training benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say what .venv holds, so that a second run starts at once.

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than Python 3.11. Name a newer one:" \
	    "make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) has no venv module. Install it (Debian and Ubuntu: apt install" \
	    "python3-venv), then try again." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.serve: $(VENV)/.created requirements/serve.txt
	@echo "Installing what serving needs into $(VENV)"
	@$(PIP) install --quiet --require-hashes --requirement requirements/serve.txt
	@touch $@

$(VENV)/.test: $(VENV)/.serve requirements/test.txt
	@echo "Installing what training and the checks need into $(VENV)"
	@$(PIP) install --quiet --require-hashes --requirement requirements/test.txt
	@touch $@

# First whatever index or folder of wheels pip already knows: on a closed network it may hold the CPU
# build, and TORCH_INDEX is then never asked. PyPI has no build marked +cpu, so it is quick to say no.
$(TORCH_STAMP): $(VENV)/.test
	@echo "Installing $(TORCH) into $(VENV)"
	@$(PIP) install --quiet $(TORCH) $(if $(TORCH_INDEX),2>/dev/null || \
	  $(PIP) install --quiet --timeout 15 --retries 2 --index-url $(TORCH_INDEX) $(TORCH)) || { \
	  echo "Cannot install $(TORCH). Set TORCH_INDEX to an index that has it, or leave it empty" \
	    "(make TORCH_INDEX= $(MAKECMDGOALS)) to take what pip finds by itself: on Linux that may" \
	    "be the CUDA build, several gigabytes." >&2; exit 1; }
	@touch $@

# The packages bring all that they need along: no script of theirs runs (tests/javascript/.npmrc).
$(NODE_MODULES): tests/javascript/package.json tests/javascript/package-lock.json
	@command -v $(NPM) > /dev/null || { \
	  echo "npm is missing. Install Node.js 20 or later (https://nodejs.org; Debian and Ubuntu:" \
	    "apt install nodejs npm), then try again." >&2; exit 1; }
	cd tests/javascript && $(NPM) ci
	@touch $@
