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
# For mounts: apart where that can be. Where it cannot, what runs finds out and tells why.
MOUNTING := cd $(COPY) && apart=; ! $(APART) true 2>/dev/null || apart="$(APART)"; \
    PYTHONPATH=$(BUILD) $$apart $(VENV)/bin/python -m ansible_collections.localai.core.tests
# Where that is, file systems lose their power much faster.
MEMORY := $(wildcard /dev/shm)
RUN := cd $(BUILD) && $(VENV)/bin/python -m ansible_collections.localai.core.tests
# `make test` sets SAMPLE, which leaves out what takes long and is in another part too. With EVERY=1 most of it is there.
SOME := $(if $(EVERY),,$(SAMPLE))
# Two lanes of parts, for two processors. The number is a limit in minutes, several times what the part takes: a part that
# exceeds it hangs. The longer lane must end before CI gives up, after 90 minutes. ansible-test cannot run twice in one
# directory, so its parts are in one lane; unit tests are the last, because they can use both processors.
LANES := "sanity=$(if $(EVERY),20,10) integration=20 pythons=$(if $(EVERY),45,20) samples=15" \
    "lint=5 docs=5 package=5 cores=15 browser=10 hosts=20 units=25 coverage=5"
# The Pythons of targets that this machine has, the oldest first.
TARGETS = $(shell ls $(BUILD)/pythons | sed -n 's/^python\(3\.[0-9]*\)$$/\1/p' | sort -V)
# Unit tests of what changes between Pythons most: whole runs, and with the oldest one also files and archives. What the
# standard library of the oldest Python lacks, `make lint` finds.
WHOLE_RUNS := tests/unit/plugins/modules/test_localai_backend_lifecycle.py
FILES_AND_ARCHIVES = $(filter-out %/test_decompressors.py,$(shell git ls-files 'tests/unit/plugins/module_utils/'{_fs,_unpack}'/test_*.py'))

export PIP_CACHE_DIR := $(BUILD)/home/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

# Ansible's tools keep their state in the home directory. "private": the steps before them need the user's own.
WORK := demo picture lint docs sanity cores units pythons integration package coverage browser daily bench soak recordings samples hosts \
    machines
$(WORK): private export HOME := $(BUILD)/home
$(WORK): private export PATH := $(BUILD)/pythons:$(VENV)/bin:$(BUILD)/bin:$(PATH)
demo picture lint docs: private export ANSIBLE_COLLECTIONS_PATH := $(BUILD)
package: private export GALAXY_IMPORTER_LOG_LEVEL_MAIN := WARNING
package: private export GALAXY_IMPORTER_CHECK_REQUIRED_TAGS := true
# `make lint` has run it, with the strictest profile.
package: private export GALAXY_IMPORTER_RUN_ANSIBLE_LINT := $(if $(SOME),false,true)

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

test: fresh collection $(addprefix $(BUILD)/bin/,docker-registry nginx caddy prometheus umoci strace openssl) ## all of the gate, then the number of tests
	@SAMPLE=1 $(VENV)/bin/python tests/tools/gate.py $(LANES)
	@$(VENV)/bin/python tests/tools/summary.py $(OUTPUT)

demo: collection ## the collection at work against a registry and a server on this machine
	$(RUN).demo.run

picture: collection ## write the pictures in the documentation: of the example, and of the report
	$(RUN).demo.picture $(CURDIR)/docs/images/playbook.svg
	tests/tools/install_browser.sh
	$(RUN).demo.report_pictures $(CURDIR)/docs/images

lint: collection $(BUILD)/oldest-mypy/ready ## ruff, mypy, yamllint, ansible-lint, the changelog, the licences
	ruff check
	ruff format --check
	cd $(BUILD) && mypy --config-file $(COPY)/pyproject.toml
	cd $(BUILD) && PYTHONPATH=oldest-mypy $(VENV)/bin/python -m mypy --config-file $(COPY)/tests/tools/oldest.ini
	yamllint --strict .
	cd $(COPY) && ansible-lint --offline --nocolor --profile production --strict
	antsibull-changelog lint
	reuse lint -q || reuse lint

