//! The loops' behaviours in input and output.

/// Calls the macro `$then` with the behaviours that it is given, and those of input and output after them.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_io_behaviours {
    ($then:path, [$($arguments:tt)*] $($others:tt)*) => { $then! { [$($arguments)*]
        $($others)*
        io {
            /// A reader is called when bytes arrive, each time, and at the end.
            reader_fires_on_readable Must "test_asyncio/test_events::EventLoopTestsMixin::test_reader_callback";
            /// A reader that reads nothing is called again, once a turn, until somebody has read.
            called_again_until_it_is_read Must "src:asyncio.selector_events: selectors are level-triggered";
            /// A writer is removed once: true, then false; it is called no more.
            remove_is_idempotent Must "test_asyncio/test_events::EventLoopTestsMixin::test_writer_callback";
            /// Of two readers of one descriptor only the newer is called, and the older is dropped.
            second_registration_replaces_first Must "test_asyncio/test_selector_events::BaseSelectorEventLoopTests::test_add_reader_existing";
            /// Removing the reader of a descriptor leaves its writer.
            reader_and_writer_are_separate Must "test_asyncio/test_selector_events::BaseSelectorEventLoopTests::test_remove_reader_read_write";
            /// Of two that are ready in one turn, the first removes the second, which is not called.
            removed_in_same_poll_not_called Must "test_asyncio/test_selector_events::BaseSelectorEventLoopTests::test_process_events_read_cancelled";
            /// A reader may remove itself while it is called.
            removes_itself_while_called Must "src:asyncio.selector_events._process_events";
            /// A reader that panics is reported, and is called again.
            failing_reader_is_reported_and_stays Must "src:asyncio.events.Handle._run";
            /// The close drops all readers; afterwards adding one is an error, and removing one gives false.
            close_ends_all Must "test_asyncio/test_events::EventLoopTestsMixin::test_add_fds_after_closing, ::test_remove_fds_after_closing";
            /// A reader on a descriptor that something else of the loop waits for harms neither, nor does its removal.
            transport_fd_protected Must "test_asyncio/test_unix_events::TestFunctional::test_add_reader_or_writer_transport_fd (CPython: an error)";
            /// A receive that is cancelled ends at once, and its socket closes with the task.
            sock_recv_cancel_prompt Must "test_asyncio/test_events::EventLoopTestsMixin::test_prompt_cancellation";
        }
        signal {
            /// A signal wakes a loop that sleeps; its handler is an ordinary callback on the loop's thread.
            handler_is_a_loop_callback Must "test_asyncio/test_events::EventLoopTestsMixin::test_signal_handling_while_selecting, ::test_signal_handling_args";
            /// Removed, a handler leaves the default disposition: true, then false; what cannot be caught is refused.
            remove_restores_default Must "test_asyncio/test_events::EventLoopTestsMixin::test_add_signal_handler";
            /// Of two handlers of one signal only the newer is called.
            second_handler_replaces_first Must "src:asyncio.unix_events.add_signal_handler";
            /// The close removes every handler, and restores every disposition.
            close_uninstalls_all Must "test_asyncio/test_unix_events::SelectorEventLoopSignalTests::test_close";
            /// A signal to a child is the child's own: it ends of it, and the handler here stays silent.
            fork_child_does_not_reach_parent_loop Must "test_asyncio/test_unix_events::TestFork::test_fork_signal_handling";
            /// Each of several loops, on several threads, hears a signal that they all listen to.
            every_loop_that_listens_hears_it Must "contract: in CPython only the main thread listens";
        }
        pipe {
            /// More than a pipe holds arrives whole, and then the end.
            all_of_it_arrives_and_then_the_end Must "test_asyncio/test_events::EventLoopTestsMixin::test_read_pipe, ::test_write_pipe";
            /// A write that nobody can read is a broken pipe; so is one after the close.
            nobody_reads_is_a_broken_pipe Must "test_asyncio/test_events::EventLoopTestsMixin::test_write_pipe_disconnect_on_close";
            /// A writer that waits for room is told that nobody reads any more.
            a_writer_that_waits_is_told_that_nobody_reads Must "test_asyncio/test_events::EventLoopTestsMixin::test_write_pipe_disconnect_on_close";
            /// A read that is given up takes nothing.
            a_read_given_up_loses_nothing Must "contract::Readiness::poll_io";
        }
        unix {
            /// Through a socket with an abstract name bytes flow both ways; each side knows who the other is.
            bytes_flow_both_ways Must "test_asyncio/test_events::EventLoopTestsMixin::test_create_unix_connection";
            /// A socket file that was left behind is replaced; one's own is removed, and nobody else's.
            a_socket_left_behind_is_replaced_and_ones_own_path_removed Must "test_asyncio/test_server::UnixServerCleanupTests::test_unix_server_addr_cleanup, ::test_unix_server_cleanup_replaced";
            /// A server's path goes when it closes; its connections live on, and know where they are connected.
            a_server_cleans_its_path_up Must "test_asyncio/test_server::UnixServerCleanupTests::test_unix_server_addr_cleanup";
            /// A connect waits while the queue of the listener is full.
            a_connect_waits_for_room_in_a_full_queue Must "contract: CPython takes a connect that would block for done";
            /// Descriptors travel with bytes, many of them, and are the same files at the other end; a receive that is given up loses none.
            descriptors_travel Must "contract core_loop::net::UnixStream::send_fds (Python: socket.send_fds)";
            /// A read that knows nothing of descriptors drops them, and goes on with what came behind them.
            a_plain_read_goes_on_behind_descriptors Must "contract core_loop::net::UnixStream (recv(2))";
            /// Datagrams arrive whole and in order, also more than a queue holds; the path goes with its socket.
            datagrams_arrive_in_order_and_whole Must "test_asyncio/test_events::EventLoopTestsMixin::test_create_datagram_endpoint_sock";
        }
        udp {
            /// A datagram arrives with the address of its sender, also after a receive that was given up.
            a_datagram_arrives_with_its_sender Must "test_asyncio/test_sock_lowlevel::BaseSockTestsMixin::test_recvfrom";
            /// Who has joined a group hears what is sent to it, and nothing more once it has left.
            a_group_hears_what_is_sent_to_it Must "contract core_loop::net::UdpSocket::join_multicast_v4";
            /// That nobody was there is an error of the next receive; the socket then goes on.
            a_dead_port_is_told_and_the_socket_goes_on Must "test_asyncio/test_events::EventLoopTestsMixin::test_datagram_send_to_non_listening_address";
        }
        datagram {
            /// Calls come in order; what was handed over before the close is sent, and nothing after it.
            calls_come_in_order_and_close_sends_what_is_queued Must "test_asyncio/test_events::EventLoopTestsMixin::test_create_datagram_endpoint";
            /// A datagram to a dead port is an error that is told; later datagrams still arrive.
            survives_unreachable_peer Must "test_asyncio/test_events::EventLoopTestsMixin::test_datagram_send_to_non_listening_address";
            /// Through a Unix socket as through any other: with the sender's name, more than a queue holds, and an error for a dead one.
            unix_datagrams_are_called_as_others Must "test_asyncio/test_events::EventLoopTestsMixin::test_create_datagram_endpoint_sock_unix, ::test_create_datagram_endpoint_existing_sock_unix";
            /// A broadcast is refused until it is allowed, with an error that is told.
            broadcast_must_be_allowed Must "test_asyncio/test_base_events::BaseEventLoopWithSelectorTests::test_create_datagram_endpoint_allow_broadcast";
            /// A protocol that panics is reported, and its endpoint is closed.
            protocol_that_panics_loses_its_endpoint_only Must "src:asyncio.selector_events._fatal_error";
        }
        subprocess {
            /// A child is fed and heard; its exit code is its own, and the negative number of a signal that ended it.
            pipes_and_status Must "test_asyncio/test_subprocess::SubprocessMixin::test_stdin_stdout, ::test_kill, ::test_terminate";
            /// A directory, an environment and mixed outputs are as asked for, each time the command is started.
            directory_environment_and_mixed_outputs Must "test_asyncio/test_subprocess::SubprocessMixin::test_shell, ::test_create_subprocess_env_shell";
            /// A megabyte for a child that reads nothing, or has ended before, is no error of communicate.
            communicate_ignores_broken_pipe Must "test_asyncio/test_subprocess::SubprocessMixin::test_communicate_ignore_broken_pipe";
            /// A write to a child that reads nothing is a broken pipe.
            drain_reports_broken_pipe Must "test_asyncio/test_subprocess::SubprocessMixin::test_stdin_broken_pipe";
            /// A child ends while its own child keeps the output open: the end is told first, late bytes still arrive.
            exit_vs_pipes Must "test_asyncio/test_subprocess::SubprocessMixin::test_subprocess_protocol_events";
            /// What a child wrote is there after it has ended and was reaped.
            output_outlives_its_writer Must "src:asyncio.base_subprocess";
            /// Ten who wait, and one who comes later, get the same status.
            many_waiters Must "test_asyncio/test_subprocess::SubprocessMixin::test_subprocess_concurrent_wait";
            /// A wait that is cancelled leaves the child running, and it can be waited for again.
            cancel_wait_does_not_kill Must "test_asyncio/test_subprocess::SubprocessMixin::test_cancel_process_wait";
            /// A communicate that is dropped half way loses no byte in either direction; the next goes on.
            cancelled_communicate_loses_nothing Must "contract: CPython loses what was read";
            /// A child whose task is cancelled right after the start is killed if that was asked for, and reaped.
            cancel_during_spawn_reaps Must "test_asyncio/test_subprocess::SubprocessMixin::test_cancel_make_subprocess_transport_exec";
            /// Signals reach a running child or its group, and nobody once it was reaped.
            close_kills_running_only Must "test_asyncio/test_subprocess::SubprocessMixin::test_close_kill_running, ::test_close_dont_kill_finished";
            /// A child whose handle was dropped lives on, and is reaped when it ends.
            no_zombie_without_a_handle Must "src:asyncio.unix_events.PidfdChildWatcher";
            /// A child that outlives its loop is reaped when it ends.
            no_zombie_after_the_close Must "contract: CPython leaves a zombie";
            /// A child that ignores SIGTERM goes on until it is killed.
            deaf_to_sigterm Must "test_asyncio/test_subprocess::SubprocessMixin::test_send_signal";
            /// A protocol is told of the start first, of each pipe's data before its loss, and of the end when child and pipes are gone.
            protocol_events_in_order Must "test_asyncio/test_subprocess::SubprocessMixin::test_subprocess_protocol_events";
            /// Closing the transport of a child that runs kills it, and it is reaped.
            transport_close_kills Must "test_asyncio/test_subprocess::SubprocessTransportTests, ::test_close_kill_running";
            /// A child that closes its outputs and lives on is waited for.
            closes_its_pipes_and_lives_on Must "src:asyncio.base_subprocess";
            /// A program or directory that is not there, and an argument with a NUL, are errors that say so.
            a_start_that_fails_says_why Must "test_asyncio/test_subprocess::SubprocessMixin::test_exec_file_not_found";
            /// Where the kernel gives no descriptor of a process, a thread waits for each child, and all of the above holds.
            without_a_pidfd_a_thread_waits Must "src:asyncio.unix_events.ThreadedChildWatcher";
            /// The pipes of a child are streams: a line in, a line out, and one over the limit is an error.
            streams_with_lines_and_a_limit Must "src:asyncio.subprocess.create_subprocess_exec(limit=…)";
            /// A protocol whose child does not read is paused above the high mark, and goes on when it reads.
            pauses_a_protocol_whose_child_does_not_read Must "src:asyncio.base_subprocess.WriteSubprocessPipeProto.pause_writing";
            /// A child that never stops writing waits for its reader; closing the pipe ends it.
            an_endless_output_waits_in_its_pipe Must "contract loop_io::process (yes)";
        }
        stream {
            /// A line as long as the limit is read; one byte more is an error, and reading goes on behind that line.
            readline_limit_strict Must "test_asyncio/test_streams::StreamTests::test_readline_limit";
            /// Without a separator within the limit there is an error that says how far it looked, and nothing is taken.
            readuntil_overrun_keeps_data Must "test_asyncio/test_streams::StreamTests::test_readuntil_limit_found_sep";
            /// A separator that comes in pieces, after some that only began like it, is found.
            readuntil_split_separator Must "test_asyncio/test_streams::StreamTests::test_readuntil_multi_chunks_1";
            /// Of several separators the one that ends first counts, even if another one would reach further.
            readuntil_many_separators Must "test_asyncio/test_streams::StreamTests::test_readuntil_multi_separator";
            /// An end after three of five bytes is an error that has the three.
            readexactly_short Must "test_asyncio/test_streams::StreamTests::test_readexactly_eof";
            /// Reads that are given up while they wait, at each place of a line, lose none of it.
            cancelled_read_loses_nothing Must "test_asyncio/test_streams::StreamTests::test_exception_cancel";
            /// A line that is no UTF-8 is an error that has the line, and the next one can be read.
            invalid_line_is_an_error_and_goes_on Must "contract loop_io::StreamReader::next_line";
            /// Ten tasks that drain all go on when the buffer is down at the low mark.
            drain_wakes_every_writer Must "test_asyncio/test_streams::StreamTests::test_multiple_drain";
            /// Whoever writes and drains for ever hears soon that the peer has gone.
            drain_reports_lost_peer Must "test_asyncio/test_streams::StreamTests::test_drain_raises";
            /// A drain that is given up, again and again, loses nothing of what was written.
            cancelled_drain_loses_nothing Must "test_asyncio/test_streams::StreamTests::test_multiple_drain (cancelled)";
            /// A peer of which nothing is heard any more is given up by a timeout, with what came before; an abort does not wait for it.
            half_open_peer_is_given_up_by_a_timeout Must "contract loop_io::StreamReader";
            /// A connection that is reset in the middle of a line is an error of whoever reads or writes; what came stays.
            reset_in_the_middle_is_told Must "test_asyncio/test_streams::StreamTests::test_exception_waiter";
            /// With a peer that does not read, no more is kept than the high mark and one write; later it gets all of it.
            silent_peer_fills_no_memory Must "contract loop_io::StreamWriter::drain";
            /// Several pieces leave in a row, empty ones and more than the kernel takes at a time, also when it is full in between.
            pieces_leave_in_a_row Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_writelines_partial_write";
            /// Megabytes flow both ways at once.
            megabytes_flow_both_ways Must "contract loop_io::StreamWriter";
            /// A side that has ended still reads what the other one answers.
            half_closed_peer_can_be_written_to Must "test_asyncio/test_streams::StreamTests::test_open_connection";
            /// A close with bytes that nobody read ends, the reader is at its end, and the peer gets our last words.
            wait_closed_with_unread_data Must "test_asyncio/test_streams::StreamTests::test_wait_closed_on_close_with_unread_data";
            /// The last words arrive also from a step that has spent its budget, although nobody read what came.
            last_words_arrive_from_a_step_that_has_spent_its_budget Must "contract loop_io::StreamWriter (contract::budget)";
            /// A handler that fails, or panics, is reported once and its connection closes; of one that is cancelled nothing is said.
            handler_error_vs_cancel Must "test_asyncio/test_streams::StreamTests::test_unhandled_exception, ::test_unhandled_cancel";
        }
        file {
            /// What is written is read back, what is appended stands behind it.
            what_is_written_is_read_back Must "test_asyncio/test_threads::ToThreadTests::test_to_thread (contract loop_io::files)";
            /// An error is of the kernel's kind, and names the path.
            errors_name_the_path Must "contract loop_io::files";
            /// A walk finds everything below a directory once, and a directory before what is in it; links are not followed.
            a_walk_finds_everything_once Must "contract loop_io::files::walk";
            /// Work that runs goes on without its waiter, and is done as a whole; work that has not begun never begins.
            a_wait_given_up_leaves_the_work_whole_or_undone Must "test_asyncio/test_threads::ToThreadTests::test_to_thread_cancel (contract loop_io::files)";
        }
        sendfile {
            /// What was written before a file comes before it, what is written after it behind it; both are whole.
            comes_between_what_is_written_before_and_after Must "test_asyncio/test_sendfile::SendfileMixin::test_sendfile_pre_and_post_data";
            /// What was written through futures-io, and flushed by nobody, comes before a file as well.
            comes_after_what_futures_io_has_written Must "contract loop_io::SendFile";
            /// A part of a file is sent, from its place on, and no more than the file has; its position stays where it is.
            sends_a_part_and_no_more_than_there_is Must "test_asyncio/test_sendfile::SendfileMixin::test_sendfile_partial";
            /// A socket that nobody made a stream of takes a file as well.
            a_bare_socket_takes_a_file Must "test_asyncio/test_sendfile::SockSendfileMixin::test_sock_sendfile_success";
            /// Where the kernel cannot, a thread reads the file; without that fallback it is an error, and nothing is sent.
            falls_back_to_a_thread_or_says_that_it_cannot Must "test_asyncio/test_sendfile::SendfileMixin::test_sendfile_force_fallback, ::test_sendfile_no_fallback_for_fallback_transport";
            /// While a file is sent, a write and another file are refused, and do not come between its bytes.
            prevents_bare_write Must "test_asyncio/test_sendfile::SendfileMixin::test_sendfile_prevents_bare_write";
            /// Given up in the middle, it knows how much was sent, and goes on there: no byte is lost, none comes twice.
            given_up_it_goes_on_where_it_was Must "contract loop_io::SendFile (CPython: the file's position)";
            /// A peer that goes in the middle, or a close of one's own, is an error that says how much was sent.
            a_connection_that_ends_in_the_middle_is_told Must "test_asyncio/test_sendfile::SendfileMixin::test_sendfile_close_peer_in_the_middle_of_receiving, ::test_sendfile_for_closing_transp";
        }
        transport {
            /// The connection is told first and once, what comes and its end after it, the loss last and once.
            callback_order Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_ctor";
            /// A close sends everything, and then tells of the loss without an error.
            close_flushes Must "test_asyncio/test_selector_events::SelectorTransportTests::test_close_write_buffer";
            /// An abort forgets what is not sent, and tells of the loss soon, but not inside the call.
            abort_discards Must "test_asyncio/test_selector_events::SelectorTransportTests::test_force_close";
            /// A write on a closing transport is refused, and never sent.
            write_after_close_is_no_error Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_write_closing (CPython: ignored)";
            /// Above the high mark there is one pause, at the low one one resume; a mark that is lowered pauses at once.
            watermarks Must "test_asyncio/test_transports::TransportTests::test_flowcontrol_mixin_set_write_limits";
            /// A paused transport gives nothing, from the very beginning; to pause or to resume twice is fine, and closed wins.
            pause_reading_idempotent Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_pause_resume_reading";
            /// The writing side ends after all that was written, once, and the other way stays open.
            write_eof_after_buffer Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_write_eof_buffer";
            /// A protocol may keep its transport open for writing when the other side has ended.
            eof_keep_open Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_read_ready_eof_keep_open";
            /// Protocols are served and connect through a Unix socket as through any other.
            unix_protocols_are_called_as_others Must "test_asyncio/test_events::EventLoopTestsMixin::test_create_unix_connection, ::test_create_unix_server";
            /// A protocol that fails, or panics, is reported and loses its connection; no other one notices.
            protocol_error_is_fatal_for_it_only Must "test_asyncio/test_selector_events::SelectorSocketTransportTests::test_data_received_error";
        }
        server {
            /// A closed server refuses new connections, with an error that names the address, and keeps the old ones.
            close_refuses_new_keeps_old Must "test_asyncio/test_events::EventLoopTestsMixin::test_server_close";
            /// Waiting for the close of a server ends when it is closed and its last connection has gone, in either order.
            wait_closed_needs_close_and_clients_gone Must "test_asyncio/test_server::TestServer2::test_wait_closed_basic, ::test_wait_closed_race";
            /// Clients are closed with all that was written to them, or aborted at once although they do not read.
            close_and_abort_clients Must "test_asyncio/test_server::TestServer2::test_close_clients, ::test_abort_clients";
            /// Without descriptors a server pauses for a second at a time, says so once, and then goes on.
            accept_survives_fd_exhaustion Must "test_asyncio/test_base_events::BaseEventLoopWithSelectorTests::test_accept_connection_exception";
            /// A connection that has failed before it was accepted is passed over: no report, no pause, and the next one is served.
            a_connection_that_failed_before_is_passed_over Must "contract loop_io::Server (accept(2))";
            /// A server whose accepting is cancelled, as a cancel of all tasks does it, is closed, and serving it for ever says so.
            a_server_whose_accepting_is_cancelled_says_so Must "contract loop_io::Server::serve_forever (CPython: it has no such task)";
            /// A second server on an address that is taken is an error that names it.
            port_in_use_is_an_error_that_names_it Must "test_asyncio/test_events::EventLoopTestsMixin::test_create_server_addr_in_use";
            /// A socket file goes when its server closes, unless another socket is there by then, or it was to be kept.
            unix_socket_cleanup Must "test_asyncio/test_server::UnixServerCleanupTests::test_unix_server_addr_cleanup, ::test_unix_server_cleanup_gone, ::test_unix_server_cleanup_replaced, ::test_unix_server_cleanup_prevented";
            /// An accept that is given up, at any time, loses no connection and no byte of it.
            accept_given_up_loses_no_connection Must "test_asyncio/test_events::EventLoopTestsMixin::test_prompt_cancellation";
            /// A client that sends a byte now and then, and never a whole line, holds up nobody else, and is put out by a timeout.
            slow_client_is_put_out_and_holds_up_nobody Must "contract loop_io::Server";
            /// Connects that are given up, after any number of turns, leave no connection, and the server serves on.
            given_up_operations_lose_nothing Must "contract loop_io::open_connection";
        }
    } };
}
