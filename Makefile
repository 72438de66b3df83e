# Every target installs what it needs. CI and the README call these targets, so that both stay true.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
PROTOS := $(addprefix protos/song_preference/,v1/prediction.proto open_inference/inference.proto)
# Two at once: one process for all that need the platform, which mostly wait for it, and one for the others.
TESTS := -n 2 --no-loadscope-reorder --durations=10 tests/integration tests/e2e tests/unit
ROWS ?= 10000 100000 1000000 2000000 10000000

.PHONY: help run stop status logs reset rollback datasets catalogue bench-etl bench-catalogue attacks soak up down purge backup restore secrets s3-account test coverage test-ui test-compose pictures lint audit audit-code format bench bench-peers bench-csv bench-songs bench-slider protos published configuration graphiql

help: ## Show the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: .venv/.run ## Start the platform without Docker, and train the first champion; NEW_LISTENER=yes|no tells whose DATASET_SOURCE is
	@$(BIN)/python -m local_stack run $(if $(NEW_LISTENER),--new-listener $(NEW_LISTENER))

stop: .venv/.run ## Stop the platform of `make run` and keep its data
	@$(BIN)/python -m local_stack stop

status: .venv/.run ## Show the state of each service (without Docker)
	@$(BIN)/python -m local_stack status

logs: .venv/.run ## Follow the logs of all services (without Docker)
	@$(BIN)/python -m local_stack logs

reset: .venv/.run ## Stop the platform of `make run` and delete its data, without asking
	@$(BIN)/python -m local_stack reset

rollback: .venv/.run ## Make the previous champion, or VERSION=n, the champion again (with or without Docker)
	@$(BIN)/python -m local_stack exec $(BIN)/python -m song_preference.training.rollback $(VERSION)

datasets: .venv/.run ## List dataset versions; ARGS="show <version>" or "remove <version>" (with or without Docker)
	@$(BIN)/python -m local_stack exec $(BIN)/python -m song_preference.dataset $(or $(ARGS),list)

catalogue: .venv/.run ## List catalogues; ARGS="show <version>" or "remove <version>" (with or without Docker)
	@$(BIN)/python -m local_stack exec $(BIN)/python -m song_preference.catalogue $(or $(ARGS),list)

bench-etl: .venv/.run ## Measure time and memory of the ETL on a running platform for playlists of ROWS="10000 100000" songs
	@$(BIN)/python -m local_stack exec $(BIN)/python -m benchmarks.etl $(ROWS)

bench-catalogue: .venv/.run ## Measure how fast a running platform scores made-up catalogues of ROWS="41106 1000000" songs
	@$(BIN)/python -m local_stack exec $(BIN)/python -m benchmarks.catalogue $(ROWS)

attacks: .venv/.dev ## Attack a running platform on this machine, within limits (with or without Docker)
	@$(BIN)/python -m local_stack exec $(BIN)/python -m tests.support.attacks

soak: .venv/.dev ## Attack the running platform of `make run` for MINUTES=10, and compare memory and open files before and after
	@$(BIN)/python -m local_stack exec $(BIN)/python -m benchmarks.soak $$(( 60 * $(or $(MINUTES),10) ))

up: ## Start the platform with Docker and wait until it is healthy; COMPOSE_PROFILES=serving starts only that profile
	@scripts/up --build

down: ## Stop the platform of `make up`, workers included, and keep its data
	docker compose --profile '*' down

purge: ## Stop the platform of `make up` and delete its data: datasets, models, runs, users; YES=1 does not ask
	@[ "$(YES)" = 1 ] || \
	  { [ -t 0 ] && read -rp "Delete all datasets, models, runs and users? Type yes: " answer && [ "$$answer" = yes ]; } || \
	  { echo "Nothing is deleted. 'make purge YES=1' deletes all datasets, models, runs and users." >&2; exit 1; }
	docker compose --profile '*' down --volumes

backup: ## Save databases and buckets of the running platform of `make up` into backups/<time>/, or into TO=<new directory>
	@scripts/backup $(TO)

