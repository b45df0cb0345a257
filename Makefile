# Slipway: one Makefile. `make help` lists what it can do.
# MODE picks the build: release (default), debug, asan, coverage, fuzz. Objects live below build/MODE.

VERSION := 0.1.0
MODE    ?= release
BUILD   ?= build/$(MODE)
V       ?= 0

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
DATADIR    ?= $(PREFIX)/share/slipway
LIBDIR     ?= $(PREFIX)/lib/slipway
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= /lib/systemd/system

ifeq ($(filter $(MODE),release debug asan coverage fuzz),)
$(error MODE=$(MODE): there are release, debug, asan, coverage and fuzz)
endif
ifeq ($(MODE),fuzz)
CC := clang-14
endif

# A new .c in a room needs no edit here. Only the files with a main() are named.
MAIN_slipway      := provisioner/cli/slipway.c
MAIN_slipway-dhcpd := provisioner/daemon/slipway-dhcpd.c
MAIN_slipway-join := netboot/join/slipway-join.c
MAINS   := $(MAIN_slipway) $(MAIN_slipway-dhcpd) $(MAIN_slipway-join)
SOURCES := $(filter-out $(MAINS),$(shell find provisioner dhcpd templates netboot 2>/dev/null -name '*.c' | sort))
UNIT    := $(shell find tests/unit -name 'test_*.c' | sort)
FUZZ    := $(shell find tests/fuzz -name 'fuzz_*.c' 2>/dev/null | sort)

PKGS     := libevent_core libevent_extra libevent_openssl libssl libcrypto yaml-0.1 sqlite3 jansson \
            libnl-3.0 libnl-route-3.0 libpcap libcurl libcap-ng libseccomp zlib
LIBS     := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
CPPFLAGS := -D_GNU_SOURCE -I. -isystem /usr/include/libnl3 -DSLIPWAY_VERSION='"$(VERSION)"' \
            -DSLIPWAY_DATADIR='"$(DATADIR)"' -DSLIPWAY_LIBDIR='"$(LIBDIR)"' -DSLIPWAY_SYSCONFDIR='"$(SYSCONFDIR)"'
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align \
            -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef \
            -Wvla -Wswitch-enum -Wnull-dereference -Wdouble-promotion
ifeq ($(shell $(CC) -dM -E -x c /dev/null | grep -c __clang__),0)
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
else
WARN += -Wno-gnu-zero-variadic-macro-arguments
endif
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection

CFLAGS_release  := -O2 -g -Werror $(HARDEN)
CFLAGS_debug    := -Og -g3 -Werror -fstack-protector-strong
CFLAGS_asan     := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_coverage := -O0 -g3 --coverage
CFLAGS_fuzz     := -O1 -g3 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_release  := -Wl,-z,relro,-z,now
LDFLAGS_asan     := -fsanitize=address,undefined
LDFLAGS_coverage := --coverage
LDFLAGS_fuzz     := -fsanitize=address,undefined
CFLAGS  := -std=gnu11 -fPIE $(WARN) $(CFLAGS_$(MODE)) $(EXTRA_CFLAGS)
LDFLAGS := -pie -Wl,--as-needed $(LDFLAGS_$(MODE))

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

