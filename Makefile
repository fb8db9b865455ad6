# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Whatever the build fetches (from PyPI and Debian) or writes stays below build/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
BUILD := $(CURDIR)/build
VENV := $(BUILD)/venv
COPY := $(BUILD)/ansible_collections/localai/core
OUTPUT := $(COPY)/tests/output
# The signal comes when the shell of the recipe dies.
APART := setpriv --pdeathsig TERM tests/hosts/apart.sh
RUN := cd $(BUILD) && $(VENV)/bin/python -m ansible_collections.localai.core.tests

export PIP_CACHE_DIR := $(BUILD)/home/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Ansible's tools keep their state in the home directory. "private": the steps before them need the user's own.
demo lint sanity units integration coverage bench soak samples hosts: private export HOME := $(BUILD)/home
demo lint sanity units integration coverage bench soak samples hosts: \
    private export PATH := $(BUILD)/pythons:$(VENV)/bin:$(BUILD)/bin:$(PATH)
demo lint: private export ANSIBLE_COLLECTIONS_PATH := $(BUILD)

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

test: fresh lint sanity units integration coverage samples hosts ## all of the gate, then the number of tests
	@$(VENV)/bin/python tests/tools/summary.py $(OUTPUT)

demo: collection ## the collection at work against a registry and a server on this machine
	$(RUN).demo.run

lint: collection ## ruff, mypy, yamllint, ansible-lint
	ruff check
	ruff format --check
	cd $(BUILD) && mypy --config-file $(COPY)/pyproject.toml
	yamllint --strict .
	cd $(COPY) && ansible-lint --offline --nocolor --profile production --strict

sanity: collection ## ansible-test sanity
	cd $(COPY) && ansible-test sanity --venv --junit

units: collection ## unit tests on our own Python, measured, and on the oldest and the newest one found
	rm -f $(OUTPUT)/coverage/units=*
	cd $(COPY) && own=$$($(VENV)/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])') \
	    && ansible-test units --venv --coverage --python $$own \
	    && for other in $$(ls $(BUILD)/pythons | sed -n 's/^python\(3\.[0-9]*\)$$/\1/p' | sort -V | sed -n '1p;$$p' \
	        | grep -vx $$own | uniq); do ansible-test units --venv --python $$other || exit; done

integration: collection $(BUILD)/bin/docker-registry ## integration tests against a real registry
	rm -f $(OUTPUT)/coverage/integration=*
	echo "docker_registry_binary: $(BUILD)/bin/docker-registry" > $(COPY)/tests/integration/integration_config.yml
	cd $(COPY) && ansible-test integration --venv --coverage -v

hosts: collection $(BUILD)/bin/docker-registry ## the role on three real hosts with systemd, which takes root
	@if ! why=$$(tests/hosts/hindrance.sh $(BUILD)/hosts); then \
	    echo "Left out, because $$why: the role on real hosts. Run it with: sudo make hosts"; \
	else \
	    tests/hosts/install_packages.sh; \
	    $(APART) tests/hosts/base.sh $(BUILD)/hosts/base bookworm trixie; \
	    cd $(COPY); PYTHONPATH=$(BUILD) $(APART) --net $(VENV)/bin/python -m pytest -v --durations 0 \
	        -p no:cacheprovider --junitxml $(OUTPUT)/junit/role-hosts.xml tests/hosts; \
	fi

coverage: collection ## what units and integration covered so far, against the floor
	cd $(COPY) && ansible-test coverage combine --venv --all
	cd $(COPY) && coverage report
	cd $(COPY) && coverage json -q
	$(VENV)/bin/python tests/tools/coverage_floor.py $(OUTPUT)/reports/coverage.json

bench: collection $(BUILD)/bin/docker-registry $(BUILD)/bin/umoci ## our install in turns with other ways, measured
	tests/tools/install_peers.sh
	$(VENV)/bin/pip install -q --only-binary :all: isal || echo "There is no package of isal for this machine."
	$(RUN).bench.run --registry $(BUILD)/bin/docker-registry --directory $(BUILD)/bench

soak: collection $(BUILD)/bin/umoci ## the large figures: hostile input, bombs, secrets, trees that umoci makes too
	cd $(COPY) && PYTHONPATH=$(BUILD) LOCALAI_TEST_EXAMPLES=10000 pytest -q --hypothesis-show-statistics \
	    tests/unit/plugins/module_utils/test_unpack.py -k nothing_outside_changes
	cd $(COPY) && PYTHONPATH=$(BUILD) LOCALAI_TEST_EXAMPLES=500 pytest -q -m hostile tests/unit
	$(RUN).soak.bombs
	$(RUN).soak.secrets
	$(RUN).soak.umoci --images 500

samples: collection $(BUILD)/bin/docker-registry $(BUILD)/bin/umoci ## a few seconds of bench and of soak
	export BENCH_SCALE=0.002 BENCH_ROUNDS=1 BENCH_DIR=$(BUILD)/sample; \
	    $(RUN).bench.run --registry $(BUILD)/bin/docker-registry --directory $(BUILD)/sample
	$(RUN).soak.bombs --sample
	$(RUN).soak.secrets --sample
	$(RUN).soak.umoci --images 40

clean: ## remove build/
	rm -rf $(BUILD)

# A copy, because Ansible's tools want that path. All is new each time (deleted files must vanish) but tests/output, where
# ansible-test keeps its environments and results. It asks git for the files, and this repository ignores build/.
collection: $(VENV)/ready
	@$(VENV)/bin/python tests/tools/prepare_ansible_test.py $(BUILD)
	@mkdir -p $(OUTPUT)
	@find $(COPY) -mindepth 1 -path $(OUTPUT) -prune -o ! -path $(COPY)/tests -print0 | xargs -0 rm -rf
	@comm -z -23 <(git ls-files -z -co --exclude-standard | sort -z) <(git ls-files -z -d | sort -z) \
	    | tar -c --null -T - | tar -x -C $(COPY)
	@git init -q $(COPY)

fresh: # forget the results of earlier runs
	@rm -rf $(addprefix $(OUTPUT)/,bot coverage data junit reports)

$(VENV)/ready: tests/requirements.txt
	tests/tools/make_venv.sh $(PYTHON) $(VENV)
	$(VENV)/bin/pip install -q -r tests/requirements.txt
	touch $@

$(BUILD)/bin/docker-registry $(BUILD)/bin/umoci:
	tests/tools/fetch_program.sh $(BUILD) $(@F)

.PHONY: help test demo lint sanity units integration coverage bench soak samples hosts clean collection fresh
