# Everything sets itself up: the first target that needs it makes .venv and installs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers-ready
SITE_READY := $(VENV)/.site-ready

.PHONY: run test quick style types check attack fuzz bench reproduce music chorale front docs clean kills backends adapters gallery site dist \
  coverage lock

COUNTING := results/runs/counting
POLES := results/runs/poles
run: $(INSTALLED)  ## Learn to count from ten strings, prove it; balance two poles (a minute).
	$(BIN)/evolino run languages --train 1:10 --out $(COUNTING) --force
	$(BIN)/evolino certify $(COUNTING)
	$(BIN)/evolino run pole --no-baselines --out $(POLES) --force
	$(BIN)/evolino play $(POLES) --episodes 1 --gif $(POLES)/episode.gif
	@$(BIN)/evolino plot $(COUNTING) --kind counting --out $(COUNTING)/counting.png
	@echo "Pictures: $(COUNTING)/counting.png  $(POLES)/episode.gif"

# One thread of BLAS each: two test processes whose BLAS uses all cores wait for each other.
test: export OPENBLAS_NUM_THREADS = 1
test: export OMP_NUM_THREADS = 1
test: $(READY)  ## Run the tests, all of them, two files at a time.
	$(BIN)/python -m pytest -n 2 --dist loadfile

quick: $(READY)  ## Run the tests that take under a minute together.
	$(BIN)/python -m pytest -m "not slow"

style: $(READY)  ## Formatter and linter.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)  ## Types, those of the tests included.
	$(BIN)/mypy

check: style types test  ## What CI checks.

ATTACK ?= 2000
attack: $(READY)  ## Attack the proofs with 2,000 networks made to break them (half an hour).
	EVOLINO_ATTACK=$(ATTACK) $(BIN)/python -m pytest -s tests/certificates/test_attack.py

fuzz: $(READY)  ## Read 10,000 mutated files, and 300 by the command line (half an hour).
	EVOLINO_FUZZ=10000 $(BIN)/python -m pytest -s tests/fuzz
	$(BIN)/python -m tests.support.strangers_by_command --files 300

bench: $(PEERS)  ## Time evolino against its peers (8 minutes); write docs/performance.md.
	$(BIN)/python -m benchmarks --out results/benchmarks.json
	$(BIN)/python -m benchmarks --page

WORKERS ?= 2
BUDGET ?= full
reproduce: $(READY)  ## Make every table of results/ again (hours); BUDGET=fast: a sample.
	$(BIN)/evolino reproduce all --budget $(BUDGET) --workers $(WORKERS)
	$(MAKE) docs

MUSIC := results/music
BLUES := results/runs/music-blues
ROCK := results/runs/music-rock
music: $(READY)  ## Make what docs/music.md and docs/timing.md let hear (two minutes).
	mkdir -p $(MUSIC)
	$(BIN)/evolino run blues --experiment 2 --choruses 100 --no-baselines --out $(BLUES) --force
	$(BIN)/evolino generate $(BLUES) --swing 0.67 --midi $(MUSIC)/blues.mid \
	  --wav $(MUSIC)/blues.wav --png $(MUSIC)/blues.png
	$(BIN)/evolino plot $(BLUES) --kind agreement --out $(MUSIC)/agreement.png
	$(BIN)/evolino plot $(BLUES) --kind cells --out $(MUSIC)/cells.png
	$(BIN)/evolino run rhythm --grid rock --no-baselines --out $(ROCK) --force
	$(BIN)/evolino generate $(ROCK) --bars 8 --tempo 100 --tempo-changes 5:140 \
	  --midi $(MUSIC)/rock.mid --wav $(MUSIC)/rock.wav --png $(MUSIC)/rock.png

CHORALE := results/runs/music-chorale
chorale: $(READY)  ## Learn Bach's voices and give them to a tune (ten minutes; music21).
	$(BIN)/python -m pip install --quiet --editable ".[dev,music]"
	$(BIN)/evolino run chorales --preset voices --no-baselines --out $(CHORALE) --force
	$(BIN)/evolino generate $(CHORALE) --prime $(MUSIC)/tune.mid --harmonise \
	  --temperature 0.4 --midi $(MUSIC)/chorale.mid --wav $(MUSIC)/chorale.wav \
	  --png $(MUSIC)/chorale.png

