//! The echo server and clients that others wrote: curl, wrk, CPython, ureq.

use super::server::{Server, on_every_runtime};
use std::process::{Command, Output};
use std::time::Duration;

/// Runs `scenario` against a server on each runtime, unless there is no `program`.
fn with_program(test: &str, program: &str, scenario: impl Fn(&Server)) {
    if let Err(error) = Command::new(program).arg("--version").output() {
        return conformance::skipped(test, &format!("{program} cannot be started: {error}"));
    }
    on_every_runtime(|server| scenario(server));
}

/// What `program` prints, which must succeed.
#[track_caller]
fn printed(program: &str, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = Command::new(program).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{program} {arguments:?}: {status}: {out}{err}");
    out.into_owned()
}

#[test]
fn curl_is_answered_over_one_connection() {
    with_program("curl_is_answered_over_one_connection", "curl", |server| {
        let at = |path: &str| format!("http://{}{path}", server.address());
        let curl = |arguments: &[&str]| printed("curl", &[&["-sS", "--max-time", "60"], arguments].concat());
        assert_eq!(curl(&[&at("/echo/hello")]), "hello");
        // How many connections each of them took.
        let (one, two) = (at("/echo/a%20b"), at("/echo/%C3%A4?q"));
        let said = curl(&["-w", " %{http_code} %{num_connects}\n", &one, &two]);
        assert_eq!(said, "a b 200 1\nä 200 0\n");
        assert!(curl(&["--http1.0", "-w", " %{http_version}", &at("/echo/old")]).starts_with("old 1"));
        assert_eq!(curl(&["-o", "/dev/null", "-w", "%{http_code}", &at("/")]), "404");
        assert_eq!(curl(&["-I", "-o", "/dev/null", "-w", "%{http_code}", &one]), "405");
    });
}

#[test]
fn curl_is_refused_while_it_sends_a_large_body() {
    with_program("curl_is_refused_while_it_sends_a_large_body", "curl", |server| {
        let url = format!("http://{}/echo/x", server.address());
        let send = format!(
            "head -c 300000 /dev/zero | curl -sS --max-time 60 -o /dev/null -w '%{{http_code}}' --data-binary @- {url}"
        );
        assert_eq!(printed("sh", &["-c", &send]), "405");
    });
}

#[test]
fn wrk_gets_every_answer_over_64_connections() {
    with_program("wrk_gets_every_answer_over_64_connections", "wrk", |server| {
        let url = format!("http://{}/echo/hello", server.address());
        let said = printed("wrk", &["-t1", "-c64", "-d1s", &url]);
        assert!(!said.contains("Socket errors") && !said.contains("Non-2xx"), "{said}");
        let requests = said.lines().find_map(|line| line.trim().split_once(" requests in "));
        let requests: u32 = requests.expect("it counts them").0.parse().unwrap();
        assert!(requests >= 64, "{said}");
    });
}

#[test]
fn python_is_answered_with_its_http_client_and_with_its_streams() {
    const SCRIPT: &str = include_str!("peers.py");
    with_program("python_is_answered_with_its_http_client_and_with_its_streams", "python3", |server| {
        let port = server.address().port().to_string();
        assert_eq!(printed("python3", &["-I", "-c", SCRIPT, &port]), "ok\n");
    });
}

#[test]
fn ureq_is_answered_over_connections_that_it_keeps() {
    on_every_runtime(|server| {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (agent, address) = (agent.clone(), server.address());
                scope.spawn(move || {
                    for round in 0..25 {
                        let word = format!("{thread}-{round}");
                        let mut answer = agent.get(format!("http://{address}/echo/{word}")).call().unwrap();
                        assert_eq!(answer.body_mut().read_to_string().unwrap(), word);
                    }
                });
            }
        });
        let url = format!("http://{}/nothing", server.address());
        assert_eq!(agent.get(&url).call().unwrap().status(), 404);
        assert_eq!(agent.post(&url.replace("nothing", "echo/x")).send("body").unwrap().status(), 405);
    });
}
