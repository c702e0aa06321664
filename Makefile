# make exam   installs what is missing, checks the sample midterm, and builds it with keys in output/
# make test   installs what is missing, and runs everything that tests the project
# make lint   ruff and mypy
# make bench  speed and memory, as ratios within one run

PYTHON ?= python3
TORCH ?= 2.13.0
# address of PyTorch's index of CPU builds (see PyTorch's installation page); only needed where the usual index has none
TORCH_INDEX ?=

BIN := .venv/bin
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo "sudo -n")

.PHONY: exam test lint bench clean

exam: .venv/ready .venv/system
	$(BIN)/torchexam check bank/exams/cs682-midterm.yaml
	$(BIN)/torchexam build cs682-midterm --copies 4 --seed sample --replace

test: .venv/ready-to-test .venv/system .venv/browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

lint: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready-to-test .venv/system
	$(BIN)/python -m benchmarks

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "torchexam needs Python 3.11 or later; name one with: make exam PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "making a virtual environment failed; on Debian: apt-get install python3-venv"; exit 1; }

# the plain package of PyTorch brings gigabytes of CUDA on Linux, so the CPU build is tried first
.venv/torch-$(TORCH): .venv/bin/python
	@echo "installing PyTorch $(TORCH)"
	@$(BIN)/python -m pip install --quiet "torch==$(TORCH)+cpu" $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) 2>/dev/null || \
		{ echo "no CPU build of PyTorch $(TORCH) here: installing the usual one (TORCH_INDEX names another index)"; \
		  $(BIN)/python -m pip install --quiet "torch==$(TORCH)"; }
	@touch $@

.venv/ready: pyproject.toml .venv/torch-$(TORCH)
	@echo "installing torchexam"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/ready-to-test: pyproject.toml .venv/torch-$(TORCH)
	@echo "installing what the tests need"
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ .venv/ready

.venv/system: .venv/bin/python
	@[ -x $(BIN)/torchexam ] || $(MAKE) .venv/ready
	$(BIN)/torchexam doctor --install
	@touch $@

.venv/browser: .venv/bin/python
	@command -v chromium >/dev/null || { $(ROOT) apt-get update -q && $(ROOT) apt-get install -y -q chromium; } || \
		{ echo "the tests need Chromium; install it with: sudo apt-get install chromium"; exit 1; }
	@touch $@

clean:
	rm -rf .venv output/cs682-midterm
