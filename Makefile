# The commands of the project. `make help` lists them.
#
# The target folder lies outside the work tree, so that a clean clone, an engineer's tree and CI
# share one build of RocksDB and of everything else that is not ours.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
CARGO_TARGET_DIR ?= $(HOME)/.cache/ironraft/target
export CARGO_TARGET_DIR
CARGO_TERM_COLOR ?= auto
export CARGO_TERM_COLOR
# Where Node is put if the one of this machine is too old for the web interface.
NODE_DIR ?= $(HOME)/.cache/ironraft/node
export PATH := $(NODE_DIR)/bin:$(HOME)/.cargo/bin:$(PATH)
# RocksDB is compiled by `deploy/rocksdb` and not by its crate, which takes five times as long.
ROCKSDB_LIB_DIR ?= $(HOME)/.cache/ironraft/rocksdb
export ROCKSDB_LIB_DIR
export ROCKSDB_STATIC := 1

BIN := $(CARGO_TARGET_DIR)/debug

.DEFAULT_GOAL := help
.PHONY: help env setup claim ui build lab demo test e2e check fix journey screenshots bench bench-rack bench-store bench-leases bench-region bench-net bench-ui upgrade chaos continuity explore fuzz

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

setup: ## install what is missing on this machine (Debian 12 with Rust)
	@deploy/setup

env: ## what cargo by hand needs: eval "$$(make -s env)"
	@echo 'export CARGO_TARGET_DIR=$(CARGO_TARGET_DIR) ROCKSDB_LIB_DIR=$(ROCKSDB_LIB_DIR) ROCKSDB_STATIC=$(ROCKSDB_STATIC)'

claim:
	@mkdir -p $(CARGO_TARGET_DIR)
	@deploy/claim-target $(CARGO_TARGET_DIR)
	@deploy/rocksdb $(ROCKSDB_LIB_DIR) $(CARGO_TARGET_DIR)

ui: ## build the web interface, which the region program embeds
	@deploy/node $(NODE_DIR)
	@deploy/build-ui

build: setup claim ui ## compile the workspace
	cargo build --workspace --bins

lab: build ## a shell on a host with networks and simulated servers of its own: docs/tutorial/first-cluster.md
	$(BIN)/ironraft-lab

demo: ## a three-region cluster deploys two virtual machines while its leader is killed (KEEP=1 leaves it running)
	@deploy/setup demo
	@deploy/node $(NODE_DIR)
	@deploy/build-ui
	@deploy/build-demo $(CARGO_TARGET_DIR) $(ROCKSDB_LIB_DIR)
	$(BIN)/ironraft-demo $(if $(KEEP),--keep)

# What is looked at before any test runs. `cargo xtask` would compile third-party crates once more, with the
# features that this crate alone wants.
define gate
cargo fmt --all --check
cargo clippy --workspace --all-targets -- -D warnings
cargo run --quiet --bin xtask -- tidy
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
endef

test: setup claim ui ## everything: format, lints, house rules, documentation, all tests, the end-to-end lab
	$(gate)
	cd ui && npm run --silent check
	cargo build --workspace --bins
	cargo nextest run --workspace --profile ci

e2e: setup claim ## DHCP clients and relays that others made, also where they take minutes, machines from firmware to deployed without IPv4, and machines with disks and networks as configured
	cargo build --workspace --bins
	cargo nextest run --workspace --profile e2e

check: claim ui ## the fast gate: format, lints, house rules, documentation, quick tests; never writes
	$(gate)
	cd ui && npm run --silent check
	cargo nextest run --workspace --profile quick
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --all-features check bans licenses sources; \
	else echo "skip: cargo-deny is not installed"; fi

JOURNEY ?= leader
journey: build ## one journey of an operator in a browser, at regions of its own (JOURNEY=leader, site --new, pages)
	$(BIN)/ironraft-journey $(JOURNEY)

screenshots: build ## pictures of every page in light, in dark and on a phone, into artifacts/ui/screenshots
	$(BIN)/ironraft-journey screenshots --racks 2 --machines 24

fix: claim ## format, and apply what clippy can fix
	cargo fmt --all
	cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged

bench: export BENCH_SECONDS ?= 1
bench: export BENCH_PAIRS ?= 3
bench: export BENCH_ONLY ?= put,get,lease,open
bench: export BENCH_REPORT ?= artifacts/bench
bench: bench-store ## the store beside etcd, in its short form (a minute)

# An optimised build of few crates by a profile.
optimised = cargo build --profile $(1)

bench-store: build ## the store beside etcd, in full (a quarter of an hour); BENCH_SECONDS, BENCH_PAIRS, BENCH_ONLY
	$(call optimised,dist) --package store-node --bin ironraft-bench-store
	BENCH_DIR="$${BENCH_DIR:-$(CARGO_TARGET_DIR)/bench-store}" BENCH_REPORT="$${BENCH_REPORT:-docs/benchmarks}" \
	    $(CARGO_TARGET_DIR)/dist/ironraft-bench-store measure