restore: ## Replace databases and objects of the platform of `make up`, which may be empty, by FROM=backups/<time>
	@scripts/restore $(FROM)

secrets: ## Generate secrets in secrets/, for docker-compose.secrets.yaml
	@scripts/secrets

s3-account: ## Create the account S3_SERVICE_ACCESS_KEY in the S3 store (Docker), with rights on the two buckets only
	@scripts/s3-account

test: .venv/.dev ## Run all tests; starts a platform of its own, on free ports
	$(BIN)/pytest $(TESTS)

coverage: .venv/.dev ## Run all tests and measure which lines and branches they reach, in the services too
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-compose: .venv/.dev ## Run the end-to-end tests with Docker, then tests that break services; on a platform of its own
	scripts/test-compose

test-ui: .venv/.dev ## Run the dashboard's tests in Chromium, on a platform of their own
	scripts/test-ui

pictures: .venv/.dev ## Take the pictures of the README and of docs/dashboard.md again, on a platform of its own
	SCREENSHOTS=docs/screenshots scripts/test-ui -k 'test_discover or pictures' # the former load the catalogue that is shown

lint: .venv/.dev ## Check format, types, imports between packages, shell scripts, Docker files, protos and published schemas
	$(BIN)/ruff format --check .
# Without its cache: the order of imports also depends on which other files there are.
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck scripts/environment scripts/up scripts/backup scripts/restore scripts/secrets scripts/s3-account scripts/test-ui scripts/test-compose scripts/graphiql scripts/check-protos scripts/compose-variables scripts/publish-images .ci/run
	$(BIN)/hadolint dockerfiles/Dockerfile
	$(BIN)/compose-lint docker-compose.yaml
	$(BIN)/buf lint
	scripts/check-protos
	$(BIN)/python -m fastapi_app.published --check

audit: audit-code ## Ask PyPI for known vulnerabilities of all locked versions, then run audit-code
	$(BIN)/python scripts/audit_lock.py

audit-code: .venv/.dev ## Check Python code and GitHub workflows for insecure patterns, without a network
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml .
	$(BIN)/zizmor --offline .github/workflows

format: .venv/.dev ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --no-cache --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## Measure requests per second of the services beside their bare frameworks; needs wrk and two cores
	$(BIN)/python -m benchmarks.serving

bench-peers: .venv/.dev ## Measure /predict beside LitServe, BentoML, MLServer and MLflow; needs wrk, two cores and a package index
	$(BIN)/python -m benchmarks.peers

bench-csv: .venv/.dev ## Measure rows per second of /predict/csv beside bare onnxruntime; needs two cores
	$(BIN)/python -m benchmarks.csv_scoring

bench-songs: .venv/.dev ## Measure search, recommendations and a song's page over REST on an index of ROWS=1200000 made-up songs; needs wrk and two cores
	$(BIN)/python -m benchmarks.songs $(if $(filter file,$(origin ROWS)),,$(ROWS))

bench-slider: .venv/.dev ## Measure in Chromium how fast the running dashboard answers a slider and opens each page; or that at ADDRESS=
	$(BIN)/python -m benchmarks.slider $(ADDRESS)

protos: .venv/.dev ## Generate song_preference/v1 and open_inference from protos/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -I protos \
	  --python_out=$(or $(OUT),.) --grpc_python_out=$(or $(OUT),.) --mypy_out=$(or $(OUT),.) --mypy_grpc_out=$(or $(OUT),.) $(PROTOS)

published: .venv/.dev ## Write openapi.json and schema.graphql, which `make lint` compares with the services
	$(BIN)/python -m fastapi_app.published

configuration: .venv/.dev ## Write docs/configuration.md from .env
	$(BIN)/python scripts/configuration_table.py

graphiql: ## Fetch GraphiQL's pinned files; needs npm
	scripts/graphiql

.venv/.run: pyproject.toml uv.lock scripts/environment
	scripts/environment run
	@touch $@

.venv/.dev: pyproject.toml uv.lock scripts/environment
	scripts/environment dev
	@touch $@ .venv/.run
