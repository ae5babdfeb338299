//! Every public type, with what stands for its parameter.

use super::Section;
use super::executors::{interpreters, processes, threads};
use super::probe::{Given, Not as _, Probe, Row, Says};
use contract::Executor;
use core_loop::Task;
use std::cell::Cell;
use std::cmp::Ordering;
use std::future::Ready;
use std::marker::{PhantomData, PhantomPinned};
use std::rc::Rc;
use std::sync::MutexGuard;
use sync_primitives::{Fifo, Lock, Shared};

type Work = fn();

pub(super) fn sections() -> Vec<Section> {
    vec![
        section("contract", vec![contract_types()]),
        section("sync-primitives", vec![primitives()]),
        section("thread-executor", threads()),
        section("process-executor", processes()),
        section("interpreter-executor", interpreters()),
        section("core-loop", vec![tasks(), waits(), groups(), loops(), reports(), streams()]),
        section("loop-tokio", vec![plain![loop_tokio::TokioDriver]]),
        section("loop-smol", vec![plain![loop_smol::SmolDriver]]),
        #[cfg(feature = "glommio")]
        section("loop-glommio", vec![plain![loop_glommio::GlommioDriver]]),
        section(
            "loop-virtual",
            vec![plain![loop_virtual::Builder, loop_virtual::VirtualDriver, loop_virtual::Link,]],
        ),
        section("loop-io", vec![connections()]),
        section(
            "loop-hyper",
            vec![
                plain![
                    loop_hyper::Http1,
                    loop_hyper::LoopExecutor,
                    loop_hyper::LoopSleep,
                    loop_hyper::LoopTimer,
                    loop_hyper::Server,
                    loop_hyper::Streams,
                ],
                of_any![loop_hyper::Io["S"] = loop_hyper::Io<T>],
            ],
        ),
        section("conformance", suite()),
        section("loop-test", vec![plain![loop_test::Runtime]]),
        section(
            "loop-tls",
            vec![plain![
                loop_tls::AcceptorBuilder,
                loop_tls::Certificates,
                loop_tls::ConfigError,
                loop_tls::ConnectorBuilder,
                loop_tls::Identity,
                loop_tls::TlsAcceptor,
                loop_tls::TlsConnector,
                loop_tls::TlsError,
                loop_tls::TlsSession,
            ]],
        ),
    ]
}

fn section(folder: &'static str, rows: Vec<Vec<Row>>) -> Section {
    let mut rows: Vec<Row> = rows.into_iter().flatten().collect();
    rows.sort_by_key(Row::path);
    Section { folder, rows }
}

fn contract_types() -> Vec<Row> {
    let mut rows = plain![
        contract::Direction,
        contract::Histogram,
        contract::current::Current,
        contract::Io,
        contract::Profile,
        contract::Token,
        contract::Unavailable,
        contract::CodecError,
        contract::Death,
        contract::Exit,
        contract::GuestError,
        contract::JobError,
        contract::Trap,
        contract::OutOfMemory,
        contract::Side,
        contract::Priority,
        contract::Reject,
        contract::Submit,
        contract::Cancel,
        contract::Runnable,
        contract::Watch,
        contract::When,
        contract::Panic,
        contract::Place,
        contract::Room,
        contract::Slots,
        contract::Drain,
        contract::Report,
        contract::Straggler,
        contract::Stop,
        contract::StopToken,
        contract::driver::Connecting,
        contract::role::Role,
        contract::role::RoleGuard,
        contract::spin::Pace,
    ];
    rows.extend(of_any![
        contract::Fallible["A"] = contract::Fallible<T>,
        contract::Rejected["W"] = contract::Rejected<T>,
        contract::Job["T"] = contract::Job<T>,
        contract::AsCompleted["T"] = contract::AsCompleted<T>,
        contract::NextCompleted["T"] = contract::NextCompleted<'static, T>,
        contract::Wait["T"] = contract::Wait<'static, T>,
    ]);
    rows.extend(of_send![contract::Promise["T"] = contract::Promise<T>]);
    rows.extend(of_executor![
        contract::Submitting["E"] = contract::Submitting<'static, T, Work>,
        contract::Run["E"] = contract::Run<'static, T, Work>,
        contract::Map["E"] = contract::Map<'static, T, Work, std::vec::IntoIter<Work>>,
        contract::NextResult["E"] = contract::NextResult<'static, 'static, T, Work, std::vec::IntoIter<Work>>,
        contract::Blocking["E"] = contract::Blocking<'static, T, Work, std::vec::IntoIter<Work>>,
        contract::MapUnordered["E"] = contract::MapUnordered<'static, T, Work, std::vec::IntoIter<Work>>,
        contract::NextUnordered["E"] =
            contract::NextUnordered<'static, 'static, T, Work, std::vec::IntoIter<Work>>,
        contract::BlockingUnordered["E"] =
            contract::BlockingUnordered<'static, T, Work, std::vec::IntoIter<Work>>,
    ]);
    rows
}

