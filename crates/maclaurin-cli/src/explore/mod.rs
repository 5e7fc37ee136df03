//! `maclaurin explore`: a page in the browser, served by the command itself to this machine alone.

mod browser;
mod gate;
mod server;
mod turn;

use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener};

use clap::Args;

use crate::{Failure, output};
use gate::Gate;

/// Where the page is unless that port is busy.
const PORT: u16 = 8314;

/// Arguments of `maclaurin explore`.
#[derive(Args)]
pub struct ExploreArguments {
    /// The function of x, such as "log(1 + exp(x))", or a built-in name, such as gelu.
    #[arg(allow_hyphen_values = true, default_value = "log(1 + exp(x))")]
    expression: String,
    /// The port; where it is busy, another is taken, and for 0 any.
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Print the address without opening it.
    #[arg(long)]
    no_open: bool,
}

pub fn run(arguments: &ExploreArguments) -> Result<(), Failure> {
    let failure = |reason: std::io::Error| Failure::Serve(reason.to_string());
    let listener = listen(arguments.port).map_err(failure)?;
    let port = listener.local_addr().map_err(failure)?.port();
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|reason| Failure::Serve(reason.to_string()))?;
    let gate = Gate::new(random, port);
    let address = format!("{}#f={}", gate.address(), in_fragment(&arguments.expression));
    output::print(&format!(
        "{address}\n\nThis machine alone can open the page, and only by this address. Ctrl-C ends it.\n"
    ))?;
    if !arguments.no_open && !browser::open(&address) {
        output::report("warning", "no browser could be opened: open the address above in one");
    }
    server::run(listener, gate).map_err(failure)
}

/// Listens to this machine on a port, or on a free one where that is busy.
fn listen(port: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Err(reason) if port != 0 => {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let other = listener.local_addr()?.port();
            let message = format!("port {port} cannot be used ({reason}): taking port {other}");
            output::report("warning", &message);
            Ok(listener)
        }
        listener => listener,
    }
}

/// Text as a value in an address's fragment, where everything but letters and digits is escaped.
fn in_fragment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
