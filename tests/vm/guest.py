# SPDX-License-Identifier: MIT
"""Boots a kernel in QEMU with software chips on its PCIe bus."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import initramfs
import logscan
from device import Device

HERE = os.path.dirname(os.path.abspath(__file__))

MACHINES = {
    "amd64": ("x86_64", ["-M", "q35,memory-backend=mem", "-cpu", "max,la57=off"], "ttyS0"),
    "arm64": ("aarch64", ["-M", "virt,gic-version=3,memory-backend=mem",
                          "-cpu", "cortex-a76"], "ttyAMA0"),
}

# A guest whose name ends so has the same kernel and an IOMMU before the chip.
# Every unmap takes effect at once, so a late one is a fault. Without
# caching-mode QEMU does not learn of new maps and gives up.
IOMMU = "-iommu"
IOMMUS = {
    "amd64": (["-device", "intel-iommu,intremap=off,caching-mode=on"],
              "intel_iommu=on iommu.strict=1"),
    "arm64": (["-device", "virtio-iommu-pci,granule=4k"], "iommu.strict=1"),
}


class GuestError(Exception):
    """The guest did not do what it must."""


def fetch(*what):
    """Folder in the cache of one piece; fetched first when it is not there."""
    done = subprocess.run([os.path.join(HERE, "fetch"), *what], check=False,
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise GuestError("cannot get '%s'" % " ".join(what))
    return done.stdout.strip()


def kernel_name(guest):
    """The guest whose kernel this one has."""
    return guest[:-len(IOMMU)] if guest.endswith(IOMMU) else guest


DEBUG = "amd64-debug-"


def kernel_piece(guest):
    """What `fetch` calls the kernel of a guest."""
    if guest.startswith(DEBUG):
        return "debugkernel", guest[len(DEBUG):]
    return "kernel", kernel_name(guest)


def connect(path, alive, seconds=60):
    """Connects to a socket that another process is about to make."""
    deadline = time.monotonic() + seconds
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
            if not alive() or time.monotonic() > deadline:
                raise GuestError("QEMU did not open %s" % path) from None
            time.sleep(0.05)


class Lines:
    """Lines of a socket, with a time-out."""

    def __init__(self, sock):
        self._sock = sock
        self._buffer = b""

    def get(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._sock.settimeout(left)
            try:
                data = self._sock.recv(65536)
            except socket.timeout:
                return None
            if not data:
                raise GuestError("QEMU closed the connection")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def put(self, text):
        self._sock.settimeout(60)
        self._sock.sendall(text.encode() + b"\n")


class Qmp:
    """QEMU's control channel; safe to use from several threads."""

    def __init__(self, sock):
        self._lines = Lines(sock)
        self._lock = threading.Lock()
        self._events = []
        self._lines.get(60)
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        with self._lock:
            self._lines.put(json.dumps({"execute": command, "arguments": arguments}))
            while True:
                line = self._lines.get(120)
                if line is None:
                    raise GuestError("QEMU does not answer '%s'" % command)
                answer = json.loads(line)
                if "event" in answer:
                    self._events.append(answer)
                elif "error" in answer:
                    raise GuestError("%s: %s" % (command, answer["error"]["desc"]))
                else:
                    return answer["return"]

    def wait_event(self, name, seconds, **data):
        """True when an event of this name with these data has come."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while True:
                for event in self._events:
                    if event["event"] == name and data.items() <= event.get("data", {}).items():
                        self._events.remove(event)
                        return True
                line = self._lines.get(deadline - time.monotonic())
                if line is None:
                    return False
                self._events.append(json.loads(line))


class Guest:
    """One virtual machine. `share` becomes /t in it, `out` becomes /out."""

    def __init__(self, name, share, out, emulator, devices=1, append="", qemu_args=()):
        self.name = name
        self.arch = name.split("-")[0]
        self.out = out
        self.kernel = fetch(*kernel_piece(name))
        self.console = ""
        self.release = None
        self.boot_seconds = None
        self._count = 0
        self._iommu, argument = IOMMUS[self.arch] if name.endswith(IOMMU) else ([], "")
        if name.startswith(DEBUG):
            # Others do not know it and do not mind. A guest without KVM is slow, so a race
            # has to be waited for longer than KCSAN would.
            argument = ("kasan_multi_shot kcsan.skip_watch=50 kcsan.udelay_task=1000 "
                        "kcsan.udelay_interrupt=300")
        self._append = ("%s %s" % (argument, append)).strip()
        self._qemu_args = list(qemu_args)
        self._dir = tempfile.TemporaryDirectory(prefix="h8l-vm-")
        self.devices = [Device(emulator, self._dir.name, i) for i in range(devices)]
        self._share = share
        self._process = None
        self._lock = threading.Lock()

    # --- start and end ---

    def _path(self, name):
        return os.path.join(self._dir.name, name)

    def _write_initramfs(self):
        archive = initramfs.Archive()
        archive.console()
        for name in ("proc", "sys", "tmp"):
            archive.directory(name)
        busybox = os.path.join(fetch("busybox", self.arch), "busybox")
        for name, path in (("bin/busybox", busybox), ("init", HERE + "/init"),
                           ("bin/host", HERE + "/host")):
            with open(path, "rb") as file:
                archive.file(name, file.read(), 0o755)
        for name in os.listdir(self.kernel + "/modules"):
            with open(os.path.join(self.kernel, "modules", name), "rb") as file:
                archive.file("mod/" + name, file.read())
        archive.write(self._path("initrd"))

    def _device_properties(self, device):
        return {"driver": "vfio-user-pci", "id": device.name, "bus": device.bus,
                "x-msg-timeout": 60000,
                "socket": {"type": "unix", "path": device.socket}}

    def _device_arguments(self):
        args = []
        for i, device in enumerate(self.devices):
            # Without x-speed the kernel refuses a reset of the bus.
            args += ["-device", "pcie-root-port,id=%s,chassis=%d,slot=%d,x-speed=5,x-width=1"
                     % (device.bus, i + 1, i + 1),
                     "-device", json.dumps(self._device_properties(device))]
        return args

    def _port_arguments(self):
        args = ["-device", "virtio-serial-pci"]
        for name in ("control", "request"):
            args += ["-chardev", "socket,id=%s,path=%s,server=on,wait=off"
                     % (name, self._path(name)),
                     "-device", "virtserialport,chardev=%s,name=h8l-%s" % (name, name)]
        return args

    def _share_arguments(self):
        args = []
        for tag, path, mode in (("t", self._share, ",readonly=on"), ("out", self.out, "")):
            args += ["-virtfs", "local,path=%s,mount_tag=%s,security_model=none,"
                     "multidevs=remap%s" % (os.path.abspath(path), tag, mode)]
        return args

    def _command(self):
        system, machine, tty = MACHINES[self.arch]
        return [os.path.join(fetch("qemu"), "qemu-system-" + system),
                "-nodefaults", "-no-user-config", "-display", "none",
                "-accel", "tcg", *machine, *self._iommu, "-smp", "2", "-m", "768M",
                # Shared, or DMA_MAP comes without a file descriptor.
                "-object", "memory-backend-memfd,id=mem,size=768M,share=on",
                "-kernel", self.kernel + "/vmlinuz", "-initrd", self._path("initrd"),
                "-append", "console=%s panic=-1 loglevel=5 printk.devkmsg=on %s"
                % (tty, self._append),
                "-no-reboot",
                "-chardev", "socket,id=console,path=%s,server=on,wait=on"
                % self._path("console"),
                "-serial", "chardev:console",
                "-qmp", "unix:%s,server=on,wait=off" % self._path("qmp"),
                *self._port_arguments(), *self._share_arguments(),
                *self._device_arguments(), *self._qemu_args]

    def running(self):
        return self._process is not None and self._process.poll() is None

    def boot(self, options="", seconds=600):
        """Starts chips and QEMU and waits until the guest takes commands."""
        self._write_initramfs()
        for device in self.devices:
            device.start(options)
        start = time.monotonic()
        with open(self._path("qemu.log"), "wb") as log:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log)
        try:
            self._attach(seconds)
        except GuestError as error:
            raise GuestError("%s\n%s" % (error, self.trace())) from None
        self.boot_seconds = time.monotonic() - start

    def _attach(self, seconds):
        console = connect(self._path("console"), self.running)
        threading.Thread(target=self._drain, args=(console,), daemon=True).start()
        self._control = Lines(connect(self._path("control"), self.running))
        requests = Lines(connect(self._path("request"), self.running))
        threading.Thread(target=self._serve, args=(requests,), daemon=True).start()
        self.qmp = Qmp(connect(self._path("qmp"), self.running))
        ready = self._control.get(seconds)
        if ready is None:
            raise GuestError("%s did not boot in %d s" % (self.name, seconds))
        self.release = ready.split()[1]

    def trace(self):
        """What is known when something went wrong."""
        with open(self._path("qemu.log"), errors="replace") as log:
            return "--- console\n%s\n--- QEMU\n%s" % (self.console[-6000:], log.read()[:2000])

    def _drain(self, sock):
        while True:
            try:
                data = sock.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.console += data.decode(errors="replace").replace("\r", "")

    def close(self):
        """Ends the guest and its chips, whatever state they are in."""
        if self.running():
            try:
                self.qmp.run("quit")
            except (GuestError, OSError, AttributeError):
                self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for device in self.devices:
            device.stop()
        self._dir.cleanup()

    # --- commands ---

    def run(self, command, seconds=60, show=None):
        """Runs a shell command. Returns (status, output, kernel log lines).

        status is None when the guest did not come back; then it is lost.
        """
        self._count += 1
        # Unlike that of any other guest which writes to the same folder.
        ident = "c%d-%d" % (os.getpid(), self._count)
        path = os.path.join(self.out, ident + ".log")
        if "\n" in command:
            raise ValueError("one line, please")
        self._control.put("%s %d %s" % (ident, seconds, command))
        status = self._wait_done(ident, seconds + 120, path, show)
        log = self._log_of(ident)
        output = ""
        if os.path.exists(path):
            with open(path, errors="replace") as file:
                output = file.read()
            os.unlink(path)
        return status, output, log

    def _wait_done(self, ident, seconds, path, show):
        deadline = time.monotonic() + seconds
        shown = 0
        while time.monotonic() < deadline and self.running():
            try:
                line = self._control.get(0.2 if show else 5)
            except GuestError:
                return None
            if show and os.path.exists(path):
                with open(path, errors="replace") as file:
                    text = file.read()
                show(text[shown:])
                shown = len(text)
            if line and line.startswith("done %s " % ident):
                return int(line.split()[2])
        return None

    def _log_of(self, ident):
        """Kernel log of one command; the console may lag behind."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            lines = logscan.between(self.console, ident)
            if lines is not None:
                return lines
            if not self.running():
                break
            time.sleep(0.05)
        at = self.console.rfind("H8L-BEGIN %s" % ident)
        return self.console[at:].splitlines()[1:]

    # --- devices ---

    def unplug(self, device, seconds=180):
        self.qmp.run("device_del", id=device.name)
        if not self.qmp.wait_event("DEVICE_DELETED", seconds, device=device.name):
            raise GuestError("the guest does not let go of %s" % device.name)

    def plug(self, device, seconds=10):
        """The socket of a chip is there a moment before anybody listens."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.qmp.run("device_add", **self._device_properties(device))
                return
            except GuestError as error:
                if "refused" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def restart_device(self, device, options):
        """A new chip in the same slot, as after a change of cards."""
        if device.name in self._plugged():
            self.unplug(device)
        device.stop()
        device.start(options)
        self.plug(device)

    def _plugged(self):
        found = []
        for entry in self.qmp.run("qom-list", path="/machine/peripheral"):
            found.append(entry["name"])
        return found

    # --- requests from inside ---

    def _serve(self, lines):
        while True:
            try:
                line = lines.get(3600)
                if line:
                    lines.put(self._answer(line))
            except (GuestError, OSError):
                return

    def _answer(self, line):
        word, _, rest = line.partition(" ")
        action = getattr(self, "_do_" + word, None)
        if action is None:
            return "error: '%s' is not known; try help" % word
        try:
            return "ok " + (action(rest) or "")
        except (GuestError, RuntimeError, OSError, ValueError, IndexError) as error:
            return "error: " + " ".join(str(error).split())

    def _do_help(self, _):
        """help: this list"""
        docs = [getattr(self, n).__doc__ for n in dir(self) if n.startswith("_do_")]
        return "; ".join(sorted(d for d in docs if d))

    def _pick(self, rest):
        """An optional device number before the other words."""
        match = re.match(r"(\d+)\b\s*(.*)", rest)
        return (self.devices[int(match[1])], match[2]) if match else (self.devices[0], rest)

    def _do_counts(self, rest):
        """counts [N]: the chip's counts as JSON"""
        return json.dumps(self._pick(rest)[0].counts())

    def _do_count(self, rest):
        """count [N] PATH: one number of them, as in bar2.writes"""
        device, path = self._pick(rest)
        value = device.counts()
        for key in path.split("."):
            value = value.get(key, 0)
        return str(value)

    def _do_emu(self, rest):
        """emu [N] OPTIONS: take the device out, start a chip with these options, put it in"""
        device, options = self._pick(rest)
        self.restart_device(device, options)

    def _do_unplug(self, rest):
        """unplug [N]: take the device out in order"""
        self.unplug(self._pick(rest)[0])

    def _do_plug(self, rest):
        """plug [N] OPTIONS: put a new chip in"""
        device, options = self._pick(rest)
        device.stop()
        device.start(options)
        self.plug(device)

    def _do_kill(self, rest):
        """kill [N]: the chip vanishes; all reads give ones from now on"""
        # Not SIGKILL: with requests unread the socket is reset, and QEMU 11.1
        # answers that with a failed assertion.
        self._pick(rest)[0].stop(signal.SIGTERM)

    def _do_signal(self, rest):
        """signal [N] NAME: send a signal to the chip's process"""
        device, name = self._pick(rest)
        device.process.send_signal(getattr(signal, "SIG" + name))

    def _do_wake(self, rest):
        """wake: wakes the guest as soon as it sleeps; it has two minutes for that"""
        threading.Thread(target=self._wake, daemon=True).start()

    def _wake(self):
        try:
            if self.qmp.wait_event("SUSPEND", 120):
                self.qmp.run("system_wakeup")
        except (GuestError, OSError):
            pass  # It sleeps for ever, which is noticed.

    def _do_hmp(self, rest):
        """hmp COMMAND: a command for QEMU's monitor"""
        return self.qmp.run("human-monitor-command", **{"command-line": rest}).replace("\r\n", " ")