fn primitives() -> Vec<Row> {
    let mut rows = plain![
        sync_primitives::AcquireError,
        sync_primitives::AlreadyBorrowing,
        sync_primitives::Barrier,
        sync_primitives::BarrierWait,
        sync_primitives::BoundedSemaphore,
        sync_primitives::BrokenBarrierError,
        sync_primitives::CapacityLimiter,
        sync_primitives::Condition,
        sync_primitives::Event,
        sync_primitives::EventWait,
        sync_primitives::GetError,
        sync_primitives::OwnedPermit,
        sync_primitives::ReleaseError,
        sync_primitives::Semaphore,
        sync_primitives::TaskDoneError,
    ];
    rows.extend(of_any![
        sync_primitives::Limited["E"] = sync_primitives::Limited<T>,
        sync_primitives::PutError["T"] = sync_primitives::PutError<T>,
        sync_primitives::QueueShutDown["T"] = sync_primitives::QueueShutDown<T>,
    ]);
    rows.extend(locks());
    rows.extend(permits());
    rows.extend(queues());
    rows
}

/// What holds a lock by a reference stands for what holds it in any way.
fn locks() -> Vec<Row> {
    of_any![
        sync_primitives::ConditionWait["T"] = sync_primitives::ConditionWait<'static, &'static Lock<T>>,
        sync_primitives::Guard["T"] = sync_primitives::Guard<&'static Lock<T>>,
        sync_primitives::Lock["T"] = Lock<T>,
        sync_primitives::LockOf["T"] = sync_primitives::LockOf<T, Shared>,
        sync_primitives::local::Lock["T"] = sync_primitives::local::Lock<T>,
        sync_primitives::LockGuard["T"] = sync_primitives::LockGuard<'static, T>,
        sync_primitives::Locking["T"] = sync_primitives::Locking<&'static Lock<T>>,
        sync_primitives::MappedLockGuard["T"] = sync_primitives::MappedLockGuard<&'static Lock<u8>, T>,
        sync_primitives::OwnedLockGuard["T"] = sync_primitives::OwnedLockGuard<T>,
    ]
}

/// Of any holder: what they do is up to that, and all holders of permits may go anywhere.
fn permits() -> Vec<Row> {
    macro_rules! held {
        ($($path:path = $type:ty),+ $(,)?) => { vec![$(
            Row {
                path: stringify!($path),
                parameter: None,
                given: Given { all: says!($type), only_send: None, only_sync: None, neither: None, pinned: None },
            }
        ),+] };
    }
    held![
        sync_primitives::Acquiring = sync_primitives::Acquiring<&'static sync_primitives::Semaphore>,
        sync_primitives::AcquiringBounded =
            sync_primitives::AcquiringBounded<&'static sync_primitives::BoundedSemaphore>,
        sync_primitives::Borrower = sync_primitives::Borrower<&'static sync_primitives::CapacityLimiter>,
        sync_primitives::Permit = sync_primitives::Permit<&'static sync_primitives::Semaphore>,
        sync_primitives::EventOf = sync_primitives::EventOf<Shared>,
        sync_primitives::Local = sync_primitives::Local,
        sync_primitives::SemaphoreOf = sync_primitives::SemaphoreOf<Shared>,
        sync_primitives::Shared = Shared,
        sync_primitives::local::Event = sync_primitives::local::Event,
        sync_primitives::local::Semaphore = sync_primitives::local::Semaphore,
    ]
}

/// Any type, made comparable.
struct Ranked<T>(PhantomData<T>);

impl<T> Ord for Ranked<T> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl<T> PartialOrd for Ranked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Ranked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Ranked<T> {}

