#!/usr/bin/env python3
"""Checks what `stand_in.py` has created: that it is what the module plans, read back from the emulator, and that the worker
does its work: measurements from the queue are counted, and a schedule's round of alerts tells the topic.

    python3 check_stand_in.py ENDPOINT REGION DEPLOYED

DEPLOYED is what `stand_in.py` printed, with `measurement_queue=true`. Needs boto3, and an emulator that runs schedules, as
MiniStack does.
"""

import json
import sys
import time
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config

# A schedule has a minute, a queue is polled, a function starts.
PATIENCE = 150

endpoint, region, path = sys.argv[1:]
with open(path) as deployed_file:
    deployed = json.load(deployed_file)
planned, outputs = deployed["resources"], deployed["outputs"]
config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})


def aws(service):
    return boto3.client(service, endpoint_url=endpoint, region_name=region, config=config,
                        aws_access_key_id="test", aws_secret_access_key="test")


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: the plan has {json.dumps(expected)}, the emulator {json.dumps(found)}")
    print(f"ok  {what}")


def of_type(kind):
    return {address.split(".")[1]: x for address, x in planned.items() if address.startswith(kind + ".")}


def read_back():
    functions, tables, iam, schedules = aws("lambda"), aws("dynamodb"), aws("iam"), aws("scheduler")
    for label, x in of_type("aws_lambda_function").items():
        found = functions.get_function_configuration(FunctionName=x["function_name"])
        names = {"Runtime": "runtime", "Handler": "handler", "MemorySize": "memory_size", "Timeout": "timeout", "Role": "role",
                 "Architectures": "architectures"}
        same(f"function {label}", {key: found[key] for key in names}, {key: x[name] for key, name in names.items()})
        same(f"environment {label}", found["Environment"]["Variables"], x["environment"][0]["variables"])
        x = planned[f"aws_iam_role_policy.{label}"]
        found = iam.get_role_policy(RoleName=x["role"], PolicyName=x["name"])["PolicyDocument"]
        same(f"permissions {label}", found, json.loads(x["policy"]))
    for label, x in of_type("aws_dynamodb_table").items():
        found = tables.describe_table(TableName=x["name"])["Table"]
        keys = lambda schema: [key["AttributeName"] for key in schema]
        indexes = {i["IndexName"]: keys(i["KeySchema"]) for i in found.get("GlobalSecondaryIndexes", [])}
        same(f"table {label}", [keys(found["KeySchema"]), indexes], [
            [x["hash_key"], x["range_key"]],
            {i["name"]: [i["hash_key"], i["range_key"]] for i in x.get("global_secondary_index", [])},
        ])
    for label, x in of_type("aws_scheduler_schedule").items():
        found, target = schedules.get_schedule(Name=x["name"], GroupName=x["group_name"]), x["target"][0]
        same(f"schedule {label}",
             [found["ScheduleExpression"], found["Target"]["Arn"], found["Target"]["RoleArn"], found["Target"]["Input"]],
             [x["schedule_expression"], target["arn"], target["role_arn"], target["input"]])
    gateway = aws("apigateway")
    api, stage = planned["aws_api_gateway_rest_api.slo"]["id"], planned["aws_api_gateway_stage.slo"]
    found = gateway.get_stage(restApiId=api, stageName=stage["stage_name"])
    same("stage", found["deploymentId"], stage["deployment_id"])
    routes = {x["path"]: x for x in gateway.get_resources(restApiId=api)["items"]}
    for label, route in {"root": "/", "proxy": "/{proxy+}"}.items():
        method, integration = (planned[f"aws_api_gateway_{kind}.{label}"] for kind in ("method", "integration"))
        found = gateway.get_method(restApiId=api, resourceId=routes[route]["id"], httpMethod=method["http_method"])
        same(f"route {route}",
             [found["authorizationType"], found["methodIntegration"]["type"], found["methodIntegration"]["uri"]],
             [method["authorization"], integration["type"], integration["uri"]])


def token():
    """The header with the token of an admin, where the service asks for one."""
    if not outputs["first_token"]:
        return {}
    event = json.dumps({"kind": "adminTokenRequested", "user": "check-admin"})
    answer = aws("lambda").invoke(FunctionName=outputs["api_function"], Payload=event)
    return {"authorization": "Bearer " + json.load(answer["Payload"])["token"]}


def ask(method, resource, body=None):
    url = urllib.parse.urlsplit(outputs["url"])
    request = urllib.request.Request(
        endpoint + url.path + resource, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"host": url.netloc, "content-type": "application/json"} | let_in | ({"if-match": "*"} if method == "DELETE" else {}),
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def until(what, look):
    """What `look` finds, as soon as it finds something."""
    started = time.monotonic()
    while time.monotonic() < started + PATIENCE:
        if found := look():
            print(f"ok  {what} ({time.monotonic() - started:.0f} s)")
            return found
        time.sleep(1)
    sys.exit(f"{what}: not within {PATIENCE} s")


def worker():
    queues, topics = aws("sqs"), aws("sns")
    name = f"check-{time.time_ns()}"
    inbox = queues.create_queue(QueueName=name)["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, "Principal": {"Service": "sns.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    queues.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": json.dumps(policy)})
    heard = topics.subscribe(TopicArn=outputs["alerts_topic_arn"], Protocol="sqs", Endpoint=arn,
                             Attributes={"RawMessageDelivery": "true"}, ReturnSubscriptionArn=True)["SubscriptionArn"]
    try:
        ask("PUT", f"/api/v1/indicators/{name}", {"service": "check", "kind": "ratio"})
        ask("PUT", f"/api/v1/objectives/{name}", {
            "service": "check", "indicator": name, "target": 0.999, "budgetingMethod": "Occurrences",
            "timeWindow": {"duration": "28d", "isRolling": True},
        })
        now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
        minutes = [(now - timedelta(minutes=back)).isoformat() for back in range(360)]
        message = {"indicator": name, "source": "queue",
                   "measurements": [{"start": start, "good": 90, "total": 100} for start in minutes]}
        # Twice, as a queue may: each minute counts once.
        for _ in range(2):
            queues.send_message(QueueUrl=outputs["measurement_queue_url"], MessageBody=json.dumps(message))

        def counted():
            budget = ask("GET", f"/api/v1/objectives/{name}/error-budget")
            return (budget["good"], budget["total"]) == (32_400, 36_000)

        until("measurements from the queue are counted, once", counted)

        def told():
            messages = queues.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages", [])
            changes = [json.loads(message["Body"]) for message in messages]
            return [x for x in changes if (x["kind"], x["objective"], x["state"]) == ("alertChanged", name, "firing")]

        until("a scheduled round tells the topic of the alert", told)
    finally:
        topics.unsubscribe(SubscriptionArn=heard)
        queues.delete_queue(QueueUrl=inbox)
        for kind in ("objectives", "indicators"):
            ask("DELETE", f"/api/v1/{kind}/{name}")


read_back()
let_in = token()
worker()
