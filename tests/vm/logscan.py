# SPDX-License-Identifier: MIT
"""Finds trouble in a kernel log."""
import re

# Everything by which the kernel reports that something is wrong with itself.
TROUBLE = re.compile(r"""
      \bBUG\b | \bWARNING: | \bOops\b | \bkernel\ panic\b | Kernel\ panic
    | Call\ [Tt]race: | general\ protection | Unable\ to\ handle\ kernel
    | possible\ (recursive|circular)\ locking | INFO:\ possible
    | suspicious\ RCU | inconsistent\ lock\ state | lock\ held\ when\ returning
    | KASAN | KCSAN | KFENCE | UBSAN | kmemleak | \bleak(ed|s|ing)?\b
    | blocked\ for\ more\ than | hung\ task | soft\ lockup | hard\ LOCKUP
    | rcu.*(stall|detected) | irq\ \d+:\ nobody\ cared | Disabling\ IRQ
    | DMA-API: | device\ driver\ (failed|frees|has\ pending|tries)
    | refcount_t | list_(add|del)\ corruption | stack-protector
    | sysfs:\ cannot\ create\ duplicate | scheduling\ while\ atomic
    | Freed\ in | use-after-free | double\ free | Bad\ page | bad\ page
    | segfault | unchecked\ MSR | Objects\ remaining | swiotlb\ buffer\ is\ full
    """, re.X)

# Lines that say the same words and mean no harm.
HARMLESS = re.compile(r"""
      DMA-API:\ (preallocated|debugging\ enabled) | kmemleak:\ (Kernel\ memory\ leak\ detector\ initialized|Automatic)
    | H8L-(BEGIN|END|NOTE) | kfence:\ initialized | rcu:\ .*stall.*(timeout|suppress)
    | sysrq: | ignoring\ .*segfault
    """, re.X)


def trouble(lines):
    """The lines that report trouble."""
    return [l for l in lines if TROUBLE.search(l) and not HARMLESS.search(l)]


def between(text, test):
    """The lines of one test, or None while its end has not been printed."""
    begin = re.search(r"H8L-BEGIN %s\b[^\n]*\n" % re.escape(test), text)
    end = re.search(r"[^\n]*H8L-END %s \d+" % re.escape(test), text)
    if not begin or not end:
        return None
    return text[begin.end():end.start()].splitlines()
