# `make demo` shows the product, `make test` passes every test, `make prove` measures every figure the README claims.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export FORECOURT_SHARED ?= $(CURDIR)/../shared
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

.PHONY: demo test prove build web check clean-demo

demo: build
	$(TARGET)/debug/forecourt demo --data ./forecourt-demo --listen $(or $(LISTEN),127.0.0.1:8080)

build: web
	cargo build --locked --workspace --bins

web: web/dist/index.html tracker/dist/t.js

web/dist/index.html: web/package-lock.json $(shell find web/src web/index.html web/vite.config.ts -type f 2>/dev/null)
	tests/tools/need node npm
	cd web && npm ci --no-audit --no-fund --prefer-offline && npm run build
	touch $@

tracker/dist/t.js: tracker/package-lock.json tracker/build.mjs $(shell find tracker/src -type f 2>/dev/null)
	tests/tools/need node npm
	cd tracker && npm ci --no-audit --no-fund --prefer-offline && npm run build
	touch $@

# Formatting, the UI's own tests, then everything else.
test: web
	tests/tools/install
	cargo fmt --all --check
	cd web && npm run typecheck && npm test
	cd tracker && npm run typecheck && npm test
	cd tests/sdk && npm run --silent setup
	cd tests/oidc && npm ci --no-audit --no-fund --prefer-offline
	cargo nextest run --locked --workspace --features forecourt-server/failpoints --no-fail-fast

check:
	cargo clippy --locked --workspace --all-targets -- -D warnings
	if command -v cargo-deny >/dev/null; then cargo deny --locked check licenses bans sources; else tests/tools/licences; fi

prove: web
	tests/tools/install
	cargo build --locked --workspace --bins
	FORECOURT_PROVE=1 cargo nextest run --locked --workspace --features forecourt-server/failpoints
	tests/prove --bin $(TARGET)/debug

clean-demo:
	rm -rf ./forecourt-demo