bench-rack: claim ## what a change costs a rack with a large copy (minutes to compile, one to run); BENCH_SCALE=10 for a small one
	cargo bench --profile release --package rack --bench copy

bench-leases: claim ## what a committed lease costs three regions, by the size of its batch (BENCH_LEASES, BENCH_BATCH)
	cargo bench --profile release --package ops --bench leases

bench-region: build ## the region under many requests, in full (BENCH_SECONDS, BENCH_RUNS, BENCH_SIZES, BENCH_ONLY)
	$(call optimised,release) --package ironraft --bin ironraft
	BENCH_DIR="$${BENCH_DIR:-$(CARGO_TARGET_DIR)/bench-region}" BENCH_REPORT="$${BENCH_REPORT:-docs/benchmarks}" \
	    BENCH_BINARY=$(CARGO_TARGET_DIR)/release/ironraft BENCH_COMMIT="$$(git describe --always --dirty)" \
	    $(BIN)/ironraft-bench-region

# A run of a part leaves the report that is kept alone.
bench-net: build ## DHCP beside Kea and dnsmasq, in full (BENCH_SECONDS, BENCH_RUNS, BENCH_ONLY=scenarios or servers)
	$(call optimised,release) --package ironraft --package net-bench --bin ironraft --bin ironraft-bench-net
	BENCH_REPORT="$${BENCH_REPORT:-$(if $(BENCH_ONLY),artifacts/net,docs/benchmarks)}" \
	    BENCH_BINARY=$(CARGO_TARGET_DIR)/release/ironraft BENCH_COMMIT="$$(git describe --always --dirty)" \
	    $(CARGO_TARGET_DIR)/release/ironraft-bench-net

bench-ui: ui ## the web interface with 10,000 machines, beside a region that answers at once (BENCH_RUNS, BENCH_SECONDS)
	cd ui && BENCH_REPORT="$${BENCH_REPORT:-../docs/benchmarks}" node bench/bench.mjs

upgrade: build ## replace the regions of a previous program one by one under load (PREVIOUS=path of its ironraft)
	@test -n "$(PREVIOUS)" || { echo "PREVIOUS=path of the previous ironraft is missing"; exit 2; }
	$(BIN)/ironraft-upgrade --previous "$(PREVIOUS)"

FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 1
fuzz: build ## packets and conversations at random against the DHCP server, requests against both APIs, sites against plans and undo (FUZZ_SECONDS, FUZZ_SEED)
	$(call optimised,fuzz) --package fuzz --bin ironraft-fuzz
	$(CARGO_TARGET_DIR)/fuzz/ironraft-fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)
	PROPERTY_SECONDS=$(FUZZ_SECONDS) cargo test --workspace --test native -- property --nocapture
	deploy/fuzz-native $(BIN)/ironraft $(FUZZ_SECONDS) $(FUZZ_SEED)

CHAOS_MINUTES ?= 15
CHAOS_SEED ?= 1
# Optimised: a simulated cluster takes a tenth of the time.
chaos: build ## simulated clusters and real processes under faults, and a report (CHAOS_MINUTES, CHAOS_SEED, CHAOS_ONLY=name)
	$(call optimised,release) --package chaos-tests --bins
	$(CARGO_TARGET_DIR)/release/ironraft-chaos --minutes $(CHAOS_MINUTES) --seed $(CHAOS_SEED) --ironraft $(BIN)/ironraft \
	    $(if $(CHAOS_ONLY),--only '$(CHAOS_ONLY)')

CONTINUITY_CLIENTS ?= 4000
CONTINUITY_RACKS ?= 2
CONTINUITY_SECONDS ?= 30
CONTINUITY_SEED ?= 1
continuity: build ## thousands of simulated clients at a real site while its nodes fail, and a report (an hour; CONTINUITY_RACKS, CONTINUITY_CLIENTS, CONTINUITY_SECONDS for each fault, CONTINUITY_SEED, CONTINUITY_ONLY=name)
	$(BIN)/ironraft-continuity --racks $(CONTINUITY_RACKS) --clients $(CONTINUITY_CLIENTS) --seconds $(CONTINUITY_SECONDS) --seed $(CONTINUITY_SEED) \
	    $(if $(CONTINUITY_ONLY),--only '$(CONTINUITY_ONLY)')

EXPLORE_STATES ?= 3000000
# One test at a time: each takes a gigabyte for its states.
explore: claim ## every near state of small worlds of racks and clients, and no address with two of them (EXPLORE_STATES)
	EXPLORE_STATES=$(EXPLORE_STATES) cargo test --profile release --package model --lib -- lease::explore --nocapture --test-threads 1
