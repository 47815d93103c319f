"""A client of another make (grpcio, with messages learnt through reflection) uses a real assay-server with armorm-mini.

    foreign_client_test.py BIN_DIR MODEL_DIR

Needs grpcio, grpcio-reflection and grpcio-health-checking.
"""
import re
import signal
import subprocess
import sys
import unittest

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "assay.v1.RewardService"
BIN_DIR, MODEL_DIR = sys.argv.pop(1), sys.argv.pop(1)


class ForeignClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([f"{BIN_DIR}/assay-server", "--model", MODEL_DIR, "--listen", "127.0.0.1:0"],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = cls.server.stdout.readline()
        cls.address = re.fullmatch(r"listening on (\S+)\n", line)[1]
        cls.channel = grpc.insecure_channel(cls.address, options=[("grpc.max_send_message_length", 64 << 20)])
        database = ProtoReflectionDescriptorDatabase(cls.channel)
        cls.services = database.get_services()
        cls.service = descriptor_pool.DescriptorPool(database).FindServiceByName(SERVICE)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.send_signal(signal.SIGTERM)
        log = cls.server.communicate(timeout=60)[1]
        assert cls.server.returncode == 0, log
        assert "needle" not in log, "a text of a user is in the log"

    def message(self, name, **fields):
        pool = self.service.file.pool
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"assay.v1.{name}"))(**fields)

    def call(self, method, request, timeout=60):
        """`request` is a message or raw bytes; returns the reply message."""
        output = message_factory.GetMessageClass(self.service.methods_by_name[method].output_type)
        stub = self.channel.unary_unary(f"/{SERVICE}/{method}", lambda r: r if isinstance(r, bytes) else r.SerializeToString(),
                                        output.FromString)
        return stub(request, timeout=timeout)

    def score_request(self, responses, **fields):
        user = self.message("Message", role="user", content="Name a needle in a haystack.")
        return self.message("ScoreRequest", prompt=[user], responses=responses, **fields)

    def assert_fails(self, request, code, *words):
        with self.assertRaises(grpc.RpcError) as caught:
            self.call("Score", request)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        for word in words:
            self.assertIn(word, caught.exception.details())

    def test_health_is_serving(self):
        reply = health_pb2_grpc.HealthStub(self.channel).Check(health_pb2.HealthCheckRequest(service=SERVICE))
        self.assertEqual(reply.status, health_pb2.HealthCheckResponse.SERVING)

    def test_reflection_lists_the_services(self):
        self.assertIn(SERVICE, self.services)
        self.assertIn("grpc.health.v1.Health", self.services)

    def test_the_model_says_what_it_is(self):
        info = self.call("GetModel", self.message("GetModelRequest"))
        self.assertEqual(info.name, "armorm-mini")
        self.assertEqual(list(info.objectives), ["hh-helpful", "hh-harmless", "verbosity"])
        self.assertRegex(info.revision, "^[0-9a-f]{64}$")

    def test_the_score_is_the_sum_of_rewards_times_coefficients(self):
        reply = self.call("Score", self.score_request(["The green one.", "No.", ""], detail=2))
        self.assertEqual(len(reply.results), 3)
        for result in reply.results:
            score = result.score
            self.assertAlmostEqual(score.score, sum(r * c for r, c in zip(score.rewards, score.coefficients)), delta=1e-3)
        self.assertEqual(reply.model_revision, self.call("GetModel", self.message("GetModelRequest")).revision)

    def test_text_that_is_not_utf8_is_named(self):
        request = self.score_request(["fine", "needle!"]).SerializeToString().replace(b"needle!", b"needle\xff")
        self.assert_fails(request, grpc.StatusCode.INVALID_ARGUMENT, "responses[1]", "UTF-8")

    def test_bytes_that_are_no_message_are_refused(self):
        self.assert_fails(b"\x0a\xff\xff\xff\xff\xff\xff\xff", grpc.StatusCode.INVALID_ARGUMENT)

    def test_a_text_of_20_mb_is_refused_by_name(self):
        self.assert_fails(self.score_request(["needle " * 3_000_000]), grpc.StatusCode.INVALID_ARGUMENT, "responses[0]")

    def test_a_conversation_over_the_limit_fails_alone(self):
        reply = self.call("Score", self.score_request(["ok", "needle " * 20_000]))
        self.assertTrue(reply.results[0].HasField("score"))
        self.assertEqual(reply.results[1].error.code, grpc.StatusCode.INVALID_ARGUMENT.value[0])


if __name__ == "__main__":
    unittest.main()
