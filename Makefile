# make run     install what is missing and start the demo office on emulated hardware
# make test    install what is missing and run the whole suite
# make interop the same for the tests with other people's SIP programs alone, a browser with JsSIP among them
# make bench   install what is missing and print the benchmark table
# make fuzz    mutated input for every parser and engine, SECONDS for each of them, then by coverage (atheris)
# make soak    an office under all that networks, people and machines do, for MINUTES; nothing may be left over
# make style types   the other half of the gate
# make gate    all of it, what can be side by side
#
# Everything goes into .venv beside this file, except Debian packages, which are named before they are installed.

OFFICE ?= examples/office/office.toml
VENV   := .venv
BIN    := $(VENV)/bin

# command or library that must be there : Debian package that brings it; ? where some distributions have none, or none that can be had
RUN_NEEDS   := espeak-ng:espeak-ng
TEST_NEEDS  := $(RUN_NEEDS) sipp:sip-tester baresip:baresip-core sox:sox tshark:tshark openssl:openssl ip:iproute2 \
               linphonec:linphone-cli? sipsak:sipsak pg_ctlcluster:postgresql \
               libpri.so.1.4:libpri1.4 libspandsp.so.2:libspandsp2 libgsm.so.1:libgsm1 libopus.so.0:libopus0 libbcg729.so.0:libbcg729-0 \
               libspeex.so.1:libspeex1 libopencore-amrnb.so.0:libopencore-amrnb0 \
               libopencore-amrwb.so.0:libopencore-amrwb0 libvo-amrwbenc.so.0:libvo-amrwbenc0 \
               chromium:chromium?
INTEROP_NEEDS := $(TEST_NEEDS) node:nodejs npm:npm
BENCH_NEEDS := $(TEST_NEEDS) gcc:build-essential
SOURCES     := $(wildcard gateway/plane/*.py gateway/media/*.py gateway/media/codec/*.py gateway/media/codec/ilbc/*.py)

# Tests with NATs are on machines of their own: network namespaces joined by TUN devices, which not every system lets
# its users make (as root it does, or in a container with CAP_SYS_ADMIN and /dev/net/tun).
NAMESPACES  := $(shell unshare --net true 2>/dev/null && test -w /dev/net/tun && echo yes)

# One worker more than there are cores: those who test with other people's programs mostly wait.
WORKERS     := $(shell expr $$(nproc) + 1)

# The suite starts the program more than a hundred times: its modules are kept compiled, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

SECONDS     ?= 60
MINUTES     ?= 10

# An upgrade of the system brings another Python than the virtual environment was made of: all is to be installed anew.
$(shell $(BIN)/python -c 'import pip' 2>/dev/null || rm -f $(VENV)/*.stamp)

.PHONY: run test interop bench fuzz soak style types gate clean

run: $(VENV)/run.stamp $(VENV)/warm.stamp
	@exec $(BIN)/copperline run $(OFFICE)

test: $(VENV)/test.stamp $(VENV)/warm.stamp $(VENV)/rewritten.stamp
ifneq ($(NAMESPACES),yes)
	@echo "No network namespaces here: the tests marked so are left out; run as root to have them."
endif
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not browser$(if $(NAMESPACES),, and not namespaces)" $(TESTS)

interop: $(VENV)/test.stamp $(VENV)/warm.stamp $(VENV)/jssip/stamp
	$(BIN)/pytest -v tests/interop tests/wire

bench: $(VENV)/bench.stamp $(VENV)/warm.stamp
	@for bench in tests/bench/bench_*.py; do $(BIN)/python $$bench || exit 1; done

fuzz: $(VENV)/fuzz.stamp $(VENV)/warm.stamp
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)
	@for target in sip stream sdp stun udptl websocket dialplan expression stack q931 span; do \
		$(BIN)/python -m tests.fuzz.guided $$target --seconds $(SECONDS) || exit 1; done

soak: $(VENV)/test.stamp $(VENV)/warm.stamp
	@$(BIN)/python -m tests.soak --minutes $(MINUTES)

style: $(VENV)/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/test.stamp
	$(BIN)/mypy

gate: $(VENV)/test.stamp
	@$(MAKE) --no-print-directory --jobs=3 style types test

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/run.stamp: pyproject.toml install.sh
	@sh install.sh $(VENV) '.[fast]' $(RUN_NEEDS)
	@touch $@

$(VENV)/test.stamp: pyproject.toml install.sh
	@sh install.sh $(VENV) '.[fast,postgresql,codecs,dev]' $(TEST_NEEDS)
	@touch $@ $(VENV)/run.stamp

$(VENV)/bench.stamp: pyproject.toml install.sh
	@sh install.sh $(VENV) '.[fast,postgresql,codecs,dev]' $(BENCH_NEEDS)
	@touch $@ $(VENV)/test.stamp $(VENV)/run.stamp

$(VENV)/fuzz.stamp: pyproject.toml install.sh
	@sh install.sh $(VENV) '.[fast,postgresql,codecs,dev,fuzz]' $(TEST_NEEDS)
	@touch $@ $(VENV)/test.stamp $(VENV)/run.stamp

$(VENV)/jssip/stamp: tests/interop/jssip/package.json install.sh
	@sh install.sh $(VENV) '.[fast,postgresql,codecs,dev]' $(INTEROP_NEEDS)
	@mkdir -p $(@D) && cp $< $(@D)
	@npm install --silent --no-audit --no-fund --prefix $(@D)
	@$(@D)/node_modules/.bin/esbuild $(@D)/node_modules/jssip/lib/JsSIP.js --bundle --format=iife \
		--global-name=JsSIP --log-level=warning --outfile=$(@D)/jssip.js
	@touch $@ $(VENV)/test.stamp

# pytest's rewritten assertions are kept, too: here once, or by every worker at its start.
$(VENV)/rewritten.stamp: | $(VENV)/test.stamp
	@$(BIN)/pytest --collect-only -qq >$(VENV)/rewritten.log || { cat $(VENV)/rewritten.log; exit 1; }
	@touch $@

$(VENV)/warm.stamp: $(SOURCES) | $(VENV)/run.stamp
	@echo "Compiling the media plane and speaking the prompts (once) ..."
	@$(BIN)/copperline warm $(OFFICE)
	@touch $@
