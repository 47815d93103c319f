"""Waits for what other processes do."""
import threading
import time

TIMEOUT = 60  # Seconds that nothing here should take.


def await_true(condition, what):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, f"not within {TIMEOUT} s: {what}"
        threading.Event().wait(0.02)