/// What is of a [`Fifo`] stands for what is of any order.
fn queues() -> Vec<Row> {
    of_any![
        sync_primitives::Fifo["T"] = Fifo<T>,
        sync_primitives::Getting["T"] = sync_primitives::Getting<'static, Fifo<T>>,
        sync_primitives::Items["T"] = sync_primitives::Items<'static, Fifo<T>>,
        sync_primitives::ItemsBlocking["T"] = sync_primitives::ItemsBlocking<'static, Fifo<T>>,
        sync_primitives::Joining["T"] = sync_primitives::Joining<'static, Fifo<T>>,
        sync_primitives::Lifo["T"] = sync_primitives::Lifo<T>,
        sync_primitives::LifoQueue["T"] = sync_primitives::LifoQueue<T>,
        sync_primitives::LowestFirst["T"] = sync_primitives::LowestFirst<T>,
        sync_primitives::NextItem["T"] = sync_primitives::NextItem<'static, 'static, Fifo<T>>,
        sync_primitives::PriorityQueue["T"] = sync_primitives::PriorityQueue<Ranked<T>>,
        sync_primitives::Putting["T"] = sync_primitives::Putting<'static, Fifo<T>>,
        sync_primitives::Queue["T"] = sync_primitives::Queue<T>,
        sync_primitives::QueueOf["T"] = sync_primitives::QueueOf<Fifo<T>>,
        sync_primitives::local::LifoQueue["T"] = sync_primitives::local::LifoQueue<T>,
        sync_primitives::local::PriorityQueue["T"] = sync_primitives::local::PriorityQueue<Ranked<T>>,
        sync_primitives::local::Queue["T"] = sync_primitives::local::Queue<T>,
    ]
}

fn tasks() -> Vec<Row> {
    let mut rows = plain![
        core_loop::Context,
        core_loop::Cancelled,
        core_loop::JoinError,
        core_loop::Reason,
        core_loop::AnyTask,
        core_loop::YieldNow,
        core_loop::TaskInfo,
        core_loop::TaskState,
    ];
    rows.extend(of_any![
        core_loop::Task["T"] = Task<T>,
        core_loop::Scope["F"] = core_loop::Scope<T>,
        core_loop::TaskLocal["T"] = core_loop::TaskLocal<T>,
        core_loop::ThreadBound["T"] = core_loop::ThreadBound<T>,
        core_loop::InvalidState["V"] = core_loop::InvalidState<T>,
        core_loop::Future["T"] = core_loop::Future<T>,
        core_loop::Promise["T"] = core_loop::Promise<T>,
    ]);
    rows
}

fn waits() -> Vec<Row> {
    let mut rows = plain![
        core_loop::Elapsed,
        core_loop::Deadline,
        core_loop::Order,
        core_loop::Sleep,
        core_loop::TimeoutScope,
        core_loop::WaitUntilIdle,
    ];
    rows.extend(of_handle![
        core_loop::AsCompleted["W"] = core_loop::AsCompleted<T>,
        core_loop::AsCompletedWithin["W"] = core_loop::AsCompletedWithin<T>,
        core_loop::NextCompleted["S"] = core_loop::NextCompleted<'static, core_loop::AsCompleted<T>>,
        core_loop::Shield["W"] = core_loop::Shield<T>,
        core_loop::Wait["W"] = core_loop::Wait<'static, T>,
        core_loop::Waited["W"] = core_loop::Waited<'static, T>,
        core_loop::WaitFor["W"] = core_loop::WaitFor<T>,
    ]);
    rows.extend(of_any![
        core_loop::Child["T"] = core_loop::Child<T>,
        core_loop::Siblings["T"] = core_loop::Siblings<T>,
        core_loop::Gathered["C"] = core_loop::Gathered<core_loop::Siblings<T>>,
        core_loop::ReturnWhen["T"] = core_loop::ReturnWhen<T>,
        core_loop::Timeout["F"] = core_loop::Timeout<T>,
        core_loop::TryGathered["C"] = core_loop::TryGathered<core_loop::Siblings<Result<T, T>>>,
    ]);
    rows
}

fn groups() -> Vec<Row> {
    let mut rows = plain![core_loop::ChildError];
    rows.extend(of_any![
        core_loop::ChildTask["T"] = core_loop::ChildTask<T>,
        core_loop::GroupClosed["F"] = core_loop::GroupClosed<T>,
        core_loop::GroupError["E"] = core_loop::GroupError<T>,
        core_loop::ScopedChild["T"] = core_loop::ScopedChild<T>,
        core_loop::ScopedGroup["E"] = core_loop::ScopedGroup<'static, T>,
        core_loop::StartError["E"] = core_loop::StartError<T>,
        core_loop::TaskGroup["E"] = core_loop::TaskGroup<T>,
        core_loop::TaskStatus["V"] = core_loop::TaskStatus<T>,
    ]);
    rows
}

