# The commands of this checkout: `make run`, `make test`, `make lint`, `make bench`, `make accuracy`,
# `make accuracy-learning`, `make soak`, `make docs`, `make locks`.
# Everything is installed into .venv; the .venv/.made* files say what is already there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Command line of the filter, as in: make run ARGS="--config etc/mailfilter.toml"
ARGS ?=
# Options of the measurement of accuracy, as in: make accuracy ACCURACY="--set train --wrong"
ACCURACY ?=
# or: make accuracy-learning ACCURACY="--only dev,curve --plots build/accuracy"
# If not empty, rspamd and SpamAssassin are measured beside us.
PEERS ?=
# What to test, as in: make test TESTS=tests.codec
TESTS ?= tests
# Options of trial. Not -j by default: the tests mostly wait, and a worker of trial takes a log
# event above 64 KiB for an error of the test that caused it.
TRIAL ?=
# Directory of messages for the benchmark; empty takes those of the tests and some made up.
MESSAGES ?=
# Options of the soak test, as in: make soak SOAK="--only reload,kill"
SOAK ?=

# Settings of the caller's pip that change what is installed or where, not from which index.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PIP_CONSTRAINT \
	PIP_REQUIREMENT PIP_EDITABLE PIP_NO_DEPS PIP_REQUIRE_HASHES PIP_NO_BINARY PIP_ONLY_BINARY \
	PIP_NO_BUILD_ISOLATION PIP_PRE PIP_ISOLATED PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP := $(BIN)/python -m pip --no-input --quiet install

VENV_PACKAGE := $(if $(filter python3,$(notdir $(PYTHON))),python3-venv,$(notdir $(PYTHON))-venv)

.PHONY: run test lint bench accuracy accuracy-learning soak docs locks clean

run: $(VENV)/.made-run
	@exec $(BIN)/twistd -n --pidfile= mailfilter $(ARGS)

# Real MTAs and clients are fetched if they can be; without one the tests that need it skip.
test: $(VENV)/.made-test
	@$(BIN)/python -m tests.live.peers fetch || echo "make test: not all peers are there" >&2
	$(BIN)/python -m twisted.trial $(TRIAL) $(TESTS)

lint: $(VENV)/.made-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

MAIL = $(or $(MESSAGES),$(if $(MAILFILTER_CORPUS),$(MAILFILTER_CORPUS)/dev,tests/data/messages))
bench: $(VENV)/.made-run
	@$(BIN)/python -m bench.run $(if $(MESSAGES),--messages $(MESSAGES))
	@$(BIN)/python -m bench.milter_cost
	@$(BIN)/python -m bench.http_cost
	@$(BIN)/python -m bench.tls_cost
	@$(BIN)/python -m bench.httpcrypt
	@$(BIN)/python -m bench.lda
	@$(BIN)/python -m tests.live.peers fetch >/dev/null || true
	@$(BIN)/python -m bench.store
	@$(BIN)/python -m bench.parts $(if $(MESSAGES),--messages $(MESSAGES))
	@$(BIN)/python -m bench.metrics_cost
	@$(BIN)/python -m bench.maps
	@$(BIN)/python -m bench.dns
	@$(BIN)/python -m bench.spf
	@$(BIN)/python -m bench.mail_parse --crlf $(MAIL)
	@$(BIN)/python -m bench.rules
	@$(BIN)/python -m bench.content --checks $(MAIL)

# What the rules catch of the mail in MAILFILTER_CORPUS, without DNS, network and learning.
accuracy: $(VENV)/.made-run
	@$(if $(PEERS),$(BIN)/python -m tests.live.peers fetch >/dev/null || true)
	@$(BIN)/python -m bench.accuracy $(if $(PEERS),--peers) $(ACCURACY)

accuracy-learning: $(VENV)/.made-run
	@$(BIN)/python -m bench.learning $(ACCURACY)

# Reloads, kills and stops under load, for some minutes; the part with Postfix needs root.
soak: $(VENV)/.made-test
	@$(BIN)/python -m tests.live.peers fetch || echo "make soak: Postfix is not there" >&2
	@$(BIN)/python -m bench.soak $(SOAK)

# The pages and the configuration file that are made from the code.
docs: $(VENV)/.made-run
	$(BIN)/python -m mailfilter.config.generate
	$(BIN)/python -m mailfilter.app.reference
	$(BIN)/python -m mailfilter.client.pages.write

# Take the newest versions that setup.cfg and pyproject.toml allow; needs the network.
LOCK := build/locks/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --allow-unsafe
locks:
	$(PYTHON) -m venv build/locks
	build/locks/bin/python -m pip --quiet install pip-tools
	$(LOCK) --output-file requirements.lock setup.cfg
	$(LOCK) --output-file requirements-dev.lock --extra dev setup.cfg
	$(LOCK) --output-file requirements-build.lock --only-build-deps --all-build-deps pyproject.toml

clean:
	rm -rf $(VENV) build dist *.egg-info _trial_temp* .mypy_cache .ruff_cache

$(VENV)/.made-run: requirements.lock requirements-build.lock setup.cfg pyproject.toml | $(VENV)/.made
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.made-test: requirements-dev.lock $(VENV)/.made-run
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
		echo "make: there is no $(PYTHON); install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $$($(PYTHON) --version) is too old; name one of 3.11 or newer," \
			"as in: make run PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
			echo "make: $(PYTHON) cannot make virtual environments;" \
				"install the package $(VENV_PACKAGE)" >&2; exit 1; \
		fi; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qy --no-install-recommends $(VENV_PACKAGE); }
	$(PYTHON) -m venv $(VENV)
	@touch $@
