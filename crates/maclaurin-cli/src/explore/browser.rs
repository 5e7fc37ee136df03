//! Opens an address in the browser that the desktop has chosen.

use std::process::{Command, Stdio};

/// The command that opens addresses, and its arguments before the address.
const OPENER: (&str, &[&str]) = if cfg!(windows) {
    ("rundll32", &["url.dll,FileProtocolHandler"])
} else if cfg!(target_os = "macos") {
    ("open", &[])
} else {
    ("xdg-open", &[])
};

/// Whether a browser was told to open an address; it runs on while the command does.
pub fn open(address: &str) -> bool {
    let (program, arguments) = OPENER;
    let mut command = Command::new(program);
    command.args(arguments).arg(address);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    // Takes its exit status, so that it does not stay as a zombie.
    std::thread::spawn(move || child.wait());
    true
}
