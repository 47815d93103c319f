"""Clients of another make (grpcio, sockets) go to a server's limits: metadata, calls, connections, pings, ages, packed messages.

    limits_test.py BIN_DIR

Starts BIN_DIR/assay-fake-server. Needs grpcio.
"""
import pathlib
import re
import socket
import threading
import unittest

import grpc
from grpc import StatusCode

from http2_frames import GREETING, answers_to_pings, closed_by_peer, first_goaway, frame
from secured_server import ITEM, SERVICE, Server, code_of, get_model, score
from waiting import TIMEOUT, await_true


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


if __name__ == "__main__":
    unittest.main()
