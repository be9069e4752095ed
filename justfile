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

# What every operation costs at DynamoDB, beside the least that it could
costs:
    cargo bench --package slo-dynamo --bench costs

# What the Lambda function costs beside one that does nothing
lambda:
    cargo bench --profile dev --package slo-lambda --bench lambda

# A million measurements by 16 writers, with lost answers and three kill -9: lost 0, doubled 0
soak measurements="1000000":
    SOAK_MEASUREMENTS={{measurements}} cargo test --release --package slo-cli --test soak -- --nocapture

# The contract of the stores on DynamoDB Local and LocalStack, in Docker
containers:
    SLO_DYNAMODB_LOCAL_IMAGE=$(bash localstack/image dynamodb_local) \
    SLO_LOCALSTACK_IMAGE=$(bash localstack/image localstack) \
    cargo test --workspace --test containers -- --ignored --nocapture

# The service on an emulator of AWS in Docker, deployed by Terraform, and a walk through its whole API
local *args:
    bash localstack/deploy {{args}}
    bash localstack/smoke

# Ends the emulator
local-stop:
    bash localstack/stop

# The Terraform module: format, arguments, tests
terraform:
    bash .ci/terraform

# The guessing game, a service that embeds the library, on this machine
game *args:
    cargo run --package guessing-game -- {{args}}

# Its tests
game-test:
    cargo test --package slo-recorder --package guessing-game

# Its zip for Lambda; `just game-build image` for a container image
game-build kind="zip":
    PACKAGE=guessing-game bash slo-lambda/package {{kind}}

# The game on AWS, beside the service that it is measured by
game-deploy *args: game-build
    bash slo-lambda/package zip
    cd examples/guessing-game/terraform && terraform init && terraform apply {{args}}

# Everything that must pass before a change lands
ci:
    bash .ci/run

# Take the picture of the README anew
overview:
    UPDATE_OVERVIEW=1 cargo test --release --package slo-cli --test browser -- --ignored a_product_manager

# Write the OpenAPI document anew after a change of the API
openapi:
    UPDATE_OPENAPI=1 cargo test --package slo-lambda --test api
