# SPDX-License-Identifier: MIT
"""Writes a small initramfs: the newc cpio format, without needing cpio."""
import gzip
import stat


class Archive:
    """A cpio archive in memory; names are relative to the root."""

    def __init__(self):
        self._parts = []
        self._inode = 0
        self._dirs = set()

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        self._inode += 1
        name = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0,
                  rdev[0], rdev[1], len(name), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self._parts += [head, b"\0" * (-len(head) % 4),
                        data, b"\0" * (-len(data) % 4)]

    def directory(self, name):
        parts = name.strip("/").split("/")
        for i in range(1, len(parts) + 1):
            path = "/".join(parts[:i])
            if path and path not in self._dirs:
                self._dirs.add(path)
                self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        name = name.strip("/")
        if "/" in name:
            self.directory(name.rpartition("/")[0])
        self._entry(name, stat.S_IFREG | mode, data)

    def console(self):
        """The kernel opens /dev/console before any devtmpfs is mounted."""
        self.directory("dev")
        self._entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))

    def write(self, path):
        self._entry("TRAILER!!!", 0)
        with open(path, "wb") as out:
            out.write(gzip.compress(b"".join(self._parts), 1))
