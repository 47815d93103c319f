"""Clients of another make (grpcio, the `assay` command) meet a server's door: TLS, mutual TLS, tokens, metadata.

    security_test.py BIN_DIR

Starts BIN_DIR/assay-fake-server with certificates that openssl makes in a temporary folder. Needs grpcio,
grpcio-reflection and grpcio-health-checking.
"""
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import unittest

import grpc
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from secrets_folder import issue, make_authority, path, read, serial_of, write_tokens
from secured_server import BIN_DIR, ITEM, SCORE, SERVICE, Server, bearer, code_of, get_model, score, score_stream, tls
from waiting import TIMEOUT, await_true


def assay(*args, stdin="", **environment):
    done = subprocess.run([BIN_DIR / "assay", *args], input=stdin, capture_output=True, text=True, timeout=TIMEOUT,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


def serial_now(server, *authorities):
    """The serial number of the certificate that a new connection is served with."""
    context = ssl.create_default_context(cadata="".join(read(f"{name}.pem").decode() for name in authorities))
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            return connection.getpeercert()["serialNumber"]


class TlsTest(unittest.TestCase):
    def test_over_tls_who_trusts_the_authority_is_served_and_no_other(self):
        with Server(*tls()) as server:
            channel = server.channel("ca")
            self.assertIn(b"fake", get_model(channel))
            score(channel)
            self.assertEqual(len(score_stream(channel)), 1)
            self.assertEqual(code_of(get_model, server.channel("stranger")), StatusCode.UNAVAILABLE)
            self.assertEqual(code_of(get_model, server.channel()), StatusCode.UNAVAILABLE)
            get_model(channel)

    def test_over_mutual_tls_a_client_shows_a_good_certificate_of_the_authority(self):
        issue("ca", "late", days=-1)
        with Server(*tls(), "--tls-client-ca", path("ca.pem")) as server:
            get_model(server.channel("ca", "client"))
            for bad in (None, "foreign", "late"):
                self.assertEqual(code_of(get_model, server.channel("ca", bad)), StatusCode.UNAVAILABLE, bad)
            get_model(server.channel("ca", "client"))

    def refused(self, *flags, listen="127.0.0.1:0"):
        """The one line with which a server does not start, and its exit code."""
        done = subprocess.run([BIN_DIR / "assay-fake-server", "--listen", listen, "--log-level", "error", *flags],
                              capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.returncode, done.stderr

    def test_a_server_does_not_start_with_a_certificate_that_has_expired_or_is_not_its_keys(self):
        issue("ca", "old", days=-1)
        code, line = self.refused(*tls("old"))
        self.assertEqual(code, 1)
        self.assertRegex(line, r"^assay-server: tls_certificate: \S+/old.pem expired on 2")
        code, line = self.refused("--tls-certificate", path("server.pem"), "--tls-key", path("client.key"))
        self.assertEqual(code, 1)
        self.assertRegex(line, r"^assay-server: tls_key: \S+/client.key is not the key of")

    def test_a_server_listens_beyond_loopback_with_tls_or_when_told_so_in_so_many_words(self):
        code, line = self.refused(listen="0.0.0.0:0")
        self.assertEqual(code, 2)
        self.assertIn("--insecure", line)
        with Server("--insecure", listen="0.0.0.0:0") as server:
            server.address = f"127.0.0.1:{server.port}"
            get_model(server.channel())
        with Server(*tls(), listen="[::]:0") as server:
            server.address = f"localhost:{server.port}"
            get_model(server.channel("ca"))

    def test_a_rotated_certificate_serves_new_connections_and_breaks_no_old_one(self):
        issue("ca", "rotated")
        with Server(*tls("rotated")) as server:
            before = server.channel("ca")
            get_model(before)
            self.assertEqual(serial_now(server, "ca"), serial_of("rotated"))
            issue("next", "rotated")
            await_true(lambda: code_of(get_model, server.channel("next")) == StatusCode.OK, "the new certificate")
            self.assertEqual(serial_now(server, "next"), serial_of("rotated"))
            self.assertEqual(code_of(get_model, server.channel("ca")), StatusCode.UNAVAILABLE)
            get_model(before)

    def test_a_rotated_authority_of_clients_counts_for_new_connections(self):
        pathlib.Path(path("clients.pem")).write_bytes(read("ca.pem"))
        with Server(*tls(), "--tls-client-ca", path("clients.pem")) as server:
            get_model(server.channel("ca", "client"))
            self.assertEqual(code_of(get_model, server.channel("ca", "foreign")), StatusCode.UNAVAILABLE)
            pathlib.Path(path("clients.new")).write_bytes(read("stranger.pem"))
            os.replace(path("clients.new"), path("clients.pem"))
            await_true(lambda: code_of(get_model, server.channel("ca", "foreign")) == StatusCode.OK, "the new authority")
            self.assertEqual(code_of(get_model, server.channel("ca", "client")), StatusCode.UNAVAILABLE)

    def test_a_certificate_rotated_for_an_expired_one_is_told_in_the_log_and_refused_by_clients(self):
        issue("ca", "rotten")
        with Server(*tls("rotten")) as server:
            get_model(server.channel("ca"))
            issue("ca", "rotten", days=-1)
            await_true(lambda: code_of(get_model, server.channel("ca")) == StatusCode.UNAVAILABLE, "the expired one")
            errors = server.process.stderr
            line = next(line for line in errors if " E " in line)
            self.assertRegex(line, r"rotten.pem expired on .*new connections may fail")
            issue("ca", "rotten")
            await_true(lambda: code_of(get_model, server.channel("ca")) == StatusCode.OK, "the third one")


class TokenTest(unittest.TestCase):
    def setUp(self):
        write_tokens(("red", "token-red"), ("blue", "token-blue"))

    def test_each_call_needs_a_known_token_of_its_tenant(self):
        with Server(*tls(), "--tokens", path("tokens.txt")) as server:
            channel = server.channel("ca")
            for call in (get_model, score, score_stream):
                self.assertEqual(code_of(call, channel), StatusCode.UNAUTHENTICATED)
                self.assertEqual(code_of(call, channel, bearer("token-bad")), StatusCode.UNAUTHENTICATED)
                self.assertEqual(code_of(call, channel, [("authorization", "Basic dG9rZW4=")]), StatusCode.UNAUTHENTICATED)
                self.assertEqual(code_of(call, channel, bearer("token-red", assay_tenant="blue")),
                                 StatusCode.PERMISSION_DENIED)
                self.assertEqual(code_of(call, channel, bearer("token-red")), StatusCode.OK)
                self.assertEqual(code_of(call, channel, bearer("token-blue", assay_tenant="blue")), StatusCode.OK)

    def test_health_and_reflection_ask_for_no_token(self):
        with Server("--tokens", path("tokens.txt")) as server:
            channel = server.channel()
            reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=SERVICE))
            self.assertEqual(reply.status, health_pb2.HealthCheckResponse.SERVING)
            self.assertIn(SERVICE, ProtoReflectionDescriptorDatabase(channel).get_services())

    def test_a_changed_file_of_tokens_counts_without_a_restart_and_a_damaged_one_does_not(self):
        with Server("--tokens", path("tokens.txt"), "--reload-interval", "1") as server:
            channel = server.channel()
            get_model(channel, bearer("token-red"))
            write_tokens(("red", "token-red-2"))
            await_true(lambda: code_of(get_model, channel, bearer("token-red-2")) == StatusCode.OK, "the new token")
            self.assertEqual(code_of(get_model, channel, bearer("token-red")), StatusCode.UNAUTHENTICATED)
            self.assertEqual(code_of(get_model, channel, bearer("token-blue")), StatusCode.UNAUTHENTICATED)
            pathlib.Path(path("tokens.txt")).write_text("red token-in-the-clear\n")
            line = next(line for line in server.process.stderr if " E " in line)
            self.assertRegex(line, "line 1: the hash")
            get_model(channel, bearer("token-red-2"))

    def test_a_token_of_tools_make_token_opens_the_door(self):
        tool = pathlib.Path(__file__).resolve().parents[2] / "tools/make_token.py"
        made = subprocess.run([sys.executable, tool, "green"], check=True, capture_output=True, text=True).stdout
        token, line = made.splitlines()
        pathlib.Path(path("made.txt")).write_text(line + "\n")
        with Server("--tokens", path("made.txt")) as server:
            get_model(server.channel(), bearer(token, assay_tenant="green"))
            self.assertEqual(code_of(get_model, server.channel(), bearer(token + "x")), StatusCode.UNAUTHENTICATED)


