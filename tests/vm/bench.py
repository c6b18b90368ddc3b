# SPDX-License-Identifier: MIT
"""Builds what a guest needs, puts it into the guest and runs tests there."""
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import logscan
from guest import DEBUG, HERE, IOMMU, Guest, GuestError, fetch, kernel_name, kernel_piece

TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("O", "build"))
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
LOADERS = {"amd64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}


def command(*args, **more):
    """Runs a command of the host; its output is shown when it fails."""
    done = subprocess.run(args, check=False, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode:
        raise GuestError("%s\nended with %d:\n%s" % (
            " ".join(args), done.returncode, done.stdout[-8000:]))
    return done.stdout


def host_arch():
    return command("dpkg", "--print-architecture").strip()


def read(path, default=None):
    if default is not None and not os.path.exists(path):
        return default
    with open(path, errors="replace") as file:
        return file.read().strip()


@contextlib.contextmanager
def one_at_a_time():
    """Several runs may be started beside each other; they build in turn."""
    os.makedirs(BUILD + "/vm", exist_ok=True)
    with open(BUILD + "/vm/lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- building ---

def make_arguments(arch):
    """Arguments of make for user space of one architecture, and its root."""
    if arch == host_arch():
        return ["O=" + BUILD], "/"
    root = fetch("sysroot", arch)
    triplet = TRIPLETS[arch]
    where = "%s/usr/lib/%s/pkgconfig:%s/usr/share/pkgconfig" % (root, triplet, root)
    return ["O=%s/%s" % (BUILD, arch), "CROSS_COMPILE=%s-" % triplet,
            "CC=%s-gcc --sysroot=%s" % (triplet, root),
            "PKG_CONFIG=env PKG_CONFIG_SYSROOT_DIR=%s PKG_CONFIG_LIBDIR=%s pkg-config"
            % (root, where)], root


def build_host():
    """The chip, its firmware image and our network files, for this machine."""
    command("make", "-C", TOP, "-j2", "O=" + BUILD, "all")


def build_user(arch):
    """Programs of the guest's architecture and where its libraries are."""
    args, root = make_arguments(arch)
    command("make", "-C", TOP, "-j2", "guest-programs", *args)
    names = command("make", "-s", "-C", TOP, "list-guest-programs", *args).split()
    return [os.path.join(TOP, n) for n in names], root


def module_environment(kernel):
    env = dict(os.environ)
    path = read(kernel + "/path", "")
    if path:
        env["PATH"] = path + ":" + env["PATH"]
    return env


def module_make(guest, *targets):
    """The make command that builds a module for a guest's kernel."""
    kernel = fetch(*kernel_piece(guest))
    arch = guest.split("-")[0]
    cross = "" if arch == host_arch() else TRIPLETS[arch] + "-"
    karch = {"amd64": "x86", "arm64": "arm64"}[arch]
    # The image of vmlinux that BTF would need is not unpacked.
    args = ["make", "-C", kernel + "/build", "ARCH=" + karch, "CROSS_COMPILE=" + cross,
            "CC=%sgcc-%s" % (cross, read(kernel + "/gcc")),
            "CONFIG_DEBUG_INFO_BTF_MODULES=", *targets]
    return args, module_environment(kernel)


def copy_tree(source, target):
    """Copies what is newer, so that a second build compiles only that."""
    for folder, dirs, files in os.walk(source):
        dirs[:] = [d for d in dirs if not d.startswith(".")]
        to = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(to, exist_ok=True)
        for name in files:
            if name.endswith((".c", ".h", "Kbuild", "Makefile")):
                copy_newer(os.path.join(folder, name), os.path.join(to, name))


def copy_newer(source, target):
    if not os.path.exists(target) or read(source) != read(target):
        shutil.copy(source, target)


def module_tree(folder):
    """A copy of the module's sources: kbuild writes beside its sources."""
    os.makedirs(folder, exist_ok=True)
    for name in ("driver", "include"):
        copy_tree(os.path.join(TOP, name), os.path.join(folder, name))
    copy_newer(os.path.join(TOP, "Kbuild"), os.path.join(folder, "Kbuild"))
    return folder


def build_module(guest, *more):
    """Returns (path of hailo8l.ko, output of make)."""
    tree = module_tree(os.path.join(BUILD, "vm", kernel_name(guest), "module"))
    args, env = module_make(guest, "M=" + tree, *more, "modules")
    output = command(*args, env=env)
    return os.path.join(tree, "hailo8l.ko"), output


def build_debug_modules(guest, build):
    """Those that provoke reports of a debug kernel and make calls fail."""
    tree = os.path.join(BUILD, "vm", guest, "debug-modules")
    if build:
        copy_tree(HERE + "/debug/module", tree)
        args, env = module_make(guest, "M=" + tree, "modules")
        command(*args, env=env)
    return [os.path.join(tree, name + ".ko") for name in ("canary", "inject")]


# --- the folder that becomes /t ---

def needed_libraries(path):
    output = command("readelf", "-dW", path)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", output)


def add_libraries(path, target, folders):
    """Copies the shared libraries that a program needs, and theirs."""
    for name in needed_libraries(path):
        to = os.path.join(target, name)
        if os.path.exists(to):
            continue
        for folder in folders:
            if os.path.exists(os.path.join(folder, name)):
                shutil.copy(os.path.join(folder, name), to)
                add_libraries(to, target, folders)
                break
        else:
            raise GuestError("%s needs %s, which is in none of %s" % (path, name, folders))


def is_program(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF" and not path.endswith(".ko")


class Share:
    """A folder with all that the guest sees as /t, gone with this object."""

    def __init__(self, guest):
        self.arch = guest.split("-")[0]
        self.guest = guest
        self._folder = tempfile.TemporaryDirectory(prefix="h8l-share-")
        self.path = self._folder.name
        os.chmod(self.path, 0o755)  # users in the guest read it too
        for name in ("bin", "lib", "mod", "hef", "firmware/hailo", "guest"):
            os.makedirs(os.path.join(self.path, name))
        self.root = "/"
        self.build = BUILD

    def add(self, source, name=None):
        if not os.path.exists(source):
            raise GuestError("%s does not exist" % source)
        name = name or ("mod/" if source.endswith(".ko") else "bin/") + os.path.basename(source)
        target = os.path.join(self.path, name.lstrip("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
        if is_program(source):
            self._add_libraries(source)

    def _add_libraries(self, program):
        triplet = TRIPLETS[self.arch]
        folders = [os.path.join(self.build, "lib")]
        folders += [self.root.rstrip("/") + d % triplet for d in ("/usr/lib/%s", "/lib/%s")]
        folders += [self.root.rstrip("/") + "/lib64"]
        lib = os.path.join(self.path, "lib")
        loader = LOADERS[self.arch]
        for folder in folders:
            if os.path.exists(os.path.join(folder, loader)):
                shutil.copy(os.path.join(folder, loader), lib)
                break
        add_libraries(program, lib, folders)

    def fill(self, args):
        with one_at_a_time():
            self._fill(args)
        # Others may build while this runs.
        self.emulator = os.path.join(self.path, "hailo8l-emu")
        shutil.copy(args.emulator or BUILD + "/tests/emulator/hailo8l-emu", self.emulator)

    def _fill(self, args):
        if not args.no_build:
            build_host()
            programs, self.root = build_user(self.arch)
        else:
            makes, self.root = make_arguments(self.arch)
            names = command("make", "-s", "-C", TOP, "list-guest-programs", *makes).split()
            programs = [os.path.join(TOP, n) for n in names]
        if self.arch != host_arch():
            self.build = os.path.join(BUILD, self.arch)
        for program in programs:
            self.add(program)
        self._add_module(args)
        self._add_data()
        for item in args.put:
            source, _, name = item.partition("=")
            self.add(source, name)

    def _add_module(self, args):
        if args.no_module:
            return
        if self.guest.startswith(DEBUG):
            for module in build_debug_modules(self.guest, not args.no_build):
                self.add(module)
        if args.no_build:
            self.add(os.path.join(BUILD, "vm", kernel_name(self.guest), "module",
                                  "hailo8l.ko"))
        else:
            self.add(build_module(self.guest)[0])

    def _add_data(self):
        for name in os.listdir(HERE + "/guest"):
            self.add(os.path.join(HERE, "guest", name), "guest/" + name)
        folder = os.path.join(BUILD, "nets")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            self.add(os.path.join(folder, name), "hef/" + name)
        self._add_hailo8()
        self.add(BUILD + "/tests/emulator/hailo8_fw.bin", "firmware/hailo/hailo8_fw.bin")
        self.add(os.path.join(fetch("photo"), "photo.jpg"), "photo.jpg")
        for digit in range(10):
            picture = os.path.join(self.path, "digits/%d.png" % digit)
            os.makedirs(os.path.dirname(picture), exist_ok=True)
            command(BUILD + "/tests/hef/nets/digits", "picture", str(digit), str(4711 + digit),
                    picture)
        os.makedirs(self.path + "/squares")
        for seed in range(1, 7):
            frame = os.path.join(self.path, "squares/%d" % seed)
            with open(frame + ".txt", "w") as file:
                file.write(command(BUILD + "/tests/hef/nets/squares", "frame", str(seed),
                                   frame + ".rgb"))

    def _add_hailo8(self):
        """One network for the other chip."""
        source = os.path.join(self.path, "hailo8.net")
        with open(source, "w") as file:
            file.write(read(TOP + "/tests/hef/nets/identity.net").replace(
                "network identity", "network identity\nchip hailo8") + "\n")
        os.makedirs(self.path + "/hef8")
        command(BUILD + "/tests/hef/mkhef", "-o", self.path + "/hef8/identity.hef", source)


def hef_folder():
    """Folder with network files of third parties, or None."""
    folder = os.environ.get("H8L_HEFS", os.path.join(TOP, "../shared/hefs"))
    return os.path.realpath(folder) if os.path.isdir(folder) else None


def new_guest(args, share, devices, append=""):
    out = os.path.join(BUILD, "vm", args.guest, "out")
    os.makedirs(out, exist_ok=True)
    extra = list(args.qemu)
    if hef_folder():
        extra += ["-virtfs", "local,path=%s,mount_tag=hefs,security_model=none,readonly=on"
                  % hef_folder()]
    return Guest(args.guest, share.path, out, share.emulator, devices,
                 ("%s %s" % (args.append, append)).strip(), extra)


def shell(args):
    """One command by hand. Returns its exit status."""
    share = Share(args.guest)
    share.fill(args)
    guest = new_guest(args, share, args.devices)
    try:
        guest.boot(args.emu)
        print("# %s: Linux %s, booted in %.1f s" % (args.guest, guest.release,
                                                    guest.boot_seconds), flush=True)
        if not args.no_module and os.path.exists(share.path + "/mod/hailo8l.ko"):
            _, output, log = guest.run("insmod /t/mod/hailo8l.ko", 60)
            print(output + "\n".join(log), flush=True)
        status, _, log = guest.run(args.shell, args.timeout,
                                   lambda t: print(t, end="", flush=True))
        print("# kernel log:\n%s" % "\n".join(log))
        if status is None:
            print(guest.trace())
        if args.dmesg:
            print(guest.console)
        return 1 if status is None else status
    finally:
        guest.close()


# --- tests ---

def core_only(guest):
    """These differ from another guest in one thing only: less is run there."""
    return guest == "arm64-6.12" or guest.endswith(IOMMU)


class Test:
    """A script in tests/vm/guest; its head comment says what it wants."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path).rpartition(".")[0]
        self.want = {"guests": "all", "emu": "", "devices": "1", "append": "",
                     "timeout": "300", "module": "load", "subtests": "no",
                     "violations": "no", "core": "no", "debug": "", "provokes": ""}
        with open(path) as file:
            for line in file:
                if not line.startswith("#"):
                    break
                match = re.match(r"# (\w+): *(.*)", line)
                if match and match[1] in self.want:
                    self.want[match[1]] = match[2].strip()

    def is_for(self, guest):
        if core_only(guest) and guest not in self.want["guests"].split():
            return guest in self.want["core"].split() or self.want["core"] == "yes"
        if guest.startswith(DEBUG) and guest not in self.want["guests"].split():
            return guest[len(DEBUG):] in self.debug_kinds() and self.is_for("amd64-6.12")
        return self.want["guests"] == "all" or guest in self.want["guests"].split()

    def debug_kinds(self):
        """The debug kernels that run it."""
        return self.want["debug"].partition(",")[0].split()

    def left_out(self, guest):
        """Why a debug kernel does not run it; None when it does, or nobody expects it."""
        if not guest.startswith(DEBUG) or self.is_for(guest) or not self.is_for("amd64-6.12"):
            return None
        if self.debug_kinds()[:1] not in ([], ["no"]):
            return "runs on another debug kernel: " + " ".join(self.debug_kinds())
        return self.want["debug"].partition(",")[2].strip() or "not tried on this kernel yet"

    def provoked(self):
        """Reports of the kernel that have to come, as parts of lines."""
        return [t.strip() for t in self.want["provokes"].split(";") if t.strip()]

    def boot_key(self, guest):
        """Tests with the same one share a boot. KASAN sees by itself what SLUB_DEBUG is for."""
        append = self.want["append"]
        if guest.startswith(DEBUG) and "slub_debug" in append:
            append = ""
        return int(self.want["devices"]), append


def all_tests():
    folder = HERE + "/guest"
    names = sorted(n for n in os.listdir(folder) if n.endswith(".sh"))
    return [Test(os.path.join(folder, n)) for n in names if not n.startswith("_")]


def choose_tests(args):
    tests = [t for t in all_tests() if t.is_for(args.guest)]
    if args.test:
        missing = set(args.test) - {t.name for t in tests}
        if missing:
            raise GuestError("no such test for this guest: %s" % " ".join(sorted(missing)))
        tests = [t for t in tests if t.name in args.test]
    if args.share:
        i, n = (int(x) for x in args.share.split("/"))
        tests = tests[i - 1::n]
    if not tests:
        raise GuestError("no test is for this guest")
    return tests


class Runner:
    """Runs tests in as few boots as their wishes allow."""

    def __init__(self, args, share):
        self.args = args
        self.share = share
        self.guest = None
        self.passed = self.failed = self.skipped = 0

    def report(self, verdict, test, seconds, detail):
        print("%-4s %s %s (%.1f s)" % (verdict, self.args.guest, test.name, seconds))
        for line in detail:
            print("     | " + line)
        sys.stdout.flush()

    def name_left_out(self):
        """Says which tests of amd64-6.12 this debug kernel does not run."""
        reasons = {}
        for test in all_tests():
            why = test.left_out(self.args.guest)
            if why:
                reasons.setdefault(why, []).append(test.name)
        for why, names in reasons.items():
            print("# not run on this kernel: %s (%s)" % (" ".join(names), why), flush=True)

    def run_all(self, tests):
        groups = {}
        for test in tests:
            groups.setdefault(test.boot_key(self.args.guest), []).append(test)
        for (devices, append), group in groups.items():
            group.sort(key=lambda t: (t.want["emu"], t.name))
            for test in group:
                self.run_one(test, devices, append)
            if self.guest and not any(t.provoked() for t in group):
                self.find_leaks()
            self.end_guest()

    def ensure_guest(self, test, devices, append):
        if self.guest is None:
            self.guest = new_guest(self.args, self.share, devices, append)
            self.guest.boot(test.want["emu"])
            print("# %s: Linux %s, %s, booted in %.1f s" % (
                self.args.guest, self.guest.release,
                " ".join(self.guest.run(
                    "grep -m1 KernelPageSize /proc/self/smaps")[1].split()),
                self.guest.boot_seconds), flush=True)
            return
        for device in self.guest.devices:
            if device.options != test.want["emu"] or not device.alive():
                self.guest.restart_device(device, test.want["emu"])

    def run_one(self, test, devices, append):
        start = time.monotonic()
        try:
            self.ensure_guest(test, devices, append)
            before = self.violations()
            status, output, log = self.guest.run(
                "/t/guest/_run %s %s" % (test.name, test.want["module"]),
                self.patience(test))
            if status is None:
                raise GuestError("the guest is lost\n%s" % output)
            trouble = self.trouble(test, log, before)
        except (GuestError, RuntimeError, OSError) as error:
            trace = self.guest.trace() if self.guest else ""
            self.count("FAIL", test, start, (str(error) + "\n" + trace).splitlines())
            self.end_guest()
            return
        self.judge(test, start, status, output.splitlines(), log, trouble)

    def patience(self, test):
        """Seconds; a kernel with checkers is several times slower."""
        seconds = int(test.want["timeout"])
        return seconds * 3 if self.args.guest.startswith(DEBUG) else seconds

    def find_leaks(self):
        """Asks kmemleak, where there is one, when the module has gone."""
        if not self.args.guest.startswith(DEBUG) or not self.guest.running():
            return
        _, output, _ = self.guest.run("/t/guest/_leaks", 300)
        if output.strip():
            self.add_verdict("FAIL")
            print("FAIL %s leaks memory:\n%s" % (self.args.guest, output[:6000]), flush=True)

    def violations(self):
        """Accesses that the chips did not understand, of those that live."""
        return {d.process.pid: d.counts().get("violations", 0)
                for d in self.guest.devices if d.alive()}

    def trouble(self, test, log, before):
        """What is wrong whatever the test says: lines."""
        found = ["kernel log: " + l for l in logscan.trouble(log)]
        if test.provoked():
            found = ["the kernel does not report '%s', or nobody sees it" % text
                     for text in test.provoked() if not any(text in l for l in found)]
        if test.want["violations"] == "no":
            for pid, number in self.violations().items():
                if number > before.get(pid, 0):
                    found.append("the chip did not understand %d accesses:"
                                 % (number - before.get(pid, 0)))
                    found += [l for d in self.guest.devices for l in d.tail().splitlines()[-20:]]
        for device in self.guest.devices:
            found += device.ends
            device.ends = []
        return found

    def judge(self, test, start, status, output, log, trouble):
        parts = self.count_parts(test, output) if test.want["subtests"] == "yes" else []
        bad = status not in (0, 77) and "FAIL" not in parts
        if trouble or bad:
            detail = output + trouble + ["exit status %d; kernel log:" % status] + log[-60:]
            self.count("FAIL", test, start, detail)
        elif "FAIL" in parts:
            self.report("#", test, time.monotonic() - start,
                        output[-200:] + ["kernel log:"] + log[-60:])
        elif not parts:
            self.count("SKIP" if status == 77 else "ok", test, start, output)

    def count_parts(self, test, output):
        """Verdicts of a test that has several and says each on a line."""
        parts = [re.match(r"(ok|SKIP|FAIL|n/a)\s+(.*)", line) for line in output]
        parts = [(p[1], p[2]) for p in parts if p] or [("FAIL", "no result at all")]
        for verdict, text in parts:
            self.add_verdict(verdict)
            print("%-4s %s %s: %s" % (verdict, self.args.guest, test.name, text))
        return [verdict for verdict, _ in parts]

    def add_verdict(self, verdict):
        self.passed += verdict == "ok"
        self.failed += verdict == "FAIL"
        self.skipped += verdict == "SKIP"

    def count(self, verdict, test, start, detail):
        self.add_verdict(verdict)
        self.report(verdict, test, time.monotonic() - start, detail)

    def end_guest(self):
        if self.guest:
            self.guest.close()
            for device in self.guest.devices:
                for line in device.ends:
                    self.add_verdict("FAIL")
                    print("FAIL %s %s" % (self.args.guest, line), flush=True)
        self.guest = None


def add_results(path, passed, failed, skipped):
    with open(path, "a") as file:
        file.write("%d %d %d\n" % (passed, failed, skipped))


def run_tests(args):
    tests = choose_tests(args)
    share = Share(args.guest)
    share.fill(args)
    runner = Runner(args, share)
    try:
        runner.run_all(tests)
    finally:
        runner.end_guest()
    if args.results:
        add_results(args.results, runner.passed, runner.failed, runner.skipped)
    if not args.test and (args.share or "1/1").startswith("1/"):
        runner.name_left_out()
    print("%d passed, %d failed%s" % (runner.passed, runner.failed,
          ", %d skipped" % runner.skipped if runner.skipped else ""), flush=True)
    return 1 if runner.failed else 0
