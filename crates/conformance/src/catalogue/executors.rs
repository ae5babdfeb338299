//! The executors' behaviours.

/// Calls the macro `$then` with the list of the executors' behaviours.
#[doc(hidden)]
#[macro_export]
macro_rules! executor_behaviours {
    ($then:path, $($arguments:tt)*) => { $then! { [$($arguments)*]
        executor {
            /// Submitting runs nothing: the work runs on a worker, never inside the call.
            submit_runs_nothing_inline Must "contract::Executor::try_submit_with";
            /// Submitting to busy workers returns at once, with a job that is neither running nor done.
            submit_returns_at_once Must "contract::Executor::try_submit_with";
            /// Work submitted by one thread starts in the order it was submitted.
            starts_in_order Must "contract::Executor: Ordering";
            /// A full queue refuses, gives the work back unused, and has a place again when a job was cancelled.
            full_queue_gives_work_back Must "contract::Reject::Full";
            /// A queued job whose deadline passes is withdrawn, and never runs.
            deadline_withdraws_queued Must "contract::Submit::deadline";
            /// Submitting after the shutdown is an error that gives the work back, from any thread.
            submit_after_shutdown Must "test_concurrent_futures/test_shutdown::ExecutorShutdownTest::test_run_after_shutdown";
            /// Fifty queued jobs, then a shutdown that waits: all finish first.
            shutdown_wait_drains_queue Must "test_concurrent_futures/test_shutdown::ExecutorShutdownTest::test_hang_issue12364";
            /// A shutdown that cancels: what is queued is cancelled, what runs finishes.
            cancel_futures Must "test_concurrent_futures/test_shutdown::ExecutorShutdownTest::test_cancel_futures";
            /// A shutdown ends within its grace although a job is stuck, and names what still runs or ends it.
            shutdown_ends_within_its_grace Must "contract::Shutdown::shutdown";
            /// A second shutdown changes nothing and returns.
            shutdown_twice Must "test_concurrent_futures/test_shutdown::ExecutorShutdownTest::test_run_after_shutdown";
            /// `map` gives the outcomes in the order of the input, an item's error at its place.
            map_order_and_errors Must "test_concurrent_futures/executor::ExecutorTest::test_map, ::test_map_exception";
            /// After an item's error `map` goes on with the next items.
            map_continues_after_error Must "main:test_concurrent_futures/executor::ExecutorTest::test_map_exception";
            /// Dropping a `map` cancels what is left: it never runs.
            map_timeout_and_drop_cancel_rest Must "main:test_concurrent_futures/executor::ExecutorTest::test_map_close";
            /// `map` pulls its input only so far ahead of the results as it is told, so endless input works.
            map_buffersize Must "main:test_concurrent_futures/executor::ExecutorTest::test_map_buffersize_on_infinite_iterable";
            /// Work that has finished is not kept, although its job and the executor live.
            no_reference_kept Must "test_concurrent_futures/executor::ExecutorTest::test_no_stale_references";
            /// Work that awaits leaves its worker to others, and goes on when another thread wakes it.
            parked_work_goes_on_when_woken Must "test_asyncio/test_tasks::RunCoroutineThreadsafeTests::test_run_coroutine_threadsafe";
            /// Work that still awaits when its executor is dropped is dropped as well, and its job ends with an error.
            parked_work_is_dropped_at_the_close Must "test_asyncio/test_runners::RunTests::test_asyncio_run_cancels_hanging_tasks";
        }
        cf_future {
            /// A job goes from queued over running to done; a cancel withdraws it only before it runs.
            states Must "test_concurrent_futures/test_future::FutureTests::test_cancel, ::test_running";
            /// A bounded wait for a pending job says that it is pending; a wait is ended by success, error or cancel from another thread.
            blocking_result Must "test_concurrent_futures/test_future::FutureTests::test_result_with_timeout, ::test_result_with_cancel";
            /// Callbacks run once, in order; one that fails does not stop the rest; one added late runs at once in the caller.
            callbacks Must "test_concurrent_futures/test_future::FutureTests::test_done_callback_raises, ::test_done_callback_already_successful";
            /// The first outcome is kept: a cancel after the end changes nothing, and says so.
            double_set Must "test_concurrent_futures/test_future::FutureTests::test_multiple_set_result";
        }
        cf_wait {
            /// Waiting for the first, the first failure or all reports just those that are done; a timeout gives partial sets.
            modes Must "test_concurrent_futures/test_wait::WaitTests::test_first_completed, ::test_first_exception, ::test_timeout";
            /// Jobs cancelled before any worker noticed count as done, in `wait` and in `as_completed`.
            cancelled_counts_as_done Must "test_concurrent_futures/test_wait::WaitTests::test_first_completed (CPython hangs: gh-92001)";
        }
        cf_as_completed {
            /// Finished, cancelled and running jobs come out once each, the finished ones first.
            yields_finished_first_and_once Must "test_concurrent_futures/test_as_completed::AsCompletedTests::test_no_timeout";
        }
        thread {
            /// Jobs one after another run on one worker; more jobs than workers occupy each worker, and no more.
            lazy_and_reusing Profile "test_concurrent_futures/test_thread_pool::ThreadPoolExecutorTest::test_idle_thread_reuse, ::test_saturation";
            /// An initializer runs on each worker, before its first job.
            initializer_runs_per_worker Must "test_concurrent_futures/test_init::InitializerMixin::test_initializer";
            /// If it fails, every job that waits fails with its words, and nothing more is taken in.
            initializer_failure_breaks_pool Must "test_concurrent_futures/test_init::FailingInitializerMixin::test_initializer";
            /// The same with a job that was cancelled before: that one stays cancelled, and all others still fail.
            broken_pool_skips_cancelled Must "contract: CPython leaves those behind a cancelled job pending for ever";
            /// Dropping the executor loses no job silently: what was accepted completes or ends with an error.
            dropped_pool_finishes_jobs Must "test_concurrent_futures/test_shutdown::ThreadPoolShutdownTest::test_del_shutdown";
            /// A job that panics fails with its message, and its worker serves the next job.
            job_panic_fails_future_only Must "src:concurrent.futures.thread._WorkItem.run";
        }
    } };
}
