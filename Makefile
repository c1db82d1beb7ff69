# Everything a clone needs: `make demo` and `make test` each work alone on a fresh machine with Swift, git and make.

SWIFT ?= swift
# Package traits; each is left out where 'make setup' could not fetch what it needs. TRAITS= builds the core alone.
TRAITS ?= MuJoCo HDF5
MUJOCO := $(CURDIR)/.mujoco
HAS_MuJoCo = $(shell test -e $(MUJOCO)/lib/pkgconfig/mujoco.pc && echo yes)
HAS_HDF5 = $(shell pkg-config --exists hdf5 2> /dev/null && echo yes)
AVAILABLE = $(foreach trait,$(TRAITS),$(if $(HAS_$(trait)),$(trait)))
empty :=
comma := ,
BUILD_FLAGS = -c release -Xswiftc -enable-testing \
    $(if $(strip $(AVAILABLE)),--traits $(subst $(empty) ,$(comma),$(strip $(AVAILABLE)))) \
    $(if $(filter MuJoCo,$(AVAILABLE)),--pkg-config-path $(MUJOCO)/lib/pkgconfig)
# The library goes beside the executables, where they look for it; removed first, since a running program has it mapped.
LAY_OUT = $(if $(filter MuJoCo,$(AVAILABLE)),@cd "$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)" && rm -f libmujoco* && cp $(MUJOCO)/lib/libmujoco*.[sd]* .)
TELOS := .build/release/telos
DEMO := Examples/demo/misleading-hint.yaml
DEMO_STORE := .telos/demo
COMPLETIONS := .build/completions
PEERS := Benchmarks/.venv
PYTHON ?= python3
IMAGES := $(CURDIR)/.build/kernel-programs/images
SOURCES := Package.swift Sources Tests

.DEFAULT_GOAL := help
.PHONY: help setup python mujoco build demo results test test-neon test-kills test-accuracy format lint completions clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install headers where they are missing (Debian and Ubuntu): SQLite's, and HDF5's where TRAITS has it
	@command -v $(SWIFT) > /dev/null || { \
	    echo "error: there is no 'swift'; install Swift 6.1 or later from https://www.swift.org/install" >&2; exit 1; }
	@[ "$$(uname)" = Linux ] || exit 0; \
	missing=; \
	[ -e /usr/include/sqlite3.h ] || printf '#include <sqlite3.h>\n' | clang -fsyntax-only -x c - 2> /dev/null \
	    || missing=" libsqlite3-dev"; \
	case " $(TRAITS) " in \
	    *" HDF5 "*) pkg-config --exists hdf5 2> /dev/null || missing="$$missing pkg-config libhdf5-dev" ;; esac; \
	[ -n "$$missing" ] || exit 0; \
	if ! command -v apt-get > /dev/null; then \
	    echo "error: headers are missing; install what your system has for$$missing" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then as_root=; \
	elif command -v sudo > /dev/null; then as_root=sudo; \
	else echo "error: headers are missing; as root, run: apt-get install$$missing" >&2; exit 1; fi; \
	echo "installing$$missing"; \
	$$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq $$missing

python: .python/installed ## make the project's own Python in .python: Gymnasium, MuJoCo, ONNX Runtime
mujoco: .mujoco/installed ## lay MuJoCo's library and headers and Gymnasium's models out in .mujoco

.python/installed: Python/requirements.txt
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2> /dev/null && command -v apt-get > /dev/null; then \
	    if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	    echo "installing python3-venv"; \
	    $$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq python3-venv; \
	fi
	@command -v $(PYTHON) > /dev/null || { echo "error: there is no '$(PYTHON)'; install Python 3.10 or later" >&2; exit 1; }
	$(PYTHON) -m venv --clear .python
	.python/bin/pip install --quiet --disable-pip-version-check -r Python/requirements.txt
	@touch $@

.mujoco/installed: .python/installed Python/lay-out-mujoco.sh
	Python/lay-out-mujoco.sh .python/bin/python3 .mujoco
	@touch $@

# What the build can do without, so that a machine with no Python still builds the core.
.PHONY: traits
traits: setup
	@$(if $(filter MuJoCo,$(TRAITS)),$(MAKE) --no-print-directory mujoco || echo "building without MuJoCo: see above")

