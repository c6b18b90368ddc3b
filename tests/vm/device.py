# SPDX-License-Identifier: MIT
"""The software chip as a process, one per device of a guest."""
import json
import os
import shlex
import signal
import subprocess
import time


class Device:
    """One hailo8l-emu. Options may change between two starts."""

    def __init__(self, program, folder, index):
        self.program = shlex.split(program)
        self.name = "hailo%d" % index
        self.bus = "rp%d" % index
        self.socket = os.path.join(folder, "d%d.sock" % index)
        self._out = os.path.join(folder, "d%d.json" % index)
        self.log = os.path.join(folder, "d%d.log" % index)
        self.options = ""
        self.process = None
        self.ends = []  # ends of the process that nobody asked for

    def start(self, options=""):
        self.options = options
        for path in (self.socket, self._out):
            if os.path.exists(path):
                os.unlink(path)
        with open(self._out, "wb") as out, open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "--socket", self.socket, *shlex.split(options)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log)
        deadline = time.monotonic() + 30
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the chip does not start: %s\n%s" % (
                    " ".join(self.process.args), self.tail()))
            time.sleep(0.02)

    def tail(self):
        with open(self.log, errors="replace") as log:
            return log.read()[-3000:]

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def _reports(self):
        """All JSON objects printed completely so far."""
        with open(self._out, errors="replace") as out:
            text = out.read()
        found = []
        decoder = json.JSONDecoder()
        at = text.find("{")
        while at >= 0:
            try:
                value, end = decoder.raw_decode(text, at)
            except ValueError:
                break
            found.append(value)
            at = text.find("{", end)
        return found

    def counts(self):
        """What the host did to the chip so far, as the chip counted it."""
        before = len(self._reports())
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 30
        while len(self._reports()) == before:
            if not self.alive() or time.monotonic() > deadline:
                raise RuntimeError("the chip does not tell its counts")
            time.sleep(0.01)
        return self._reports()[-1]

    def stop(self, how=signal.SIGTERM):
        """Ends the process. A chip that ended by itself or badly is noted."""
        if self.process is None:
            return
        asked = self.alive()
        if asked:
            self.process.send_signal(how)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "a time-out"
        self.process = None
        if status not in ((0, -how) if asked else ()):
            self.ends.append("the chip ended with %s: %s" % (status, self.tail()))
