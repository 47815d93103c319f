"""An assay-fake-server with the flags under test, and calls of grpcio to it. BIN_DIR is the program's first argument."""
import os
import pathlib
import signal
import subprocess
import sys

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # Refused handshakes are what is tried here.
import grpc
from grpc import StatusCode

from secrets_folder import path, read
from waiting import TIMEOUT

SERVICE = "assay.v1.RewardService"
BIN_DIR = pathlib.Path(sys.argv.pop(1)).resolve()


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


def tls(name="server"):
    return ["--tls-certificate", path(f"{name}.pem"), "--tls-key", path(f"{name}.key"), "--reload-interval", "1"]
