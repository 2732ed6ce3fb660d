# Targets for people and for continuous integration, which runs `make test`.
.DEFAULT_GOAL := help
SECONDS_EACH ?= 30

.PHONY: help run test check build gen fuzz bench bench-kernels bench-yjs load dist cover mutate

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The state is kept in the clone, and git ignores it: who only tries the hub leaves nothing behind
# when the clone is deleted, and what is made of the examples is still there at the next `make run`.
run: ## serve the notebooks of examples/ on http://127.0.0.1:8888 and print the URL
	@mkdir -p bin && go build -o bin/hub ./cmd/hub
	@exec bin/hub serve --root-dir examples --state-dir .cache/state

test: ## run every test (as root on Debian, install what they need)
	@ci/test.sh

check: ## format, analysers, Go tests under the race detector, build (needs Go and gcc)
	@ci/need.sh race
	@ci/check.sh

build: ## build bin/hub
	@ci/check.sh build

gen: ## make what is generated anew: API types and documentation, web/dist, licences
	go generate ./api
	ci/npm.sh web
	cd web && npm run build
	ci/notices.sh

fuzz: ## fuzz every decoder for SECONDS_EACH (30), then many seeds against npm yjs
	ci/fuzz.sh $(SECONDS_EACH)

bench: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

bench-kernels: ## 1+1 by REST beside a bare client of the same kernel (needs ipykernel)
	@ci/need.sh kernels
	JUPYTER_PATH=/usr/share/jupyter go test -tags kernels -run '^$$' -bench OnePlusOne -benchtime 300x ./cmd/hub

bench-yjs: ## the Yjs engine beside npm yjs, with ratios
	ci/npm.sh hub/yjs/oracle
	hub/yjs/oracle/bench-yjs.sh

load: ## measure the finished program: latency and cost for 2 to 50 people
	go test -tags load -run '^TestLoad' -count 1 -v ./cmd/hub

dist: ## build static programs for linux, darwin and windows into dist/
	ci/dist.sh

cover: ## how much of each package its own and the others' tests reach
	ci/cover.sh

mutate: ## break the code rule by rule in copies and show that the tests notice (half an hour)
	go test -tags mutation -run Mutations -count 1 -v -timeout 60m ./hub
	ci/npm.sh hub/yjs/oracle
	hub/yjs/oracle/mutate.sh
