# SPDX-License-Identifier: GPL-3.0-or-later
# make            build/egressd and build/egressctl
# make demo       the whole thing at work in private namespaces (root)
# make chaos      trouble at random under live traffic, beside a control without egressd (root)
# make check      everything that must pass (root for the tunnel lab)
BUILD ?= build
CC ?= cc
PREFIX ?= /usr
JOBS := $(shell nproc)
SECONDS ?= 30
Q := $(if $(V),,@)

PACKAGES := libevent_core libevent_extra openssl libcares jansson libcurl libidn2 libnftnl libmnl libcap-ng libseccomp libpcap
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ifeq ($(PKG_LIBS)$(filter packages demo check image stack-check asan tsan fuzz clean format,$(MAKECMDGOALS)),)
$(error libraries are missing: "make packages" installs them (Debian 12, as root or with sudo))
endif
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wpointer-arith -Wformat=2 -Wno-format-nonliteral -Wvla $(if $(WERROR),-Werror)
HARDENING := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=3 -fstack-protector-strong) -fPIE
OPTIMISE ?= -O2 -g
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CFLAGS_ALL := -std=c11 -D_GNU_SOURCE -Iinclude $(OPTIMISE) $(WARNINGS) $(HARDENING) \
	$(SANITIZE_FLAGS) $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
LDFLAGS_ALL := -pie -pthread -Wl,-z,relro,-z,now $(SANITIZE_FLAGS) $(LDFLAGS)

