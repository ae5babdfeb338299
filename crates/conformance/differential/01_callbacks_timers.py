# call_soon in order, what a callback queues waits for the next turn, handles cancel, done-callbacks, timers in order of time.
import asyncio, functools

log = functools.partial(print, flush=True)

async def main():
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def a():
        log("soon a")
        loop.call_soon(log, "soon a.child")      # must wait for the next turn
        hc.cancel()                              # already queued in this turn, must not run

    log("register callbacks")
    loop.call_soon(a)
    loop.call_soon(log, "soon b")
    hc = loop.call_soon(log, "soon c (never)")
    loop.call_soon(log, "soon d")
    await asyncio.sleep(0)
    log("main after one yield")
    await asyncio.sleep(0)
    log("main after two yields", hc.cancelled())

    base = loop.time()
    loop.call_at(base + 0.08, log, "timer 80")
    loop.call_at(base + 0.02, log, "timer 20")
    h60 = loop.call_at(base + 0.06, log, "timer 60 (never)")

    def t40():
        log("timer 40 cancels 60 and adds 100")
        h60.cancel()
        loop.call_at(base + 0.10, t100)
        loop.call_soon(log, "soon from timer 40")

    def t100():
        log("timer 100")
        done.set_result("finished")

    loop.call_at(base + 0.04, t40)
    fut_cb = loop.create_future()
    fut_cb.add_done_callback(lambda f: log("done-callback 1", f.result()))
    fut_cb.add_done_callback(lambda f: log("done-callback 2"))
    fut_cb.set_result("value")
    log("set_result does not run callbacks inline")
    await asyncio.sleep(0)
    log("now they ran; waiting for timers")
    log(await done)
    log("elapsed at least 100 ms:", loop.time() - base >= 0.0999)

asyncio.run(main())