kills: $(READY)  ## Kill runs 500 times, resume each (five minutes of a quiet machine).
	$(BIN)/python -m tests.support.kills --kills 500

backends: $(READY)  ## 24 settings by every backend, 300 trainings in one process.
	$(BIN)/python -m tests.support.backends --settings 24 --trainings 300

front: $(READY)  ## Make the README's picture again.
	$(BIN)/evolino run languages --train 1:10 --no-baselines --out $(COUNTING) --force
	$(BIN)/evolino plot $(COUNTING) --kind counting --out results/counting.png

GALLERY := results/gallery
SINES := results/runs/gallery-sines
ARM := results/runs/gallery-arm
gallery: $(READY)  ## Make the pictures of docs/method.md and docs/gallery.md again (a minute).
	mkdir -p $(GALLERY)
	$(BIN)/evolino run mso --sines 2 --preset paper --seed 1 --no-baselines --out $(SINES) --force
	$(BIN)/evolino plot $(SINES) --out $(GALLERY)/two-sines-fitness.png
	$(BIN)/evolino plot $(SINES) --kind run --out $(GALLERY)/two-sines.png
	$(BIN)/evolino run pole --no-baselines --out $(POLES) --force
	$(BIN)/evolino play $(POLES) --episodes 1 --gif $(GALLERY)/poles.gif
	$(BIN)/evolino run imitate --no-baselines --out $(ARM) --force
	$(BIN)/evolino plot $(ARM) --kind course --out $(GALLERY)/knot.png

ADAPTERS ?= .venv-adapters
SITE ?= site
site: $(SITE_READY)  ## Build the documentation as a site, in site/ (offline, strict).
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir $(SITE)

dist: $(READY)  ## Build wheel and sdist, check both, install the wheel elsewhere and run it.
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	wheel=$$(ls $$PWD/dist/*.whl) && smoke=$$(mktemp -d) && $(PYTHON) -m venv $$smoke && cd $$smoke && \
	  bin/python -m pip install --quiet --only-binary :all: $$wheel && \
	  bin/evolino run mso --generations 2 --no-baselines --out run && bin/evolino show run && \
	  bin/python -c "import evolino; print(evolino.load('run').generate(3).shape)" && rm -rf $$smoke

coverage: export OPENBLAS_NUM_THREADS = 1
coverage: export OMP_NUM_THREADS = 1
coverage: $(READY)  ## Lines and branches that the tests run (20 minutes); a page in htmlcov/.
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n 2 --dist loadfile
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage html --skip-covered
	$(BIN)/python -m coverage report --skip-covered --sort cover

LOCKED := requirements-dev.lock
lock:  ## Write the developers' lock file anew, for all platforms (needs uv).
	uv pip compile --universal --python-version 3.11 --extra dev --quiet pyproject.toml \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o $(LOCKED)

adapters:  ## The checks of aeon and sktime on our adapters, in an environment of their own.
	test -x $(ADAPTERS)/bin/python || $(PYTHON) -m venv $(ADAPTERS)
	$(ADAPTERS)/bin/python -m pip install --quiet --editable ".[aeon,sktime]" pytest
	$(ADAPTERS)/bin/python -m tests.support.check_adapters

docs: $(READY)  ## Put the tables of results/ into README and docs/; draw their dot plots.
	$(BIN)/python -m evolino.reports.markdown README.md docs
	$(BIN)/python -m evolino.reports.table_pictures results/*.json

# PYTHONWARNINGS: setuptools warns that a checkout is on the path, as it is meant to be.
$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip "setuptools>=77"
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable .
	touch $(INSTALLED)

$(READY): $(INSTALLED)
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $(READY)

$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	touch $(PEERS)

$(SITE_READY): $(INSTALLED)
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $(SITE_READY)

clean:  ## Remove what was installed and built; results stay.
	rm -rf $(VENV) build dist site htmlcov *.egg-info .mypy_cache .ruff_cache .pytest_cache
