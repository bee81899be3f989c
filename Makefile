# The same words as in README.md and .ci/run.
GINKGO = go tool ginkgo
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
REPORTS = reports
# Packages whose tests are plain go tests; the scenarios are Ginkgo's, and what
# runs all of them several times has a target of its own.
PLAIN = $$(go list ./... | grep -v -e '/scenarios$$' -e '/scenarios/real$$' -e '/scenarios/isolation$$')
# Specs that wait for the kernel cost nothing meanwhile: with more processes than
# processors they wait side by side.
PROCS = $$((3 * $$(getconf _NPROCESSORS_ONLN)))
SUITE = --procs=$(PROCS) --randomize-all --fail-on-pending --fail-on-empty --keep-going

.PHONY: scenarios real test fuzz isolation delayed stress bench lint tables recordings wire signatures audits audits-test deploy-check bpf differential mutation rounds


# Ginkgo knows neither NO_COLOR nor whether a terminal reads what it prints.
COLOR = if [ -n "$$NO_COLOR" ] || [ "$$TERM" = dumb ] || ! [ -t 1 ]; then export GINKGO_NO_COLOR=1; fi
COMPILING = echo "compiling the scenarios; the first time that takes half a minute"

# The main job, with nothing but Go installed. A part of it: make scenarios
# ARGS='--focus-file=closing_with_unread'.
scenarios:
	@$(COMPILING)
	@$(COLOR); set -x; $(GINKGO) $(SUITE) --timeout=15m $(ARGS) ./scenarios

# The same by the programs that the documents speak of, those that are installed.
real:
	@$(COMPILING)
	@$(COLOR); set -x; $(GINKGO) $(SUITE) --timeout=30m $(ARGS) ./scenarios/real

# Everything, with the race detector, which needs a C compiler. The tests of the
# command line start it hundreds of times, and a start takes several times as long
# with that: make stress has it.
COMMAND = ./cmd/resetlab/internal/cli
test:
	go test -timeout=60m $(COMMAND) & command=$$!; \
	go test -race -timeout=60m $$(printf '%s\n' $(PLAIN) | grep -v '/internal/cli$$'); plain=$$?; \
	wait $$command && exit $$plain
	mkdir -p $(REPORTS)
	@$(COMPILING)
	@$(COLOR); set -x; $(GINKGO) $(SUITE) --race --timeout=30m --poll-progress-after=60s \
		--output-dir=$(REPORTS) --json-report=scenarios.json --junit-report=scenarios.xml ./scenarios

# Every fuzz target below FUZZ, one after the other, each for FUZZTIME. What one
# finds is kept in testdata/fuzz beside it, as a seed of the plain tests. Go's
# fuzzer now and then calls the end of its own time a failure (golang.org/issue/75804).
FUZZ = .
FUZZTIME = 10s
fuzz:
	@mkdir -p $(REPORTS); log=$(CURDIR)/$(REPORTS)/fuzz.log; failed=; \
	for file in $$(grep -rl --include='*_test.go' '^func Fuzz' $(FUZZ) | sort); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$file); do \
			echo "== $$target in $$(dirname $$file)"; \
			(cd $$(dirname $$file) && go test . -run='^$$' -fuzz="^$$target$$" \
				-fuzztime=$(FUZZTIME) -fuzzminimizetime=100x) >$$log 2>&1; status=$$?; cat $$log; \
			[ $$status = 0 ] || { grep -q 'context deadline exceeded' $$log && ! grep -q 'Failing input' $$log; } || \
				failed="$$failed $$target"; \
		done; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

# The scenarios as an ordinary user, watched, and where user namespaces are forbidden,
# two runs at once, runs that are killed, of the real programs too; and the machine
# is as it was before.
isolation:
	go test -count=1 -v -timeout=60m ./scenarios/isolation

# What resets look like to resetlab watch (scenarios/WATCH.md): two runs of all
# scenarios under watch add what is new. make isolation holds others against it.
# Root watches.
signatures:
	go test -count=1 -v -timeout=60m -run='^TestTwoSuitesAtOnce$$' ./scenarios/isolation -signatures

# Every scenario while strace delays the system calls by which clocks, traces and
# packets are read: no card may be wrong. make isolation does it for a few.
delayed:
	RESETLAB_FULL=1 go test -count=1 -v -timeout=120m -run='^TestDelaysMakeNoCardWrong$$' ./scenarios/isolation

# The model against this kernel: every call in every state that a few calls reach,
# and random scripts. ARGS='-depth=2 -random=1000' takes half a minute. With -store
# what was asked and what differs is written into harness/model/kernels; then
# go test ./harness/model/kernels -update.
differential:
	go test ./harness/model -run Differential -v -timeout 0 $(if $(ARGS),$(ARGS),-depth=3 -random=10000)

