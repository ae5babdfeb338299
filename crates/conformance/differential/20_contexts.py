# Where a context goes: callbacks, timers, done-callbacks, tasks, threads; and which task is the current one there.
import asyncio, contextvars, functools, threading

log = functools.partial(print, flush=True)
var = contextvars.ContextVar("var", default="nothing")

def seen(place):
    task = asyncio.current_task()
    log(place, "sees", var.get(), "in", task.get_name() if task else "no task")

async def child(name):
    loop = asyncio.get_running_loop()
    seen(name + ": first step")
    var.set(name)
    await asyncio.sleep(0)
    seen(name + ": second step")
    loop.call_soon(seen, name + ": callback")
    await asyncio.create_task(leaf(name), name=name + ".leaf")
    seen(name + ": last step")

async def leaf(name):
    seen(name + ": leaf")
    var.set("leaf")
    await asyncio.sleep(0)

def in_thread():
    before = var.get()
    var.set("thread")
    return before, var.get()

async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(seen, "soon, before the set")
    var.set("main")
    loop.call_soon(seen, "soon, after the set")
    future = loop.create_future()
    future.add_done_callback(lambda f: seen("done-callback"))
    var.set("main again")
    future.set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    seen("main")

    one = asyncio.create_task(child("one"), name="one")
    var.set("between")
    two = asyncio.create_task(child("two"), name="two")
    await asyncio.wait([one, two])
    seen("main")

    def nested():
        seen("callback")
        var.set("callback")
        loop.call_soon(seen, "callback of a callback")

    loop.call_soon(nested)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.call_later(0.02, seen, "timer")
    var.set("after the timer was set")
    await asyncio.sleep(0.04)

    log("to_thread", await asyncio.to_thread(in_thread))
    seen("main")
    woken = asyncio.Event()

    def called():
        seen("called by a thread")
        woken.set()

    threading.Thread(target=loop.call_soon_threadsafe, args=(called,)).start()
    await woken.wait()

    context = contextvars.copy_context()
    context.run(var.set, "chosen")
    await asyncio.create_task(child("three"), name="three", context=context)
    seen("main")

asyncio.run(main())
