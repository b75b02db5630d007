//! A server as a child process: started, found by the line in which it says where it listens, ended with us.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::proc::{Cores, Usage};

/// What every server prints on standard error, before the URL it serves.
const ANNOUNCEMENT: &str = "listening on ";
/// Compiling every component without a cache on a busy machine stays well below this.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How much of what a server said is kept for the message about its failure.
const KEPT_LINES: usize = 40;

/// Where a child may run.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// On the server core only.
    ServerCore,
    /// On every core.
    Anywhere,
}

/// A running server. Dropping it ends the process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts the command and waits until it says where it listens.
    pub fn start(command: &mut Command, place: Place, cores: &Cores) -> anyhow::Result<Self> {
        // Children of this binary end when their standard input does, so that none survives a killed bench.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let spawned = match place {
            Place::ServerCore => cores.spawn_on_server(command),
            Place::Anywhere => cores.spawn_anywhere(command),
        };
        let mut child = spawned.with_context(|| format!("start `{program}`"))?;
        let stderr = child.stderr.take().context("standard error is not piped")?;
        match await_announcement(stderr) {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error.context(format!("`{program}` did not start")))
            }
        }
    }

    /// Starts this very binary in the named mode on the server core.
    pub fn start_mode(mode: &str, arguments: &[&str], cores: &Cores) -> anyhow::Result<Self> {
        let binary = std::env::current_exe().context("find the bench binary")?;
        let mut command = Command::new(binary);
        // Every contestant gets the same, empty environment: `RUST_BACKTRACE` alone costs a few per cent.
        command.env_clear().arg(mode).args(arguments);
        Self::start(&mut command, Place::ServerCore, cores)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its memory and CPU time now.
    pub fn usage(&self) -> Usage {
        Usage::of(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data lives in a temporary directory, so there is nothing to drain.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says where a child mode of this binary listens, and arranges that it ends when the bench does.
pub fn announce(address: SocketAddr) {
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    eprintln!("{ANNOUNCEMENT}http://{address}/");
}

/// Reads standard error to its end on a thread of its own, so that a server never blocks on a full pipe.
fn await_announcement(stderr: ChildStderr) -> anyhow::Result<SocketAddr> {
    let (sender, receiver) = mpsc::channel();
    let said = Arc::new(Mutex::new(VecDeque::new()));
    let kept = Arc::clone(&said);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix(ANNOUNCEMENT) {
                let _ = sender.send(url.trim().to_owned());
            }
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == KEPT_LINES {
                kept.pop_front();
            }
            kept.push_back(line);
        }
    });
    match receiver.recv_timeout(START_TIMEOUT) {
        Ok(url) => socket_address(&url),
        Err(cause) => {
            let said = said.lock().unwrap_or_else(PoisonError::into_inner);
            let said: Vec<String> = said.iter().cloned().collect();
            bail!(
                "no line that begins with `{ANNOUNCEMENT}`: {cause}\n{}",
                said.join("\n")
            );
        }
    }
}

fn socket_address(url: &str) -> anyhow::Result<SocketAddr> {
    let uri: http::Uri = url
        .parse()
        .with_context(|| format!("announced URL: {url}"))?;
    let authority = uri
        .authority()
        .with_context(|| format!("announced URL has no authority: {url}"))?;
    authority
        .as_str()
        .parse()
        .with_context(|| format!("announced address is not `ip:port`: {url}"))
}

#[cfg(test)]
mod tests {
    use super::socket_address;

    #[test]
    fn the_announced_url_names_the_socket() {
        let address = socket_address("http://127.0.0.1:41234/mcp").ok();
        assert_eq!(address, "127.0.0.1:41234".parse().ok());
        assert!(socket_address("/mcp").is_err());
        assert!(socket_address("http://example.org/mcp").is_err());
    }
}
