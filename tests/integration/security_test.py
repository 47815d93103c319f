"""Clients of another make (grpcio, sockets, the `assay` command) meet a server's door: TLS, mutual TLS, tokens, limits.

    security_test.py BIN_DIR

Starts BIN_DIR/assay-fake-server with certificates that openssl makes in a temporary folder. Needs grpcio,
grpcio-reflection and grpcio-health-checking.
"""
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # Refused handshakes are what is tried here.
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc import StatusCode

SERVICE = "assay.v1.RewardService"
BIN_DIR = pathlib.Path(sys.argv.pop(1)).resolve()
FOLDER = tempfile.TemporaryDirectory()
TIMEOUT = 60  # Seconds that nothing here should take.


def path(name):
    return f"{FOLDER.name}/{name}"


def read(name):
    return pathlib.Path(path(name)).read_bytes()


def openssl(*args):
    subprocess.run(["openssl", *args], cwd=FOLDER.name, check=True, capture_output=True)


def make_authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "100",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def issue(authority, name, days=100):
    """NAME.pem and NAME.key for localhost and 127.0.0.1; put in place by renaming, as who rotates them should."""
    pathlib.Path(path("extensions.cnf")).write_text("subjectAltName = DNS:localhost, IP:127.0.0.1\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", "new.key", "-out", "new.csr")
    openssl("x509", "-req", "-in", "new.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
            "-extfile", "extensions.cnf", "-days", str(days), "-out", "new.pem")
    for kind in ("key", "pem"):
        os.replace(path(f"new.{kind}"), path(f"{name}.{kind}"))


def write_tokens(*pairs):
    lines = [f"{tenant} {hashlib.sha256(token.encode()).hexdigest()}\n" for tenant, token in pairs]
    pathlib.Path(path("tokens.new")).write_text("# tenants\n" + "".join(lines))
    os.replace(path("tokens.new"), path("tokens.txt"))


def await_true(condition, what):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, f"not within {TIMEOUT} s: {what}"
        threading.Event().wait(0.05)


def field(number, payload):
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


SCORE = field(1, field(1, b"user") + field(2, b"needle?")) + field(2, b"needle!")
ITEM = field(1, b"item-1") + field(2, SCORE)


class Server:
    """assay-fake-server, started; `log` is complete once it has stopped."""

    def __init__(self, *flags, listen="127.0.0.1:0"):
        self.process = subprocess.Popen([BIN_DIR / "assay-fake-server", "--listen", listen, *flags],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), self.process.communicate(timeout=TIMEOUT)[1]
        self.address = line.split()[-1]
        self.port = int(self.address.rsplit(":", 1)[1])
        self.log = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.log = self.process.communicate(timeout=TIMEOUT)[1]
        assert self.process.returncode == 0, self.log
        for secret in ("needle", "token-", "PRIVATE"):
            assert secret not in self.log, f"{secret} is in the log"

    def channel(self, ca=None, client=None, options=()):
        options = [("grpc.use_local_subchannel_pool", 1), *options]
        if ca is None:
            return grpc.insecure_channel(self.address, options)
        key, chain = (read(f"{client}.key"), read(f"{client}.pem")) if client else (None, None)
        return grpc.secure_channel(self.address, grpc.ssl_channel_credentials(read(f"{ca}.pem"), key, chain), options)


def get_model(channel, metadata=(), timeout=TIMEOUT):
    return channel.unary_unary(f"/{SERVICE}/GetModel")(b"", metadata=metadata, timeout=timeout)


def score(channel, metadata=()):
    return channel.unary_unary(f"/{SERVICE}/Score")(SCORE, metadata=metadata, timeout=TIMEOUT)


def score_stream(channel, metadata=()):
    return list(channel.stream_stream(f"/{SERVICE}/ScoreStream")(iter([ITEM]), metadata=metadata, timeout=TIMEOUT))