class MetadataTest(unittest.TestCase):
    def test_a_request_id_comes_back_and_one_is_made_where_none_came(self):
        with Server() as server:
            call = server.channel().unary_unary(f"/{SERVICE}/Score")
            _, done = call.with_call(SCORE, metadata=[("x-request-id", "mine 1")], timeout=TIMEOUT)
            self.assertIn(("x-request-id", "mine 1"), done.initial_metadata())
            _, done = call.with_call(SCORE, timeout=TIMEOUT)
            self.assertRegex(dict(done.initial_metadata())["x-request-id"], "^[0-9a-f]{32}$")
            stream = server.channel().stream_stream(f"/{SERVICE}/ScoreStream")(
                iter([ITEM]), metadata=[("x-request-id", "mine 2")], timeout=TIMEOUT)
            self.assertEqual(len(list(stream)), 1)
            self.assertIn(("x-request-id", "mine 2"), stream.initial_metadata())

    def test_what_breaks_its_rule_is_refused_by_name_except_a_traceparent(self):
        with Server() as server:
            channel = server.channel()
            for name, value in (("assay-tenant", "needle needle"), ("assay-priority", "needle"), ("x-request-id", "x" * 129)):
                for call in (get_model, score, score_stream):
                    with self.assertRaises(grpc.RpcError) as caught:
                        call(channel, [(name, value)])
                    self.assertEqual(caught.exception.code(), StatusCode.INVALID_ARGUMENT)
                    self.assertIn(name, caught.exception.details())
                    self.assertNotIn("needle", caught.exception.details())
            self.assertEqual(code_of(get_model, channel, [("x-request-id", "1"), ("x-request-id", "2")]),
                             StatusCode.INVALID_ARGUMENT)
            for value in ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "needle", ""):
                score(channel, [("traceparent", value)])