# Each rule of the model broken: the comparison must tell.
mutation:
	go test ./harness/model -run TestMutations -mutations -v -timeout 60m

# Each script of a scenario 20 times, and each example: no answer may differ.
rounds:
	go test ./cmd/resetlab/internal/cli -run TestScenarioScripts -rounds=20 -v -count=1 -timeout 60m
	go run ./cmd/resetlab try --predict --repeat 20 harness/script/examples

# 100 repetitions of the suite, every exact cut a thousand times, the command line
# with the race detector, and a million events of resetlab watch.
stress:
	@$(COLOR); set -x; $(GINKGO) $(SUITE) --race --timeout=60m --repeat=99 ./scenarios
	RESETLAB_FULL=1 go test -race -timeout=30m -count=1 ./harness
	go test -race -timeout=60m -count=1 $(COMMAND)
	RESETLAB_FULL=1 go test -timeout=30m -count=1 -v -run=NothingIsLost ./harness/watch

# Ratios against a baseline of the same run: "ratio NAME VALUE bar BOUND"; and
# how near times are to what they should be: "goal NAME VALUE UNIT under VALUE".
bench:
	go test -run='^$$' -bench=. -benchtime=1x -timeout=20m ./harness ./harness/lab ./harness/evidence/capture ./harness/evidence/record ./harness/netlab ./harness/audit ./harness/watch/kernel ./harness/script/run ./harness/model ./cmd/resetlab/internal/cli
	@$(COLOR); RESETLAB_BENCH=1 $(GINKGO) -p --timeout=5m ./scenarios | grep -E '^ *(ratio|goal|suite) '

lint:
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go mod tidy -diff
	go vet ./...
	GOOS=darwin go vet ./...
	GOOS=windows go vet ./...
	$(STATICCHECK) ./...

# The catalogue of the scenarios as data, and the tables of scenarios and the
# samples in README.md and scenarios/README.md; the samples are of real runs, one
# of them of curl.
tables:
	go run ./cmd/resetlab/internal/tables

# What the wire alone tells of each scenario (scenarios/WIRE.md), and the
# recordings of a whole run that it is made of and tested with. Root records
# them.
wire:
	mkdir -p $(REPORTS)
	go run ./cmd/resetlab run --all --json $(REPORTS)/wire.json >/dev/null
	go run ./cmd/resetlab try harness/evidence/diagnose/testdata/twins.try --recording $(REPORTS)/twins.json --card never >/dev/null
	go test ./harness/evidence/diagnose -count=1 -run 'TestScenes$$' -record-scenes $(CURDIR)/$(REPORTS)/scenes.json
	go test ./harness/evidence/diagnose -run TestBlind -recordings $(CURDIR)/$(REPORTS)/wire.json \
		-twins $(CURDIR)/$(REPORTS)/twins.json -scenes $(CURDIR)/$(REPORTS)/scenes.json

# The recordings of real runs that harness/report is tested with, and the cards
# of them. Root records them, in a network of their own, where nobody else
# moves the counters.
recordings:
	mkdir -p $(REPORTS)
	go build -o $(REPORTS)/resetlab ./cmd/resetlab
	cd harness/report/testdata && while IFS='|' read -r name spec; do \
		unshare --net sh -c 'ip link set lo up && exec "$$@"' - \
			$(CURDIR)/$(REPORTS)/resetlab run "$$spec" --json "$$name.json" </dev/null >/dev/null || exit 1; \
	done <specs
	go test ./harness/report -run Golden -update

# The audits of real clients, a module of their own, and the table of them.
audits-test:
	mkdir -p $(REPORTS)
	cd audits && go vet ./... && RESETLAB_NEWS=$(CURDIR)/$(REPORTS)/audits-news.txt go test -count=1 -timeout=30m ./...
	cat $(REPORTS)/audits-news.txt

audits:
	cd audits && RESETLAB_TABLE=1 go test -count=1 -timeout=30m .

# The manifests in deploy against the types of Kubernetes, in a module of its own.
deploy-check:
	cd deploy/check && go vet ./... && go test -count=1 ./...

# The eBPF program of resetlab watch, for both orders of bytes. What it compiles
# to is kept beside its source, so that nobody needs clang to build ResetLab:
# apt-get install clang llvm libbpf-dev
BPF = harness/watch/kernel/bpf
BPF_TO = $(BPF)
bpf:
	set -e; for order in bpfel bpfeb; do \
		clang -O2 -g -Wall -Wno-parentheses -Wno-compare-distinct-pointer-types -target $$order -mcpu=v3 \
			-fdebug-prefix-map=$(CURDIR)=. -I/usr/include/$$(uname -m)-linux-gnu \
			-c $(BPF)/resets.bpf.c -o $(BPF_TO)/resets_$$order.o; \
		llvm-strip -g $(BPF_TO)/resets_$$order.o; \
	done