LIB      := $(BUILD)/libslipway.a
OBJS     := $(SOURCES:%.c=$(BUILD)/%.o)
PROGRAMS := $(foreach p,slipway slipway-dhcpd slipway-join,$(if $(wildcard $(MAIN_$(p))),$(BUILD)/$(p)))
UNIT_BIN := $(UNIT:%.c=$(BUILD)/%)
REPLAY   := $(FUZZ:%.c=$(BUILD)/%-replay)
WIRE_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/wire/*.c)) $(addprefix $(BUILD)/tests/bench/,dhcp_load hall_load tftp_load)
BENCH_BIN := $(addprefix $(BUILD)/tests/bench/,dhcp_load tftp_load tftp_floor hall_load config_load disk_sync generation_load)
BENCH_OBJ := $(filter-out $(BENCH_BIN:%=%.o),$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)))
MAN_SRC  := $(wildcard docs/man/*.scd)
MAN      := $(MAN_SRC:docs/man/%.scd=build/man/%) build/man/cluster.yaml.5

SCHEMAS  := build/cluster.schema.json build/nodes.schema.json

all: $(PROGRAMS) $(MAN) $(SCHEMAS) ## build the programs and man pages (MODE=release|debug|asan|coverage|fuzz)

help: ## list the targets
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

deps: ## install what building and testing need (Debian packages, as root)
	$(Q)tests/install-deps

demo: ## rack three virtual machines and boot them into a cluster (KEEP=1 leaves it running)
	$(Q)tests/install-deps
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)tests/lab/demo $(if $(KEEP),--keep)

check: layers $(UNIT_BIN) $(REPLAY) $(PROGRAMS) ## the daily loop: floors, unit tests, corpus replay (no root, under a minute)
	$(Q)BUILD=$(BUILD) tests/run check

test: ## everything: check, wire tests with real clients, the three-machine boot (root)
	$(Q)tests/install-deps
	$(Q)$(MAKE) --no-print-directory -j2 all $(UNIT_BIN) $(REPLAY) $(WIRE_BIN)
	$(Q)BUILD=$(BUILD) tests/run all

bench: ## the same load on us and on the rivals (root): ONLY=hall (or another) for one, QUICK=1 for a glance
	$(Q)$(MAKE) --no-print-directory -j2 all $(BENCH_BIN) $(WIRE_BIN)
	$(Q)BUILD=$(BUILD) tests/bench/run $(ONLY)

wire-programs: $(WIRE_BIN) $(PROGRAMS) ## build the programs that wire tests run

layers: ## refuse includes that go up or sideways, and banned calls
	$(Q)tests/layers

fuzz: ## build the fuzzers with libFuzzer and run each for FUZZ_SECONDS (default 60)
	$(Q)$(MAKE) --no-print-directory -j2 MODE=fuzz fuzzers
	$(Q)tests/fuzz/run $(or $(FUZZ_SECONDS),60)

fuzzers: $(FUZZ:%.c=$(BUILD)/%)

tidy: ## clang-tidy over the rooms, or over FILES="..."
	$(Q)mkdir -p build && printf '%s\n' -std=gnu11 $(CPPFLAGS) -I$(CURDIR) >build/compile_flags.txt
	$(Q)printf '%s\n' $(or $(FILES),$(SOURCES) $(wildcard $(MAINS))) | xargs -P2 -n1 clang-tidy --quiet -p build

coverage: ## run check with gcov and print how much of each file it reaches
	$(Q)$(MAKE) --no-print-directory -j2 MODE=coverage check
	$(Q)tests/coverage build/coverage

format: ## clang-format the tree in place
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

install: all ## install below DESTDIR
	$(Q)install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(SYSCONFDIR)/slipway
	$(Q)install -m 755 $(BUILD)/slipway $(DESTDIR)$(SBINDIR)/
	$(Q)install -m 755 $(BUILD)/slipway-join $(DESTDIR)$(LIBDIR)/
	$(Q)install -D -m 755 $(BUILD)/slipway-dhcpd $(DESTDIR)$(LIBDIR)/workers/slipway-dhcpd
	$(Q)cd templates && find . -type f ! -name '*.[ch]' ! -name '*.md' -exec install -D -m 644 {} $(abspath $(DESTDIR)/)$(DATADIR)/templates/{} ';'
	$(Q)install -m 644 $(SCHEMAS) $(DESTDIR)$(DATADIR)/
	$(Q)$(foreach m,$(MAN),install -D -m 644 $(m) $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m));)
	$(Q)$(foreach u,$(wildcard docs/systemd/*),install -D -m 644 $(u) $(DESTDIR)$(UNITDIR)/$(notdir $(u));)

clean: ## remove build/
	$(Q)rm -rf build

# The list of its members, so that a removed .c leaves the archive too.
$(BUILD)/members: FORCE
	$(Q)mkdir -p $(@D) && echo $(OBJS) | cmp -s - $@ || echo $(OBJS) >$@

$(LIB): $(OBJS) $(BUILD)/members
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(OBJS)

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/slipway: $(MAIN_slipway:%.c=$(BUILD)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# What reads packets of strangers, and shall be small: only what it uses.
$(BUILD)/slipway-dhcpd: $(MAIN_slipway-dhcpd:%.c=$(BUILD)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -levent_core -lsqlite3 -lpcap -lseccomp -lcap-ng

# The join agent runs on nodes whose libraries we do not know: static, and only what it uses. The
# linker's warnings are about resolving names at run time; it dials addresses alone.
$(BUILD)/slipway-join: $(MAIN_slipway-join:%.c=$(BUILD)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(if $(filter release debug,$(MODE)),-static -no-pie -Xlinker --no-warnings) $(filter-out -pie,$(LDFLAGS)) -Wl,--gc-sections -o $@ $^ \
	  -levent_openssl -levent_extra -levent_core -lssl -lcrypto -ljansson
	$(if $(filter release,$(MODE)),$(Q)strip $@)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(BUILD)/tests/fuzz/%-replay: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/tests/wire/%: $(BUILD)/tests/wire/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Each .c of tests/bench named here has a main(); the others are what they share.
$(BENCH_BIN): $(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BENCH_OBJ) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

build/man/%: docs/man/%.scd
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D) && scdoc <$< >$@

# The keys are printed from the loader's own table.
# What editors complete cluster.yaml and the files of nodes.d with.
build/cluster.schema.json: $(BUILD)/slipway
	$(Q)$< schema --format json-schema >$@
build/nodes.schema.json: $(BUILD)/slipway
	$(Q)$< schema --format json-schema-nodes >$@

build/man/cluster.yaml.5: docs/man/cluster.yaml.5.head docs/man/cluster.yaml.5.tail $(BUILD)/slipway
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D) && { cat docs/man/cluster.yaml.5.head; $(BUILD)/slipway schema --format scdoc; \
	  cat docs/man/cluster.yaml.5.tail; } | scdoc >$@

.PHONY: all help deps demo check test bench wire-programs layers fuzz fuzzers tidy coverage format install clean FORCE
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
