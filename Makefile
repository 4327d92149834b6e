# Everything a contributor runs. `make` alone lists the targets. Nothing has to be
# installed first but Go, make, and for `race` a C compiler.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

GO       ?= go
BIN      := bin
OUT      := out
IOVERLAY := $(BIN)/ioverlay

# The linter is built from source at this version, so that the go command checks
# its sum and no other way to get it is needed.
GOLANGCI_VERSION := v2.15.0
GOLANGCI         := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)

# Settings of the targets, for example: make fuzz FUZZTIME=1000000x
# Fuzzing is bounded by runs, not by time: up to Go 1.26 a time that runs out can be
# reported as a failure, "context deadline exceeded" (go.dev/issue/75804).
FUZZTIME ?= 100000x
COUNT    ?= 6
BENCH    ?= .
PKG      ?= ./...
NODES    ?= 8

# What make mutate changes: all of it before a release, a SAMPLE that a SEED chooses in between. No mutant is begun
# after BUDGET, if it is set, and tests that take longer than TIMEOUT count as having noticed.
MUTATE   ?= ./ring ./core/engine ./core
SAMPLE   ?= 0
SEED     ?= 1
BUDGET   ?= 0
TIMEOUT  ?= 2m

.PHONY: help build test race bench examples microbench profile lint fuzz interleave mutate generate web web-check web-test web-frames web-shots clean $(IOVERLAY)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: $(IOVERLAY) ## build bin/ioverlay

# The go command knows better than file times whether there is anything to do.
$(IOVERLAY):
	@$(GO) build -o $@ ./cmd/ioverlay

test: ## go vet and all tests
	@$(GO) vet ./...
	@$(GO) test ./...

race: ## all tests under the race detector, those of minutes in their short form (make test has the long one)
	@$(GO) test -race -short ./...

bench: build ## the chain benchmark, 2 to 32 nodes, TCP against goroutines (1.5 minutes)
	@$(IOVERLAY) bench chain --links tcp --against goroutine --nodes 2,3,4,8,16,32 \
		--payload 5120 --duration 1s --rounds 5 --out $(OUT)/chain

examples: build ## every scenario of examples/ in all three worlds (2 minutes)
	@for file in examples/*.yaml; do for world in sim live proc; do \
		$(IOVERLAY) run $$file --world $$world; done; done
	@for world in sim live proc; do $(GO) run ./examples/gossip run examples/gossip/gossip.yaml --world $$world; done

microbench: ## Go benchmarks, repeated for benchstat (BENCH=regexp PKG=./ring/... COUNT=6)
	@mkdir -p $(OUT)
	@$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) $(PKG) | tee $(OUT)/microbench.txt
	@echo 'Saved as $(OUT)/microbench.txt. Keep it, change something, run again, and compare the two:'
	@echo '  go run golang.org/x/perf/cmd/benchstat@latest before.txt $(OUT)/microbench.txt'

profile: build ## where a switched message's time goes (NODES=8)
	@$(IOVERLAY) perf switch --nodes $(NODES) --out $(OUT)/perf
	@echo 'Open the flame graph with:'
	@for f in $(OUT)/perf/*.pprof; do echo "  go tool pprof -http=: $$f"; done

lint: $(GOLANGCI) ## gofmt, golangci-lint at the pinned version, pure algorithms, and go vet for other systems
	@bad=$$(find . -name '*.go' -not -path './$(OUT)/*' -exec "$$($(GO) env GOROOT)/bin/gofmt" -l {} +); \
		if [ -n "$$bad" ]; then echo "not formatted (gofmt -w):"; echo "$$bad"; exit 1; fi
	@$(GOLANGCI) config verify
	@$(GOLANGCI) run --allow-parallel-runners ./...
	@$(GO) build -o $(BIN)/ioverlay-vet ./cmd/ioverlay-vet
	@$(GO) vet -vettool=$(CURDIR)/$(BIN)/ioverlay-vet ./...
	@GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	@GOOS=linux GOARCH=arm64 $(GO) vet ./...
	@GOOS=linux GOARCH=386 $(GO) vet ./...
	@$(GO) vet -tags interleave ./internal/interleave ./ring ./core/engine

# Built into a folder of its own, so that an interrupted build leaves nothing
# behind that looks finished.
$(GOLANGCI):
	@echo 'building golangci-lint $(GOLANGCI_VERSION); the first time takes some minutes'
	@mkdir -p $(BIN)/.build
	@GOBIN="$(CURDIR)/$(BIN)/.build" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(BIN)/.build/golangci-lint $@
	@rmdir $(BIN)/.build

fuzz: ## every fuzz target for FUZZTIME (100000x: that many runs) each
	@listed=$$($(GO) test -list '^Fuzz' $(PKG)); \
	awk '/^Fuzz/ { name[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, name[i] } !/^Fuzz/ { n = 0 }' <<<"$$listed" | \
	while read -r pkg name; do \
		echo "== $$name ($$pkg)"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "$$pkg" </dev/null; \
	done

interleave: ## every schedule of the loops' wake-ups, of two loops and a lane (minutes)
	@$(GO) test -tags interleave -run '^TestInterleave' -count=1 -timeout 60m ./internal/interleave ./ring
	@$(GO) test -tags interleave -run '^TestInterleave' -count=1 -timeout 60m -v ./core/engine -preemptions 0

mutate: ## change the code and see whether the tests notice (hours; SAMPLE=20 SEED=1 for some changes)
	@$(GO) run ./internal/mutate -sample $(SAMPLE) -seed $(SEED) -budget $(BUDGET) -timeout $(TIMEOUT) $(MUTATE)

generate: ## write the assembly of coding/gf anew (downloads its generator's library)
	@$(GO) generate ./coding/gf

web: ## build the observer's web page into observer/web/dist, which is committed (needs Node 20)
	@cd observer/web && npm ci --silent && npx vite build

web-check: web ## whether the committed page is what its source gives
	@git diff --exit-code --stat -- observer/web/dist || { echo 'observer/web/dist is not what its source gives: commit what make web built'; exit 1; }
	@test -z "$$(git ls-files --others -- observer/web/dist)" || { echo 'observer/web/dist has files that are not committed'; exit 1; }

web-test: build ## the page: types, its model, and a real Chromium on a running overlay (needs Node 20; installs Chromium)
	@cd observer/web && npm ci --silent && npx svelte-check --tsconfig ./tsconfig.json --fail-on-warnings && npx vitest run
	@observer/web/scripts/chromium.sh
	@cd observer/web && node test/e2e/run.mjs --binary $(CURDIR)/$(IOVERLAY)

web-frames: ## how fast the page draws 1,000 nodes and 5,000 links without a GPU; on a machine that does nothing else
	@cd observer/web && npm ci --silent && scripts/chromium.sh && node test/e2e/frames.mjs

web-shots: build ## pictures of every view, at two sizes and in both themes, into OUT/page
	@cd observer/web && npm ci --silent && scripts/chromium.sh && node test/e2e/shots.mjs --binary $(CURDIR)/$(IOVERLAY) --out $(CURDIR)/$(OUT)/page

clean: ## remove what was built and measured
	@rm -rf $(BIN) $(OUT)
