//! A call from inside: arguments are fetched, results and errors are sent.

use guest::{Host, serve_bytes, serve_typed, wire};
use std::cell::RefCell;

/// A host with the arguments of one call.
struct OneCall {
    args: Vec<u8>,
    sent: RefCell<Vec<u8>>,
}

impl OneCall {
    fn new(args: &[u8]) -> Self {
        Self { args: args.to_owned(), sent: RefCell::default() }
    }

    fn text(&self) -> String {
        String::from_utf8(self.sent.borrow().clone()).expect("errors are text")
    }
}

impl Host for OneCall {
    fn write_args(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.args);
    }

    fn send_result(&self, result: &[u8]) {
        *self.sent.borrow_mut() = result.to_owned();
    }
}

guest::export_bytes! {
    /// Two in, one out.
    fn concat(first: &[u8], second: &[u8]) -> Result<Vec<u8>, String> {
        Ok([second, first].concat())
    }

    fn hello() -> Result<&'static str, String> {
        Ok("hello")
    }
}

guest::export! {
    fn divide(dividend: i64, divisor: i64) -> Result<(i64, Option<i64>), String> {
        let quotient = dividend.checked_div(divisor).ok_or("nothing can be divided by it")?;
        Ok((quotient, Some(dividend % divisor).filter(|rest| *rest != 0)))
    }
}

#[test]
fn byte_slices_come_apart_where_the_lengths_say() {
    let host = OneCall::new(b"onetwo!");
    assert_eq!(serve_bytes(&host, [3, 4], |[first, second]| concat(first, second)), 0);
    assert_eq!(host.text(), "two!one");
}

#[test]
fn a_function_without_arguments_is_served() {
    let host = OneCall::new(b"");
    assert_eq!(serve_bytes(&host, [], |[]| hello()), 0);
    assert_eq!(host.text(), "hello");
}

#[test]
fn values_cross_as_one_tuple_and_come_back() {
    let host = OneCall::new(&wire::to_bytes(&(17_i64, 5_i64)).expect("bytes"));
    assert_eq!(serve_typed(&host, host.args.len(), |(a, b)| divide(a, b)), 0);
    let sent: (i64, Option<i64>) = wire::from_bytes(&host.sent.borrow()).expect("the result");
    assert_eq!(sent, (3, Some(2)));
}

#[test]
fn an_error_crosses_as_text() {
    let host = OneCall::new(&wire::to_bytes(&(17_i64, 0_i64)).expect("bytes"));
    assert_eq!(serve_typed(&host, host.args.len(), |(a, b)| divide(a, b)), 1);
    assert_eq!(host.text(), "nothing can be divided by it");
}

#[test]
fn arguments_that_are_none_are_an_error_as_text() {
    let host = OneCall::new(&[0x80]);
    assert_eq!(serve_typed(&host, 1, |(a, b)| divide(a, b)), 1);
    assert_eq!(host.text(), "the arguments could not be read: the bytes end within the value");
}
