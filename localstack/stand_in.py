#!/usr/bin/env python3
"""Creates what the Terraform module plans on an emulator of AWS, where the AWS provider cannot be fetched.

    plan terraform target=localstack … | python3 stand_in.py ENDPOINT REGION ZIP

Standard input is the plan of `cargo run --package slo-localstack --bin plan`: every argument that is used here comes
from the module. A resource of a type, or with an argument, that is unknown here is an error: nothing is left out in
silence. Running it again finishes what an earlier run left. Prints the module's outputs as JSON. Needs boto3.
"""

import json
import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REFERENCE = re.compile(r"\$\{(aws_\w+\.\w+)\.(\w+)(?:\|(\d))?\}")
CREATE = {}


def creates(kind):
    """Registers how a type of resource is created: its arguments in, what others may refer to out."""

    def register(function):
        CREATE[kind] = function
        return function

    return register


class Arguments(dict):
    """Arguments of a resource, of which each must be used."""

    def __init__(self, address, values):
        super().__init__(values)
        self.address = address

    def block(self, name):
        found = self.pop(name, None)
        if found is None:
            return None
        if len(found) != 1:
            sys.exit(f"{self.address}.{name}: {len(found)} blocks")
        return Arguments(f"{self.address}.{name}", found[0])

    def blocks(self, name):
        return [Arguments(f"{self.address}.{name}", found) for found in self.pop(name, [])]

    def done(self):
        if self:
            sys.exit(f"{self.address}: the stand-in does not know {', '.join(self)}")


def pascal(name):
    return "".join(part.capitalize() for part in name.split("_"))


class Account:
    """The clients of an endpoint."""

    def __init__(self, endpoint, region, zip_path):
        self.endpoint, self.region, self.zip_path = endpoint, region, zip_path
        # A client's own checks stay on: an argument that AWS does not know is refused here, whatever the emulator does.
        self.config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})
        self.clients = {}

    def __getattr__(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                "lambda" if service == "functions" else service, endpoint_url=self.endpoint, region_name=self.region, config=self.config,
                aws_access_key_id="test", aws_secret_access_key="test",
            )
        return self.clients[service]


