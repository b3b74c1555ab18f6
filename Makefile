# The course's commands; `make` alone lists them.

VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready
# What follows each command that changes figures, networks or data.
WRITE_TABLES := $(PY) -m tools.ship.tables && $(PY) -m tools.ship.manifest
# Optional, for iPhone photos: not installed, but in the wheelhouse; its version stands here alone.
HEIF := pillow-heif==1.8.1
# The first Python that runs and that TensorFlow has wheels for.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
  && { echo $$p; break; }; done)

ifneq ($(words $(VENV)),1)
$(error VENV has to be one path without spaces; a relative one will do)
endif
# Where the environment's Python is gone (the system's was replaced, the folder moved), make it anew.
ifneq ($(wildcard $(READY)),)
ifneq ($(shell $(PY) -c 'print(1)' 2>/dev/null),1)
$(shell rm -f "$(READY)")
endif
endif

# Without a network: packages from a folder that `make wheelhouse` has filled, and from nowhere else.
ifdef WHEELS
ifneq ($(words $(WHEELS)),1)
$(error WHEELS has to be one path without spaces: copy the folder to another place)
endif
ifeq ($(wildcard $(WHEELS)/*.whl),)
$(error There are no packages in $(WHEELS); `make wheelhouse` puts them into build/wheelhouse)
endif
export PIP_NO_INDEX := 1
export UV_NO_INDEX := 1
export PIP_FIND_LINKS := $(abspath $(WHEELS))
export UV_FIND_LINKS := $(abspath $(WHEELS))
endif

.DEFAULT_GOAL := help
.PHONY: help setup wheelhouse run site slides test lab app progress check refresh finder judge reader pages experiments bench results badges colab lock fuzz lint clean

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 20

setup: $(READY)  ## install what is missing into .venv/ (the others do this by themselves)

wheelhouse: $(READY)  ## put all packages into build/wheelhouse/, for rooms without a network (there: make setup WHEELS=FOLDER)
	@$(PY) -m pip download --quiet --disable-pip-version-check --dest build/wheelhouse -r requirements.txt -c constraints.txt pip setuptools
	@-$(PY) -m pip download --quiet --disable-pip-version-check --dest build/wheelhouse -c constraints.txt $(HEIF)

run: $(READY)  ## execute all notebooks on the full data; their pages go to build/site/ (KERNELS=1: one at a time)
	@$(PY) -m tools.run $(if $(KERNELS),--kernels $(KERNELS)) && $(PY) -m tools.site build/notebooks

site: $(READY)  ## make pages of the stored notebooks in build/site/, without executing them
	@$(PY) -m tools.site

slides: $(READY)  ## make slides of notebooks 01 to 06 in build/slides/, from what is stored
	@$(PY) -m tools.slides

test: $(READY)  ## run all tests, the notebooks' outputs included
	@$(PY) -m pytest -n 2 --dist loadfile

lab: $(READY)  ## open JupyterLab at the notebooks
	@$(PY) -W ignore -m jupyterlab --config=tools/lab.py --notebook-dir=. notebooks/01_exploration.ipynb

app: $(READY)  ## serve the page that reads what you draw or upload, at http://127.0.0.1:8866 (LAN=1: to phones in the same room as well)
	@$(PY) app/serve.py $(if $(LAN),--lan)

progress: $(READY)  ## say which exercises you have done
	@$(PY) -m tools.progress

check: $(READY)  ## say whether everything is in place, and what to do if not
	@$(PY) -m tools.check

refresh: $(READY)  ## execute the stored notebooks in place, ship the models and figures they make
	@$(PY) -m tools.refresh && $(PY) -m tools.ship.cards dense cnn_a cnn_b cnn \
	  && $(PY) -m tools.measure.pictures --people --store && $(WRITE_TABLES)

finder: $(READY)  ## train the network that finds digits on the full budget and ship it
	@$(PY) -m tools.ship.finder && $(WRITE_TABLES)

judge: $(READY)  ## train the network that sees what lies around a digit and ship it (an hour or two)
	@$(PY) -m tools.ship.judge && $(WRITE_TABLES)

reader: $(READY)  ## train the network that reads pictures on the full budget and ship it (less than half an hour)
	@$(PY) -m tools.ship.reader && $(PY) -m tools.ship.cards reader && $(WRITE_TABLES)

pages: $(READY)  ## measure how digits are found on generated pages, and how unseen hands are read
	@$(PY) -m tools.measure.pages --store && $(WRITE_TABLES)

experiments: $(READY)  ## measure anew what part two reports of the full budget (hours; ONLY=07: a part; goes on where it stopped)
	@$(PY) -m tools.measure.experiments $(ONLY) && $(WRITE_TABLES)

bench: $(READY)  ## measure the tables of results/ (QUICK=1, RACE=1, ACCURACY=1, SPEED=1: parts of it; STORE=1: keep it)
	@$(PY) -m tools.measure.bench $(if $(QUICK),--quick) $(if $(RACE),--race) $(if $(ACCURACY),--accuracy) $(if $(SPEED),--speed) $(if $(STORE),--store) $(if $(STORE),&& $(WRITE_TABLES))

results: $(READY)  ## write the tables of README.md and results/RESULTS.md from the stored figures
	@$(WRITE_TABLES)

badges: $(READY)  ## let a public copy be opened in Colab, Kaggle and Binder (URL=https://github.com/you/course, BRANCH=main)
	@$(PY) -m tools.badges "$(URL)" "$(BRANCH)"

colab: $(READY)  ## run all notebooks with the versions of Colab and Kaggle (needs Python 3.13; COLAB_PYTHON names it)
	@$(PY) -m tools.colab $(COLAB_PYTHON)

lock: $(READY)  ## write constraints.txt anew from requirements.txt
	@$(PY) -m tools.lock

fuzz: $(READY)  ## read damaged pictures: none may crash, hang or fill the memory (COUNT=20000)
	@$(PY) -m tools.measure.fuzz $(COUNT)

lint: $(READY)  ## check code and notebooks with ruff
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

clean:  ## delete build/ and the models that you trained (not .venv/)
	rm -rf build models/*.keras models/*.h5 models/*.csv models/*.tflite models/.writing-*

# The stamp is written last. Where it is missing, a set-up was interrupted, or the pins have changed:
# then everything is installed anew into an empty folder, since half-installed packages look whole.
$(READY): requirements.txt constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found."; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12 setup"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); this takes a few minutes, once."
	@if test "$(VENV)" != .venv && test -e "$(VENV)" && ! test -e "$(VENV)/pyvenv.cfg" && test -n "$$(ls -A "$(VENV)")"; then \
	  echo "$(VENV) is no virtual environment. Give VENV another name, or delete it yourself."; exit 1; \
	fi
	@rm -rf "$(VENV)"
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --seed --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) \
	  && uv pip install --quiet --compile-bytecode --python $(PY) -r requirements.txt -c constraints.txt; \
	elif $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	  $(PYTHON) -m venv $(VENV) && $(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt; \
	elif ! $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  echo "$(PYTHON) has neither pip nor ensurepip, so nothing can be installed with it."; \
	  echo "Install them (Debian, Ubuntu: apt install python3-venv python3-pip), or name another"; \
	  echo "Python: make PYTHON=/path/to/python3.12 setup"; exit 1; \
	else \
	  $(PYTHON) -m venv --without-pip $(VENV) \
	  && $(PYTHON) -m pip --python $(PY) install --quiet --disable-pip-version-check pip -r requirements.txt -c constraints.txt; \
	fi
	@touch $@