fn loops() -> Vec<Row> {
    let mut rows = plain![
        core_loop::Handle,
        core_loop::ThreadsafeHandle,
        core_loop::Loop,
        core_loop::LoopHandle,
        core_loop::ShutdownDefaultExecutor,
        core_loop::BoxedWork,
        core_loop::Descriptor,
        core_loop::DumpSocket,
        core_loop::CloseReport,
        core_loop::Closed,
        core_loop::RunError,
        core_loop::NativeDriver,
        core_loop::Outside,
        core_loop::LoopLost,
        core_loop::LoopPool,
        core_loop::PoolBuilder,
        core_loop::PoolLoop,
        core_loop::PoolStartError,
        core_loop::StartProblem,
        core_loop::ReadinessThread,
        core_loop::Runner,
        core_loop::Stuck,
    ];
    rows.extend(of_any![
        core_loop::Pinned["F"] = core_loop::Pinned<T>,
        core_loop::Carry["F"] = core_loop::Carry<Ready<T>>,
        core_loop::ToThread["R"] = core_loop::ToThread<T>,
    ]);
    rows.extend(of_executor![core_loop::RunInExecutor["E"] = core_loop::RunInExecutor<'static, T, Work>]);
    rows
}

fn reports() -> Vec<Row> {
    plain![
        core_loop::DebugReport,
        core_loop::StepInfo,
        core_loop::Awaitable,
        core_loop::WhichTask,
        core_loop::Doing,
        core_loop::WhichThread,
        core_loop::ExceptionContext,
        core_loop::Step,
        core_loop::Turn,
        core_loop::Branch,
        core_loop::Ps,
        core_loop::PsTree,
    ]
}

fn streams() -> Vec<Row> {
    let mut rows = plain![
        core_loop::net::Address,
        core_loop::net::ListenOptions,
        core_loop::net::TcpListener,
        core_loop::net::ReadHalf,
        core_loop::net::TcpStream,
        core_loop::net::WriteHalf,
        core_loop::net::PeerCredentials,
        core_loop::net::UdpSocket,
        core_loop::net::UnixAddress,
        core_loop::net::UnixDatagram,
        core_loop::net::UnixListener,
        core_loop::net::UnixStream,
        core_loop::net::ReceivedFds,
        core_loop::pipe::Reader,
        core_loop::pipe::Writer,
        core_loop::stream::Close,
    ];
    rows.extend(of_any![
        core_loop::stream::Generator["T"] = core_loop::stream::Generator<'static, T>,
        core_loop::stream::Yielder["T"] = core_loop::stream::Yielder<T>,
        core_loop::stream::Yield["T"] = core_loop::stream::Yield<'static, T>,
        core_loop::stream::Next["T"] = core_loop::stream::Next<'static, 'static, T>,
    ]);
    rows
}

fn suite() -> Vec<Vec<Row>> {
    vec![
        plain![
            conformance::Arrival,
            conformance::Bench,
            conformance::BoxFuture,
            conformance::Closure,
            conformance::Dice,
            conformance::Echo,
            conformance::Exception,
            conformance::Executors,
            conformance::Gate,
            conformance::Held,
            conformance::Kit,
            conformance::Level,
            conformance::LoopThread,
            conformance::Loops,
            conformance::Miss,
            conformance::Outcome,
            conformance::Prepare,
            conformance::Primitives,
            conformance::Stress,
            conformance::Stressed,
            conformance::Treatment,
            conformance::Verdict,
            conformance::Work,
        ],
        vec![
            of!(conformance::Behaviour ["K"] = conformance::Behaviour<T>, all: conformance::Loops),
            of!(conformance::Subject ["K"] = conformance::Subject<T>, all: conformance::Loops),
        ],
        of_any![conformance::LocalFuture["T"] = conformance::LocalFuture<'static, T>],
    ]
}

fn connections() -> Vec<Row> {
    let mut rows = plain![
        loop_io::Beneath,
        loop_io::Buffered,
        loop_io::Connect,
        loop_io::DatagramEndpoint,
        loop_io::DatagramTransport,
        loop_io::Endpoint,
        loop_io::IncompleteRead,
        loop_io::InvalidLine,
        loop_io::LimitOverrun,
        loop_io::Listen,
        loop_io::Lost,
        loop_io::Plain,
        loop_io::ReadExactError,
        loop_io::ReadLineError,
        loop_io::ReadUntilError,
        loop_io::SendFile,
        loop_io::SendFileError,
        loop_io::Server,
        loop_io::StreamReader,
        loop_io::StreamWriter,
        loop_io::TextLines,
        loop_io::Transport,
        loop_io::WriteError,
        loop_io::WriteLimits,
        loop_io::WrongLimits,
        loop_io::files::Entry,
        loop_io::files::Walk,
        loop_io::process::Command,
        loop_io::process::Output,
        loop_io::process::Process,
        loop_io::process::Stdio,
        loop_io::process::SubprocessTransport,
    ];
    rows.extend(of_any![loop_io::ProtocolHandle["P"] = loop_io::ProtocolHandle<T>]);
    rows
}
