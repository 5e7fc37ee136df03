//! The server of `maclaurin explore`: what it answers, and to whom.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running command, ended with the test.
struct Explore {
    child: Child,
    port: u16,
    token: String,
    address: String,
}

impl Explore {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_maclaurin"))
            .arg("explore")
            .args(arguments)
            .arg("--no-open")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let rest = address.strip_prefix("http://127.0.0.1:").unwrap();
        let (port, rest) = rest.split_once('/').unwrap();
        let (token, _) = rest.split_once('/').unwrap();
        let (port, token) = (port.parse().unwrap(), token.to_owned());
        Self { child, port, token, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    /// Sends bytes and reads the reply: its status, its head, its body.
    fn send(&self, bytes: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = self.connect();
        // The server may refuse and close before it has read all.
        let _ = stream.write_all(bytes);
        reply(&mut stream)
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn get(&self, path: &str, headers: &str) -> (u16, String, Vec<u8>) {
        let host = self.host();
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").as_bytes())
    }

    fn question(&self, question: &str, bytes: &[u8]) -> Vec<u8> {
        let (host, token) = (self.host(), &self.token);
        let length = 4 + question.len() + bytes.len();
        let mut message = format!(
            "POST /{token}/ask HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: {length}\r\n\r\n"
        )
        .into_bytes();
        message.extend((question.len() as u32).to_le_bytes());
        message.extend(question.bytes());
        message.extend(bytes);
        message
    }

    /// The answer to a question: its JSON and its bytes.
    fn ask(&self, question: &str, bytes: &[u8]) -> (serde_json::Value, Vec<u8>) {
        let (status, _, body) = self.send(&self.question(question, bytes));
        assert_eq!(status, 200, "{question}");
        let length = u32::from_le_bytes(body[..4].try_into().unwrap()) as usize;
        (serde_json::from_slice(&body[4..4 + length]).unwrap(), body[4 + length..].to_vec())
    }
}

impl Drop for Explore {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn reply(stream: &mut TcpStream) -> (u16, String, Vec<u8>) {
    let mut bytes = Vec::new();
    // A connection that is reset has said what it had to say.
    let _ = stream.read_to_end(&mut bytes);
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
        return (0, String::new(), bytes);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), bytes[end + 4..].to_vec())
}

const CURVES: &str =
    r#"{"ask": "curves", "expression": "log(1 + exp(x))", "order": 4, "on": [-5, 5]}"#;

#[test]
fn the_page_is_served_to_its_address_alone() {
    let server = Explore::start(&["sin(a*x) + 1", "--port", "0"]);
    assert!(server.address.ends_with("/#f=sin%28a%2Ax%29%20%2B%201"), "{}", server.address);
    assert_eq!(server.token.len(), 32);
    let token = &server.token;
    for (path, part) in [
        ("", "<!doctype html>"),
        ("explore.js", "export function mount"),
        ("page.js", "import {"),
        ("explore.css", ".maclaurin-explore"),
    ] {
        let (status, head, body) = server.get(&format!("/{token}/{path}"), "");
        assert_eq!(status, 200, "{path}");
        assert!(String::from_utf8(body).unwrap().contains(part), "{path}");
        assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self'"));
        assert!(!head.contains("unsafe") && head.contains("cache-control: no-store"), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
        assert!(!head.contains("access-control-allow"), "{head}");
    }
    let wrong = format!("{}0", &token[..31]);
    let other = if wrong == *token { format!("{}1", &token[..31]) } else { wrong };
    let paths = [
        "/",
        "/explore.js",
        "//",
        &format!("/{other}/"),
        "/ask",
        &format!("/{}/", token.to_uppercase() + "0"),
    ];
    for path in paths {
        assert_eq!(server.get(path, "").0, 404, "{path}");
    }
    for path in
        ["../Cargo.toml", "..%2f..%2fetc/passwd", "/etc/passwd", "explore.js/..", "%00", "ask"]
    {
        assert_eq!(server.get(&format!("/{token}/{path}"), "").0, 404, "{path}");
    }
}

#[test]
fn no_other_site_reaches_it() {
    let server = Explore::start(&["--port", "0"]);
    let (port, token) = (server.port, &server.token);
    let with_host =
        |hosts: &str| server.send(format!("GET /{token}/ HTTP/1.1\r\n{hosts}\r\n").as_bytes()).0;
    assert_eq!(with_host(&format!("Host: localhost:{port}\r\n")), 200);
    for hosts in [
        "Host: rebound.example\r\n".to_owned(),
        format!("Host: rebound.example:{port}\r\n"),
        "Host: 127.0.0.1\r\n".into(),
        format!("Host: 127.0.0.1:{port}.example\r\n"),
        format!("Host: 127.0.0.1:{port}\r\nHost: rebound.example\r\n"),
        String::new(),
    ] {
        assert!([400, 421].contains(&with_host(&hosts)), "{hosts:?}");
    }
    // The address in the request line decides nothing.
    let absolute =
        format!("GET http://127.0.0.1:{port}/{token}/ HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
    assert_eq!(server.send(absolute.as_bytes()).0, 421);
    let page = format!("/{token}/");
    for headers in [
        "Origin: https://other.example\r\n",
        "Origin: null\r\n",
        "Origin: http://127.0.0.1\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
    ] {
        assert_eq!(server.get(&page, headers).0, 403, "{headers}");
    }
    assert_eq!(
        server
            .get(
                &page,
                &format!("Origin: http://127.0.0.1:{port}\r\nSec-Fetch-Site: same-origin\r\n")
            )
            .0,
        200
    );
    // The listening socket is the loopback address's alone.
    let host = server.host();
    for method in ["PUT", "DELETE", "OPTIONS", "POST", "TRACE"] {
        let request =
            format!("{method} /{token}/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(server.send(request.as_bytes()).0, 405, "{method}");
    }
}

#[test]
fn questions_are_answered_and_limits_hold() {
    let server = Explore::start(&["--port", "0"]);
    let (curves, _) = server.ask(CURVES, &[]);
    assert_eq!(curves["polynomial"][120], 2f64.ln());
    let (errors, _) = server.ask(&CURVES.replace("curves", "errors"), &[]);
    assert!(errors["errors"]["bound"].as_f64().unwrap() > 1.9, "{errors}");
    let (error, _) = server.ask(&CURVES.replace("exp(x)", "ex(x)"), &[]);
    assert_eq!((&error["error"]["start"], &error["error"]["end"]), (&8.into(), &10.into()));
    for (question, part) in [
        (CURVES.replace("\"order\": 4", "\"order\": 101"), "limit of 100"),
        (CURVES.replace("[-5, 5]", "[5, -5]"), "the smaller first"),
        (format!("{}{CURVES}", " ".repeat(1 << 18)), "bytes, at most"),
        ("[]".into(), "missing field"),
        (r#"{"ask": "file"}"#.into(), "unknown variant"),
        (
            r#"{"ask": "histogram", "width": 5000, "height": 5000, "channels": 3}"#.into(),
            "at most 16777216",
        ),
        (
            r#"{"ask": "histogram", "width": 18446744073709551615, "height": 2, "channels": 3}"#
                .into(),
            "at most",
        ),
        (
            r#"{"ask": "histogram", "width": 2, "height": 2, "channels": 3}"#.into(),
            "0 bytes of pixels were sent, not 12",
        ),
    ] {
        let (answer, _) = server.ask(&question, &[]);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
    }
    let array = r#"{"ask": "array", "expression": "exp(x)", "order": 2, "width": 2, "height": 1, "channels": 1}"#;
    let (about, file) = server.ask(array, &[0, 255]);
    assert_eq!(about["shape"], serde_json::json!([1, 2, 1, 2]));
    let values = npyz::NpyFile::new(&file[..]).unwrap();
    assert_eq!(values.shape(), [1, 2, 1, 2]);
    assert_eq!(values.into_vec::<f32>().unwrap(), [0.0, 0.0, 1.0, 0.5]);
}

#[test]
fn bodies_too_large_without_length_or_malformed_are_refused() {
    let server = Explore::start(&["--port", "0"]);
    let (host, token) = (server.host(), &server.token);
    let post = |rest: &str| {
        server.send(format!("POST /{token}/ask HTTP/1.1\r\nHost: {host}\r\n{rest}").as_bytes()).0
    };
    assert_eq!(post("Content-Length: 99999999999\r\n\r\n"), 413);
    assert_eq!(post("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 411);
    assert_eq!(post("Content-Length: 3\r\n\r\nabc"), 400);
    assert_eq!(post("Content-Length: 8\r\n\r\n\u{7f}\u{7f}\u{7f}\u{7f}abcd"), 400);
    assert_eq!(post("Content-Length: -1\r\n\r\n"), 400);
    let many = "X: y\r\n".repeat(500);
    assert!([400, 431].contains(&server.get(&format!("/{token}/"), &many).0));
    let long = format!("X: {}\r\n", "y".repeat(100_000));
    // Refused while it is still being sent: the connection may be reset before the reply is read.
    assert!([0, 400, 431].contains(&server.get(&format!("/{token}/"), &long).0));
    assert!([0, 400].contains(&server.send(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n").0));
    assert_eq!(server.get(&format!("/{token}/"), "").0, 200);
}

#[test]
fn large_answers_that_nobody_reads_are_two_at_most() {
    let server = Explore::start(&["--port", "0"]);
    // Answers of 19 MB, more than a connection holds by itself.
    let array = r#"{"ask": "array", "expression": "exp(x)", "order": 24, "width": 500, "height": 400, "channels": 1}"#;
    let question = server.question(array, &vec![7; 200_000]);
    let ask = || {
        let mut stream = server.connect();
        stream.write_all(&question).unwrap();
        stream
    };
    let mut held: Vec<_> = (0..2).map(|_| ask()).collect();
    for stream in &mut held {
        stream.read_exact(&mut [0; 1]).unwrap();
    }
    let mut third = ask();
    third.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(third.read(&mut [0; 1]).is_err());
    // Small questions are answered meanwhile.
    assert!(server.ask(CURVES, &[]).0["error"].is_null());
    drop(held.pop());
    third.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let (status, _, body) = reply(&mut third);
    assert_eq!(status, 200);
    assert!(body.len() > 19_000_000);
}

#[test]
fn fifty_clients_are_answered_beside_slow_ones() {
    let server = Explore::start(&["--port", "0"]);
    // Half a head, and half a body.
    let mut slow: Vec<_> = (0..10).map(|_| server.connect()).collect();
    for (index, stream) in slow.iter_mut().enumerate() {
        let question = server.question(CURVES, &[]);
        let part = if index % 2 == 0 { 20 } else { question.len() - 5 };
        stream.write_all(&question[..part]).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                for _ in 0..4 {
                    assert!(server.ask(CURVES, &[]).0["error"].is_null());
                }
            });
        }
    });
    // The heads that never ended are answered or closed in the end.
    let (status, _, _) = reply(&mut slow[0]);
    assert!([0, 408].contains(&status), "{status}");
}

/// A question that takes more than the 30 seconds that it is given.
fn long() -> String {
    let sum: Vec<_> = (1..300).map(|k| format!("exp(sin(exp({k}*x + sqrt({k}))))")).collect();
    let question = serde_json::json!({
        "ask": "coefficients", "expression": sum.join(" + "), "at": "sqrt(2)", "order": 100,
    });
    question.to_string()
}

#[test]
fn small_questions_pass_long_ones() {
    let server = Explore::start(&["--port", "0"]);
    let mut waiting: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for stream in &mut waiting {
        stream.write_all(&server.question(&long(), &[])).unwrap();
    }
    let small = r#"{"ask": "coefficients", "expression": "exp(x)", "order": 2}"#;
    for _ in 0..8 {
        assert!(server.ask(small, &[]).0["error"].is_null());
    }
    // No long one was answered, or given up, meanwhile.
    for stream in &mut waiting {
        stream.set_nonblocking(true).unwrap();
        let unread = stream.read(&mut [0; 1]).unwrap_err();
        assert_eq!(unread.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn work_for_a_client_that_went_away_is_given_up() {
    let server = Explore::start(&["--port", "0"]);
    for _ in 0..40 {
        server.connect().write_all(&server.question(&long(), &[])).unwrap();
    }
    // All workers would be busy for minutes otherwise, longer than this client waits.
    assert!(server.ask(CURVES, &[]).0["error"].is_null());
}

#[test]
fn a_busy_port_says_so_and_takes_another() {
    let first = Explore::start(&["--port", "0"]);
    let mut second = Explore::start(&["--port", &first.port.to_string()]);
    assert_ne!(first.port, second.port);
    assert_ne!(first.token, second.token);
    second.child.kill().unwrap();
    let mut warning = String::new();
    second.child.stderr.take().unwrap().read_to_string(&mut warning).unwrap();
    let expected = format!("port {} cannot be used", first.port);
    assert!(warning.contains(&expected) && warning.contains("taking port"), "{warning}");
}

#[test]
#[cfg(unix)]
fn a_signal_ends_it_at_once() {
    let mut server = Explore::start(&["--port", "0"]);
    let _idle = server.connect();
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "still running");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(!status.success());
}
