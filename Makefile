# `make sweep` on a fresh machine sets up what is missing, then trains. From any folder: `make -C DIR` or `make -f DIR/Makefile`.
# `make help` lists the rest.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := sweep

PYTHON ?= python3
# An environment remembers what it was made for: after `make setup ACCELERATOR=cuda` a bare `make sweep` stays with cuda.
INSTALLED := $(shell cat .venv/.accelerator 2>/dev/null)
ACCELERATOR ?= $(or $(INSTALLED),cpu)
ARGS ?=

HERE := $(shell cd "$$(dirname '$(strip $(MAKEFILE_LIST))')" && pwd -P)

ifneq ($(HERE),$(shell pwd -P))
# Called with -f from elsewhere: go home first, so that everything below can use relative paths (which also survive spaces).
GOALS := $(or $(MAKECMDGOALS),sweep)
.PHONY: $(GOALS)
$(GOALS): ; @$(MAKE) -C '$(HERE)' $@
else

ifeq ($(filter cpu cuda,$(ACCELERATOR)),)
$(error ACCELERATOR=$(ACCELERATOR) is unknown: say cpu or cuda)
endif

# Modules, not scripts, where there is a choice: a script's first line holds a path and breaks when the folder moves.
RUN := .venv/bin/python
# Errors only: warnings about a user's indexes come once a package and bury the one line that matters.
PIP := $(RUN) -m pip install -qq --disable-pip-version-check --no-warn-conflicts

.PHONY: sweep demo test test-fast soak lint docs setup pose setup-test setup-docs setup-browser setup-services clean help FORCE

sweep: setup  ## the paper's comparison, tracked (default): python train.py -m optimizer=adam,rmsprop $(ARGS)
	$(RUN) train.py -m optimizer=adam,rmsprop $(ARGS)

demo: pose  ## from drawn video to actions: draw, find key points, train, test; in MLflow, with pictures
	$(RUN) -m pose.demo.draw outputs/demo/videos
	$(RUN) extract.py path=outputs/demo/videos pose/detector=demo pose/estimator=demo
	$(RUN) train.py experiment=demo datamodule.path=outputs/demo/videos $(ARGS)

test: setup-test pose  ## every test but the soak tests
	$(RUN) -m pytest $(ARGS)

test-fast: setup-test pose  ## the tests that take seconds
	$(RUN) -m pytest -n auto --maxprocesses 4 -m "not slow and not soak" $(ARGS)

soak: setup-test pose  ## every test, also those that kill runs for a long time
	$(RUN) -m pytest -m "soak or not soak" $(ARGS)

lint: setup-test  ## style, format, types, and who imports whom
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	.venv/bin/lint-imports

docs: setup-docs  ## the pages of docs/ as a site, in outputs/site; a warning is an error
	$(RUN) -m sphinx --builder html --fresh-env --write-all --fail-on-warning --keep-going --quiet docs outputs/site $(ARGS)
	@echo "outputs/site/index.html"

setup: .venv/.setup-run  ## .venv with what the program needs (ACCELERATOR=cpu|cuda, PYTHON=python3.11)
	@:

pose: .venv/.setup-pose  ## ... and with MMDet and MMPose, which turn video into key points (builds mmcv once)
	@:

setup-test: .venv/.setup-test  ## ... and with what the tests need
	@:

setup-docs: .venv/.setup-docs  ## ... and with what the site needs
	@:

# A stamp is written last, so that a set-up that was interrupted is done again.
.venv/.setup-run: requirements/$(ACCELERATOR).txt requirements/runtime.txt pyproject.toml
	@version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])') || \
	  { echo "Python 3.11 or newer is needed and '$(PYTHON)' does not run: say make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	case $$version in 3.1[1-9]|3.[2-9][0-9]) ;; \
	  *) echo "Python 3.11 or newer is needed and '$(PYTHON)' is $$version: say make PYTHON=/path/to/python3.11" >&2; exit 1;; esac
	@echo "Setting up .venv for $(ACCELERATOR): a few minutes the first time"
	@$(PYTHON) -m venv $(if $(filter-out $(ACCELERATOR),$(INSTALLED)),--clear) .venv
	@echo $(ACCELERATOR) > .venv/.accelerator
	@$(PIP) -r requirements/$(ACCELERATOR).txt
ifeq ($(ACCELERATOR),cuda)
	@$(RUN) -c 'import sys, torch; sys.exit(None if torch.version.cuda else "pip chose a CPU build of torch: take its find-links or extra index out of the pip configuration, then make clean setup ACCELERATOR=cuda")'
endif
	@touch $@

.venv/.setup-test: .venv/.setup-run requirements/test.txt requirements/docs.txt
	@echo "Adding what the tests need"
	@$(PIP) -r requirements/test.txt
	@touch $@

.venv/.setup-docs: .venv/.setup-run requirements/docs.txt
	@echo "Adding what the site needs"
	@$(PIP) -r requirements/docs.txt
	@touch $@

.venv/.setup-pose: .venv/.setup-run requirements/pose.txt requirements/openmmlab.txt requirements/openmmlab-built.txt
	@echo "Adding MMDet and MMPose"
	@$(PIP) -r requirements/pose.txt
	@wheels=$$(requirements/build_wheels.sh $(RUN) .wheels $(ACCELERATOR)) && \
	  $(PIP) --no-deps --no-index --find-links "$$wheels" -r requirements/openmmlab-built.txt
	@$(PIP) --no-deps -r requirements/openmmlab.txt
	@$(RUN) requirements/repair_torchvision.py
	@touch $@

# Another build of the same torch version satisfies pip, so a change of accelerator has to start from an empty environment.
ifneq ($(filter-out $(ACCELERATOR),$(INSTALLED)),)
.venv/.setup-run: FORCE
endif

setup-browser:  ## Chromium, for the tests that look at pages (they skip without it; Debian, as root)
	@if command -v chromium >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
	else echo "Install chromium with your system's package manager: this needs root and apt-get" >&2; exit 1; fi

SERVICES := munge slurm-client slurmctld slurmd slurm-wlm-basic-plugins postgresql
setup-services:  ## Slurm and PostgreSQL, for the tests that need one (they skip without it; Debian, as root)
	@if command -v slurmctld slurmd munged >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(SERVICES) >/dev/null; \
	else echo "Install $(SERVICES) with your system's package manager: this needs root and apt-get" >&2; exit 1; fi

clean:  ## remove .venv and caches; outputs/ and the built wheels in .wheels/ stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 16

endif
