# Executors beside a loop: jobs that wait, run, fail and are cancelled, a default executor of one thread, and shutdowns.
import asyncio, concurrent.futures as cf, functools, threading

log = functools.partial(print, flush=True)

class Busy:
    """A job that has begun, and keeps its worker until the gate is opened."""
    def __init__(self, pool):
        self.begun, self.gate = threading.Event(), threading.Event()
        self.job = pool.submit(self.work)
        self.begun.wait()

    def work(self):
        self.begun.set()
        self.gate.wait()
        return "kept"

def half(number):
    if number % 2:
        raise ValueError
    return number // 2

async def queued():
    loop, pool, ran = asyncio.get_running_loop(), cf.ThreadPoolExecutor(1), []
    busy = Busy(pool)
    async def awaits():
        await loop.run_in_executor(pool, ran.append, "never")
    awaiter = asyncio.create_task(awaits())
    await asyncio.sleep(0)
    awaiter.cancel()
    await asyncio.wait([awaiter])
    log("queued: awaiter cancelled", awaiter.cancelled())
    jobs = [pool.submit(ran.append, number) for number in range(3)]
    log("queued: a job that waits cancelled", jobs[1].cancel(), "done", jobs[1].done())
    log("queued: the one that runs cancelled", busy.job.cancel(), "running", busy.job.running())
    busy.gate.set()
    await asyncio.to_thread(pool.shutdown)
    log("queued: ran in order", ran)
    try:
        pool.submit(int)
    except RuntimeError:
        log("queued: submit after the shutdown is an error")

async def running():
    loop, pool, ended = asyncio.get_running_loop(), cf.ThreadPoolExecutor(1), asyncio.Event()
    for how in (lambda future: future, asyncio.shield):
        begun, gate = threading.Event(), threading.Event()
        ended.clear()
        def work():
            begun.set()
            gate.wait()
            loop.call_soon_threadsafe(ended.set)
        async def awaits():
            await how(loop.run_in_executor(pool, work))
        awaiter = asyncio.create_task(awaits())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        begun.wait()
        awaiter.cancel()
        await asyncio.wait([awaiter])
        log("running: awaiter cancelled", awaiter.cancelled(), "| the job ended", ended.is_set())
        gate.set()
        await ended.wait()
        log("running: the job ended all the same")
    await asyncio.to_thread(pool.shutdown)

async def several():
    order = []
    await asyncio.gather(*(asyncio.to_thread(order.append, number) for number in range(5)))
    log("several: one thread, in order", order)
    halves = [asyncio.to_thread(half, number) for number in range(4)]
    outcomes = await asyncio.gather(*halves, return_exceptions=True)
    log("several: collected", [half if type(half) is int else type(half).__name__ for half in outcomes])
    with cf.ThreadPoolExecutor(3) as pool:
        log("several: map", list(pool.map(lambda number: number * number, range(5))))
        halves, up_to = pool.map(half, range(4)), []
        try:
            for number in halves:
                up_to.append(number)
        except ValueError:
            log("several: map up to its error", up_to)
        held = [Busy(pool) for _ in range(3)]
        jobs, order = [busy.job for busy in held], []
        coming = cf.as_completed(jobs)
        for number in (2, 0, 1):
            held[number].gate.set()
            order.append(jobs.index(next(coming)))
        log("several: in the order of ending", order)

async def callbacks():
    loop, pool, ended = asyncio.get_running_loop(), cf.ThreadPoolExecutor(1), asyncio.Event()
    here, busy = threading.current_thread(), Busy(pool)
    for number in (1, 2):
        def called(job, number=number):
            log("callback", number, "on the loop's thread", threading.current_thread() is here)
        busy.job.add_done_callback(called)
    busy.job.add_done_callback(lambda job: loop.call_soon_threadsafe(ended.set))
    log("callbacks: none yet")
    busy.gate.set()
    await ended.wait()
    busy.job.add_done_callback(lambda job: log("a late callback at once", threading.current_thread() is here))
    log("callbacks: the value is", await asyncio.wrap_future(busy.job))
    fails = pool.submit(half, 1)
    try:
        await asyncio.wrap_future(fails)
    except ValueError as error:
        log("callbacks: the error is", type(error).__name__, "done", fails.done())
    await asyncio.to_thread(pool.shutdown)

async def shutdowns():
    pool = cf.ThreadPoolExecutor(1)
    busy = Busy(pool)
    rest = [pool.submit(int) for _ in range(3)]
    await asyncio.to_thread(pool.shutdown, wait=False, cancel_futures=True)
    log("shutdown: cancelled", [job.cancelled() for job in rest], "running", busy.job.running())
    busy.gate.set()
    log("shutdown: what ran gives", await asyncio.wrap_future(busy.job))
    await asyncio.get_running_loop().shutdown_default_executor()
    try:
        await asyncio.to_thread(int)
    except RuntimeError:
        log("shutdown: to_thread is an error")

async def main():
    asyncio.get_running_loop().set_default_executor(cf.ThreadPoolExecutor(1))
    await queued()
    await running()
    await several()
    await callbacks()
    await shutdowns()

asyncio.run(main())
