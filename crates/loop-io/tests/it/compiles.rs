//! Which public types may cross threads. That this compiles is the test.

use loop_io::{
    Connect, Endpoint, Listen, Lost, ProtocolHandle, ReadExactError, ReadLineError, ReadUntilError, Server,
    StreamReader, StreamWriter, TextLines, Transport, WriteError, WriteLimits, WrongLimits,
};
use std::error::Error;

/// Compiles only for errors that `?` takes into any error type.
const fn travels<T: Error + Send + Sync + 'static>() {}

/// Compiles only for what is `Send` and `Sync`.
const fn crosses<T: Send + Sync>() {}

const _: () = {
    travels::<Lost>();
    travels::<WriteError>();
    travels::<ReadExactError>();
    travels::<ReadUntilError>();
    travels::<ReadLineError>();
    travels::<WrongLimits>();
    crosses::<Connect>();
    crosses::<Listen>();
    crosses::<Endpoint>();
    crosses::<WriteLimits>();
};

/// Implemented once for every type, and a second time for those that are `Send`: for them the call below is ambiguous.
trait StaysUnlessSend<Twice> {
    fn stays() {}
}
impl<T: ?Sized> StaysUnlessSend<()> for T {}
struct IsSend;
impl<T: ?Sized + Send> StaysUnlessSend<IsSend> for T {}

#[test]
fn what_belongs_to_a_loop_stays_on_its_thread() {
    let _ = <StreamReader as StaysUnlessSend<_>>::stays;
    let _ = <StreamWriter as StaysUnlessSend<_>>::stays;
    let _ = <TextLines<'static> as StaysUnlessSend<_>>::stays;
    let _ = <Server as StaysUnlessSend<_>>::stays;
    let _ = <Transport as StaysUnlessSend<_>>::stays;
    let _ = <ProtocolHandle<()> as StaysUnlessSend<_>>::stays;
}
