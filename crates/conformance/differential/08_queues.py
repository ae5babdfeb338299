# Bounded producer and consumer, join and task_done, cancelled get and put, shutdown.
import asyncio, functools
log = functools.partial(print, flush=True)

async def attempt(name, op):
    try:
        log(name, "->", await op)
    except (asyncio.QueueShutDown, asyncio.CancelledError) as e:
        log(name, "->", type(e).__name__)

async def main():
    q = asyncio.Queue(2)
    async def producer():
        for i in range(5):
            await q.put(i)
            log("put", i)
    async def consumer():
        while True:
            item = await q.get()
            await asyncio.sleep(0.02)
            log("got", item)
            q.task_done()
    c = asyncio.create_task(consumer())
    await asyncio.create_task(producer())
    await q.join()
    log("joined, empty", q.empty())

    g = asyncio.Queue()
    ws = [asyncio.create_task(attempt(f"get {i}", g.get())) for i in range(2)]
    await asyncio.sleep(0)
    g.put_nowait("item")                    # wakes getter 0, which is cancelled before it runs
    ws[0].cancel()
    await asyncio.wait(ws)
    b = asyncio.Queue(1)
    b.put_nowait("A")
    ps = [asyncio.create_task(attempt(f"put {n}", b.put(n))) for n in "XY"]
    await asyncio.sleep(0)
    log("take", b.get_nowait())             # wakes putter X, which is cancelled before it runs
    ps[0].cancel()
    await asyncio.wait(ps)
    log("left", g.qsize(), b.get_nowait())

    s = asyncio.Queue(1)
    s.put_nowait("last")
    blocked = asyncio.create_task(attempt("blocked put", s.put("no")))
    await asyncio.sleep(0)
    s.shutdown()
    await blocked
    for name, op in (("drain", s.get()), ("get", s.get()), ("put", s.put(1))):
        await attempt(name, op)
    s.task_done()
    await attempt("join", s.join())

asyncio.run(main())
