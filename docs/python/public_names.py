"""Prints every public name of the part of asyncio that `docs/src/from-python.md` maps."""
import sys
from asyncio import (base_events, coroutines, events, exceptions, futures, protocols, runners, streams, subprocess,
                     taskgroups, tasks, threads, timeouts, transports)

MODULES = (coroutines, events, exceptions, futures, protocols, runners, streams, subprocess, taskgroups, tasks, threads,
           timeouts, transports)
# Of primitives that are not mapped yet.
ELSEWHERE = ("BrokenBarrierError",)
# What a program says for the class: `loop.call_soon`.
SHORT = {"AbstractEventLoop": "loop", "AbstractServer": "Server"}

things = {name: getattr(module, name) for module in MODULES for name in module.__all__
          if not name.startswith("_") and name not in ELSEWHERE}
things["Process"] = subprocess.Process
names = {SHORT[name] if name == "AbstractServer" else name for name in things}
names |= {"subprocess.PIPE", "subprocess.DEVNULL", "subprocess.STDOUT"}
public = {thing for thing in things.values() if isinstance(thing, type)}
for name, thing in things.items():
    if not isinstance(thing, type):
        continue
    # Of its own, and of bases that are not public; of the families of transports and protocols each name once.
    family = thing.__module__.endswith((".transports", ".protocols", ".streams"))
    bases = [base for base in thing.__mro__[1:] if family and base in public]
    for member in dir(thing):
        if not member.startswith("_") and not hasattr(OSError, member) \
                and not any(hasattr(base, member) for base in bases):
            names.add(f"{SHORT.get(name, name)}.{member}")
# What only the classes below have.
for holder, member in ((base_events.BaseEventLoop, "slow_callback_duration"), (base_events.Server, "sockets")):
    assert hasattr(holder(), member) if holder is base_events.BaseEventLoop else hasattr(holder, member)
    names.add(f"{'loop' if holder is base_events.BaseEventLoop else 'Server'}.{member}")
# Made in `__init__`.
names |= {"Process.pid", "Process.stdin", "Process.stdout", "Process.stderr"}

version = ".".join(map(str, sys.version_info[:3]))
print("# Written by `cargo xtask docs --record`; do not edit.")
print(f"CPython {version}")
for name in sorted(names):
    print(name)
