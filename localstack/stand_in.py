#!/usr/bin/env python3
"""Creates what the Terraform module plans on an emulator of AWS, where the AWS provider cannot be fetched.

    plan terraform target=localstack … | python3 stand_in.py ENDPOINT REGION

Standard input is the plan of `cargo run --package slo-localstack --bin plan`: every argument that is used here comes
from the module. A resource of a type, or with an argument, that is unknown here is an error: nothing is left out in
silence. Running it again finishes what an earlier run left. Prints the outputs and the resources as JSON. Needs boto3.
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

    def take(self, name):
        if name not in self:
            sys.exit(f"{self.address}: the stand-in needs {name}")
        return self.pop(name)

    def blocks(self, name, *arguments):
        """The values of these arguments, of each block; it may have no others."""
        found = [Arguments(f"{self.address}.{name}", block) for block in self.pop(name, [])]
        values = [tuple(block.pop(argument, None) for argument in arguments) for block in found]
        for block in found:
            block.done()
        return values

    def block(self, name, *arguments):
        """Likewise of the only block, or of none."""
        values = self.blocks(name, *arguments)
        if len(values) > 1:
            sys.exit(f"{self.address}.{name}: {len(values)} blocks")
        return values[0] if values else (None,) * len(arguments)

    def done(self):
        if self:
            sys.exit(f"{self.address}: the stand-in does not know {', '.join(self)}")


class Account:
    """The clients of an endpoint."""

    def __init__(self, endpoint, region):
        self.endpoint, self.region = endpoint, region
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


@creates("aws_dynamodb_table")
def table(aws, a):
    name = a.take("name")

    def keys(x):
        return [{"AttributeName": x.take("hash_key"), "KeyType": "HASH"},
                {"AttributeName": x.take("range_key"), "KeyType": "RANGE"}]

    def fuse(x):
        read, write = x.block("on_demand_throughput", "max_read_request_units", "max_write_request_units")
        return {"OnDemandThroughput": {"MaxReadRequestUnits": read, "MaxWriteRequestUnits": write}}

    indexes = []
    for values in a.pop("global_secondary_index", []):
        index = Arguments(f"{a.address}.global_secondary_index", values)
        indexes.append({"IndexName": index.take("name"), "KeySchema": keys(index),
                        "Projection": {"ProjectionType": index.take("projection_type")}} | fuse(index))
        index.done()
    attributes = a.blocks("attribute", "name", "type")
    (encrypted,) = a.block("server_side_encryption", "enabled")
    request = {
        "TableName": name,
        "BillingMode": a.take("billing_mode"),
        "KeySchema": keys(a),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in attributes],
        "DeletionProtectionEnabled": a.take("deletion_protection_enabled"),
        "SSESpecification": {"Enabled": bool(encrypted)},
    } | fuse(a) | ({"GlobalSecondaryIndexes": indexes} if indexes else {})
    (recovery,) = a.block("point_in_time_recovery", "enabled")
    expiry, expires = a.block("ttl", "attribute_name", "enabled")
    a.done()
    unless_there(lambda: aws.dynamodb.create_table(**request), "ResourceInUseException")
    aws.dynamodb.get_waiter("table_exists").wait(TableName=name)
    if recovery:
        aws.dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    if expires and aws.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
        aws.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry}
        )
    return {"arn": aws.dynamodb.describe_table(TableName=name)["Table"]["TableArn"], "id": name}


@creates("aws_iam_role")
def role(aws, a):
    name, policy = a.take("name"), a.take("assume_role_policy")
    description = a.pop("description", "")
    a.done()
    unless_there(lambda: aws.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=policy, Description=description), "EntityAlreadyExists")
    return {"arn": aws.iam.get_role(RoleName=name)["Role"]["Arn"], "id": name}


@creates("aws_iam_role_policy")
def role_policy(aws, a):
    aws.iam.put_role_policy(RoleName=a.take("role"), PolicyName=a.take("name"), PolicyDocument=a.take("policy"))
    a.done()
    return {}


@creates("aws_cloudwatch_log_group")
def log_group(aws, a):
    name = a.take("name")
    unless_there(lambda: aws.logs.create_log_group(logGroupName=name), "ResourceAlreadyExistsException")
    aws.logs.put_retention_policy(logGroupName=name, retentionInDays=a.take("retention_in_days"))
    a.done()
    found = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return {"arn": next(x["arn"] for x in found if x["logGroupName"] == name).removesuffix(":*")}


@creates("aws_lambda_function")
def function(aws, a):
    name = a.take("function_name")
    log_format, log_group, application, system = a.block(
        "logging_config", "log_format", "log_group", "application_log_level", "system_log_level")
    (variables,) = a.block("environment", "variables")
    settings = {
        "FunctionName": name, "Role": a.take("role"), "MemorySize": a.take("memory_size"), "Timeout": a.take("timeout"),
        "Runtime": a.take("runtime"), "Handler": a.take("handler"), "Description": a.take("description"),
        "Environment": {"Variables": variables},
        "LoggingConfig": {"LogFormat": log_format, "LogGroup": log_group, "ApplicationLogLevel": application,
                          "SystemLogLevel": system},
    }
    package = {"PackageType": a.take("package_type"), "Architectures": a.take("architectures")}
    if package["PackageType"] != "Zip":
        sys.exit("the stand-in deploys zips only")
    with open(a.take("filename"), "rb") as zip_file:
        code = zip_file.read()
    a.take("source_code_hash")
    if a.pop("reserved_concurrent_executions", -1) != -1:
        sys.exit("the stand-in reserves no concurrency")
    a.done()
    functions = aws.functions
    if unless_there(lambda: functions.create_function(Code={"ZipFile": code}, **settings, **package),
                    "ResourceConflictException") is None:
        functions.update_function_code(FunctionName=name, ZipFile=code, Architectures=package["Architectures"])
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        functions.update_function_configuration(**settings)
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return {"arn": functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]}


@creates("aws_lambda_function_event_invoke_config")
def invoke_config(aws, a):
    aws.functions.put_function_event_invoke_config(
        FunctionName=a.take("function_name"), MaximumRetryAttempts=a.take("maximum_retry_attempts"),
        MaximumEventAgeInSeconds=a.take("maximum_event_age_in_seconds"),
    )
    a.done()
    return {}


@creates("aws_lambda_permission")
def permission(aws, a):
    names = {"statement_id": "StatementId", "action": "Action", "function_name": "FunctionName",
             "principal": "Principal", "source_arn": "SourceArn"}
    request = {name: a.pop(key) for key, name in names.items()}
    a.done()
    unless_there(lambda: aws.functions.add_permission(**request), "ResourceConflictException")
    return {}


@creates("aws_lambda_event_source_mapping")
def mapping(aws, a):
    request = {
        "EventSourceArn": a.take("event_source_arn"), "FunctionName": a.take("function_name"),
        "BatchSize": a.take("batch_size"), "FunctionResponseTypes": a.take("function_response_types"),
    }
    (most,) = a.block("scaling_config", "maximum_concurrency")
    request["ScalingConfig"] = {"MaximumConcurrency": most}
    a.done()
    unless_there(lambda: aws.functions.create_event_source_mapping(**request), "ResourceConflictException")
    return {}


@creates("aws_api_gateway_rest_api")
def rest_api(aws, a):
    name = a.take("name")
    (types,) = a.block("endpoint_configuration", "types")
    request = {"name": name, "description": a.take("description"), "endpointConfiguration": {"types": types},
               "disableExecuteApiEndpoint": a.pop("disable_execute_api_endpoint", False)}
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
    api, parent, part = a.take("rest_api_id"), a.take("parent_id"), a.take("path_part")
    a.done()
    found = [x for x in aws.apigateway.get_resources(restApiId=api)["items"]
             if x.get("parentId") == parent and x.get("pathPart") == part]
    made = found[0] if found else aws.apigateway.create_resource(restApiId=api, parentId=parent, pathPart=part)
    return {"id": made["id"], "path": made["path"], "path_part": part}


@creates("aws_api_gateway_method")
def method(aws, a):
    request = {"restApiId": a.take("rest_api_id"), "resourceId": a.take("resource_id"), "httpMethod": a.take("http_method"),
               "authorizationType": a.take("authorization"), "apiKeyRequired": a.pop("api_key_required", False)}
    a.done()
    unless_there(lambda: aws.apigateway.put_method(**request), "ConflictException")
    return {"id": f"{request['resourceId']}-{request['httpMethod']}", "http_method": request["httpMethod"]}


@creates("aws_api_gateway_integration")
def integration(aws, a):
    request = {"restApiId": a.take("rest_api_id"), "resourceId": a.take("resource_id"), "httpMethod": a.take("http_method"),
               "type": a.take("type"), "integrationHttpMethod": a.take("integration_http_method"), "uri": a.take("uri")}
    a.done()
    aws.apigateway.put_integration(**request)
    return {"id": request["uri"]}


@creates("aws_api_gateway_deployment")
def deployment(aws, a):
    api = a.take("rest_api_id")
    a.pop("triggers", None), a.pop("description", None)
    a.done()
    return {"id": aws.apigateway.create_deployment(restApiId=api)["id"]}


@creates("aws_api_gateway_stage")
def stage(aws, a):
    api, name = a.take("rest_api_id"), a.take("stage_name")
    request = {"restApiId": api, "stageName": name, "deploymentId": a.take("deployment_id")}
    a.done()
    if unless_there(lambda: aws.apigateway.create_stage(**request), "ConflictException") is None:
        aws.apigateway.update_stage(restApiId=api, stageName=name, patchOperations=[
            {"op": "replace", "path": "/deploymentId", "value": request["deploymentId"]}])
    account = aws.sts.get_caller_identity()["Account"]
    return {"stage_name": name, "arn": f"arn:aws:apigateway:{aws.region}::/restapis/{api}/stages/{name}",
            "execution_arn": f"arn:aws:execute-api:{aws.region}:{account}:{api}/{name}"}


@creates("aws_api_gateway_method_settings")
def method_settings(aws, a):
    api, name, path = a.take("rest_api_id"), a.take("stage_name"), a.take("method_path")
    if path != "*/*":
        sys.exit(f"{a.address}: the stand-in knows the settings of all methods only")
    paths = {"throttling_rate_limit": "throttling/rateLimit", "throttling_burst_limit": "throttling/burstLimit",
             "metrics_enabled": "metrics/enabled", "logging_level": "logging/loglevel",
             "data_trace_enabled": "logging/dataTrace"}
    values = zip(paths.values(), a.block("settings", *paths))
    a.done()
    changes = [{"op": "replace", "path": f"/*/*/{at}", "value": text(value)} for at, value in values]
    aws.apigateway.update_stage(restApiId=api, stageName=name, patchOperations=changes)
    return {}


@creates("aws_sns_topic")
def topic(aws, a):
    name, key = a.take("name"), a.pop("kms_master_key_id", None)
    a.done()
    attributes = {"KmsMasterKeyId": key} if key else {}
    return {"arn": aws.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"], "name": name}


@creates("aws_sqs_queue")
def queue(aws, a):
    name = a.take("name")
    names = {"visibility_timeout_seconds": "VisibilityTimeout", "message_retention_seconds": "MessageRetentionPeriod",
             "sqs_managed_sse_enabled": "SqsManagedSseEnabled", "redrive_policy": "RedrivePolicy"}
    attributes = {names[key]: a.pop(key) for key in list(a) if key in names}
    attributes = {key: text(value) for key, value in attributes.items()}
    a.done()
    url = aws.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return {"arn": arn, "url": url, "id": url}


@creates("aws_sqs_queue_redrive_allow_policy")
def redrive_allow_policy(aws, a):
    attributes = {"RedriveAllowPolicy": a.take("redrive_allow_policy")}
    aws.sqs.set_queue_attributes(QueueUrl=a.take("queue_url"), Attributes=attributes)
    a.done()
    return {}


@creates("aws_scheduler_schedule_group")
def schedule_group(aws, a):
    name = a.take("name")
    a.done()
    unless_there(lambda: aws.scheduler.create_schedule_group(Name=name), "ConflictException")
    return {"name": name, "id": name, "arn": aws.scheduler.get_schedule_group(Name=name)["Arn"]}


@creates("aws_scheduler_schedule")
def schedule(aws, a):
    (mode,) = a.block("flexible_time_window", "mode")
    (target,) = a.take("target")
    target = Arguments(f"{a.address}.target", target)
    age, retries = target.block("retry_policy", "maximum_event_age_in_seconds", "maximum_retry_attempts")
    request = {
        "Name": a.take("name"), "GroupName": a.take("group_name"), "ScheduleExpression": a.take("schedule_expression"),
        "Description": a.take("description"), "FlexibleTimeWindow": {"Mode": mode},
        "Target": {"Arn": target.take("arn"), "RoleArn": target.take("role_arn"), "Input": target.take("input"),
                   "RetryPolicy": {"MaximumEventAgeInSeconds": age, "MaximumRetryAttempts": retries}},
    }
    target.done()
    a.done()
    if unless_there(lambda: aws.scheduler.create_schedule(**request), "ConflictException") is None:
        aws.scheduler.update_schedule(**request)
    return {}


def attribute(made, address, name, part):
    if name not in made[address]:
        sys.exit(f"{address}: the stand-in does not know its {name}")
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
    if len(sys.argv) != 3:
        sys.exit("usage: plan … | python3 stand_in.py ENDPOINT REGION")
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
