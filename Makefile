# A fresh machine needs Python 3.10-3.12, make, a C library and a Python package index; no Docker, no GPU, no root.
#
#   make demo    set up, train, export, verify, serve, answer pictures
#   make serve   the same server, staying up
#   make test    every check and test
#   make models  train, verify and measure the whole catalogue (15 minutes on two cores); writes docs/models.md
#
#   make benchmark           Sightline beside other ways to serve the same model; writes the tables of docs/performance.md
#   make guard-baselines     accept the work that the guarded calls do now; docs/performance.md, Guard
#   make benchmark-tuning    what sightline tune chooses, beside arrangements written by hand
#   make benchmark-protocols HTTP, gRPC and shared memory, and what a call of the client costs; docs/performance.md
#   make benchmark-export    how long exports take; writes the tables of docs/export.md
#
# TORCH chooses the PyTorch to install, for example: make demo TORCH="torch --index-url <an index of CPU builds>"

PYTHON ?= python3
TORCH ?= torch==2.13.0
DEMO_MODELS := cnn gan attention
BIN := .venv/bin

.DEFAULT_GOAL := demo
.PHONY: demo serve test check setup models demo-models
.PHONY: benchmark benchmark-tuning benchmark-protocols benchmark-export guard-baselines clean

demo: demo-models
	@$(BIN)/python docs/demo.py

serve: demo-models
	@$(BIN)/sightline serve

test: check demo-models
	$(BIN)/pytest

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

benchmark: demo-models
	$(BIN)/python -m benchmarks.serving

benchmark-tuning: demo-models
	$(BIN)/python -m benchmarks.tuning

benchmark-protocols: demo-models
	$(BIN)/python -m benchmarks.protocols

benchmark-export: setup
	$(BIN)/python -m benchmarks.export

guard-baselines: setup
	@$(BIN)/python -m tests.guard

models: setup
	@$(BIN)/sightline export --if-missing --all
	@$(BIN)/python -m benchmarks.catalogue

demo-models: setup
	@$(BIN)/sightline export --if-missing $(DEMO_MODELS)

setup: .venv/.ready

.venv/.ready: deploy/set-up.sh requirements-dev.txt $(wildcard */pyproject.toml)
	@PYTHON=$(PYTHON) TORCH="$(TORCH)" sh deploy/set-up.sh
	@touch $@

clean:
	rm -rf .venv build model_repository/.building model_repository/*/[0-9]*