class AssayCommandTest(unittest.TestCase):
    def setUp(self):
        write_tokens(("red", "token-red"), ("blue", "token-blue"))
        for name in ("token-red", "token-bad"):
            pathlib.Path(path(name)).write_text(name + "\n")

    def test_the_commands_work_over_mutual_tls_with_a_token(self):
        row = json.dumps({"prompt": "needle?", "responses": ["needle!"]}) + "\n"
        with Server(*tls(), "--tls-client-ca", path("ca.pem"), "--tokens", path("tokens.txt")) as server:
            who = ["--address", server.address, "--tls-ca", path("ca.pem"), "--tls-certificate", path("client.pem"),
                   "--tls-key", path("client.key"), "--tenant", "red", "--priority", "bulk"]
            code, out, err = assay("info", "--format", "json", *who, "--token-file", path("token-red"))
            self.assertEqual(code, 0, err)
            self.assertIn("fake", str(json.loads(out)))
            code, out, err = assay("score", "--input", "-", "--output", "-", *who, stdin=row, ASSAY_TOKEN="token-red")
            self.assertEqual(code, 0, err)
            self.assertIn("score", json.loads(out))

    def test_health_is_told_without_a_token_over_tls_and_to_a_probe_that_speaks_none(self):
        with Server(*tls(), "--tokens", path("tokens.txt"), "--health-listen", "127.0.0.1:0") as server:
            line = next(line for line in server.process.stderr if "health alone" in line)
            self.assertEqual(assay("health", "--address", server.address, "--tls-ca", path("ca.pem"))[:2], (0, "SERVING\n"))
            self.assertEqual(assay("health", "--address", line.split()[-1], "--service", "live")[:2], (0, "SERVING\n"))
            with grpc.insecure_channel(line.split()[-1]) as probe:
                reply = health_pb2_grpc.HealthStub(probe).Check(health_pb2.HealthCheckRequest(service=SERVICE))
                self.assertEqual(reply.status, health_pb2.HealthCheckResponse.SERVING)
                self.assertEqual(code_of(get_model, probe, bearer("token-red")), StatusCode.UNIMPLEMENTED)

    def test_each_refusal_is_one_sentence_that_says_what_to_do(self):
        with Server(*tls(), "--tokens", path("tokens.txt")) as server, \
             Server(*tls(), "--tls-client-ca", path("ca.pem")) as mutual, Server() as plain:
            ca = ["--tls-ca", path("ca.pem")]
            red = ["--token-file", path("token-red")]
            for where, flags, words in (
                    (server, ["--tls-ca", path("stranger.pem"), *red], ["certificate", "--tls-ca"]),
                    (server, [*ca, *red, "--tls-server-name", "example.com"], ["another name", "--tls-server-name"]),
                    (server, red, ["TLS", "--tls-ca"]),
                    (server, ca, ["asks for a token", "--token-file"]),
                    (server, [*ca, "--token-file", path("token-bad")], ["does not know this token"]),
                    (server, [*ca, *red, "--tenant", "blue"], ["another tenant's", "--tenant"]),
                    (mutual, ca, ["--tls-certificate", "--tls-key"]),
                    (mutual, [*ca, "--tls-certificate", path("foreign.pem"), "--tls-key", path("foreign.key")],
                     ["--tls-certificate", "--tls-client-ca"]),
                    (plain, ca, ["does not speak TLS", "--tls-ca"])):
                code, out, err = assay("info", "--address", where.address, *flags)
                self.assertEqual((code, out, err.count("\n")), (1, "", 1), err)
                self.assertRegex(err, "^assay: the server at ")
                for word in words:
                    self.assertIn(word, err)
                self.assertNotIn("token-", re.sub(r"--token-\w+", "", err))

    def test_a_token_is_not_sent_in_the_clear_beyond_this_machine(self):
        code, _, err = assay("info", "--address", "192.0.2.1:1", "--token-file", path("token-red"))
        self.assertEqual(code, 1)
        self.assertIn("in the clear", err)
        self.assertIn("--insecure", err)


if __name__ == "__main__":
    for name in ("ca", "stranger", "next"):
        make_authority(name)
    issue("ca", "server")
    issue("ca", "client")
    issue("stranger", "foreign")
    unittest.main()