def code_of(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except grpc.RpcError as error:
        return error.code()
    return StatusCode.OK


def bearer(token, **more):
    return [("authorization", f"Bearer {token}"), *((name.replace("_", "-"), value) for name, value in more.items())]


def assay(*args, stdin="", **environment):
    done = subprocess.run([BIN_DIR / "assay", *args], input=stdin, capture_output=True, text=True, timeout=TIMEOUT,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


def tls(name="server"):
    return ["--tls-certificate", path(f"{name}.pem"), "--tls-key", path(f"{name}.key"), "--reload-interval", "1"]


def serial_now(server, *authorities):
    """The serial number of the certificate that a new connection is served with."""
    context = ssl.create_default_context(cadata="".join(read(f"{name}.pem").decode() for name in authorities))
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            return connection.getpeercert()["serialNumber"]


def serial_of(name):
    done = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", path(f"{name}.pem")], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip().split("=")[1]


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


class LimitsTest(unittest.TestCase):
    def test_oversized_metadata_fails_its_call_and_no_other_clients(self):
        with Server("--max-metadata-bytes", "2048") as server:
            channel, other = server.channel(), server.channel()
            get_model(other)
            get_model(channel, [("x-more", "x" * 1000)])
            self.assertEqual(code_of(get_model, channel, [("x-more", "x" * 4000)]), StatusCode.RESOURCE_EXHAUSTED)
            get_model(other)
            # gRPC may close the connection of such a call; its client connects again.
            await_true(lambda: code_of(get_model, channel) == StatusCode.OK, "the client's next connection")

    def test_a_connection_has_only_so_many_calls_at_a_time(self):
        with Server("--max-calls-per-connection", "1") as server:
            channel = server.channel()
            get_model(channel)
            done = threading.Event()

            def items():
                yield ITEM
                done.wait()

            stream = channel.stream_stream(f"/{SERVICE}/ScoreStream")(items(), timeout=TIMEOUT)
            next(stream)
            self.assertEqual(code_of(get_model, channel, timeout=0.3), StatusCode.DEADLINE_EXCEEDED)
            get_model(server.channel())  # Another connection.
            done.set()
            self.assertEqual(list(stream), [])
            get_model(channel)

    def test_connections_beyond_the_number_are_closed_as_they_come(self):
        with Server("--max-connections", "2") as server:
            address = ("127.0.0.1", server.port)
            first, second, third = (socket.create_connection(address, timeout=TIMEOUT) for _ in range(3))
            self.assertTrue(closed_by_peer(third))
            first.close()
            await_true(lambda: code_of(get_model, server.channel()) == StatusCode.OK, "room for another")
            second.close()
            third.close()

    def test_a_server_out_of_connections_serves_again_when_a_flood_is_over(self):
        with Server("--max-connections", "50") as server:
            flood = [socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) for _ in range(400)]
            self.assertTrue(closed_by_peer(flood[-1]))
            for connection in flood:
                connection.close()
            await_true(lambda: code_of(get_model, server.channel()) == StatusCode.OK, "an end of the flood")

    def test_a_flood_of_pings_ends_its_connection_and_no_other(self):
        with Server() as server:
            channel = server.channel()
            get_model(channel)
            self.assertEqual(first_goaway(server.port, frame(6, 0, b"12345678") * 20), (0xB, b"too_many_pings"))
            get_model(channel)

    def test_a_client_may_ping_as_often_as_the_server_allows(self):
        with Server("--min-ping-interval", "1") as server:
            self.assertEqual(answers_to_pings(server.port, count=5, apart=1.1), 5)

    def test_a_client_that_answers_no_ping_is_cut_off(self):
        with Server("--keepalive-interval", "1") as server, \
             socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as connection:
            connection.sendall(GREETING)
            self.assertTrue(closed_by_peer(connection))

    def test_a_connection_of_the_greatest_age_is_asked_to_come_again(self):
        with Server("--max-connection-age", "1") as server:
            self.assertEqual(first_goaway(server.port, b""), (0, b""))


    def test_a_packed_message_is_refused_unpacked(self):
        with Server() as server:
            status = pathlib.Path(f"/proc/{server.process.pid}/status")
            channel = server.channel(options=[("grpc.max_send_message_length", -1)])
            call = channel.unary_unary(f"/{SERVICE}/Score")
            for size in (1000, 300_000_000):  # The latter is 300 kB on the wire.
                self.assertEqual(code_of(call, bytes(size), compression=grpc.Compression.Gzip, timeout=TIMEOUT),
                                 StatusCode.UNIMPLEMENTED)
            self.assertLess(int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]), 150_000)
            score(channel)


def closed_by_peer(connection):
    """Waits for the end; what a server says first, its settings, is skipped."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def frame(kind, flags, payload):
    """One of HTTP/2, of the connection."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + bytes(4) + payload


# How an HTTP/2 client begins: no setting of its own, and the server's accepted.
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, b"") + frame(4, 1, b"")


def answers_to_pings(port, count, apart):
    """Of `count` pings on a connection without a call, `apart` seconds from each other, how many are answered before a GOAWAY."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(GREETING)
        answered = 0
        with connection.makefile("rb") as stream:
            for _ in range(count):
                threading.Event().wait(apart)
                connection.sendall(frame(6, 0, b"12345678"))
                kind, flags = None, 0
                while (kind, flags) != (6, 1):
                    header = stream.read(9)
                    kind, flags = header[3:5] if header else (7, 0)
                    if kind == 7:
                        return answered
                    stream.read(int.from_bytes(header[:3], "big"))
                answered += 1
        return answered


def first_goaway(port, frames):
    """Code and text of the GOAWAY with which an HTTP/2 server answers `frames`, or ends an idle connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(GREETING + frames)
        with connection.makefile("rb") as stream:
            while header := stream.read(9):
                payload = stream.read(int.from_bytes(header[:3], "big"))
                if header[3] == 7:
                    return int.from_bytes(payload[4:8], "big"), payload[8:]
    return None


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
