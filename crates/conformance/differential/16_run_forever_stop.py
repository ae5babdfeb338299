# A loop run by hand: stops in a turn, before a run, before a task has ended, by a timer; overdue timers; the close.
import asyncio, functools

log = functools.partial(print, flush=True)
loop = asyncio.new_event_loop()
loop.set_exception_handler(lambda loop, context: log("handler:", context["exception"]))

def in_turn(number):
    log("first turn", number)
    if number == 2:
        loop.stop()
    loop.call_soon(log, "second turn", number)
    if number == 3:
        raise ValueError("callback 3")

for number in (1, 2, 3, 4):
    loop.call_soon(in_turn, number)
log("nothing runs before the run", loop.is_running())
loop.run_forever()
log("stopped in the turn", loop.is_running())
loop.stop()
loop.run_forever()
log("stopped before the run")

async def worker():
    for step in (1, 2, 3):
        log("task step", step)
        await asyncio.sleep(0)
    return "output"

task = loop.create_task(worker())
loop.call_soon(loop.stop)
try:
    loop.run_until_complete(task)
except RuntimeError:
    log("stopped before the task had ended, done", task.done())
log("a later run ->", loop.run_until_complete(task))

async def overdue():
    base = loop.time()
    await asyncio.sleep(0.02)
    loop.call_soon(log, "soon")
    loop.call_at(base + 0.003, log, "overdue timer 3")
    second = loop.call_at(base + 0.002, log, "overdue timer 2 NOT CALLED")
    loop.call_at(base + 0.001, lambda: (log("overdue timer 1 cancels 2"), second.cancel()))
    log("in time")
    await asyncio.sleep(0)
    log("a turn later")
    await asyncio.sleep(0)
    log("two turns later", second.cancelled())

loop.run_until_complete(overdue())

def first_timer():
    log("timer stops")
    loop.stop()
    loop.call_later(0.02, second_timer)

def second_timer():
    log("timer of the next run stops")
    loop.stop()

loop.call_later(0.02, first_timer)
loop.run_forever()
log("between runs")
loop.run_forever()

task = loop.create_task(worker())
loop.call_soon(loop.stop)
loop.run_forever()
task.cancel()
log("cancelled between runs, done", task.done())
try:
    loop.run_until_complete(task)
except asyncio.CancelledError:
    log("the next run finds it cancelled")
loop.close()
log("closed", loop.is_closed())