def unless_there(call, *codes):
    """The answer, or nothing if it is there already from an earlier run."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return None
        raise


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def tags(arguments):
    arguments.pop("tags", None)


@creates("aws_dynamodb_table")
def table(aws, a):
    name = a.pop("name")
    keys = lambda x: [
        {"AttributeName": x.pop("hash_key"), "KeyType": "HASH"}, {"AttributeName": x.pop("range_key"), "KeyType": "RANGE"},
    ]
    request = {
        "TableName": name,
        "BillingMode": a.pop("billing_mode"),
        "KeySchema": keys(a),
        "AttributeDefinitions": [
            {"AttributeName": x["name"], "AttributeType": x["type"]} for x in a.blocks("attribute")
        ],
        "DeletionProtectionEnabled": a.pop("deletion_protection_enabled"),
    }
    fuse = lambda x: {
        "MaxReadRequestUnits": x["max_read_request_units"], "MaxWriteRequestUnits": x["max_write_request_units"],
    }
    if found := a.block("on_demand_throughput"):
        request["OnDemandThroughput"] = fuse(found)
    if found := a.block("server_side_encryption"):
        if found.get("enabled"):
            request["SSESpecification"] = {"Enabled": True}
    indexes = []
    for index in a.blocks("global_secondary_index"):
        made = {
            "IndexName": index.pop("name"), "KeySchema": keys(index),
            "Projection": {"ProjectionType": index.pop("projection_type")},
        }
        if found := index.block("on_demand_throughput"):
            made["OnDemandThroughput"] = fuse(found)
        index.done()
        indexes.append(made)
    if indexes:
        request["GlobalSecondaryIndexes"] = indexes
    recovery, expiry = a.block("point_in_time_recovery"), a.block("ttl")
    tags(a)
    a.done()
    unless_there(lambda: aws.dynamodb.create_table(**request), "ResourceInUseException")
    aws.dynamodb.get_waiter("table_exists").wait(TableName=name)
    if recovery and recovery["enabled"]:
        aws.dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    if expiry and expiry["enabled"]:
        unless_there(lambda: aws.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry["attribute_name"]}
        ), "ValidationException")
    return {"arn": aws.dynamodb.describe_table(TableName=name)["Table"]["TableArn"], "id": name}


@creates("aws_iam_role")
def role(aws, a):
    name, policy = a.pop("name"), a.pop("assume_role_policy")
    description = a.pop("description", "")
    tags(a)
    a.done()
    unless_there(lambda: aws.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=policy, Description=description), "EntityAlreadyExists")
    return {"arn": aws.iam.get_role(RoleName=name)["Role"]["Arn"], "id": name}


@creates("aws_iam_role_policy")
def role_policy(aws, a):
    aws.iam.put_role_policy(RoleName=a.pop("role"), PolicyName=a.pop("name"), PolicyDocument=a.pop("policy"))
    a.done()
    return {}


@creates("aws_cloudwatch_log_group")
def log_group(aws, a):
    name = a.pop("name")
    unless_there(lambda: aws.logs.create_log_group(logGroupName=name), "ResourceAlreadyExistsException")
    aws.logs.put_retention_policy(logGroupName=name, retentionInDays=a.pop("retention_in_days"))
    tags(a)
    a.done()
    found = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return {"arn": next(x["arn"] for x in found if x["logGroupName"] == name).removesuffix(":*")}


@creates("aws_lambda_function")
def function(aws, a):
    name = a.pop("function_name")
    settings = {
        "FunctionName": name, "Role": a.pop("role"), "MemorySize": a.pop("memory_size"), "Timeout": a.pop("timeout"),
        "Runtime": a.pop("runtime"), "Handler": a.pop("handler"), "Description": a.pop("description", ""),
    }
    if found := a.block("environment"):
        settings["Environment"] = {"Variables": found["variables"]}
    if found := a.block("logging_config"):
        settings["LoggingConfig"] = {pascal(key): value for key, value in found.items()}
    package = {"PackageType": a.pop("package_type"), "Architectures": a.pop("architectures")}
    if package["PackageType"] != "Zip":
        sys.exit("the stand-in deploys zips only")
    a.pop("filename"), a.pop("source_code_hash", None)
    if a.pop("reserved_concurrent_executions", -1) != -1:
        sys.exit("the stand-in reserves no concurrency")
    tags(a)
    a.done()
    with open(aws.zip_path, "rb") as zip_file:
        code = zip_file.read()
    if unless_there(lambda: aws.functions.create_function(Code={"ZipFile": code}, **settings, **package),
                    "ResourceConflictException") is None:
        aws.functions.update_function_code(FunctionName=name, ZipFile=code, Architectures=package["Architectures"])
        aws.functions.update_function_configuration(**settings)
    aws.functions.get_waiter("function_active_v2").wait(FunctionName=name)
    arn = aws.functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    return {
        "arn": arn,
        "invoke_arn": f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    }


@creates("aws_lambda_function_event_invoke_config")
def invoke_config(aws, a):
    aws.functions.put_function_event_invoke_config(
        FunctionName=a.pop("function_name"), MaximumRetryAttempts=a.pop("maximum_retry_attempts"),
        MaximumEventAgeInSeconds=a.pop("maximum_event_age_in_seconds"),
    )
    a.done()
    return {}


@creates("aws_lambda_permission")
def permission(aws, a):
    names = {"action": "Action", "function_name": "FunctionName", "principal": "Principal", "source_arn": "SourceArn"}
    request = {name: a.pop(key) for key, name in names.items()}
    request["StatementId"] = a.pop("statement_id_prefix") + "stand-in"
    a.done()
    unless_there(lambda: aws.functions.add_permission(**request), "ResourceConflictException")
    return {}


@creates("aws_lambda_event_source_mapping")
def mapping(aws, a):
    request = {
        "EventSourceArn": a.pop("event_source_arn"), "FunctionName": a.pop("function_name"),
        "BatchSize": a.pop("batch_size"), "FunctionResponseTypes": a.pop("function_response_types"),
    }
    if found := a.block("scaling_config"):
        request["ScalingConfig"] = {"MaximumConcurrency": found["maximum_concurrency"]}
    if (window := a.pop("maximum_batching_window_in_seconds", None)) is not None:
        request["MaximumBatchingWindowInSeconds"] = window
    tags(a)
    a.done()
    unless_there(lambda: aws.functions.create_event_source_mapping(**request), "ResourceConflictException")
    return {}


@creates("aws_api_gateway_rest_api")
def rest_api(aws, a):
    name = a.pop("name")
    kind = a.block("endpoint_configuration")
    request = {"name": name, "description": a.pop("description", ""), "endpointConfiguration": {"types": kind["types"]},
               "disableExecuteApiEndpoint": a.pop("disable_execute_api_endpoint", False)}
    tags(a)
    a.done()
    found = [x for x in aws.apigateway.get_rest_apis(limit=500)["items"] if x["name"] == name]
    api = found[0] if found else aws.apigateway.create_rest_api(**request)
    resources = aws.apigateway.get_resources(restApiId=api["id"])["items"]
    account = aws.sts.get_caller_identity()["Account"]
    return {
        "id": api["id"], "root_resource_id": next(x["id"] for x in resources if x["path"] == "/"),
        "execution_arn": f"arn:aws:execute-api:{aws.region}:{account}:{api['id']}",
    }


@creates("aws_api_gateway_resource")
def resource(aws, a):
    api, parent, part = a.pop("rest_api_id"), a.pop("parent_id"), a.pop("path_part")
    a.done()
    found = [x for x in aws.apigateway.get_resources(restApiId=api)["items"]
             if x.get("parentId") == parent and x.get("pathPart") == part]
    made = found[0] if found else aws.apigateway.create_resource(restApiId=api, parentId=parent, pathPart=part)
    return {"id": made["id"], "path": made["path"], "path_part": part}


@creates("aws_api_gateway_method")
def method(aws, a):
    request = {"restApiId": a.pop("rest_api_id"), "resourceId": a.pop("resource_id"), "httpMethod": a.pop("http_method"),
               "authorizationType": a.pop("authorization"), "apiKeyRequired": a.pop("api_key_required", False)}
    a.done()
    unless_there(lambda: aws.apigateway.put_method(**request), "ConflictException")
    return {"id": f"{request['resourceId']}-{request['httpMethod']}", "http_method": request["httpMethod"]}


@creates("aws_api_gateway_integration")
def integration(aws, a):
    request = {"restApiId": a.pop("rest_api_id"), "resourceId": a.pop("resource_id"), "httpMethod": a.pop("http_method"),
               "type": a.pop("type"), "integrationHttpMethod": a.pop("integration_http_method"), "uri": a.pop("uri")}
    if (limit := a.pop("timeout_milliseconds", None)) is not None:
        request["timeoutInMillis"] = limit
    a.done()
    aws.apigateway.put_integration(**request)
    return {"id": request["uri"]}


@creates("aws_api_gateway_deployment")
def deployment(aws, a):
    api = a.pop("rest_api_id")
    a.pop("triggers", None), a.pop("description", None)
    a.done()
    return {"id": aws.apigateway.create_deployment(restApiId=api)["id"]}


@creates("aws_api_gateway_stage")
def stage(aws, a):
    api, name = a.pop("rest_api_id"), a.pop("stage_name")
    request = {"restApiId": api, "stageName": name, "deploymentId": a.pop("deployment_id"),
               "tracingEnabled": a.pop("xray_tracing_enabled", False), "description": a.pop("description", "")}
    tags(a)
    a.done()
    if unless_there(lambda: aws.apigateway.create_stage(**request), "ConflictException") is None:
        aws.apigateway.update_stage(restApiId=api, stageName=name, patchOperations=[
            {"op": "replace", "path": "/deploymentId", "value": request["deploymentId"]}])
    account = aws.sts.get_caller_identity()["Account"]
    return {"stage_name": name, "arn": f"arn:aws:apigateway:{aws.region}::/restapis/{api}/stages/{name}",
            "execution_arn": f"arn:aws:execute-api:{aws.region}:{account}:{api}/{name}"}


@creates("aws_api_gateway_method_settings")
def method_settings(aws, a):
    api, name, path = a.pop("rest_api_id"), a.pop("stage_name"), a.pop("method_path")
    settings = a.block("settings")
    a.done()
    paths = {"throttling_rate_limit": "throttling/rateLimit", "throttling_burst_limit": "throttling/burstLimit",
             "metrics_enabled": "metrics/enabled", "logging_level": "logging/loglevel",
             "data_trace_enabled": "logging/dataTrace"}
    at = path.replace("/", "~1") if path != "*/*" else "*/*"
    changes = [{"op": "replace", "path": f"/{at}/{paths[key]}", "value": text(value)} for key, value in settings.items()]
    aws.apigateway.update_stage(restApiId=api, stageName=name, patchOperations=changes)
    return {}


@creates("aws_sns_topic")
def topic(aws, a):
    name, key = a.pop("name"), a.pop("kms_master_key_id", None)
    tags(a)
    a.done()
    attributes = {"KmsMasterKeyId": key} if key else {}
    return {"arn": aws.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"], "name": name}


@creates("aws_sns_topic_policy")
def topic_policy(aws, a):
    aws.sns.set_topic_attributes(TopicArn=a.pop("arn"), AttributeName="Policy", AttributeValue=a.pop("policy"))
    a.done()
    return {}


@creates("aws_sqs_queue")
def queue(aws, a):
    name = a.pop("name")
    names = {"visibility_timeout_seconds": "VisibilityTimeout", "message_retention_seconds": "MessageRetentionPeriod",
             "sqs_managed_sse_enabled": "SqsManagedSseEnabled", "redrive_policy": "RedrivePolicy",
             "kms_master_key_id": "KmsMasterKeyId", "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds"}
    attributes = {names[key]: a.pop(key) for key in list(a) if key in names}
    attributes = {key: text(value) for key, value in attributes.items()}
    tags(a)
    a.done()
    url = aws.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return {"arn": arn, "url": url, "id": url}


def queue_attribute(kind, argument, attribute):
    @creates(kind)
    def set_attribute(aws, a):
        aws.sqs.set_queue_attributes(QueueUrl=a.pop("queue_url"), Attributes={attribute: a.pop(argument)})
        a.done()
        return {}


queue_attribute("aws_sqs_queue_policy", "policy", "Policy")
queue_attribute("aws_sqs_queue_redrive_allow_policy", "redrive_allow_policy", "RedriveAllowPolicy")


@creates("aws_scheduler_schedule_group")
def schedule_group(aws, a):
    name = a.pop("name")
    tags(a)
    a.done()
    unless_there(lambda: aws.scheduler.create_schedule_group(Name=name), "ConflictException")
    return {"name": name, "id": name, "arn": aws.scheduler.get_schedule_group(Name=name)["Arn"]}


@creates("aws_scheduler_schedule")
def schedule(aws, a):
    target = a.block("target")
    retry = target.block("retry_policy")
    made = {"Arn": target.pop("arn"), "RoleArn": target.pop("role_arn"), "Input": target.pop("input")}
    if retry:
        made["RetryPolicy"] = {pascal(key): value for key, value in retry.items()}
    target.done()
    request = {
        "Name": a.pop("name"), "GroupName": a.pop("group_name"), "ScheduleExpression": a.pop("schedule_expression"),
        "Description": a.pop("description", ""), "State": a.pop("state", "ENABLED"), "Target": made,
        "FlexibleTimeWindow": {"Mode": a.block("flexible_time_window")["mode"]},
    }
    a.done()
    if unless_there(lambda: aws.scheduler.create_schedule(**request), "ConflictException") is None:
        aws.scheduler.update_schedule(**request)
    return {}


def attribute(made, address, name, part):
    value = made[address][name]
    return value if part is None else value.split(":")[int(part)]


def resolved(value, made):
    if isinstance(value, dict):
        return {key: resolved(member, made) for key, member in value.items()}
    if isinstance(value, list):
        return [resolved(element, made) for element in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: attribute(made, *found.groups()), value)
    return value


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: plan … | python3 stand_in.py ENDPOINT REGION ZIP")
    plan = json.load(sys.stdin)
    aws = Account(*sys.argv[1:])
    left, made = plan["resources"], {}
    while left:
        ready = [x for x, arguments in left.items() if not set(arguments["depends_on"]) & set(left) - {x}]
        if not ready:
            sys.exit(f"these wait for each other: {', '.join(left)}")
        for address in ready:
            arguments = resolved(left.pop(address), made)
            arguments.pop("depends_on", None)
            kind = address.split(".")[0]
            if kind not in CREATE:
                sys.exit(f"{address}: the stand-in cannot create an {kind}")
            made[address] = arguments | CREATE[kind](aws, Arguments(address, dict(arguments)))
            print(f"created {address}", file=sys.stderr)
    print(json.dumps({"outputs": resolved(plan["outputs"], made), "resources": made}, indent=2))


if __name__ == "__main__":
    main()
