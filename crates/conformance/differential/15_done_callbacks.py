# Done-callbacks and awaiters in the order in which they came; callbacks that add, fail, come late; callbacks of tasks.
import asyncio, functools

log = functools.partial(print, flush=True)

async def waiter(name, future):
    log(name, "got", await future)

async def futures(loop):
    future = loop.create_future()

    def adds(f):
        log("callback 2 adds one")
        f.add_done_callback(lambda f: log("added by callback 2"))

    def fails(f):
        log("callback 3 fails")
        raise ValueError("callback 3")

    future.add_done_callback(lambda f: log("callback 1"))
    one = asyncio.create_task(waiter("one", future))
    await asyncio.sleep(0)
    future.add_done_callback(adds)
    future.add_done_callback(fails)
    two = asyncio.create_task(waiter("two", future))
    await asyncio.sleep(0)
    future.add_done_callback(lambda f: log("callback 4", f.result()))
    loop.call_soon(log, "queued before the set")
    future.set_result("it")
    loop.call_soon(log, "queued after the set")
    log("set")
    await asyncio.sleep(0)
    log("a turn later", one.done(), two.done())
    await asyncio.sleep(0)
    log("two turns later")

async def cancelled(loop):
    future = loop.create_future()
    future.add_done_callback(lambda f: log("callback sees cancelled", f.cancelled()))
    three = asyncio.create_task(waiter("three", future))
    await asyncio.sleep(0)
    loop.call_soon(future.cancel)
    await asyncio.wait([three])
    log("three cancelled", three.cancelled())

async def tasks():
    async def work():
        log("task ends")

    task = asyncio.create_task(work(), name="work")
    for number in (1, 2):
        task.add_done_callback(lambda t, number=number: log("task callback", number, t.get_name(), t.done()))
    removed = lambda t: log("task callback 3 NOT CALLED")
    task.add_done_callback(removed)
    task.remove_done_callback(removed)
    await task
    log("awaiter goes on")
    task.add_done_callback(lambda t: log("late task callback"))
    log("late task callback added")
    await asyncio.sleep(0)
    log("cancel when done ->", task.cancel())

async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: log("handler:", context["exception"]))
    await futures(loop)
    await cancelled(loop)
    await tasks()

asyncio.run(main())
