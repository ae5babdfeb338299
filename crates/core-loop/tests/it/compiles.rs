//! Which public types may cross threads. That this compiles is the test.

use core_loop::{
    AsCompleted, AsCompletedWithin, Carry, ChildError, ChildTask, CloseReport, Descriptor, Gathered,
    GroupClosed, GroupError, Handle, InvalidState, JoinError, Loop, LoopHandle, LoopLost, LoopPool,
    NativeDriver, Outside, Pinned, PoolBuilder, PoolLoop, PoolStartError, Promise, Reason, ReturnWhen,
    RunError, Runner, ScopedChild, ScopedGroup, Shield, Siblings, Sleep, StartError, Stuck, Task, TaskGroup,
    TaskStatus, ThreadsafeHandle, Timeout, TimeoutScope, ToThread, TryGathered, Wait, WaitFor, WaitUntilIdle,
    YieldNow,
    net::{
        PeerCredentials, TcpListener, TcpStream, UdpSocket, UnixAddress, UnixDatagram, UnixListener,
        UnixStream,
    },
    pipe,
};
use std::future::Ready;
use std::rc::Rc;

/// Compiles only for what is `Send` and `Sync`.
const fn crosses<T: Send + Sync>() {}

/// Compiles only for what is `Send`.
const fn moves<T: Send>() {}

const _: () = {
    crosses::<LoopHandle>();
    crosses::<LoopPool>();
    crosses::<PoolLoop>();
    crosses::<PoolBuilder>();
    crosses::<LoopLost>();
    crosses::<PoolStartError>();
    crosses::<ThreadsafeHandle>();
    crosses::<Pinned<fn()>>();
    crosses::<JoinError>();
    crosses::<RunError>();
    crosses::<Reason>();
    crosses::<CloseReport>();
    crosses::<core_loop::Future<String>>();
    crosses::<Promise<String>>();
    crosses::<InvalidState<String>>();
    crosses::<ReturnWhen<Rc<()>>>();
    crosses::<Stuck>();
    crosses::<Outside>();
    crosses::<GroupError<()>>();
    crosses::<ChildError>();
    crosses::<StartError<()>>();
    crosses::<GroupClosed<()>>();
    crosses::<UnixAddress>();
    crosses::<PeerCredentials>();
};

/// Implemented once for every type, and a second time for those that are `Send`: for them the call below is ambiguous.
trait StaysUnlessSend<Twice> {
    fn stays() {}
}
impl<T: ?Sized> StaysUnlessSend<()> for T {}
struct IsSend;
impl<T: ?Sized + Send> StaysUnlessSend<IsSend> for T {}

/// The same for `Sync`.
trait UnsharedUnlessSync<Twice> {
    fn unshared() {}
}
impl<T: ?Sized> UnsharedUnlessSync<()> for T {}
struct IsSync;
impl<T: ?Sized + Sync> UnsharedUnlessSync<IsSync> for T {}

/// Compiles only for what is neither `Send` nor `Sync`.
macro_rules! stays {
    ($($type:ty),+ $(,)?) => { $(
        let _ = <$type as StaysUnlessSend<_>>::stays;
        let _ = <$type as UnsharedUnlessSync<_>>::unshared;
    )+ };
}

#[test]
fn what_belongs_to_a_loop_stays_on_its_thread() {
    stays!(
        Task<()>,
        Sleep,
        Timeout<Ready<()>>,
        WaitUntilIdle,
        Loop,
        Handle,
        Runner,
        NativeDriver,
        Carry<Ready<()>>,
        Descriptor,
        TcpListener,
        TcpStream,
        UdpSocket,
        UnixDatagram,
        UnixListener,
        UnixStream,
        pipe::Reader,
        pipe::Writer,
        Gathered<Siblings<()>>,
        TryGathered<Siblings<()>>,
        Wait<'static, Task<()>>,
        WaitFor<Task<()>>,
        AsCompleted<Task<()>>,
        AsCompletedWithin<Task<()>>,
        Shield<Task<()>>,
        TimeoutScope,
        core_loop::Future<Rc<()>>,
        Promise<Rc<()>>,
        TaskGroup<()>,
        ChildTask<()>,
        TaskStatus<()>,
        ScopedGroup<'static, ()>,
        ScopedChild<()>,
    );
    // What belongs to none may go anywhere.
    crosses::<YieldNow>();
    moves::<ToThread<()>>();
}
