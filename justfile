# `just` lists these; each is the command itself.

# The service on this machine
serve *args:
    cargo run --release -- serve {{args}}

# The everyday tests
test:
    cargo test --workspace

# How fast evaluations are
bench *args:
    cargo bench --package slo-core --bench evaluate -- {{args}}

# Everything that must pass before a change lands
ci:
    bash .ci/run

# Write the OpenAPI document anew after a change of the API
openapi:
    UPDATE_OPENAPI=1 cargo test --package slo-lambda --test api
