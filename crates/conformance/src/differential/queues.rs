//! `08_queues.py`.

use super::{Log, MS, list, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{sleep, spawn, yield_now};
use std::fmt::Display;
use std::rc::Rc;
use sync_primitives::{GetError, LifoQueue, PriorityQueue, Queue, QueueShutDown};

pub(crate) fn queues(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("08_queues"), async |log| {
        producer_consumer(&log).await?;
        orders(&log)?;
        cancels(&log).await?;
        shutdown(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

/// Prints what `operation` gives, or the name of the exception that ends it in Python.
async fn attempt<T: Display, E>(
    log: Log,
    name: &'static str,
    operation: impl Future<Output = Result<T, QueueShutDown<E>>>,
) {
    let except = log.on_cancel(format_args!("{name} -> CancelledError"));
    let result = operation.await;
    except.ended();
    match result {
        Ok(value) => log.line(format_args!("{name} -> {value}")),
        Err(_) => log.line(format_args!("{name} -> QueueShutDown")),
    }
}

type Texts = Rc<Queue<&'static str>>;

async fn get(queue: Texts) -> Result<&'static str, QueueShutDown> {
    queue.get().await
}

async fn put(queue: Texts, item: &'static str) -> Result<&'static str, QueueShutDown<&'static str>> {
    queue.put(item).await.map(|()| "None")
}

async fn producer_consumer(log: &Log) -> Verdict {
    let queue = Rc::new(Queue::bounded(2));
    let (consuming, consumed) = (queue.clone(), log.clone());
    spawn(async move {
        while let Ok(item) = consuming.get().await {
            sleep(MS * 20).await;
            consumed.line(format_args!("got {item}"));
            consuming.task_done().expect("it has just taken an item");
        }
    })
    .detach();
    let (producing, produced) = (queue.clone(), log.clone());
    let producer = spawn(async move {
        for item in 0..5 {
            producing.put(item).await?;
            produced.line(format_args!("put {item}"));
        }
        Ok::<_, QueueShutDown<i32>>(())
    });
    producer.await??;
    queue.join().await;
    log.line(format_args!("joined, empty {}", py(queue.empty())));
    Ok(())
}

fn orders(log: &Log) -> Verdict {
    let (priority, lifo) = (PriorityQueue::unbounded(), LifoQueue::unbounded());
    for item in [3, 1, 2] {
        priority.put_nowait(item)?;
    }
    let items = [(); 3].map(|()| priority.get_nowait()).into_iter().collect::<Result<Vec<_>, GetError>>()?;
    log.line(format_args!("PriorityQueue {}", list(items)));
    for item in [1, 2, 3] {
        lifo.put_nowait(item)?;
    }
    let items = [(); 3].map(|()| lifo.get_nowait()).into_iter().collect::<Result<Vec<_>, GetError>>()?;
    log.line(format_args!("LifoQueue {}", list(items)));
    Ok(())
}

async fn cancels(log: &Log) -> Verdict {
    let queue: Texts = Rc::new(Queue::unbounded());
    let mut getters = ["get 0", "get 1"].map(|name| spawn(attempt(log.clone(), name, get(queue.clone()))));
    yield_now().await;
    queue.put_nowait("item")?;
    getters[0].cancel("woken, but has not run");
    wait(&mut getters).await;

    let bounded: Texts = Rc::new(Queue::bounded(1));
    bounded.put_nowait("A")?;
    let mut putters = [("put X", "X"), ("put Y", "Y")]
        .map(|(name, item)| spawn(attempt(log.clone(), name, put(bounded.clone(), item))));
    yield_now().await;
    log.line(format_args!("take {}", bounded.get_nowait()?));
    putters[0].cancel("woken, but has not run");
    wait(&mut putters).await;
    log.line(format_args!("left {} {}", queue.qsize(), bounded.get_nowait()?));
    Ok(())
}

async fn shutdown(log: &Log) -> Verdict {
    let queue: Texts = Rc::new(Queue::bounded(1));
    queue.put_nowait("last")?;
    let blocked = spawn(attempt(log.clone(), "blocked put", put(queue.clone(), "no")));
    yield_now().await;
    queue.shutdown(false);
    blocked.await?;
    attempt(log.clone(), "drain", get(queue.clone())).await;
    attempt(log.clone(), "get", get(queue.clone())).await;
    attempt(log.clone(), "put", put(queue.clone(), "1")).await;
    queue.task_done()?;
    let joined = async {
        queue.join().await;
        Ok::<_, QueueShutDown>("None")
    };
    attempt(log.clone(), "join", joined).await;
    Ok(())
}
