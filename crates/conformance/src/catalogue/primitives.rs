//! The primitives' behaviours.

/// Calls the macro `$then` with the list of the primitives' behaviours.
#[doc(hidden)]
#[macro_export]
macro_rules! primitive_behaviours {
    ($then:path, $($arguments:tt)*) => { $then! { [$($arguments)*]
        lock {
            /// Waiters are served in the order of their arrival.
            fifo Must "test_asyncio/test_locks::LockTests::test_acquire";
            /// Whoever releases and takes again at once comes after those who wait.
            no_barging Must "src:asyncio.locks.Lock.acquire";
            /// A waiter is cancelled, then the lock is released in the same turn: the next waiter gets it.
            cancel_then_release_same_tick Must "test_asyncio/test_locks::LockTests::test_cancel_race";
            /// The lock is handed to a waiter that is cancelled in the same turn: the next waiter gets it.
            release_then_cancel_same_tick Must "test_asyncio/test_locks::LockTests::test_finished_waiter_cancelled";
        }
        event {
            /// Setting it releases all who wait, in order, in the next turn; awaiting a set event gives up no turn.
            releases_all_in_order Must "test_asyncio/test_locks::EventTests::test_wait, ::test_wait_on_set";
            /// A set and a clear in one step release those who wait already, and nobody later.
            set_clear_pulse Must "test_asyncio/test_locks::EventTests::test_clear_with_waiters";
        }
        condition {
            /// A wait gives the lock up; whoever is notified returns only when it has the lock again.
            wait_releases_and_reacquires Must "test_asyncio/test_locks::ConditionTests::test_wait";
            /// The oldest are notified first; a surplus is not remembered.
            notify_n_fifo Must "test_asyncio/test_locks::ConditionTests::test_notify";
            /// All who wait are notified, and pass one after the other, in order, once the notifier has given the lock up.
            notify_all_wakes_current_waiters Must "test_asyncio/test_locks::ConditionTests::test_notify_all";
            /// A predicate that holds is an answer at once; one that does not is asked again after each notification.
            predicate_first Must "test_asyncio/test_locks::ConditionTests::test_wait_for";
            /// A wait that is told to stop returns with the lock, also if it must wait for that; one that is dropped takes no lock.
            cancel_returns_holding_lock Must "test_asyncio/test_locks::ConditionTests::test_wait_cancel, ::test_wait_cancel_after_notify";
            /// One of two is notified and cancelled in the same step: the other is notified instead.
            notify_not_lost_on_cancel Must "test_asyncio/test_locks::ConditionTests::test_cancelled_wakeup";
            /// One that was notified is cancelled while it queues for the lock: the notification moves on.
            notify_not_lost_while_relocking Must "test_asyncio/test_locks::ConditionTests::test_cancelled_wakeup_relock";
        }
        semaphore {
            /// Three tasks on one permit take strict turns.
            fifo_round_robin Must "test_asyncio/test_locks::SemaphoreTests::test_acquire_fifo_order";
            /// A holder that releases and takes again at once goes to the back.
            no_barging Must "test_asyncio/test_locks::SemaphoreTests::test_acquire_fifo_order_2";
            /// It counts as locked until the waiters that were woken have run.
            locked_while_waiters_pending Must "test_asyncio/test_locks::SemaphoreTests::test_acquire_fifo_order_4";
            /// A permit handed to a waiter that is cancelled goes to the next; none is lost.
            cancel_after_handover Must "test_asyncio/test_locks::SemaphoreTests::test_acquire_hang";
            /// With the first two waiters cancelled, one release serves the third, and the fourth waits.
            cancel_before_handover Must "test_asyncio/test_locks::SemaphoreTests::test_acquire_cancel_before_awoken";
            /// A release beyond what there is to release is an error, and changes nothing.
            bounded_over_release Must "test_asyncio/test_locks::SemaphoreTests::test_release_not_acquired";
        }
        barrier {
            /// All pass together, with each index once, and again.
            trips_together Must "test_asyncio/test_locks::BarrierTests::test_filling_tasks_check_return_value, ::test_filling_tasks_wait_twice";
            /// One who is cancelled while it waits takes its arrival back, and breaks nothing.
            cancel_while_filling Must "test_asyncio/test_locks::BarrierTests::test_filling_tasks_cancel_one";
            /// After a cancel too, each index is given once.
            unique_index_after_cancel Must "gh-155233";
            /// Whoever comes back before the others have left waits for the next round.
            draining_blocks_newcomers Must "test_asyncio/test_locks::BarrierTests::test_blocking_tasks_while_draining, ::test_draining_state";
            /// A reset breaks those who wait; those who have passed have, and the next round begins at once.
            reset_breaks_waiters_only Must "test_asyncio/test_locks::BarrierTests::test_reset_barrier_while_tasks_waiting, ::test_reset_barrier_while_tasks_draining";
            /// An abort breaks those who wait and those who come, until a reset.
            abort_is_sticky Must "test_asyncio/test_locks::BarrierTests::test_abort_barrier_when_exception_then_resetting";
        }
        queue {
            /// The same items come out as they went in, in reverse, or the lowest first, as the queue is.
            fifo_lifo_priority Must "test_asyncio/test_queues::QueueBasicTests::test_order; test_queues::LifoQueueTests::test_order; test_queues::PriorityQueueTests::test_order";
            /// A put into a full queue waits for a get; a bound of zero is none.
            bounded_put_blocks Must "test_asyncio/test_queues::QueueBasicTests::test_maxsize";
            /// Without waiting, an empty queue says so, and a full one gives the item back.
            nowait_errors Must "test_asyncio/test_queues::QueueGetTests::test_nonblocking_get_exception";
            /// A getter that is cancelled after it was woken leaves the item to the next.
            get_cancelled_after_wakeup_keeps_item Must "test_asyncio/test_queues::QueuePutTests::test_get_cancel_drop_one_pending_reader";
            /// A getter that is cancelled while it waits is passed over.
            get_cancelled_while_waiting Must "test_asyncio/test_queues::QueueGetTests::test_get_cancelled_race";
            /// A putter that is cancelled after it was woken leaves its place to the next.
            put_cancelled_after_wakeup_frees_slot Must "test_asyncio/test_queues::QueuePutTests::test_put_cancelled_race";
            /// A getter whose item was taken before it ran waits on, in its old place.
            stolen_item_waiter_requeues Must "test_asyncio/test_queues::QueuePutTests::test_why_are_putters_waiting";
            /// Join returns when every item was marked done; one mark too many is an error.
            join_counts_task_done Must "test_asyncio/test_queues::_QueueJoinTestMixin::test_task_done, ::test_task_done_underflow";
            /// After a shutdown puts fail, and gets go on until the queue is empty.
            shutdown_drains Must "test_asyncio/test_queues::_QueueShutdownTestMixin::test_shutdown_nonempty";
            /// A shutdown ends the wait of every getter.
            shutdown_wakes_all_getters Must "test_asyncio/test_queues::_QueueShutdownTestMixin::test_shutdown_empty";
            /// An immediate shutdown empties the queue; join waits only for what is checked out.
            shutdown_immediate Must "test_asyncio/test_queues::_QueueShutdownTestMixin::test_shutdown_immediate_with_unfinished";
        }
    } };
}
