# make demo    the whole story on a bare machine, then the admin to click in   (ONCE=1: end after the story)
# make test    install what the tests need, then run every check and every test
# make bench   the speed and memory bars   (AREA=backups|deployments|incidents|room for a part)
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
REQUIREMENTS := requirements.txt requirements-audit.txt requirements-edge.txt requirements-dev.txt demo/requirements.txt

.PHONY: demo test bench lint clean

demo: $(VENV)/.demo
	@$(PY) -m demo.story $(if $(ONCE),--once)

test: $(VENV)/.dev
	@$(PY) -m tests.machine
	@$(MAKE) --no-print-directory lint
	@TMPDIR=$$($(PY) -m tests.machine.scratch) $(PY) -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/.dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy smsops backups deployments incidents tests bench docs
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev
	@$(PY) -m tests.machine
	@$(PY) -m bench $(AREA)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "smsops needs Python 3.11 or later."; exit 2; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 2; }

$(VENV)/.demo: $(VENV)/bin/python requirements.txt requirements-edge.txt demo/requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-edge.txt -r demo/requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python $(REQUIREMENTS)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) var staticfiles
