//! The queue: who gets which item, and how it ends.

use super::Queue;
use crate::harness::{Hand, Tasks, Trace, panic_of, poll_once, yield_now};
use sync_primitives::{GetError, PutError, QueueShutDown, TaskDoneError};

async fn get(name: &str, queue: &Queue<u32>, trace: &Trace) {
    match queue.get().await {
        Ok(item) => trace.log(format_args!("{name}:{item}")),
        Err(QueueShutDown(())) => trace.log(format_args!("{name}:end")),
    }
}

async fn put(item: u32, queue: &Queue<u32>, trace: &Trace) {
    match queue.put(item).await {
        Ok(()) => trace.log(format_args!("put{item}")),
        Err(QueueShutDown(item)) => trace.log(format_args!("refused{item}")),
    }
}

#[test]
fn items_come_out_in_the_order_in_which_they_went_in() {
    let queue = Queue::unbounded();
    (0..10).for_each(|item| queue.put_nowait(item).unwrap());
    assert_eq!((0..10).map(|_| queue.get_nowait().unwrap()).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_put_above_the_bound_waits_until_a_get() {
    let (queue, trace) = (Queue::bounded(2), Trace::default());
    let mut tasks = Tasks::default();
    for item in 1..=3 {
        tasks.spawn(put(item, &queue, &trace));
    }
    tasks.run();
    assert_eq!(trace.take(), "put1 put2");
    assert!(queue.full() && queue.qsize() == 2);
    assert_eq!(queue.get_nowait(), Ok(1));
    tasks.run();
    assert_eq!(trace.take(), "put3");
}

#[test]
fn a_bound_of_zero_is_no_bound() {
    let queue = Queue::bounded(0);
    (0..1000).for_each(|item| queue.put_nowait(item).unwrap());
    assert!(!queue.full() && !queue.empty());
    assert_eq!(queue.maxsize(), None);
    assert_eq!(Queue::<u32>::bounded(3).maxsize().unwrap().get(), 3);
}

#[test]
fn nowait_on_an_empty_or_full_queue_says_so_and_gives_the_item_back() {
    let queue = Queue::bounded(1);
    assert_eq!(queue.get_nowait(), Err(GetError::Empty));
    queue.put_nowait("a").unwrap();
    let error = queue.put_nowait("b").unwrap_err();
    assert_eq!(error.to_string(), "the queue is full; `put` waits for a free place");
    assert_eq!(error.into_item(), "b");
    queue.shutdown(false);
    assert_eq!(queue.put_nowait("c"), Err(PutError::ShutDown("c")));
    assert_eq!(queue.get_nowait(), Ok("a"));
    assert_eq!(queue.get_nowait(), Err(GetError::ShutDown));
}

#[test]
fn an_item_whose_getter_is_cancelled_after_it_was_woken_stays_first_and_the_next_is_woken() {
    let (queue, trace) = (Queue::unbounded(), Trace::default());
    let mut tasks = Tasks::default();
    let first = tasks.spawn(get("g0", &queue, &trace));
    tasks.spawn(get("g1", &queue, &trace));
    tasks.spawn(get("g2", &queue, &trace));
    tasks.run();
    queue.put_nowait(1).unwrap();
    tasks.cancel(first);
    queue.put_nowait(2).unwrap();
    tasks.run();
    assert_eq!(trace.take(), "g1:1 g2:2");
}

#[test]
fn a_getter_cancelled_while_it_waits_is_skipped() {
    let (queue, trace) = (Queue::unbounded(), Trace::default());
    let mut tasks = Tasks::default();
    let first = tasks.spawn(get("g0", &queue, &trace));
    tasks.spawn(get("g1", &queue, &trace));
    tasks.run();
    tasks.cancel(first);
    queue.put_nowait(1).unwrap();
    tasks.run();
    assert_eq!(trace.take(), "g1:1");
}

#[test]
fn a_putter_cancelled_after_it_was_woken_puts_nothing_and_the_next_proceeds() {
    let (queue, trace) = (Queue::bounded(1), Trace::default());
    queue.put_nowait(0).unwrap();
    let mut tasks = Tasks::default();
    let first = tasks.spawn(put(1, &queue, &trace));
    tasks.spawn(put(2, &queue, &trace));
    tasks.run();
    assert_eq!(queue.get_nowait(), Ok(0));
    tasks.cancel(first);
    tasks.run();
    assert_eq!(trace.take(), "put2");
    assert_eq!(queue.get_nowait(), Ok(2));
}

#[test]
fn a_getter_whose_item_was_taken_before_it_ran_waits_on_at_the_head_of_the_line() {
    let (queue, trace) = (Queue::unbounded(), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(get("first", &queue, &trace));
    tasks.spawn(get("second", &queue, &trace));
    tasks.run();
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait(), Ok(1), "taken before the woken getter runs");
    tasks.run();
    assert_eq!(trace.take(), "");
    queue.put_nowait(2).unwrap();
    queue.put_nowait(3).unwrap();
    tasks.run();
    assert_eq!(trace.take(), "first:2 second:3");
}

#[test]
fn of_two_woken_getters_the_first_keeps_the_item_that_is_left() {
    let queue = Queue::unbounded();
    let mut first = Hand::waiting(queue.get());
    let mut second = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    assert_eq!(queue.get_nowait(), Ok(1));
    assert!(second.poll().is_none(), "what is left is for the first");
    assert_eq!(first.poll(), Some(Ok(2)));
    queue.put_nowait(3).unwrap();
    assert_eq!((second.wakes(), second.poll()), (2, Some(Ok(3))));
}

#[test]
fn an_item_put_again_before_the_woken_getter_ran_needs_no_second_wake() {
    let queue = Queue::unbounded();
    let mut getter = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait(), Ok(1));
    queue.put_nowait(2).unwrap();
    assert_eq!(getter.wakes(), 1, "the first wake is still on its way");
    assert_eq!(getter.poll(), Some(Ok(2)));
}

#[test]
fn put_nowait_may_overtake_a_woken_putter_who_keeps_its_place() {
    let queue = Queue::bounded(1);
    queue.put_nowait(0).unwrap();
    let mut first = Hand::waiting(queue.put(1));
    let mut second = Hand::waiting(queue.put(2));
    assert_eq!(queue.get_nowait(), Ok(0));
    queue.put_nowait(9).unwrap();
    assert!(first.poll().is_none() && second.poll().is_none());
    assert_eq!(queue.get_nowait(), Ok(9));
    assert_eq!((first.poll(), second.poll()), (Some(Ok(())), None));
    assert_eq!(queue.get_nowait(), Ok(1));
    assert_eq!(second.poll(), Some(Ok(())));
}

#[test]
fn a_newcomer_takes_only_what_nobody_in_line_is_to_have() {
    let queue = Queue::unbounded();
    let mut first = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    let mut newcomer = Hand::waiting(queue.get());
    assert_eq!(first.poll(), Some(Ok(1)));
    queue.put_nowait(2).unwrap();
    queue.put_nowait(3).unwrap();
    assert_eq!(
        poll_once(queue.get()),
        Some(Ok(2)),
        "one is left over beside the one that the line is to have"
    );
    assert_eq!(newcomer.poll(), Some(Ok(3)));
}

#[test]
fn a_putter_who_comes_new_takes_only_a_place_that_nobody_in_line_is_to_have() {
    let queue = Queue::bounded(2);
    queue.put_nowait(0).unwrap();
    queue.put_nowait(0).unwrap();
    let mut first = Hand::waiting(queue.put(1));
    queue.get_nowait().unwrap();
    let mut newcomer = Hand::waiting(queue.put(2));
    queue.get_nowait().unwrap();
    assert_eq!(newcomer.wakes(), 1, "the second place is for the second in line");
    assert!(Hand::new(queue.put(3)).poll().is_none());
    assert_eq!((first.poll(), newcomer.poll()), (Some(Ok(())), Some(Ok(()))));
    assert_eq!((queue.get_nowait(), queue.get_nowait()), (Ok(1), Ok(2)));
}

#[test]
fn join_returns_when_every_item_is_marked_done_and_at_once_on_a_fresh_queue() {
    let queue = Queue::unbounded();
    assert!(poll_once(queue.join()).is_some());
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    let mut joining = Hand::waiting(queue.join());
    queue.get_nowait().unwrap();
    queue.get_nowait().unwrap();
    queue.task_done().unwrap();
    assert!(joining.poll().is_none(), "got is not done");
    queue.task_done().unwrap();
    queue.put_nowait(3).unwrap();
    assert_eq!(joining.wakes(), 1);
    assert!(joining.poll().is_some(), "released, although there is more to do by now");
    assert!(poll_once(queue.join()).is_none());
    queue.task_done().unwrap();
    assert!(poll_once(queue.join()).is_some());
}

#[test]
fn one_task_done_too_many_is_an_error_that_names_the_cure() {
    let queue = Queue::<u32>::default();
    assert_eq!(queue.task_done(), Err(TaskDoneError));
    assert!(TaskDoneError.to_string().contains("call it once for each item that was got"));
    queue.put_nowait(1).unwrap();
    queue.task_done().unwrap();
    assert_eq!(queue.shutdown(true), [1], "an item that was marked done before it was got");
    assert!(poll_once(queue.join()).is_some());
}

#[test]
fn after_a_shutdown_puts_fail_gets_go_on_until_empty_and_join_still_needs_task_done() {
    let (queue, trace) = (Queue::bounded(1), Trace::default());
    queue.put_nowait(1).unwrap();
    let mut tasks = Tasks::default();
    tasks.spawn(put(2, &queue, &trace));
    tasks.run();
    assert_eq!(queue.shutdown(false), []);
    tasks.run();
    assert_eq!(trace.take(), "refused2");
    tasks.spawn(get("drain", &queue, &trace));
    tasks.spawn(get("get", &queue, &trace));
    tasks.spawn(put(3, &queue, &trace));
    tasks.run();
    assert_eq!(trace.take(), "drain:1 get:end refused3");
    let mut joining = Hand::waiting(queue.join());
    queue.task_done().unwrap();
    assert!(joining.poll().is_some());
}

#[test]
fn an_item_whose_woken_getter_is_dropped_after_a_shutdown_reaches_the_next_in_line() {
    let queue = Queue::unbounded();
    let woken = Hand::waiting(queue.get());
    let mut next = Hand::waiting(queue.get());
    let mut last = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    assert!(next.poll().is_none() && last.poll().is_none(), "the one item may still become theirs");
    drop(woken);
    assert_eq!(next.wakes(), 1);
    assert_eq!(next.poll(), Some(Ok(1)));
    assert_eq!((last.wakes(), last.poll()), (1, Some(Err(QueueShutDown(())))));
    assert_eq!(queue.qsize(), 0);
}

#[test]
fn after_a_shutdown_a_newcomer_waits_for_what_another_was_woken_for_and_ends_with_the_last_item() {
    for ends_by in ["got", "taken", "emptied"] {
        let queue = Queue::unbounded();
        let mut woken = Hand::waiting(queue.get());
        queue.put_nowait(1).unwrap();
        queue.shutdown(false);
        let mut newcomer = Hand::waiting(queue.get());
        match ends_by {
            "got" => assert_eq!(woken.poll(), Some(Ok(1))),
            "taken" => assert_eq!(queue.get_nowait(), Ok(1)),
            _ => assert_eq!(queue.shutdown(true), [1]),
        }
        assert_eq!((newcomer.wakes(), newcomer.poll()), (1, Some(Err(QueueShutDown(())))), "{ends_by}");
        if ends_by != "got" {
            assert_eq!(woken.poll(), Some(Err(QueueShutDown(()))), "{ends_by}");
        }
        assert_eq!(poll_once(queue.get()), Some(Err(QueueShutDown(()))), "{ends_by}");
    }
}

#[test]
fn a_shutdown_fails_a_putter_that_was_woken_already() {
    let queue = Queue::bounded(1);
    queue.put_nowait(0).unwrap();
    let mut putter = Hand::waiting(queue.put(1));
    queue.get_nowait().unwrap();
    queue.shutdown(false);
    assert_eq!(putter.poll(), Some(Err(QueueShutDown(1))));
    assert!(queue.empty());
}

#[test]
fn a_shutdown_fails_all_getters_that_wait_at_once() {
    let (queue, trace) = (Queue::unbounded(), Trace::default());
    let mut tasks = Tasks::default();
    for name in ["a", "b", "c"] {
        tasks.spawn(get(name, &queue, &trace));
    }
    tasks.run();
    queue.shutdown(false);
    tasks.run();
    assert_eq!(trace.take(), "a:end b:end c:end");
}

#[test]
fn a_getter_that_was_woken_for_an_item_gets_it_also_after_a_shutdown() {
    let queue = Queue::unbounded();
    let mut first = Hand::waiting(queue.get());
    let mut second = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    assert_eq!((second.wakes(), second.poll()), (0, None));
    assert_eq!(first.poll(), Some(Ok(1)));
    assert_eq!((second.wakes(), second.poll()), (1, Some(Err(QueueShutDown(())))));
}

#[test]
fn an_immediate_shutdown_gives_the_items_back_and_join_waits_only_for_what_is_checked_out() {
    let queue = Queue::unbounded();
    (1..=3).for_each(|item| queue.put_nowait(item).unwrap());
    assert_eq!(queue.get_nowait(), Ok(1));
    let mut joining = Hand::waiting(queue.join());
    assert_eq!(queue.shutdown(true), [2, 3]);
    assert_eq!(queue.qsize(), 0);
    assert!(joining.poll().is_none());
    queue.task_done().unwrap();
    assert!(joining.poll().is_some());
    assert_eq!(queue.task_done(), Err(TaskDoneError));
}

#[test]
fn an_immediate_shutdown_fails_also_the_getter_that_was_woken_for_an_item() {
    let queue = Queue::unbounded();
    let mut getter = Hand::waiting(queue.get());
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.shutdown(true), [1]);
    assert_eq!(getter.poll(), Some(Err(QueueShutDown(()))));
}