docs: collection ## the site, guides and reference, in build/docs/html; warnings are errors
	@# Its temporary directory has a random name, which is a link to nowhere if it happens to end with an underscore.
	lint() { cd $(COPY) && antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all .; }; lint || lint
	rm -rf $(BUILD)/docs && mkdir $(BUILD)/docs && mkdir -m 755 $(BUILD)/docs/pages
	antsibull-docs collection --use-current --no-indexes --dest-dir $(BUILD)/docs/pages localai.core
	cp -r docs/*.md docs/docsite/index.rst docs/examples docs/images playbooks $(BUILD)/docs/pages
	sphinx-build -q -W --keep-going -c docs/docsite $(BUILD)/docs/pages $(BUILD)/docs/html

# The gate leaves out what `make lint` does in other words (ruff, yamllint, the changelog), and what `make cores` does with
# other ansible-cores. It imports with the oldest Python, and leaves most to ruff and mypy that pylint finds. There is no
# PowerShell for pslint.
SANITY := ansible-test sanity --venv --junit
SANITY_ONCE := ansible-doc changelog import pep8 pslint pylint validate-modules yamllint
sanity: collection ## ansible-test sanity
	cd $(COPY) && $(SANITY) $(if $(SOME),$(addprefix --skip-test ,$(SANITY_ONCE)))
	[[ -z "$(SOME)" ]] || { cd $(COPY) && $(SANITY) --test pylint plugins/modules/; }
	[[ -z "$(SOME)" ]] || { cd $(COPY) && $(SANITY) --test import --python $(firstword $(TARGETS)); }

cores: collection $(if $(CORE),$(addprefix $(BUILD)/bin/,docker-registry nginx openssl)) ## ansible-test sanity with the oldest and the newest ansible-core that a Python here runs, or EVERY=1; CORE=2.19 is sanity and units with one
	cd $(COPY) && EVERY=$(EVERY) CORE=$(CORE) UNITS="$(UNITS)" tests/tools/other_cores.sh $(BUILD) \
	    $$($(VENV)/bin/python -c 'from ansible.release import __version__; print(__version__.rpartition(".")[0])')

# Measuring takes half as long again. The gate measures the packages with most decisions, whose own tests cover them.
MEASURED := $(addprefix plugins/module_utils/,_planner _sigstore)
PYTEST := PYTHONPATH=$(BUILD) LOCALAI_TEST_EXAMPLES=25 pytest -q -n auto --durations 20 -p no:cacheprovider
units: collection $(addprefix $(BUILD)/bin/,docker-registry nginx caddy prometheus openssl) ## unit tests on our own Python, measured
	mkdir -p $(OUTPUT)/coverage
	cd $(COPY) && $(PYTEST) --junitxml $(OUTPUT)/junit/own-units.xml $(if $(EVERY),,-m 'not long') \
	    $(if $(SOME),$(addprefix --ignore tests/unit/,$(MEASURED)),--cov plugins --cov-branch --cov-report=) tests/unit

pythons: collection ## a sample of the unit tests by ansible-test on the oldest and the newest Python, or all of them on all with EVERY=1
ifdef EVERY
	cd $(COPY) && for python in $(TARGETS); do ansible-test units --venv --python $$python || exit; done
else
	cd $(COPY) && ansible-test units --venv --python $(firstword $(TARGETS)) $(WHOLE_RUNS) $(FILES_AND_ARCHIVES)
	cd $(COPY) && ansible-test units --venv --python $(lastword $(TARGETS)) $(WHOLE_RUNS)
endif

integration: collection $(BUILD)/bin/docker-registry ## integration tests against a real registry
	printf '%s\n' "docker_registry_binary: $(BUILD)/bin/docker-registry" \
	    "sample: $(if $(SOME),true,false)" > $(COPY)/tests/integration/integration_config.yml
	@# Unit tests have transfers over bad lines too, runs against servers of all kinds and, with the real Ansible, what the
	@# role does without privileges. The target localai_backend_lifecycle has installations, upgrades and removals.
	cd $(COPY) && ansible-test integration --venv -v $(if $(SAMPLE),--exclude localai_role) \
	    $(if $(SOME),$(addprefix --exclude localai_backend_,transfer present registry))

package: collection ## what a user installs: built, checked as Galaxy does, installed without a network, its example run
	rm -rf $(BUILD)/package && mkdir $(BUILD)/package
	cd $(COPY) && ansible-galaxy collection build --output-path $(BUILD)/package
	cd $(BUILD)/package && warnings=$$(python -m galaxy_importer.main *.tar.gz 2>&1) && [[ -z $$warnings ]] \
	    || { echo "$$warnings"; exit 1; }
	ansible-galaxy collection install --offline --collections-path $(BUILD)/package/installed $(BUILD)/package/*.tar.gz
	$(RUN).demo.run $(BUILD)/package/installed

release: package ## what is published for a tag: TAG=1.0.0, which galaxy.yml and the changelog must have
	$(VENV)/bin/python tests/tools/release.py "$(TAG)" $(BUILD)/package $(BUILD)/release

hosts: private export LOCALAI_TEST_HOSTS := $(if $(SAMPLE),2,3)
hosts: collection $(BUILD)/bin/docker-registry ## the role on real hosts with systemd, as root; LOCALAI_BINARY=… has LocalAI's own server there
	@if ! why=$$(tests/hosts/hindrance.sh $(BUILD)/hosts); then \
	    echo "Left out, because $$why: the role on real hosts. Run it with: sudo make $@"; \
	    exit $(if $(REQUIRE),1,0); \
	else \
	    tests/hosts/install_packages.sh; \
	    $(APART) tests/hosts/base.sh $(BUILD)/hosts/base bookworm trixie; \
	    export LOCALAI_BINARY=$(abspath $(LOCALAI_BINARY)) MOCK_BACKEND=$(abspath $(MOCK_BACKEND)); \
	    cd $(COPY); PYTHONPATH=$(BUILD) $(APART) --net $(VENV)/bin/python -m pytest -v --durations 0 \
	        -p no:cacheprovider --junitxml $(OUTPUT)/junit/role-hosts.xml $(if $(SAMPLE),-m 'not long') \
	        $(or $(addprefix tests/hosts/,$(FILES)),tests/hosts); \
	fi

# MACHINE is a Debian release, or with IMAGE the name for the cloud image at that address. ACCELERATOR=kvm or tcg skips a
# probe.
MACHINE ?= bookworm
ARCH ?= $(shell dpkg --print-architecture 2>/dev/null)
machines: private export LOCALAI_TEST_HOSTS := 1
machines: private export LOCALAI_TEST_MACHINE := $(MACHINE)-$(ARCH)
machines: private export LOCALAI_TEST_ARCHITECTURE := $(ARCH)
machines: private export LOCALAI_TEST_ACCELERATOR := $(ACCELERATOR)
machines: collection $(BUILD)/bin/docker-registry ## the role on a virtual machine with SELinux in enforcing mode, as root; ARCH=arm64
	@tests/hosts/hindrance.sh $(BUILD)/machines || { echo "So this machine cannot run it."; exit 1; }
	tests/machines/install_packages.sh $(ARCH)
	$(APART) tests/machines/image.sh $(BUILD)/machines/$(LOCALAI_TEST_MACHINE) $(MACHINE) $(ARCH) $(IMAGE)
	cd $(COPY); PYTHONPATH=$(BUILD) $(APART) --net $(VENV)/bin/python -m pytest -v --durations 0 \
	    -p no:cacheprovider --junitxml $(OUTPUT)/junit/role-machines.xml tests/machines

browser: collection ## the page of the report in Chromium
	@if tests/tools/install_browser.sh; then \
	    cd $(COPY); PYTHONPATH=$(BUILD) pytest -q --durations 3 -p no:cacheprovider --junitxml $(OUTPUT)/junit/own-browser.xml \
	        tests/browser; \
	    PYTHONPATH=$(BUILD) python -m ansible_collections.localai.core.tests.bench.fleet_report $(if $(SOME),--hosts 100 --rounds 1); \
	else exit $(if $(REQUIRE),1,0); fi

coverage: collection ## what the unit tests covered, against the floor
	mkdir -p $(OUTPUT)/coverage
	[[ -z "$(SOME)" ]] || { cd $(COPY) && $(PYTEST) --junitxml $(OUTPUT)/junit/measured-units.xml -m 'not long' \
	    $(addprefix --cov ,$(MEASURED)) --cov-branch --cov-report= $(addprefix tests/unit/,$(MEASURED)); }
	cd $(COPY) && coverage report
	cd $(COPY) && coverage json -q
	$(VENV)/bin/python tests/tools/coverage_floor.py $(OUTPUT)/reports/coverage.json

daily: collection ## LocalAI as it is today: all names of its galleries, and an answer from its newest release; OPTIONS='--releases ""'
	$(RUN).daily.run $(OPTIONS)

# Molecule has the user's own home, where podman keeps its images.
molecule: private export PATH := $(BUILD)/molecule/bin:$(PATH)
molecule: private export ANSIBLE_COLLECTIONS_PATH := $(BUILD)
molecule: collection $(BUILD)/molecule/ready ## the role in containers of podman: PLATFORMS=debian12,el9, or STANDIN=1 without internet
	$(if $(STANDIN),$(RUN).molecule.standin $(BUILD)/standin)
	cd $(COPY) && $(if $(STANDIN),STANDIN=$(BUILD)/standin LOCALAI_BINARY=$(BUILD)/standin/local-ai INVENTORY=$(COPY)/tests/molecule/standin.yml) \
	    molecule test

bench: collection $(BUILD)/bin/docker-registry $(BUILD)/bin/umoci ## our install in turns with other ways, measured
	tests/tools/install_peers.sh $(BUILD)
	$(VENV)/bin/pip install -q --only-binary :all: isal || echo "There is no package of isal for this machine."
	$(RUN).bench.run --registry $(BUILD)/bin/docker-registry --directory $(BUILD)/bench
	$(RUN).bench.image_upgrade --registry $(BUILD)/bin/docker-registry --directory $(BUILD)/bench
	$(RUN).bench.signed
	tests/tools/install_browser.sh
	$(RUN).bench.fleet_report

soak: collection $(BUILD)/bin/umoci $(BUILD)/bin/strace ## the large figures, all of them in SECURITY.md
	cd $(COPY) && PYTHONPATH=$(BUILD) LOCALAI_TEST_EXAMPLES=10000 pytest -q --hypothesis-show-statistics \
	    tests/unit/plugins/module_utils/_unpack/test_unpack_hostile.py -k nothing_outside_changes
	cd $(COPY) && PYTHONPATH=$(BUILD) LOCALAI_TEST_EXAMPLES=500 pytest -q -m hostile tests/unit
	cd $(COPY) && PYTHONPATH=$(BUILD) LOCALAI_TEST_EVERY=1 pytest -q tests/unit/plugins/modules/test_hostile_moments.py \
	    tests/unit/plugins/modules/test_model_hostile_moments.py
	$(RUN).soak.bombs
	$(RUN).soak.secrets
	$(RUN).soak.umoci --images 500
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.crash --cut-every 2
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.large
	export TMPDIR=$(MEMORY); $(RUN).soak.together
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.model_disks
	export TMPDIR=$(BUILD); $(RUN).soak.model_large
	export TMPDIR=$(BUILD); $(RUN).soak.bundle_memory
	$(RUN).soak.synced --directory $(BUILD)
	tests/tools/install_file_systems.sh
	$(MOUNTING).soak.disks
	$(RUN).soak.privileges
	$(MOUNTING).soak.many --directory $(BUILD)/many

recordings: collection ## compare with recorded installations of LocalAI: GALLERY=index.yaml INSTALLS=installs.json.gz
	@[[ -n "$(GALLERY)" && -n "$(INSTALLS)" ]] || { echo "Run: make $@ GALLERY=index.yaml INSTALLS=installs.json.gz"; exit 1; }
	$(RUN).soak.recordings $(abspath $(GALLERY)) $(abspath $(INSTALLS))

samples: collection $(BUILD)/bin/docker-registry $(BUILD)/bin/umoci $(BUILD)/bin/strace ## a few seconds of bench and of soak
	export BENCH_SCALE=0.002 BENCH_ROUNDS=1 BENCH_HOSTS=4 BENCH_DIR=$(BUILD)/sample; \
	    export BENCH_ONLY='llama,archive,no ranges,converged'; \
	    $(RUN).bench.run --registry $(BUILD)/bin/docker-registry --directory $(BUILD)/sample
	export BENCH_DIR=$(BUILD)/sample; $(RUN).bench.image_upgrade --registry $(BUILD)/bin/docker-registry \
	    --directory $(BUILD)/sample --rounds 1 --scale 0.002
	$(RUN).bench.signed --rounds 2 --sample
	$(RUN).soak.bombs --sample
	$(RUN).soak.secrets --sample
	$(RUN).soak.umoci --images 40
	tests/tools/install_file_systems.sh
	$(MOUNTING).soak.disks --cases 'tmpfs|overlay|exfat'
	$(RUN).soak.privileges
	export BENCH_DIR=$(BUILD)/sample; $(RUN).soak.many --directory $(BUILD)/sample --scale 0.02 --rounds 1
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.crash --scenarios '^(?!model)' --every 80 --cut-every 8
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.crash --scenarios 'model (upgrade|removal, not ours|resumed)$$' \
	    --every 60 --every-rename 8 --cut-every 4
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.large --samples 20 --cuts 0 --scale 0.05
	export TMPDIR=$(MEMORY); $(RUN).soak.together --every 15 --tens 2
	export TMPDIR=$(MEMORY); $(MOUNTING).soak.model_disks --every 32
	export TMPDIR=$(MEMORY); $(RUN).soak.model_large --size 0.05 --kills 2
	export TMPDIR=$(MEMORY); $(RUN).soak.bundle_memory --size 0.005
	$(RUN).soak.synced --directory $(BUILD) --scale 0.01 --rounds 1

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

$(VENV)/ready: tests/requirements.txt tests/unit/requirements.txt docs/requirements.txt
	timeout 10m tests/tools/make_venv.sh $(PYTHON) $(VENV)
	timeout 15m $(VENV)/bin/pip install -q -r tests/requirements.txt
	touch $@

# Not in the virtual environment, which has the newest one.
$(BUILD)/oldest-mypy/ready: $(VENV)/ready
	timeout 5m $(VENV)/bin/pip install -q --upgrade --target $(@D) 'mypy ~= 1.15.0'
	touch $@

$(BUILD)/molecule/ready: tests/molecule/requirements.txt
	timeout 10m tests/tools/make_venv.sh $(PYTHON) $(@D)
	timeout 10m $(@D)/bin/pip install -q -r tests/molecule/requirements.txt
	touch $@

$(addprefix $(BUILD)/bin/,docker-registry nginx caddy prometheus umoci openssl):
	timeout 10m tests/tools/fetch_program.sh $(BUILD) $(@F)

$(BUILD)/bin/strace:
	timeout 10m tests/tools/fetch_program.sh $(BUILD) $(@F) libunwind8

.PHONY: help test $(WORK) molecule release clean collection fresh