LAYERS := base policy proto firewall control engine net tunnel apps config warden leak
LIBRARY := $(BUILD)/libegress.a
objects = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard $(1))))
LIBRARY_OBJECTS := $(foreach layer,$(LAYERS),$(call objects,src/$(layer)/*.c))
EGRESSD_OBJECTS := $(call objects,src/egressd/*.c)
EGRESSCTL_OBJECTS := $(call objects,src/egressctl/*.c)
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/*/*_test.c)))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
BENCH := $(BUILD)/tests/bench
SOURCES := $(wildcard src/*/*.c include/*/*.h tests/*/*.c tests/*/*.h tests/unit/*/*.c)

.PHONY: all dev check tests unit flow lab layers sizes demo chaos bench bench-compare callgrind profile image stack-check asan tsan fuzz fuzzers lint format format-check install packages clean FORCE
all: $(BUILD)/egressd $(BUILD)/egressctl

dev:
	$(Q)$(MAKE) WERROR=1 all

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@

# The version is in one object: another commit compiles that one anew and links.
$(BUILD)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$(BUILD)/src/base/version.o: $(BUILD)/version
$(BUILD)/src/base/version.o: CFLAGS_ALL += -DEGRESSD_VERSION='"$(VERSION)"'

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/egressd: $(EGRESSD_OBJECTS)
$(BUILD)/egressctl: $(EGRESSCTL_OBJECTS)
$(BUILD)/egressd $(BUILD)/egressctl: $(LIBRARY)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS_ALL) $(filter %.o,$^) $(LIBRARY) $(PKG_LIBS) -o $@

# A unit test reaches what it tests through the library; only what it uses is linked.
$(BUILD)/tests/unit/%_test: $(BUILD)/tests/unit/%_test.o $(LIBRARY)
	$(Q)$(CC) $(LDFLAGS_ALL) $< $(LIBRARY) $(PKG_LIBS) -lcmocka -o $@

tests: $(UNIT_TESTS)
unit: $(UNIT_TESTS)
	$(Q)tests/run-unit.sh $(UNIT_TESTS)

# FLOW=pattern and LAB=pattern pick tests; RULES=1: every gateway of flow keeps packet rules of its own.
flow lab: all
	$(Q)tests/run-pytest.sh $(BUILD) tests/$@ '$(if $(filter flow,$@),$(FLOW),$(LAB))'

layers sizes packages:
	$(Q)tests/$@.sh

check: packages
	$(Q)$(MAKE) -j$(JOBS) WERROR=1 all tests
	$(Q)$(MAKE) WERROR=1 unit layers sizes format-check
	$(Q)$(MAKE) WERROR=1 callgrind
	$(Q)$(MAKE) flow
	$(Q)$(MAKE) flow RULES=1
	$(Q)$(MAKE) lab

demo: packages
	$(Q)$(MAKE) -j$(JOBS) all
	$(Q)tests/lab/demo $(if $(KEEP),--keep)

# The container image. BASE=debian:bookworm-slim@sha256:... for a build that can be repeated.
image:
	docker build -f compose/Dockerfile --build-arg VERSION='$(VERSION)' $(if $(BASE),--build-arg BASE='$(BASE)') -t $(or $(IMAGE),egressd) .

# The shipped compose files on a real Docker Engine in private namespaces (root); STACK=pattern picks tests.
stack-check:
	$(Q)tests/stack/run.sh '$(STACK)'
	$(if $(STACK)$(ENGINE),,$(Q)ENGINE=20.10 tests/stack/run.sh)

# Trouble at random under live traffic, beside a control without egressd: make chaos N=1000 SEED=s VPN=wireguard JSON=1
chaos: packages
	$(Q)$(MAKE) -j$(JOBS) all
	$(Q)EGRESSD_BUILD=$(CURDIR)/$(BUILD) PYTHONDONTWRITEBYTECODE=1 tests/lab/chaos $(if $(N),--events $(N)) $(if $(SEED),--seed $(SEED)) \
		$(if $(VPN),--vpn $(VPN)) $(if $(JSON),--json)

ASAN := BUILD=build/asan CC=clang SANITIZE=address,undefined OPTIMISE='-O1 -g' WERROR=1
TSAN := BUILD=build/tsan CC=clang SANITIZE=thread OPTIMISE='-O1 -g' WERROR=1
FUZZ := BUILD=build/fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined OPTIMISE='-O1 -g'

asan: packages
	$(Q)$(MAKE) -j$(JOBS) $(ASAN) all tests
	$(Q)$(MAKE) $(ASAN) unit flow

tsan: packages
	$(Q)$(MAKE) -j$(JOBS) $(TSAN) all
	$(Q)$(MAKE) $(TSAN) flow

$(BUILD)/tests/fuzz/%_fuzz: $(BUILD)/tests/fuzz/%_fuzz.o $(LIBRARY)
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(PKG_LIBS) -o $@

fuzzers: $(FUZZERS)
fuzz: packages
	$(Q)$(MAKE) -j$(JOBS) $(FUZZ) fuzzers
	$(Q)tests/run-fuzzers.sh $(SECONDS) $(FUZZERS:$(BUILD)/%=build/fuzz/%)

# bench: egressd, its limit and its peers; QUICK=1 is a look, SOAK=1 a million
# connections, JSON=1 for machines. callgrind: instructions, with a budget. profile: where the time goes.
$(BENCH)/reference: $(call objects,tests/bench/reference*.c)
$(BENCH)/load: $(filter-out %/reference.o %/reference_relay.o %/policy.o,$(call objects,tests/bench/*.c))
$(BENCH)/policy: $(BENCH)/policy.o $(LIBRARY)
$(BENCH)/reference $(BENCH)/load $(BENCH)/policy:
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(if $(filter %/policy,$@),$(PKG_LIBS)) -o $@

bench bench-compare callgrind profile: all $(BENCH)/reference $(BENCH)/load $(BENCH)/policy
	$(Q)PYTHONDONTWRITEBYTECODE=1 tests/bench/$(if $(filter callgrind profile,$@),$@,run) $(BUILD) $(if $(QUICK),--quick) $(if $(SOAK),--soak) $(if $(JSON),--json) \
		$(if $(filter %-compare,$@),--compare $(or $(OLD),$(error OLD=FILE is the stored run to compare with)))

lint:
	$(Q)tests/lint.sh '-std=c11 -D_GNU_SOURCE -Iinclude $(PKG_CFLAGS)' $(filter %.c,$(SOURCES))

format:
	$(Q)clang-format -i $(SOURCES)

format-check:
	$(Q)clang-format --dry-run -Werror $(SOURCES)

install: all
	install -D -m 0755 $(BUILD)/egressd $(DESTDIR)$(PREFIX)/sbin/egressd
	install -D -m 0755 $(BUILD)/egressctl $(DESTDIR)$(PREFIX)/bin/egressctl
	$(Q)for page in src/egressd/*.8 src/egressctl/*.8 src/config/*.5; do [ -e $$page ] || continue; \
		install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done
	install -D -m 0644 src/egressctl/egressctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/egressctl
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/egressd/rules rules/*.nft
	$(Q)[ -e $(DESTDIR)/etc/egressd/egress.conf ] || \
		install -D -m 0644 compose/egress.conf $(DESTDIR)/etc/egressd/egress.conf

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
