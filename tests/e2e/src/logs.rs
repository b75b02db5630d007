//! What a process under test wrote, and that no secret is in it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex};

use crate::wait::{until, until_blocking};

/// The growing output of one process, kept over its restarts.
#[derive(Clone, Default)]
pub struct Logs {
    text: Arc<Mutex<String>>,
    secrets: Arc<Mutex<BTreeSet<String>>>,
}

impl Logs {
    /// Copies a stream to the end of the logs, on a thread that lives as long as the stream.
    pub fn follow(&self, stream: impl Read + Send + 'static) -> std::thread::JoinHandle<()> {
        let text = Arc::clone(&self.text);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let mut text = text.lock().unwrap();
                text.push_str(&String::from_utf8_lossy(&line));
                text.push('\n');
            }
        })
    }

    /// Adds text.
    pub fn write(&self, text: &str) {
        self.text.lock().unwrap().push_str(text);
    }

    /// Something that must never be written: a token, a key, a code, an address, a prompt.
    pub fn keep_secret(&self, secret: &str) {
        // A short text would be found by accident.
        if secret.len() >= 12 {
            self.secrets.lock().unwrap().insert(secret.to_owned());
        }
    }

    /// What must not be written.
    pub fn secrets(&self) -> BTreeSet<String> {
        self.secrets.lock().unwrap().clone()
    }

    /// All of it so far.
    pub fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Everything after the first `offset` bytes.
    pub fn since(&self, offset: usize) -> String {
        self.text.lock().unwrap()[offset..].to_owned()
    }

    /// Waits until a line, after the first `offset` bytes, has all of these texts. What a process
    /// writes arrives here a moment later than its answers do elsewhere.
    pub async fn wait_for_line(&self, offset: usize, texts: &[&str]) {
        until(&format!("a line of the log with {texts:?}"), async || {
            let log = self.since(offset);
            let found = log
                .lines()
                .any(|line| texts.iter().all(|text| line.contains(text)));
            found.then_some(())
        })
        .await;
    }

    /// Waits for a complete line, after the first `offset` bytes, that begins with `prefix`, and
    /// gives the rest of it; `None` when the process ended before that.
    pub fn line_after(
        &self,
        offset: usize,
        prefix: &str,
        mut ended: impl FnMut() -> bool,
    ) -> Option<String> {
        until_blocking(prefix, || {
            // Asked first: lines written just before the end still count.
            let over = ended();
            let text = self.since(offset);
            let found = text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'))
                .find_map(|line| line.strip_prefix(prefix));
            found
                .map(|rest| Some(rest.trim_end().to_owned()))
                .or(over.then_some(None))
        })
    }

    /// Panics when a secret was written, naming the line without the secret.
    pub fn assert_no_secret(&self) {
        let text = self.text();
        for secret in self.secrets.lock().unwrap().iter() {
            let leak = text.lines().find(|line| line.contains(secret.as_str()));
            assert!(
                leak.is_none(),
                "a secret is in the log: {}",
                leak.unwrap_or_default()
                    .replace(secret.as_str(), "<secret>")
            );
            assert_no_part_of_token(&text, secret);
        }
    }
}

/// The signature of a token is enough to know that somebody printed a part of it.
fn assert_no_part_of_token(text: &str, secret: &str) {
    let parts: Vec<&str> = secret.split('.').collect();
    if let [_, payload, signature] = parts[..] {
        for part in [payload, signature]
            .into_iter()
            .filter(|part| part.len() >= 40)
        {
            assert!(!text.contains(part), "a part of a token is in the log");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Logs;

    #[test]
    #[should_panic(expected = "a secret is in the log: it was <secret>")]
    fn a_secret_in_the_log_is_found() {
        let logs = Logs::default();
        logs.keep_secret("0123456789abcdef");
        logs.write("it was 0123456789abcdef\n");
        logs.assert_no_secret();
    }

    #[test]
    #[should_panic(expected = "a part of a token is in the log")]
    fn a_part_of_a_token_is_found() {
        let logs = Logs::default();
        let (payload, signature) = ("p".repeat(40), "s".repeat(43));
        logs.keep_secret(&format!("header.{payload}.{signature}"));
        logs.write(&format!("payload={payload}\n"));
        logs.assert_no_secret();
    }
}