build: traits ## build the command line in release: .build/release/telos; TRAITS= for one without MuJoCo
	$(SWIFT) build $(BUILD_FLAGS) --product telos
	$(LAY_OUT)

.PHONY: library test-python
library: traits ## build the C interface that Python/telos_rl uses: .build/release/libTelosC.so
	$(SWIFT) build $(BUILD_FLAGS) --product TelosC
	$(LAY_OUT)

test-python: library ## test Python/telos_rl with the Python of TELOS_PYTHON, of .python, or python3
	$(or $(TELOS_PYTHON),$(wildcard .python/bin/python3),$(PYTHON)) -m unittest discover Python/tests

demo: build ## train an agent under a misleading hint four ways, compare them, write reports
	@rm -rf $(DEMO_STORE)
	@for way in primary sum potential behavior-alignment; do \
	    $(TELOS) run $(DEMO) --set name=$$way --set combine=$$way --store $(DEMO_STORE) || exit $$?; done
	@echo; echo "Primary return of each way of using the hint:"
	@$(TELOS) compare primary-1 sum-1 potential-1 behavior-alignment-1 --store $(DEMO_STORE)

results: build ## generate the pages of Results/ from the curves in Results/data
	@$(TELOS) results

test: traits ## build and run every test in release; TRAITS= for the core alone
	$(SWIFT) build $(BUILD_FLAGS) --build-tests
	$(LAY_OUT)
	$(SWIFT) test $(BUILD_FLAGS) --skip-build

test-neon: traits ## compare every kernel and two trainings bit by bit: scalar, AVX2, AVX-512, NEON (emulated on x86-64 Linux)
	@Tests/KernelPrograms/run.sh forms
	$(SWIFT) build $(BUILD_FLAGS) --build-tests
	$(LAY_OUT)
	@rm -rf $(IMAGES) && mkdir -p $(IMAGES)
	TELOS_IMAGES=$(IMAGES) $(SWIFT) test $(BUILD_FLAGS) --skip-build --filter TrainingFormsTests
	@Tests/KernelPrograms/run.sh training $(IMAGES)

test-kills: build ## kill training at 20 random moments a learner, resume it, compare the bytes it ends in; KILLS=5 for fewer
	@Tests/Kills/run.sh $(TELOS) $(or $(KILLS),20)

test-accuracy: ## measure the transcendental kernels on all 2^32 floats (minutes); FUNCTIONS="exp tanh" tries only those
	@Tests/KernelPrograms/run.sh accuracy $(FUNCTIONS)

$(PEERS)/installed: Benchmarks/peers/requirements.txt
	@if [ "$$(uname)" = Linux ] && command -v apt-get > /dev/null; then \
	    missing=; \
	    $(PYTHON) -c 'import ensurepip' 2> /dev/null || missing="$$missing python3-venv"; \
	    $(PYTHON) -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("openblas"))' \
	        || missing="$$missing libopenblas-dev"; \
	    if [ -n "$$missing" ]; then \
	        if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	        echo "installing$$missing"; \
	        $$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq $$missing; \
	    fi; \
	fi
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/peers/requirements.txt
	@touch $@

.PHONY: bench-peers
# ROWS="ppo-update gru" measures only rows whose name contains one of the words and keeps the other results.
bench-peers: build $(PEERS)/installed ## measure the same work in PyTorch, JAX and others in one run: Benchmarks/RESULTS.md
	$(PEERS)/bin/python Benchmarks/peers/run.py --telos $(TELOS) $(if $(ROWS),--only $(ROWS))

format: ## rewrite the sources in the committed style
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

lint: ## report where the sources depart from the committed style
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

completions: build ## write shell completions for bash, zsh and fish
	@mkdir -p $(COMPLETIONS)
	@$(TELOS) --generate-completion-script bash > $(COMPLETIONS)/telos.bash
	@$(TELOS) --generate-completion-script zsh > $(COMPLETIONS)/_telos
	@$(TELOS) --generate-completion-script fish > $(COMPLETIONS)/telos.fish
	@echo "written to $(COMPLETIONS): source telos.bash, or put _telos or telos.fish where your shell looks"

clean: ## remove what was built
	$(SWIFT) package clean
