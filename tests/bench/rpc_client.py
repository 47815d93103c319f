#!/usr/bin/env python3
"""A gRPC client of another make (grpcio, messages learnt through reflection) that measures a running assay-server.

    rpc_client.py latency ADDRESS ROWS.jsonl --requests N
    rpc_client.py clients ADDRESS ROWS.jsonl --clients N

    example: .deps/parity/bin/python tests/bench/rpc_client.py latency 127.0.0.1:50051 rows.jsonl --requests 300

latency   one client, one request at a time, one response a request, rows in turn. For each: the time the client saw, less the
          reply's times.forward_ns: what everything but the forward pass took. The same client's time for a GetModel call is
          the floor that gRPC, loopback and Python alone put under it. Milliseconds, as
          {"requests", "latency", "outside_forward", "stages", "floor"}, each {"median", "p99", "max"}.
clients   N clients, each with a connection of its own and one Score call at a time, take rows from one list until all are scored:
          {"tokens", "seconds", "scores"}, the scores in the rows' order. Connections are made before the clock starts.

Needs grpcio and grpcio-reflection. Exit codes: 0 done; 1 a call failed.
"""
import argparse
import gc
import itertools
import json
import queue
import sys
import threading
import time

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "assay.v1.RewardService"
# Channels of one process share a connection unless they are told not to.
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 64 << 20)]
TIMEOUT = 600


class Schema:
    """The service's messages and methods, from the server itself."""

    def __init__(self, channel):
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        self.service = pool.FindServiceByName(SERVICE)

    def message(self, name):
        return message_factory.GetMessageClass(self.service.file.pool.FindMessageTypeByName(f"assay.v1.{name}"))

    def method(self, channel, name):
        output = message_factory.GetMessageClass(self.service.methods_by_name[name].output_type)
        return channel.unary_unary(f"/{SERVICE}/{name}", lambda request: request.SerializeToString(), output.FromString)

    def request(self, row, responses):
        turns = [{"role": "user", "content": row["prompt"]}] if isinstance(row["prompt"], str) else row["prompt"]
        message = self.message("Message")
        prompt = [message(role=turn["role"], content=turn["content"]) for turn in turns]
        return self.message("ScoreRequest")(prompt=prompt, responses=responses)


def responses_of(row):
    return row["responses"] if "responses" in row else [row["chosen"], row["rejected"]]


def scores_of(reply):
    for result in reply.results:
        if not result.HasField("score"):
            raise SystemExit(f"rpc_client: a response was not scored: {result.error.message}")
    return [result.score for result in reply.results]


def quantiles(values_ns):
    ordered = sorted(value / 1e6 for value in values_ns)
    at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    return {"median": at(0.5), "p99": at(0.99), "max": ordered[-1]}


def timed(call, request):
    began = time.perf_counter_ns()
    reply = call(request, timeout=TIMEOUT)
    return reply, time.perf_counter_ns() - began


def latency(args, rows):
    channel = grpc.insecure_channel(args.address, options=OPTIONS)
    schema = Schema(channel)
    score, get_model = schema.method(channel, "Score"), schema.method(channel, "GetModel")
    requests = [schema.request(row, responses_of(row)[:1]) for row in rows]
    empty = schema.message("GetModelRequest")()
    for request in requests[:5]:
        timed(score, request)
        timed(get_model, empty)
    seen, outside, floor, stages = [], [], [], {"wait_encode": [], "encode": [], "queue": [], "forward": []}
    gc.disable()  # Its pauses would be taken for the server's.
    for number, request in enumerate(itertools.islice(itertools.cycle(requests), args.requests), 1):
        reply, took = timed(score, request)
        scores_of(reply)
        seen.append(took)
        outside.append(took - reply.times.forward_ns)
        for name, values in stages.items():
            values.append(getattr(reply.times, f"{name}_ns"))
        floor.append(timed(get_model, empty)[1])
        if number % 50 == 0:
            print(f"{number} of {args.requests} requests", file=sys.stderr, flush=True)
    return {"requests": args.requests, "latency": quantiles(seen), "outside_forward": quantiles(outside),
            "stages": {name: quantiles(values) for name, values in stages.items()}, "floor": quantiles(floor)}


def clients(args, rows):
    channels = [grpc.insecure_channel(args.address, options=OPTIONS) for _ in range(args.clients)]
    for channel in channels:
        grpc.channel_ready_future(channel).result(timeout=60)
    schema = Schema(channels[0])
    work, replies, failures = queue.SimpleQueue(), [None] * len(rows), []
    for item in enumerate(schema.request(row, responses_of(row)) for row in rows):
        work.put(item)

    def client(channel):
        score = schema.method(channel, "Score")
        try:
            while True:
                index, request = work.get_nowait()
                replies[index] = scores_of(score(request, timeout=TIMEOUT))
        except queue.Empty:
            pass
        except BaseException as error:  # Of a thread: told to the main one.
            failures.append(error)

    threads = [threading.Thread(target=client, args=(channel,)) for channel in channels]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    return {"tokens": sum(score.input_tokens for scores in replies for score in scores), "seconds": seconds,
            "scores": [score.score for scores in replies for score in scores]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["latency", "clients"])
    parser.add_argument("address", metavar="ADDRESS", help="HOST:PORT of the server")
    parser.add_argument("rows", metavar="ROWS", help="file of JSON lines")
    parser.add_argument("--requests", type=int, default=300, help="of latency (default: 300)")
    parser.add_argument("--clients", type=int, default=64, help="of clients (default: 64)")
    args = parser.parse_args()
    with open(args.rows, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    try:
        print(json.dumps({"latency": latency, "clients": clients}[args.what](args, rows)), flush=True)
    except grpc.RpcError as error:
        sys.exit(f"rpc_client: {error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
