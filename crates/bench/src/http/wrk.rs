//! wrk as the client: it measures, and says how many requests a second were answered.

use crate::clock::Size;
use crate::table::Failure;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Command;
use std::thread;

/// Nanoseconds for one request, over 64 connections from one thread, which `place` has put somewhere.
pub(super) async fn measure(size: Size, address: SocketAddr, place: fn()) -> Result<f64, Failure> {
    let (sender, ended) = smol::channel::bounded(1);
    thread::spawn(move || {
        // wrk inherits where this thread is.
        place();
        let seconds = if size == Size::Smoke { "1s" } else { "2s" };
        let url = format!("http://{address}/");
        sender.send_blocking(Command::new("wrk").args(["-t1", "-c64", "-d", seconds, &url]).output())
    });
    let output = match ended.recv().await.map_err(Failure::broken)? {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::CannotRunHere("there is no wrk on the PATH; cure: install wrk".to_owned()));
        }
        Err(error) => return Err(Failure::broken(format!("wrk does not start: {error}"))),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if said.contains("Socket errors") || said.contains("Non-2xx") {
        return Err(Failure::broken(format!("wrk was not answered as it should be: {said}")));
    }
    match a_second(&said) {
        Some(requests) if requests > 0.0 => Ok(1e9 / requests),
        _ => Err(Failure::broken(format!(
            "wrk counted no request: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}

/// How many requests a second.
fn a_second(said: &str) -> Option<f64> {
    said.lines().find_map(|line| line.strip_prefix("Requests/sec:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::a_second;

    #[test]
    fn the_number_is_found_in_what_wrk_says() {
        let said = "Running 2s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\nRequests/sec:  91234.56\nTransfer/sec:      7.5MB\n";
        assert_eq!(a_second(said), Some(91_234.56));
        assert_eq!(a_second("unable to connect"), None);
    }
}
