//! The loops' behaviours.

/// Calls the macro `$then` with the list of the loops' behaviours.
#[doc(hidden)]
#[macro_export]
macro_rules! loop_behaviours {
    ($then:path, $($arguments:tt)*) => { $crate::__with_io_behaviours! { $then, [$($arguments)*]
        driver {
            /// A driver runs one root after the other.
            runs_one_root_after_the_other Must "contract::Driver::run";
            /// A root that waits is polled after each wake from another thread, two thousand times in a row.
            a_foreign_wake_is_never_lost Must "contract::Driver::run";
            /// Of the wakes of four threads, many of them while the root is polled, the last one counts too.
            wakes_during_a_poll_are_never_lost Must "contract::Driver::run";
            /// A waker of a run that has ended does nothing: between runs, in the next, and when the driver is gone.
            a_waker_of_an_ended_run_does_nothing Must "contract::Driver::run";
            /// The timer wakes a root that waits, and never before its deadline.
            a_timer_wakes_a_waiting_root_and_never_early Must "contract::Reactor::poll_timer";
            /// A timer that is set again fires at its new deadline only, and one that is disarmed not at all.
            a_timer_set_again_replaces_the_one_before Must "contract::Reactor::poll_timer";
            /// A root that wakes itself in each poll is told of its due timer in the first poll after the deadline.
            a_root_that_never_waits_sees_its_timer Must "contract::Driver::run";
            /// A root that wakes itself in each poll sees that a descriptor becomes readable.
            a_root_that_never_waits_sees_its_descriptors Must "contract::Driver::run";
            /// A descriptor that becomes readable, or writable, wakes a root that waits for it.
            a_descriptor_wakes_a_waiting_root Must "contract::Readiness::poll_io";
            /// A read that is given up takes nothing, and a descriptor can be watched again.
            a_read_given_up_loses_nothing Must "contract::Readiness::poll_io";
            /// An error of the operation is handed on.
            errors_of_an_operation_are_handed_on Must "contract::Readiness::poll_io";
            /// Watching a plain file is the kernel's EPERM, not a hang.
            a_plain_file_cannot_be_watched Must "contract::Reactor::watch";
        }
        r#loop {
            /// Callbacks queued in one step run exactly once each, in the order of registration.
            call_soon_fifo Must "test_asyncio/test_events::EventLoopTestsMixin::test_call_soon";
            /// What a running callback queues runs after everything that was queued before.
            nested_call_soon_next_batch Must "test_asyncio/test_base_events::BaseEventLoopTests::test__run_once_schedule_handle";
            /// A callback cancelled by an earlier one of the same turn does not run.
            handle_cancel_same_batch Must "test_asyncio/test_base_events::BaseEventLoopTests::test__add_callback_cancelled_handle";
            /// Beside a callback that re-queues itself for ever, timers, sockets and wakes from other threads are served.
            rearming_callback_starves_nobody Must "src:asyncio.base_events._run_once";
            /// A stop from the second of four callbacks lets all four run; what they queue waits for the next run.
            stop_finishes_batch Must "test_asyncio/test_base_events::BaseEventLoopTests::test_run_once";
            /// A stop that came before the run lets it make exactly one turn, without waiting.
            stop_before_run_does_one_pass Must "test_asyncio/test_base_events::BaseEventLoopTests::test_run_forever_pre_stopped";
            /// A stop before the task has ended is an error; the task is still pending, and a later run finishes it.
            stopped_early_is_error_and_resumable Must "test_asyncio/test_events::EventLoopTestsMixin::test_run_until_complete_stopped";
            /// A loop that is closed stays closed: it runs no callback, starts no task, and says so.
            close_final_and_idempotent Must "test_asyncio/test_events::EventLoopTestsMixin::test_close" adapted "there each call that comes too late raises; here it must not panic, for destructors schedule while their loop closes: what is refused says so, a `Handle` and a task are cancelled or `Shutdown`, a call from a thread is `Closed`, a reader is an error; another run, or another close, does not compile";
            /// A run inside a run is an error, and the outer loop is unharmed.
            nested_run_rejected Must "test_asyncio/test_events::EventLoopTestsMixin::test_run_until_complete_nesting";
            /// A closed loop refuses work, and what it was given is dropped rather than leaked.
            spawn_on_closed_loop_disposes_future Must "test_asyncio/test_base_events::BaseEventLoopTests::test_create_task_error_closes_coro" adapted "an error for whoever spawns by the loop's handle; a `Loop` gives a task that says `Shutdown`";
            /// After a run that a panic ended, a later run goes to its own end.
            aborted_run_leaves_no_stale_stop Must "test_asyncio/test_base_events::BaseEventLoopTests::test_run_until_complete_loop_orphan_future_close_loop" adapted "what leaves a run there is an exception, here a panic";
            /// The loop that runs cannot be closed, by its types; the close of another one inside it drops that one's tasks on the spot, and this one goes on.
            close_while_running_rejected Must "test_asyncio/test_events::EventLoopTestsMixin::test_close_running_event_loop" adapted "a run borrows the runner whose close would end it: the compiler refuses";
            /// A run for another loop's task is an error, and harms it not; a future belongs to no loop, and may be set by one and awaited by another.
            foreign_future_rejected Must "test_asyncio/test_tasks::BaseTaskTests::test_other_loop_future" adapted "a future of another loop is an error there; here wakers cross threads, and it can be awaited: only a run for another loop's task is refused";
        }
        timer {
            /// No timer fires before its time.
            never_early Must "test_asyncio/test_base_events::BaseEventLoopTests::test_time_and_call_at";
            /// On time, but for the granularity that the driver declares: the best of many timers shows it.
            as_fine_as_declared Profile "contract::Profile::timer_granularity";
            /// Timers that are due already run after what is ready, in the order of their times.
            past_deadlines_by_deadline_after_ready Must "test_asyncio/test_base_events::BaseEventLoopTests::test_call_later_negative_delays" adapted "a `Duration` is never negative: the times are instants that are past";
            /// A due timer that another one of the same turn cancels does not run.
            cancel_of_due_timer_in_same_batch Must "src:asyncio.base_events._run_once";
            /// The loop does not wake for a timer that was cancelled.
            cancelled_head_not_waited_for Must "test_asyncio/test_base_events::BaseEventLoopTests::test__run_once";
            /// A timer that is due before the one that the loop already sleeps for is not late.
            earlier_timer_is_not_late Must "contract::Reactor::poll_timer";
            /// Cancelling many timers releases what they hold.
            mass_cancel_releases_memory Must "test_asyncio/test_base_events::BaseEventLoopTests::test__run_once_cancelled_event_cleanup";
            /// Timers that are armed and cancelled behind the next one never touch the driver's timer; a new next one sets it once, when the loop falls asleep.
            the_next_deadline_is_one_reset Must "contract::Reactor::poll_timer";
            /// Timers for one and the same time run in the order of registration.
            equal_deadlines_fifo Must "test_asyncio/test_events::TimerTests::test_timer_comparison (CPython: any order)" adapted "CPython says that their order is undefined";
            /// No time at all, a time that is past, and one too long to count: none is early, late or an error, whoever takes it.
            zero_huge_and_past Must "contract: core_loop::sleep, core_loop::timeout, core_loop::wait";
            /// Sleeps down to nothing do not make the loop spin.
            tiny_delays_do_not_spin Profile "test_asyncio/test_events::EventLoopTestsMixin::test_timeout_rounding";
        }
        sleep {
            /// A sleep of nothing gives up exactly one turn.
            zero_is_one_yield Must "test_asyncio/test_tasks::SleepTests::test_sleep_zero";
            /// Cancelling a sleeping task removes its timer.
            cancel_removes_timer Must "test_asyncio/test_tasks::BaseTaskTests::test_sleep_cancel";
        }
        idle {
            /// A wait for the loop to rest ends when every other task waits, however many turns that takes.
            ends_when_every_other_task_waits Must "contract::Driver::run, trio.testing.wait_all_tasks_blocked";
            /// What has arrived is taken before the loop rests.
            what_has_arrived_is_taken_first Must "contract::Driver::run: a look at the I/O, trio.testing.wait_all_tasks_blocked";
            /// Whatever runs begins the time anew for which the loop must have rested.
            a_cushion_begins_anew Must "contract::Reactor::poll_timer, trio.testing.wait_all_tasks_blocked(cushion)";
        }
        bridge {
            /// Calls from another thread wake an idle loop and run in order; so do calls from its own thread.
            threadsafe_call_wakes_idle_loop_fifo Must "test_asyncio/test_events::EventLoopTestsMixin::test_call_soon_threadsafe, ::test_call_soon_threadsafe_same_thread";
            /// Tens of thousands of calls while the loop does not drain: none blocks, fails or is lost.
            wakeup_channel_full_is_harmless Must "test_asyncio/test_selector_events::BaseSelectorEventLoopTests::test_write_to_self_tryagain";
            /// A call from a thread is either cancelled or made, and its handle says which.
            threadsafe_handle_cancel Must "main:test_asyncio/test_events::EventLoopTestsMixin::test_call_soon_threadsafe_handle_block_check_cancelled";
            /// A job of the default executor runs on another thread.
            run_in_executor_runs_elsewhere Must "test_asyncio/test_events::EventLoopTestsMixin::test_run_in_executor";
            /// A queued job whose awaiter is cancelled never runs.
            run_in_executor_cancel_queued Must "test_asyncio/test_events::EventLoopTestsMixin::test_run_in_executor_cancel";
            /// An awaiter that is cancelled while its job runs ends at once; the job runs to its end.
            run_in_executor_cancel_running Must "test_asyncio/test_futures::BaseFutureTests::test_wrap_future_cancel2";
            /// Ten jobs at once, one failing: each awaiter gets its own value or error.
            to_thread_value_error_concurrency Must "test_asyncio/test_threads::ToThreadTests::test_to_thread_concurrent, ::test_to_thread_exception";
            /// A thread sees the task-locals of the task that called it, and what it changes does not flow back.
            to_thread_carries_context Must "test_asyncio/test_threads::ToThreadTests::test_to_thread_contextvars";
            /// A thread gives the loop a coroutine and gets its value or its error.
            run_coroutine_threadsafe_roundtrip Must "test_asyncio/test_tasks::RunCoroutineThreadsafeTests::test_run_coroutine_threadsafe, ::test_run_coroutine_threadsafe_with_exception";
            /// A bounded wait that expires leaves the coroutine running; a cancel then ends it, on the loop's thread.
            threadsafe_result_timeout_then_cancel Must "test_asyncio/test_tasks::RunCoroutineThreadsafeTests::test_run_coroutine_threadsafe_with_timeout";
            /// A close with a job stuck in the default executor ends within its grace and reports it.
            default_executor_shutdown_timeout Must "test_asyncio/test_base_events::BaseEventLoopTests::test_shutdown_default_executor_timeout";
            /// On another thread there is no loop: what needs one refuses and names the handle, which may cross.
            wrong_thread_detected Must "test_asyncio/test_base_events::BaseEventLoopTests::test_check_thread" adapted "there it is looked for in debug mode; here a `Loop` cannot leave its thread, and what needs one panics elsewhere, in every mode";
        }
        exc {
            /// A callback or timer that fails is reported, and the loop goes on.
            callback_failure_keeps_loop_alive Must "test_asyncio/test_base_events::BaseEventLoopTests::test_default_exc_handler_callback" adapted "what fails there is an exception, here a panic";
            /// A custom handler gets the failures until it is taken away.
            custom_handler_and_reset Must "test_asyncio/test_base_events::BaseEventLoopTests::test_set_exc_handler_custom";
            /// A handler that fails itself does not harm the loop.
            failing_handler_falls_back Must "test_asyncio/test_base_events::BaseEventLoopTests::test_set_exc_handler_broken";
            /// The failure of a task that nobody looks at is reported once, with the task's name.
            unobserved_task_error_reported_once Must "test_asyncio/test_base_events::BaseEventLoopTests::test_default_exc_handler_coro" adapted "there every exception is reported; in Rust an `Err` is an output that its reader judges, so only a panic is reported in every mode, and an `Err` that nobody reads in debug mode";
            /// In debug mode an error that a task gives and nobody reads is reported once, with the task, when its last handle goes.
            unread_error_reported_in_debug_mode Must "test_asyncio/test_futures::BaseFutureTests::test_future_exception_never_retrieved" adapted "there it is reported in every mode; in Rust an `Err` is an output that its reader judges";
            /// A failure that was awaited or looked at, and a cancel, are not reported.
            observed_or_cancelled_not_reported Must "test_asyncio/test_futures::BaseFutureTests::test_tb_logger_exception_result_retrieved; test_asyncio/test_tasks::BaseTaskTests::test_tb_logger_not_called_after_cancel";
            /// A task that is still pending when its loop drops it is reported once, by its name.
            destroyed_pending_task_reported Must "test_asyncio/test_tasks::BaseTaskTests::test_log_destroyed_pending_task" adapted "a task never loses its last owner, which is the loop: what is reported is a task that the loop drops";
        }
        debug {
            /// A step or callback that takes longer than the threshold is reported with what it was and how long it took.
            slow_callback_named Must "test_asyncio/test_base_events::BaseEventLoopWithSelectorTests::test_log_slow_callbacks";
            /// Debug mode follows the environment, the runner has the last word, and it can be asked for and switched while the loop runs.
            switchable_and_from_environment Must "test_asyncio/test_base_events::BaseEventLoopTests::test_env_var_debug; test_asyncio/test_runners::RunTests::test_asyncio_run_debug" adapted "the variable is `CORE_LOOP_DEBUG`";
            /// Tasks and callbacks know where they were made, and reports show it.
            creation_site_recorded Must "test_asyncio/test_tasks::BaseTaskTests::test_task_source_traceback; test_asyncio/test_events::HandleTests::test_handle_source_traceback";
            /// A step that blocks the loop is reported while it does, by its task.
            blocked_loop_named Must "contract: CPython says nothing before the step is over";
            /// Tasks that begin to await each other are reported, each by its name.
            await_cycle_named Must "contract: in CPython they hang";
        }
        task {
            /// Spawning runs nothing; spawned tasks begin in order.
            spawn_is_lazy_fifo Must "main:test_asyncio/test_eager_task_factory::EagerTaskFactoryLoopTests::test_eager_start_false";
            /// A task cancelled at once never begins, and what it captured is dropped.
            cancel_before_first_poll Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_with_message_before_starting_task";
            /// A waiting task that is cancelled ends a turn later, its destructors run.
            cancel_blocked Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel" adapted "the future is dropped; a cooperative task is told";
            /// A cancel after the end says so and changes nothing.
            cancel_done_is_false Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel";
            /// A task that cancels itself goes on to its next await, and no further.
            self_cancel_hits_next_await Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_current_task" adapted "the future is dropped at its next await; a cooperative task is told, once";
            /// A task cancelled during its last step counts as cancelled: its output is lost.
            cancel_then_return_is_cancelled Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_at_end";
            /// Cancelling a task cancels the task that it awaits.
            cancel_reaches_awaited_task Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_awaited_task";
            /// A task that is cancelled ends after the clean-ups of the task that it was awaiting, and before its own awaiter.
            cancel_waits_for_awaited_task Must "src:asyncio.tasks.Task.cancel";
            /// A destructor that panics during a cancel is reported and contained.
            cleanup_failure_replaces_cancel Must "test_asyncio/test_tasks::BaseTaskTests::test_baseexception_during_cancel" adapted "a destructor has no outcome to give: its panic is reported, and the task stays cancelled; the clean-up of a cooperative task may fail in its place";
            /// Two cancels are one: the first reason counts.
            two_cancels_one_delivery Must "test_asyncio/test_tasks::BaseTaskTests::test_cancelling";
            /// A cooperative task may swallow a cancel and give its output.
            cancel_can_be_swallowed Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_task_catching" adapted "by a cooperative task; a future that is dropped cannot refuse";
            /// Two cancels of a cooperative task are one error, and both are counted.
            two_requests_one_error Must "test_asyncio/test_tasks::BaseTaskTests::test_cancelling";
            /// A cancel that is taken back before it is delivered changes nothing.
            uncancel_before_delivery Must "test_asyncio/test_tasks::BaseTaskTests::test_uncancel_resets_must_cancel" adapted "of a cooperative task";
            /// A cooperative task that cancels itself is interrupted at its next await, and not at the one after.
            self_request_hits_next_await Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_current_task";
            /// A task awaiting a task that somebody else cancels sees that it was cancelled.
            awaited_future_cancelled_by_other Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_inner_future";
            /// A task whose handle is dropped goes on, on the loop's thread.
            dropped_handle_keeps_running Must "src:asyncio.tasks";
            /// A task that awaits itself fails and does not hang.
            self_await_rejected Must "test_asyncio/test_tasks::BaseTaskTests::test_task_awaits_on_itself";
            /// The current task is right in each step of two that alternate, and a callback has none.
            current_follows_interleaving Must "test_asyncio/test_tasks::BaseTaskTests::test_current_task_with_interleaving_tasks";
            /// The list of all tasks has those of this loop that have not ended.
            all_tasks_excludes_done_and_foreign Must "test_asyncio/test_tasks::BaseTaskIntrospectionTests::test__register_task_3";
            /// Done-callbacks run in order, in a turn after the end, also one that is added later.
            done_callbacks_deferred_in_order Must "test_asyncio/test_futures::BaseFutureDoneCallbackTests::test_callbacks_invoked_on_set_result";
            /// A cancel that comes when the output was given, in the destructor of the future, is too late, says so, and changes nothing.
            cancel_in_the_last_destructor_is_false Must "src:asyncio.tasks.Task.cancel";
            /// The requests of a task count on while it cleans up and when it has ended; one that comes then is too late.
            requests_count_in_the_clean_up Must "test_asyncio/test_tasks::BaseTaskTests::test_cancelling";
            /// Without the type of its output a task tells how it ended, to all who await it, and is cancelled along with whoever does.
            the_end_is_told_without_the_type Must "src:asyncio.futures.Future.exception";
            /// A task inherits the task-locals of its spawn; what it sets is seen by neither parent nor sibling, only by its own children.
            context_copied_at_spawn Must "test_asyncio/test_tasks::BaseTaskTests::test_context_1, ::test_context_4" adapted "what is to be shared is a value behind an `Rc` or `Arc`";
        }
        eager {
            /// An eager task that does not wait has ended when the spawn returns.
            finishes_inline Must "test_asyncio/test_eager_task_factory::EagerTaskFactoryLoopTests::test_eager_completion";
            /// An eager task that waits goes on as any other.
            blocks_then_normal Must "test_asyncio/test_eager_task_factory::EagerTaskFactoryLoopTests::test_block_after_eager_step";
            /// During its eager step it is the current task, in its own context; afterwards the one that spawned it is, in its own.
            current_task_and_context_swapped_back Must "test_asyncio/test_eager_task_factory::EagerTaskFactoryLoopTests::test_current_task, ::test_context_vars";
            /// An eager child that fails inside its spawn ends its group at the spawner's next await, and not before.
            group_error_deferred Must "main:test_asyncio/test_taskgroups::BaseTestTaskGroup::test_cancels_task_if_created_during_creation" adapted "the body is dropped at its next await; one that can be asked is told";
        }
        future {
            /// A future is set or cancelled once; a second time is an error, and reading a pending one is no wait.
            single_assignment Must "test_asyncio/test_futures::BaseFutureTests::test_result, ::test_exception, ::test_cancel";
            /// Setting it runs no callback; the next turn runs them in order, but for those that were taken back.
            callbacks_deferred_in_order Must "test_asyncio/test_futures::BaseFutureDoneCallbackTests::test_callbacks_invoked_on_set_result";
            /// A callback on a future that is done comes in the next turn.
            callback_on_done_is_deferred_too Must "src:asyncio.futures.add_done_callback";
            /// An output that comes after a cancel changes nothing and is not reported.
            late_set_after_cancel_is_silent Must "test_asyncio/test_futures::BaseFutureTests::test_set_result_unless_cancelled";
            /// Awaiting a future that is done, twice, gives the value and gives up no turn.
            await_done_does_not_yield Must "test_asyncio/test_futures::BaseFutureTests::test_yield_from_twice";
            /// A task around a job: its cancel withdraws the job, or leaves alone one that has finished.
            wrap_cancels_both_ways Must "test_asyncio/test_futures::BaseFutureTests::test_wrap_future_cancel, ::test_wrap_future_cancel2" adapted "a job is awaited as it is; the task around it is for those who want a handle of the loop's";
            /// A thread sets a future for all who await it; a promise that is dropped unkept cancels.
            set_from_another_thread Must "contract: core_loop::Promise";
        }
        wait {
            /// The first to complete comes with everything that is done by then, in the order of the arguments.
            first_completed_reports_all_done Must "test_asyncio/test_tasks::BaseTaskTests::test_wait_really_done";
            /// A failure is enough; without one all are waited for, and a cancel is no failure.
            first_exception Must "test_asyncio/test_tasks::BaseTaskTests::test_wait_first_exception, ::test_wait_first_exception_in_wait";
            /// When the time is over there are two sets and no error, and nothing is cancelled.
            timeout_is_not_an_error Must "test_asyncio/test_tasks::BaseTaskTests::test_wait_with_timeout";
            /// Cancelling whoever waits leaves the children alone.
            cancel_leaves_children Must "test_asyncio/test_tasks::BaseTaskTests::test_yield_wait_does_not_shield_cancel";
        }
        gather {
            /// Results come in the order of the arguments, whatever the order of ending.
            results_in_argument_order Must "test_asyncio/test_tasks::GatherTestsBase::test_success";
            /// The first failure is the outcome at once; the others run on, and a later failure is not reported.
            first_error_leaves_siblings_running Must "test_asyncio/test_tasks::GatherTestsBase::test_one_exception" adapted "the first `Err` ends `try_gather`, the first panic both";
            /// Outputs that are errors stand in the list at their places.
            collects_errors Must "test_asyncio/test_tasks::GatherTestsBase::test_return_exceptions";
            /// Cancelling whoever awaits cancels all children.
            cancel_broadcasts Must "test_asyncio/test_tasks::CoroutineGatherTests::test_cancellation_broadcast";
            /// A cancel is a cancel also where errors are collected: there is no list.
            cancel_beats_return_exceptions Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_gather_2";
            /// A child that is cancelled is an error for whoever awaits, and no cancel; its siblings run on.
            child_cancel_is_an_error_not_a_cancel Must "test_asyncio/test_tasks::FutureGatherTests::test_one_cancellation";
            /// A cancel of whoever awaits that comes when all children are done takes nothing from the gather: who asks next gets the results.
            cancel_after_last_child_refused Must "test_asyncio/test_tasks::BaseTaskTests::test_cancel_gather_1" adapted "a gather is no object that could be asked to cancel, and to refuse: the cancel goes to the task that awaits it, which is cancelled, as it is there; the results stay with the gather";
        }
        as_completed {
            /// The handles come back in the order in which their tasks ended.
            completion_order Must "test_asyncio/test_tasks::BaseTaskTests::test_as_completed, ::test_as_completed_same_tasks_in_as_out";
            /// When the time is over there is an error after what is done, and the others run on.
            timeout_keeps_tasks Must "test_asyncio/test_tasks::BaseTaskTests::test_as_completed_with_timeout" adapted "it is a stream, and the error its last item";
        }
        shield {
            /// Cancelling the awaiter spares the inner task.
            outer_cancel_spares_inner Must "test_asyncio/test_tasks::BaseTaskTests::test_shield_effect";
            /// Cancelling what is inside comes out.
            inner_cancel_cancels_outer Must "test_asyncio/test_tasks::BaseTaskTests::test_shield_cancel_inner";
            /// A shield around a gather saves its children; shields in a gather die alone.
            gather_both_ways Must "test_asyncio/test_tasks::BaseTaskTests::test_shield_gather, ::test_gather_shield";
            /// A failure behind a shield that is gone is reported once, a success not at all.
            abandoned_inner_error_reported_once Must "main:test_asyncio/test_tasks::BaseTaskTests::test_shield_cancel_outer_exception";
        }
        taskgroup {
            /// A group whose body is over waits for its children; their handles hold the results.
            waits_for_all Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_01, ::test_taskgroup_02";
            /// A child fails: its siblings and the body are cancelled, all clean-ups awaited, then one error comes out, and the task goes on.
            child_error_sequence Must "test_asyncio/test_taskgroups::TestTaskGroup::test_cancel_children_on_child_error, ::test_cancelling_level_preserved" adapted "the body is dropped; that of `scope_cooperative` is told";
            /// The body fails: the children are cancelled and awaited, and its error is inside the group's.
            body_error_wrapped Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_09, ::test_taskgroup_10";
            /// A child that is cancelled on its own is no failure: the group ends well, with the other results.
            self_cancelled_child_is_no_error Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_03";
            /// The owner is cancelled, in the body or while it waits: every child is cancelled and awaited, and the owner is cancelled.
            external_cancel Must "test_asyncio/test_taskgroups::TestTaskGroup::test_cancellation, ::test_taskgroup_07, ::test_taskgroup_17";
            /// An inner group fails inside an outer one: the outer error contains the inner one.
            nested_error_shape Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_11, ::test_taskgroup_14";
            /// A child of the outer group fails while the body is in an inner one: the inner children are cancelled, the outer error is the only one.
            outer_child_failure_cancels_inner_group Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_13";
            /// A child spawns into its group, also while that waits for its end: the new child is awaited, too.
            children_may_add_children Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_24";
            /// A group that is shutting down or has ended takes no child: an error, and the future is dropped unpolled.
            closed_to_new_children Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_no_create_task_after_failure, ::test_taskgroup_finished" adapted "there it raises; here the handle says `Cancelled`, or `try_spawn` gives the future back, for a child that spawns while its group ends has done nothing wrong";
            /// A long-lived group keeps nothing of the children that have ended.
            finished_children_released Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_23";
            /// A child or the body panics: the others are cancelled and awaited, then the panic goes on, bare.
            panic_like_error_bypasses_group Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_20" adapted "a panic stands for `SystemExit` and `KeyboardInterrupt`";
            /// A body that is asked to end because a child failed, and fails itself while it does: both are in the error.
            body_error_during_abort_added Must "test_asyncio/test_taskgroups::TestTaskGroup::test_taskgroup_19, ::test_taskgroup_context_manager_exit_raises" adapted "in `scope_cooperative`; a body that is dropped fails no more";
            /// The owner is cancelled and a child fails in its clean-up: the error comes out, and the cancel interrupts the next await.
            external_cancel_plus_child_error Must "test_asyncio/test_taskgroups::TestTaskGroup::test_error_and_cancel, ::test_taskgroup_08" adapted "in `scope_cooperative`";
            /// Children of an inner and an outer group fail in one turn: the inner error can be caught, then the outer one comes.
            nested_both_fail_same_tick Must "test_asyncio/test_taskgroups::TestTaskGroup::test_nested_groups_both_cancelled" adapted "in `scope_cooperative`";
            /// Children are waited for, bounded and taken in the order of ending as tasks are.
            children_are_waited_for_as_tasks Must "src:asyncio.taskgroups.TaskGroup.create_task";
            /// A group that is dropped while its children end, after its body has passed a cancel on, gives that back to its task.
            a_dropped_group_gives_back_the_cancel Must "contract: a request that was counted is heard";
            /// A group that is cancelled by its handle ends its children and asks its body; that is no failure, and no cancel of the task.
            cancel_method Must "main:src:asyncio.taskgroups.TaskGroup.cancel" adapted "a body that is dropped would leave no value to give: that of `scope` goes on, and that of `scope_cooperative` is told; if it passes that on, the scope gives `Cancelled` where there nothing is raised; a scope is entered by its call, so nothing is cancelled before";
        }
        timeout {
            /// A body that is too slow is dropped, and the task around it goes on.
            expires Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_basic, ::test_outer_task_is_not_cancelled" adapted "the body is dropped and sees nothing; in `timeout_scope_cooperative` it is told";
            /// A body that is faster gives its value, and no timer is left; without a bound nothing ever fires.
            absolute_none_and_unused Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_disabled, ::test_timeout_not_called";
            /// With no time at all, a body without awaits completes, and one that yields once is too late.
            past_deadline_needs_a_yield Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_zero_sleep_zero";
            /// An inner timeout is caught inside; the outer one stays armed and fires later.
            inner_expiry_stays_inner Must "test_asyncio/test_timeouts::TimeoutTests::test_nested_timeouts_loop_busy";
            /// When both expire in one turn, only the outer one is seen.
            same_deadline_outer_wins Must "test_asyncio/test_timeouts::TimeoutTests::test_nested_timeouts";
            /// A body that becomes ready in the turn of its deadline is too late.
            completion_in_same_tick_loses Must "src:asyncio.timeouts._on_timeout";
            /// A cancel from outside is a cancel, not a timeout.
            external_cancel_stays_cancel Must "test_asyncio/test_timeouts::TimeoutTests::test_foreign_cancel_doesnt_timeout_if_not_expired";
            /// A cancel from outside and the deadline in one turn: the cancel wins.
            external_cancel_plus_deadline Must "src:asyncio.timeouts.__aexit__";
            /// What else the body ends with leaves the timeout as it is.
            other_error_wins Must "test_asyncio/test_timeouts::TimeoutTests::test_foreign_exception_passed";
            /// A deadline can be moved later, away, or into the past, which ends the body at its next await.
            reschedule Must "test_asyncio/test_timeouts::TimeoutTests::test_reschedule";
            /// A timeout that expires or is over cannot be moved.
            state_errors Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_expiring, ::test_timeout_expired" adapted "a scope is entered by its call: it cannot be moved before, nor entered twice";
            /// A body that swallows the request of its deadline gives its value; the scope has expired all the same.
            swallowed_cancel_no_error Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_expiring" adapted "in `timeout_scope_cooperative`; a body that is dropped cannot refuse";
            /// In a task that cleans up after a cancel, a deadline is a timeout, and another cancel is a cancel.
            works_after_handled_cancel Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_after_cancellation, ::test_cancel_in_timeout_after_cancellation" adapted "in a cooperative task, which goes on after a cancel";
            /// Around a group whose child fails in its clean-up when the time is over, the group's error is the outcome.
            around_group Must "test_asyncio/test_timeouts::TimeoutTests::test_timeout_taskgroup";
        }
        wait_for {
            /// The timeout is reported only after the body's clean-up has ended.
            waits_for_cleanup Must "test_asyncio/test_waitfor::AsyncioWaitForTest::test_wait_for_waits_for_task_cancellation";
            /// A task that swallows the cancel of its deadline, or fails while it cleans up, has that outcome given.
            inner_outcome_beats_timeout Must "test_asyncio/test_waitfor::AsyncioWaitForTest::test_wait_for_cancel_suppressed, ::test_wait_for_reraises_exception_during_cancellation" adapted "of a cooperative task; what is dropped has no outcome";
            /// With no time at all a task that has not begun never does.
            zero_never_starts Must "test_asyncio/test_waitfor::AsyncioWaitForTest::test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started";
            /// With no time at all what is done already gives its value.
            zero_with_done_future Must "test_asyncio/test_waitfor::AsyncioWaitForTest::test_wait_for_timeout_less_then_0_or_0_future_done";
            /// A cancel that comes when the inner one has just ended is a cancel, and the inner one keeps its value.
            outer_cancel_not_swallowed_when_inner_just_done Must "test_asyncio/test_waitfor::AsyncioWaitForTest::test_wait_for_issue86296";
            /// A value that comes in the turn of the deadline is too late, and stays with the future.
            result_in_the_turn_of_the_deadline_loses Must "src:asyncio.timeouts._on_timeout";
            /// Cancelling whoever waits with a timeout cancels the inner task.
            outer_cancel_cancels_inner Must "test_asyncio/test_waitfor::AsyncioWaitForTest::test_cancel_wait_for";
        }
        nesting {
            /// The loser of a `select!` is dropped, and its clean-up ends with the task; whoever won is told at once.
            the_loser_of_a_select_cleans_up Must "contract: core_loop::finally";
            /// When a task is cancelled in a `join!`, every part that has not ended cleans up, in tasks of both kinds.
            all_parts_of_a_join_clean_up Must "contract: core_loop::finally, core_loop::cancellable";
            /// Clean-ups inside `join!`, `select!`, timeouts and each other end from the inside out; what is shielded goes on.
            clean_ups_and_shields_nest Must "contract: core_loop::finally, core_loop::shield, core_loop::timeout";
        }
        runner {
            /// A run gives the value or the error of its main, and the loop is closed afterwards.
            value_error_and_fresh_loop Must "test_asyncio/test_runners::RunTests::test_asyncio_run_return, ::test_asyncio_run_raises";
            /// At the end all tasks are cancelled at once, then their clean-ups run, then the default pool is joined.
            teardown_order Must "test_asyncio/test_runners::RunTests::test_asyncio_run_cancels_hanging_tasks";
            /// Several runs of one runner share a loop and its context, and tasks go on from run to run.
            many_runs_one_context Must "test_asyncio/test_runners::RunnerTests::test_run_keeps_context";
            /// A close always ends within its grace; what would not end is dropped and named.
            close_rules Must "test_asyncio/test_runners::RunnerTests::test_double_close" adapted "a second close, and a run after it, do not compile";
            /// Calls from threads that come one after the other and spawn do not keep a close until its grace.
            steady_callbacks_do_not_keep_the_close Must "contract: core_loop::Runner::close";
            /// Once it was shut down, or its loop is closed, no default executor is started; what there is refuses work.
            a_closed_loop_starts_no_executor Must "test_asyncio/test_base_events::BaseEventLoopTests::test_shutdown_default_executor_timeout";
            /// Ctrl-C cancels the main of a run that listens: its clean-up runs, the run says so, and what was done about the signal before is back.
            first_interrupt_cancels_main Must "test_asyncio/test_runners::RunnerTests::test_interrupt_wait, ::test_interrupt_call_soon";
            /// A main that somebody else has cancelled says so in spite of Ctrl-C, and one that swallows the request gives its output.
            interrupt_subtleties Must "test_asyncio/test_runners::RunnerTests::test_interrupt_cancelled_task; src:asyncio.runners._on_sigint";
        }
        generator {
            /// A generator half way, in a task or in another generator there, is closed with its loop, clean-ups and all; one in main ends with main.
            closed_with_its_loop Must "src:asyncio.base_events.BaseEventLoop.shutdown_asyncgens";
            /// One in a main that a stop has left pending is closed with its loop, too.
            of_a_stopped_main_is_closed_too Must "src:asyncio.base_events.BaseEventLoop.shutdown_asyncgens";
            /// One that nothing of the loop holds outlives it: its owner's drop runs its destructors, and its clean-ups only if it is closed in a task.
            kept_outside_the_tasks_ends_with_its_owner Must "src:asyncio.base_events.BaseEventLoop.shutdown_asyncgens" adapted "there the close ends it, clean-ups and all; here it may borrow from its owner, so the loop cannot keep hold of it";
        }
        pool {
            /// A job goes to the loop with the least to do, or to that of its key, and stays there, with all that it spawns.
            a_job_goes_to_the_least_loaded_and_stays Must "contract: core_loop::LoopPool";
            /// The panic of a job, of a detached task or of a callback ends no loop of a pool.
            a_panic_stays_with_its_job Must "contract: core_loop::LoopPool";
            /// A shutdown waits for what all loops have taken, and refuses the rest.
            a_shutdown_ends_what_it_took_and_refuses_the_rest Must "contract::Shutdown";
            /// What runs on after the grace of a shutdown is named, on whichever loop.
            a_shutdown_names_what_runs_on Must "contract::Shutdown";
            /// A close lets all loops clean up at the same time.
            a_close_cleans_up_on_all_loops_side_by_side Must "contract: core_loop::LoopPool::close";
            /// A close ends in time; it names the clean-ups that it had to drop, and the loops that are stuck.
            a_close_names_what_does_not_end Must "contract: core_loop::LoopPool::close";
            /// A loop whose driver panics ends its jobs and refuses others by its name; the other loops go on.
            a_lost_loop_is_named_and_the_others_go_on Must "contract: core_loop::LoopPool";
            /// A driver that cannot be made is an error that names its loop; the loops that run already are ended.
            a_loop_that_cannot_start_leaves_none_behind Must "contract: core_loop::PoolStartError";
            /// A pool that is dropped closes its loops, clean-ups and all.
            a_drop_closes_its_loops Must "contract: core_loop::LoopPool";
        }
        survives {
            /// Panics of a done-callback, of a destructor and of somebody's wakers are reported, and what comes after them runs.
            panics_of_callbacks_destructors_and_wakers Must "src:asyncio.events.Handle._run";
            /// A destructor may cancel its own task and others, spawn and schedule.
            destructors_that_cancel_and_spawn Must "contract: whatever a destructor does";
            /// A destructor that spawns and schedules during the close is heard while the loop still runs, and refused when it drops what is left.
            destructors_that_spawn_during_the_close Must "contract: core_loop::Runner::close";
            /// Whoever awaits a task of a loop that is closed, before or since, hears of it at once.
            an_await_of_a_task_whose_loop_is_closed Must "contract: core_loop::JoinError::Shutdown";
            /// A hundred thousand timers are cancelled in any order, and those beside them run in theirs.
            very_many_timers_cancelled_in_any_order Must "test_asyncio/test_base_events::BaseEventLoopTests::test__run_once_cancelled_event_cleanup";
        }
        introspect {
            /// Whoever awaits a task, gathers several, waits for them, shields one, bounds its time or owns it in a group, is named as its awaiter.
            await_graph Must "main:test_asyncio/test_graph::CallStackTestBase::test_stack_tgroup, ::test_stack_gather" adapted "tasks, and where they were spawned: a future has no frames";
            /// The table has every task, the tree puts them below their awaiters and names those that await each other.
            pstree_and_ps Must "main:test_asyncio/test_tools::TestAsyncioToolsEdgeCases::test_task_awaits_self" adapted "the process tells of itself; nobody reads its memory";
        }
        differential {
            /// Callbacks and timers: the lines are CPython's.
            callbacks_timers Must "differential/01_callbacks_timers.py";
            /// Tasks cancelled early, blocked, with a clean-up, through another, at the end: the lines are CPython's.
            task_cancellation Must "differential/02_task_cancellation.py";
            /// Timeouts that expire, nest, move, or meet a cancel from outside: the lines are CPython's.
            timeouts Must "differential/03_timeouts.py";
            /// Groups that end well, whose child or body fails, nested, and cancelled: the lines are CPython's.
            taskgroup Must "differential/04_taskgroup.py";
            /// Gathers, waits in each mode, tasks in the order of ending, and a shield: the lines are CPython's.
            gather_wait_shield Must "differential/05_gather_wait_shield.py";
            /// Locks and semaphores whose waiters are cancelled: the lines are CPython's.
            lock_semaphore Must "differential/06_lock_semaphore.py";
            /// Conditions with cancels, a pulse of an event, a barrier that trips and breaks: the lines are CPython's.
            condition_event_barrier Must "differential/07_condition_event_barrier.py";
            /// Queues with a bound, in each order, with cancels, and shut down: the lines are CPython's.
            queues Must "differential/08_queues.py";
            /// Work moved to threads, and calls from threads: the lines are CPython's.
            threads Must "differential/09_threads.py";
            /// What a run leaves behind and how it ends: the lines are CPython's.
            teardown Must "differential/10_teardown.py";
            /// Lines, limits, halves and the end of a server; children fed, heard and ended; and the end of a run: as CPython prints it.
            streams_process_teardown Must "differential/24_streams_process_teardown.py";
            /// Futures that are set, fail, are cancelled, shielded, and set by a thread: the lines are CPython's.
            futures Must "differential/11_futures.py";
            /// Waiting in one turn, with failures, timeouts and cancels, and by order of ending: the lines are CPython's.
            wait_as_completed Must "differential/12_wait_as_completed.py";
            /// Limits on tasks with clean-ups, without any time, and in the turn of a result: the lines are CPython's.
            wait_for Must "differential/13_wait_for.py";
            /// Timeout scopes that are moved, asked, nested, cancelled, and refuse: the lines are CPython's.
            timeout_scopes Must "differential/14_timeout_scopes.py";
            /// Callbacks and awaiters of futures and tasks, in the order in which they came: the lines are CPython's.
            done_callbacks Must "differential/15_done_callbacks.py";
            /// Runs that are stopped in a turn, before it, before a task has ended, and by timers: the lines are CPython's.
            run_forever_stop Must "differential/16_run_forever_stop.py";
            /// Several that end in one turn, awaited in every way: the lines are CPython's.
            ties Must "differential/17_ties.py";
            /// Eager tasks that end, wait, nest, fail and are cancelled: the lines are CPython's.
            eager_tasks Must "differential/18_eager_tasks.py";
            /// Shields whose awaiters are cancelled, alone, nested, and in the turn of the result: the lines are CPython's.
            shields Must "differential/19_shields.py";
            /// Task-locals in callbacks, timers, tasks and threads, and who is the current task there: the lines are CPython's.
            contexts Must "differential/20_contexts.py";
            /// Clean-ups at the end of a run that schedule, spawn, fail and close generators: the lines are CPython's.
            run_end Must "differential/21_run_end.py";
            /// Coroutines from threads, cancelled while they run, from inside and too late: the lines are CPython's.
            threadsafe_cancel Must "differential/22_threadsafe_cancel.py";
            /// Groups and timeouts whose bodies answer a request, swallow it, or fail: the lines are CPython's.
            groups_asked Must "differential/23_groups_asked.py";
            /// Executors beside a loop: what waits, runs, fails, is cancelled and shut down: the lines are CPython's.
            executors Must "differential/25_executors.py";
        }
    } };
}
