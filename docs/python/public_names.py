"""Prints every public name of the part of asyncio that `docs/src/from-python.md` maps."""
import sys
from asyncio import base_events, events, futures, runners, taskgroups, tasks, threads, timeouts

# Of the event loop: running it and scheduling on it. Its sockets, servers, pipes, processes, signals and watched
# descriptors are input and output.
OUTPUT = ("create_connection", "create_server", "create_datagram", "create_unix", "connect_", "subprocess_", "sock_",
          "sendfile", "start_tls", "getaddrinfo", "getnameinfo", "add_reader", "add_writer", "remove_reader",
          "remove_writer", "add_signal_handler", "remove_signal_handler")
# A class of many servers' own.
ELSEWHERE = ("AbstractServer",)
# What a program says for the class: `loop.call_soon`.
SHORT = {"AbstractEventLoop": "loop"}

names = set()
for module in (events, futures, runners, taskgroups, tasks, threads, timeouts):
    for name in module.__all__:
        if name.startswith("_") or name in ELSEWHERE:
            continue
        thing = getattr(module, name)
        names.add(name)
        if not isinstance(thing, type):
            continue
        # Of its own, and of bases that are not public.
        for member in dir(thing):
            if not member.startswith("_") and not hasattr(object, member):
                if not (name == "AbstractEventLoop" and member.startswith(OUTPUT)):
                    names.add(f"{SHORT.get(name, name)}.{member}")
for member in ("slow_callback_duration",):
    assert hasattr(base_events.BaseEventLoop(), member)
    names.add(f"loop.{member}")

version = ".".join(map(str, sys.version_info[:3]))
print("# Written by `cargo xtask docs --record`; do not edit.")
print(f"CPython {version}")
for name in sorted(names):
    print(name)
