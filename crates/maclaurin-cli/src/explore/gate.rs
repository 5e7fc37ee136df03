//! Which requests come from the page itself.
//!
//! Any program of this machine, and any site open in its browser, can reach a port of the loopback
//! address. So the address has a secret part, which other sites cannot know; `Host` must name this
//! machine, which a site whose name was pointed at it (DNS rebinding) does not; and a request made by
//! another site's page says so in `Origin` or `Sec-Fetch-Site`.

use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::{HeaderMap, StatusCode, Uri};

/// The secret part of the address, and the names that the server answers to.
pub struct Gate {
    token: String,
    port: u16,
}

impl Gate {
    pub fn new(random: [u8; 16], port: u16) -> Self {
        let token = format!("{:032x}", u128::from_le_bytes(random));
        Self { token, port }
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// The path below the secret part, or why the request is refused.
    pub fn path<'u>(&self, uri: &'u Uri, headers: &HeaderMap) -> Result<&'u str, StatusCode> {
        if uri.authority().is_some() || !self.is_host(headers) {
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        if !self.is_own(headers) {
            return Err(StatusCode::FORBIDDEN);
        }
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let (token, rest) = path.split_once('/').unwrap_or((path, ""));
        if is_equal(token.as_bytes(), self.token.as_bytes()) {
            Ok(rest)
        } else {
            Err(StatusCode::NOT_FOUND)
        }
    }

    /// Whether the one `Host` is this machine.
    fn is_host(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        self.names().iter().any(|name| host.as_bytes() == name.as_bytes())
    }

    /// Whether no header says that another site's page asks.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        let origin = |value: &[u8]| {
            let name = value.strip_prefix(b"http://");
            name.is_some_and(|name| self.names().iter().any(|own| name == own.as_bytes()))
        };
        let site = |value: &[u8]| value == b"same-origin" || value == b"none";
        let all = |name, fits: &dyn Fn(&[u8]) -> bool| {
            headers.get_all(name).iter().all(|value| fits(value.as_bytes()))
        };
        all(ORIGIN, &origin) && all(HeaderName::from_static("sec-fetch-site"), &site)
    }

    fn names(&self) -> [String; 2] {
        ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port))
    }
}

/// Compares in a time that does not tell how much is equal.
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
