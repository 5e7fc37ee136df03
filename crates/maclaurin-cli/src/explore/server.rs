//! The server: one request a connection, on one thread; the engine's work on a few others.
//!
//! A message is the length of its JSON in four bytes (the lowest first), the JSON, and then bytes; both
//! ways. A browser that drops its request closes the connection, and the work for it is given up.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use maclaurin::cancellable;
use maclaurin_explore::{Answer, PAGE, SCRIPT, START, STYLE, answer, refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::gate::Gate;
use super::turn::Places;

/// Connections at once; further ones wait to be accepted.
const CONNECTIONS: usize = 64;

/// How long a request's head may take, its body, and the whole connection.
const HEAD: Duration = Duration::from_secs(5);
const BODY: Duration = Duration::from_secs(20);
const CONNECTION: Duration = Duration::from_mins(2);

/// The longest body: the largest picture and a question; one of more than `SMALL` is large.
const LARGEST: usize = 4 * maclaurin_explore::MOST_PIXELS + maclaurin_explore::MOST_JSON + 4;
const SMALL: u64 = 1 << 15;

/// Large bodies at once, until their answers, which may be a hundred times as large, are read.
const LARGE_AT_ONCE: usize = 2;

/// Headers of the whole request.
const HEADERS: usize = 64;
const HEAD_BYTES: usize = 16 << 10;

/// Nothing but the server's own files: no inline script or style, no frame around the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Reply = Response<Sent>;

struct Server {
    gate: Gate,
    /// Questions worked on at once, and large bodies.
    places: Places,
    large: Arc<Semaphore>,
}

/// Serves until the process ends.
pub fn run(listener: TcpListener, gate: Gate) -> std::io::Result<()> {
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8));
    let places = Places::new(workers);
    let server = Arc::new(Server { gate, places, large: Arc::new(Semaphore::new(LARGE_AT_ONCE)) });
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = connections.clone().acquire_owned().await else { return Ok(()) };
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, say: some will be free again.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Without it small answers wait; that it cannot be set is no reason to refuse.
            let _ = stream.set_nodelay(true);
            let server = server.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| server.reply(request));
                let connection = http1::Builder::new()
                    .keep_alive(false)
                    .max_headers(HEADERS)
                    .max_buf_size(HEAD_BYTES)
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD)
                    .serve_connection(TokioIo::new(stream), service);
                // Ends by itself, by an error of the client, or here.
                let _ = tokio::time::timeout(CONNECTION, connection).await;
                drop(place);
            });
        }
    })
}

impl Server {
    async fn reply(&self, request: Request<Incoming>) -> Result<Reply, Infallible> {
        let path = match self.gate.path(request.uri(), request.headers()) {
            Ok(path) => path.to_owned(),
            Err(status) => return Ok(plain(status)),
        };
        let reply = match (request.method(), path.as_str()) {
            (&Method::POST, "ask") => self.ask(request).await,
            (&Method::GET | &Method::HEAD, _) => file(&path),
            _ => {
                let mut reply = plain(StatusCode::METHOD_NOT_ALLOWED);
                reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                reply
            }
        };
        Ok(reply)
    }

    async fn ask(&self, request: Request<Incoming>) -> Reply {
        // Without a length the body may be any size; with one it is refused before it is read.
        let Some(length) = request.body().size_hint().exact() else {
            return plain(StatusCode::LENGTH_REQUIRED);
        };
        if length > LARGEST as u64 {
            return plain(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let large =
            if length > SMALL { self.large.clone().acquire_owned().await.ok() } else { None };
        let body = Limited::new(request.into_body(), LARGEST).collect();
        let body = match tokio::time::timeout(BODY, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return plain(StatusCode::BAD_REQUEST),
            Err(_) => return plain(StatusCode::REQUEST_TIMEOUT),
        };
        let Some((question, bytes)) = parts(&body) else { return plain(StatusCode::BAD_REQUEST) };
        let gone = Arc::new(AtomicBool::new(false));
        // Dropped with this future when the browser goes away.
        let _dropped = SetWhenDropped(gone.clone());
        let Some(turn) = self.places.turn(gone).await else {
            return plain(StatusCode::SERVICE_UNAVAILABLE);
        };
        let worker = tokio::task::spawn_blocking(move || {
            cancellable(move || turn.is_over(), || answer(&question, &bytes))
        });
        let answered = match worker.await {
            Ok(Some(answered)) => answered,
            Ok(None) => refusal("given up after 30 seconds: choose a smaller order or range"),
            Err(_) => refusal(
                "the engine failed on this question: please report it with the address's text",
            ),
        };
        reply(StatusCode::OK, "application/octet-stream", message(answered, large))
    }
}

struct SetWhenDropped(Arc<AtomicBool>);

impl Drop for SetWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The JSON and the bytes of a message.
fn parts(body: &Bytes) -> Option<(String, Bytes)> {
    let length = u32::from_le_bytes(body.get(..4)?.try_into().ok()?) as usize;
    let end = length.checked_add(4)?;
    let question = std::str::from_utf8(body.get(4..end)?).ok()?.to_owned();
    Some((question, body.slice(end..)))
}

fn message(answered: Answer, large: Option<OwnedSemaphorePermit>) -> Sent {
    let Answer { json, bytes } = answered;
    let length = Bytes::copy_from_slice(&(json.len() as u32).to_le_bytes());
    let held = Bytes::from_owner(Held { bytes, _large: large });
    Sent([length, json.into(), held].into())
}

/// An answer's bytes and the place that they take until they are sent.
struct Held {
    bytes: Vec<u8>,
    _large: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body of a reply, in parts that are not copied again.
struct Sent(VecDeque<Bytes>);

impl From<Bytes> for Sent {
    fn from(bytes: Bytes) -> Self {
        Self([bytes].into())
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.retain(|part| !part.is_empty());
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|part| part.len() as u64).sum())
    }
}

/// The page and its parts, by name: nothing is looked up on the disk.
fn file(path: &str) -> Reply {
    let (kind, text) = match path {
        "" => ("text/html; charset=utf-8", PAGE),
        "explore.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "page.js" => ("text/javascript; charset=utf-8", START),
        "explore.css" => ("text/css; charset=utf-8", STYLE),
        _ => return plain(StatusCode::NOT_FOUND),
    };
    reply(StatusCode::OK, kind, Bytes::from_static(text.as_bytes()))
}

/// A status without a body.
fn plain(status: StatusCode) -> Reply {
    reply(status, "text/plain; charset=utf-8", Bytes::new())
}

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Sent>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}