#[test]
fn a_queue_that_is_being_drained_can_be_emptied_after_all() {
    let queue = Queue::unbounded();
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.shutdown(false), []);
    assert_eq!(queue.shutdown(true), [1]);
    assert_eq!(queue.get_nowait(), Err(GetError::ShutDown));
    assert_eq!(format!("{queue:?}"), "Queue { qsize: 0, maxsize: None, unfinished: 0, shut_down: true, .. }");
}

#[test]
fn a_producer_and_a_consumer_over_a_bound_of_two_take_turns_as_in_asyncio() {
    // The first part of CPython's trace for queues; its consumer sleeps, this one lets the producer run.
    let (queue, trace) = (Queue::bounded(2), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        loop {
            let item: u32 = queue.get().await.unwrap();
            yield_now().await;
            yield_now().await;
            trace.log(format_args!("got{item}"));
            queue.task_done().unwrap();
        }
    });
    tasks.spawn(async {
        for item in 0..5 {
            queue.put(item).await.unwrap();
            trace.log(format_args!("put{item}"));
        }
        queue.join().await;
        trace.log("joined");
    });
    tasks.run();
    assert_eq!(trace.take(), "put0 put1 put2 got0 put3 got1 put4 got2 got3 got4 joined");
}

#[test]
fn a_put_that_did_not_come_about_gives_its_item_back() {
    let queue = Queue::bounded(1);
    queue.put_nowait(0).unwrap();
    let mut putting = queue.put(1);
    let mut other = Hand::waiting(queue.put(2));
    assert!(poll_once(&mut putting).is_none());
    queue.get_nowait().unwrap();
    assert_eq!(putting.into_item(), Some(1));
    assert_eq!(other.poll(), Some(Ok(())), "and its turn went to the next");
    assert!(panic_of(|| other.poll()).contains("polled again"));
}
