//! Which public types may cross threads. That this compiles is the test.

use core_loop::{
    Carry, CloseReport, Descriptor, Handle, JoinError, Loop, LoopHandle, LoopLost, LoopPool, NativeDriver,
    Pinned, PoolBuilder, PoolLoop, Reason, RunError, Runner, Sleep, StartError, Task, ThreadsafeHandle,
    Timeout, ToThread, WaitUntilIdle, YieldNow,
    net::{TcpListener, TcpStream},
};
use std::future::Ready;

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
    crosses::<StartError>();
    crosses::<ThreadsafeHandle>();
    crosses::<Pinned<fn()>>();
    crosses::<JoinError>();
    crosses::<RunError>();
    crosses::<Reason>();
    crosses::<CloseReport>();
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
    );
    // What belongs to none may go anywhere.
    crosses::<YieldNow>();
    moves::<ToThread<()>>();
}
