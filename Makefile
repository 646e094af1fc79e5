# Every command that a person or CI runs. `make` alone prints them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
CARGO ?= cargo
# Debian's Rust images have no PostgreSQL; only root can install it.
INSTALL := apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

# The program that the tests run as a process; building the tests builds it too.
PROGRAM = $(abspath $(or $(CARGO_TARGET_DIR),target)/debug/medilink)

.DEFAULT_GOAL := help
.PHONY: help run test test-domain bench browser schemathesis zones lint format docs postgres

help: ## Print this help.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: ## Start MediLink on data/medilink.db, with demo data if it is empty.
	@echo "Building; the first time takes some minutes. Ctrl-C stops it."
	$(CARGO) run --locked -- serve --profile development --demo

test: postgres ## Run every test, on SQLite and on a real PostgreSQL.
	$(CARGO) test --locked --workspace --no-run
	MEDILINK_TEST_PROGRAM=$(PROGRAM) $(CARGO) test --locked --workspace

test-domain: ## Run the tests of the rules and the use cases alone: seconds.
	$(CARGO) test --locked -p medilink-domain -p medilink-application

# What `make bench` measures, and how often: docs/performance.md.
SIZES ?= 1000,100000,1000000
ROUNDS ?= 3
RELEASED = $(abspath $(or $(CARGO_TARGET_DIR),target)/release)

bench: postgres ## Measure how fast it is, on both databases; ROUNDS=1 SIZES=1000 takes a minute.
	@command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && $(INSTALL) wrk; } || \
		{ echo "Install wrk (Debian: sudo apt-get install wrk)." >&2; exit 1; }
	$(CARGO) build --locked --release --package medilink-server --package medilink-yardstick
	python3 tests/bench/run.py $(RELEASED)/medilink $(RELEASED)/medilink-yardstick \
		--sizes $(SIZES) --rounds $(ROUNDS) $(BENCH)

browser: ## Book an appointment in Swagger UI, in a real Chromium.
	$(CARGO) build --locked
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { [ "$$(id -u)" = 0 ] && $(INSTALL) chromium; } || \
		{ echo "Install Chromium, or name it: CHROMIUM=/path/to/chromium make browser" >&2; exit 1; }
	npm install --silent --no-audit --no-fund --prefix tests/browser
	node tests/browser/swagger.js $(PROGRAM)

schemathesis: ## Try the API against its document with made-up requests, as every role; some minutes.
	$(CARGO) build --locked
	tests/schemathesis/run.sh $(PROGRAM)

zones: ## Print when the clocks of every time zone change, as Python's zoneinfo has it.
	tests/zones/run.sh

lint: ## Check format, clippy and the documentation; warnings are errors.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet

format: ## Format the code.
	$(CARGO) fmt --all

docs: ## Print the documents that are made from the code.
	$(CARGO) run --locked --quiet -- config example > .env.example
	MEDILINK_TEST_WRITE_DOCS=1 $(CARGO) test --locked --quiet --workspace --test medilink documents

postgres: ## Install PostgreSQL for the tests, where it is missing and may be installed.
	@if [ -n "$${MEDILINK_TEST_POSTGRES:-}" ] || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then \
		exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		$(INSTALL) postgresql; \
	else \
		echo "The tests need PostgreSQL 15 or later. Install it (Debian: sudo apt-get install postgresql)," >&2; \
		echo "or name a server: MEDILINK_TEST_POSTGRES=postgres://USER@HOST/postgres make test" >&2; \
		exit 1; \
	fi
