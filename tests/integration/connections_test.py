"""The `assay` command meets servers that go, that ask it to come again, and that take it for gone: no call and no row is lost.

    connections_test.py BIN_DIR

BIN_DIR holds assay and assay-fake-server.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from waiting import TIMEOUT, await_true

BIN = Path(sys.argv.pop(1))


def assay(*arguments):
    done = subprocess.run([BIN / "assay", *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr


class Server:
    """assay-fake-server, started, its device at `speed` tokens a second."""

    def __init__(self, folder, *flags, speed=100_000):
        self.log_file = tempfile.NamedTemporaryFile("w+", dir=folder, suffix=".log")
        self.process = subprocess.Popen(
            [BIN / "assay-fake-server", "--listen", "127.0.0.1:0", *flags], stdout=subprocess.PIPE, stderr=self.log_file, text=True,
            env={**os.environ, "ASSAY_FAKE_TOKENS_PER_SECOND": str(speed)})
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), self.log()
        self.address = line.split()[-1]
        self.port = int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.process.stdout.close()
        self.log_file.close()

    def stop(self):
        """SIGTERM, and the wait for the end, unless it has ended already."""
        self.process.terminate()
        assert self.process.wait(timeout=TIMEOUT) == 0, self.log()

    def log(self):
        return Path(self.log_file.name).read_text()

    def health_address(self):
        return re.search(r"health alone, in plaintext, on (\S+)", self.log())[1]

    def clients(self):
        """The remote ports of its connections."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        established = "01"
        return {int(remote.split(":")[1], 16) for _, local, remote, state, *_ in rows
                if state == established and int(local.split(":")[1], 16) == self.port}


class Scoring:
    """`assay score` with rows that are fed to it one by one, and its result."""

    def __init__(self, folder, address, *flags):
        self.target = Path(folder) / f"{len(os.listdir(folder))}.jsonl"
        self.process = subprocess.Popen([BIN / "assay", "score", "--address", address, "--input", "-", "--output", self.target, *flags],
                                        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.fed = 0

    def feed(self, rows):
        for _ in range(rows):
            self.process.stdin.write(json.dumps({"id": self.fed, "prompt": f"number {self.fed}", "responses": ["a", "prime"]}) + "\n")
            self.fed += 1
        self.process.stdin.flush()

    def written(self):
        return self.target.read_bytes().count(b"\n") if self.target.exists() else 0

    def expect_every_row_scored(self, test):
        log = self.process.communicate(timeout=TIMEOUT)[1]
        test.assertEqual(self.process.returncode, 0, log)
        rows = [json.loads(line) for line in self.target.read_text().splitlines()]
        test.assertEqual([row["id"] for row in rows], list(range(self.fed)))
        test.assertEqual([row for row in rows if "error" in row or any("error" in result for result in row.get("results", []))], [])


class ConnectionsTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def test_a_server_that_stops_ends_a_bulk_clients_stream_and_its_rows_go_to_the_other(self):
        stopping = ("--drain-timeout", "3600", "--lame-duck", "0.5", "--log-requests", "all")
        with Server(self.folder, *stopping) as first, Server(self.folder, *stopping) as second:
            scoring = Scoring(self.folder, f"{first.address},{second.address}")
            scoring.feed(2000)
            await_true(lambda: scoring.written() >= 200, "the first rows")
            # It ends while the client has more to send: it waits neither for that nor for the drain's timeout.
            first.stop()
            self.assertIsNone(scoring.process.poll())
            scoring.feed(1000)
            scoring.expect_every_row_scored(self)
            for server in (first, second):
                self.assertIn("ScoreStream", server.log())

    def test_calls_of_clients_that_are_asked_to_connect_again_are_all_answered(self):
        with Server(self.folder, "--max-connection-age", "1") as server:
            bench = subprocess.Popen([BIN / "assay", "bench", "--address", server.address, "--concurrency", "8", "--connections", "2",
                                      "--duration", "4", "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            seen = set()

            def watch():
                seen.update(server.clients())
                return bench.poll() is not None

            await_true(watch, "the end of the load")
            report = json.loads(bench.communicate()[0])
            self.assertEqual(bench.returncode, 0)
            self.assertGreater(report["sent"], 100)
            self.assertEqual((report["ok"], report["others"]), (report["sent"], {}))
            # One that asked what the server is, two of the load, and those that came after.
            self.assertGreater(len(seen), 3 + 2)

    def test_a_stream_of_rows_outlives_the_age_of_its_connection(self):
        with Server(self.folder, "--max-connection-age", "1", speed=20_000) as server:
            scoring = Scoring(self.folder, server.address)
            scoring.feed(1)
            await_true(lambda: scoring.written() == 1, "the first row")
            # The server has asked its clients to come again once such a connection is closed.
            with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as other:
                other.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
                while other.recv(4096):
                    pass
            scoring.feed(2000)
            scoring.expect_every_row_scored(self)

    def test_a_client_that_froze_no_longer_counts_as_a_connection_and_goes_on_when_it_thaws(self):
        with Server(self.folder, "--max-connections", "1", "--keepalive-interval", "1") as server:
            scoring = Scoring(self.folder, server.address)
            scoring.feed(10)
            await_true(lambda: scoring.written() == 10, "the first rows")
            scoring.process.send_signal(signal.SIGSTOP)
            health = ("health", "--address", server.address, "--timeout", "0.5")
            self.assertEqual(assay(*health)[0], 1)
            await_true(lambda: assay(*health)[0] == 0, "room for another client")
            scoring.process.send_signal(signal.SIGCONT)
            scoring.feed(10)
            scoring.expect_every_row_scored(self)

    def test_the_health_port_answers_while_the_main_port_has_no_room(self):
        with Server(self.folder, "--max-connections", "1", "--health-listen", "127.0.0.1:0") as server:
            with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT):
                code, out, err = assay("health", "--address", server.address, "--timeout", "0.5")
                self.assertEqual((code, out), (1, ""), err)
                for service in ("", "live"):
                    self.assertEqual(assay("health", "--address", server.health_address(), "--service", service), (0, "SERVING\n", ""))


if __name__ == "__main__":
    unittest.main()
