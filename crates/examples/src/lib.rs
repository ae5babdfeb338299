//! One idiom a file: how asyncio's ways look here, each with the Python above it.
//!
//! Each has a program of its name in `src/bin`, which says what it prints: `cargo run -p examples --bin hello`.
//! All take `--runtime native|tokio|smol|glommio`; what they print does not change with it.
//!
//! | idiom | shows |
//! | --- | --- |
//! | [`hello`] | run, and sleep |
//! | [`blocked_loop`] | what a second of CPU does to everything else on the loop, and where to put it instead |
//! | [`long_computation`] | a computation that gives way, in pieces or on a thread |
//! | [`map_as_completed`] | many jobs on a pool, in order, as they come, and some at a time |
//! | [`executor_while_printing`] | a job blocks elsewhere, the loop goes on, `gather` waits for both |
//! | [`four_pools`] | one function on the loop's own threads, in a thread pool, an interpreter pool, a process pool |
//! | [`hostile_plugin`] | plugins of others: one spins, hoards and crashes, another is served beside it |
//! | [`parse_in_processes`] | foreign documents, read where a crash costs one of them |
//! | [`big_argument`] | one copy of a large object, which two processes read |
//! | [`producers_consumers`] | a bounded queue between tasks |
//! | [`priority_queue`] | what matters most is done first |
//! | [`condition`] | waiting until shared data is as needed |
//! | [`event`] | one says when, and all go on |
//! | [`barrier`] | nobody goes on before all have come |
//! | [`gather_wait`] | all of several, the first of them, each as it comes |
//! | [`timeouts`] | a future that takes too long, and a job that does |
//! | [`call_later`] | callbacks at a time, and a loop that runs until it is stopped |
//! | [`async_generator`] | a stream that is written as a loop with awaits |
//! | [`task_locals`] | what a task, its children and its threads know without being told |
//! | [`cancel_cleanup`] | a cancelled task cleans up with awaits |
//! | [`shield`] | what must be finished is, whoever gives up waiting |
//! | [`interrupted`] | Ctrl-C cancels what runs, and it cleans up |
//! | [`subprocess`] | a child is fed and heard; another takes too long, and is ended |
//! | [`watch_a_pipe`] | a function that is called whenever there is something to read |
//! | [`from_another_process`] | another process asks the loop, through a Unix socket |
//! | [`log_writer`] | a log that is written off the loop |
//! | [`task_group`] | tasks that belong together: one fails, all end |
//! | [`from_a_thread`] | another thread calls into the loop |
//! | [`loop_in_a_thread`] | a loop for a program that has none |
//! | [`graceful_shutdown`] | a server that stops without cutting anybody off |
//! | [`many_requests`] | ten thousand requests, a hundred at a time |
//! | [`protocol_echo`] | connections that call instead of being waited for |
//! | [`tls_echo`] | connections that nobody else can read, with a name that is proved |
//! | [`limited`] | a bound around any executor |
//! | [`one_loop_per_core`] | a server that uses all cores, each with its own loop and its own share of the connections |
//! | [`own_executor`] | an executor of one's own, which keeps every promise |
//!
//! Where work may run in several places, the idiom is one function over `impl Executor<W>`. [`echo`] and [`compare`] are
//! whole programs; [`metrics`] measures a loop.

pub mod args;
pub mod async_generator;
pub mod barrier;
pub mod big_argument;
pub mod blocked_loop;
pub mod call_later;
pub mod cancel_cleanup;
pub mod compare;
pub mod condition;
pub mod echo;
pub mod event;
pub mod executor_while_printing;
pub mod four_pools;
pub mod from_a_thread;
pub mod from_another_process;
pub mod gather_wait;
pub mod graceful_shutdown;
pub mod guests;
pub mod hello;
pub mod hostile_plugin;
pub mod interrupted;
pub mod limited;
pub mod log_writer;
pub mod long_computation;
pub mod loop_in_a_thread;
pub mod many_requests;
pub mod map_as_completed;
pub mod metrics;
pub mod one_loop_per_core;
pub mod own_executor;
pub mod parse_in_processes;
pub mod priority_queue;
pub mod producers_consumers;
pub mod protocol_echo;
pub mod runtime;
pub mod shield;
pub mod subprocess;
pub mod task_group;
pub mod task_locals;
pub mod timeouts;
pub mod tls_echo;
pub mod watch_a_pipe;
