"""A name server (RFC 1035) that knows some names and the IPv4 addresses that each has at the moment."""
import random
import socket
import struct
import threading

TYPE_A, CLASS_IN = 1, 1
NAME_ERROR = 3
SECONDS_TO_LIVE = 1


def question_of(packet):
    """(name, type, bytes of the question section) of a query."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", packet, at + 1)[0], packet[12:at + 5]


def answer_to(packet, addresses_of):
    name, kind, question = question_of(packet)
    addresses = addresses_of(name)
    found = addresses if addresses is not None and kind == TYPE_A else []
    # A reply (0x8000) with authority (0x0400), and the query's wish for recursion.
    flags = 0x8400 | struct.unpack_from("!H", packet, 2)[0] & 0x0100 | (NAME_ERROR if addresses is None else 0)
    header = packet[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
    # 0xc00c points back to the name in the question.
    records = b"".join(struct.pack("!HHHIH", 0xC00C, TYPE_A, CLASS_IN, SECONDS_TO_LIVE, 4) + socket.inet_aton(address)
                       for address in found)
    return header + question + records


class NameServer:
    """Thread-safe. Answers until the process ends, a name's addresses in another order each time, as Kubernetes' own does."""

    def __init__(self, address):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._lock = threading.Lock()
        self._names = {}
        threading.Thread(target=self._serve, daemon=True).start()

    def set(self, name, addresses):
        with self._lock:
            self._names[name.lower()] = list(addresses)

    def _addresses_of(self, name):
        with self._lock:
            addresses = self._names.get(name)
        return None if addresses is None else random.sample(addresses, len(addresses))

    def _serve(self):
        while True:
            packet, sender = self._socket.recvfrom(512)
            try:
                reply = answer_to(packet, self._addresses_of)
            except (IndexError, UnicodeDecodeError, struct.error):
                continue  # No query.
            self._socket.sendto(reply, sender)
