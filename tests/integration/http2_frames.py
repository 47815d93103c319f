"""HTTP/2 by hand, for clients that behave as no library would."""
import socket
import struct
import threading

from waiting import TIMEOUT


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
