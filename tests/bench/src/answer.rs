//! Is an answer a success? Fast numbers of failed calls are worth nothing, so every answer is looked
//! at: samples are parsed in full, all others are compared with the samples.

use std::ops::RangeInclusive;

use memchr::memmem;
use serde_json::Value;
use thiserror::Error;

/// How far the length of an answer may be from that of the samples: time stamps and ids vary in length.
const LENGTH_SLACK: usize = 96;
/// How much of the beginning of the samples every answer must share, at most.
const PREFIX_MAX: usize = 64;

/// Why an answer does not count. Each is the fault of the server under test.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Anything but HTTP 200.
    #[error("status: expected 200, got {status}: {body}")]
    Status { status: u16, body: String },
    /// The body is not JSON.
    #[error("body is not JSON: {body}")]
    NotJson { body: String },
    /// A JSON-RPC error, or neither a result nor an error.
    #[error("no JSON-RPC result: {body}")]
    NoResult { body: String },
    /// The tool reported a failure inside a JSON-RPC result.
    #[error("tool error (`isError`): {body}")]
    ToolError { body: String },
    /// The tool answered with a handle instead of the finished image.
    #[error("image is not finished: {body}")]
    Unfinished { body: String },
    /// The beginning differs from the samples.
    #[error("body does not begin like the samples: {body}")]
    Prefix { body: String },
    /// The length is not near that of the samples.
    #[error("length: expected {} to {}, got {length}: {body}", expected.start(), expected.end())]
    Length {
        expected: RangeInclusive<usize>,
        length: usize,
        body: String,
    },
}

/// Parses the whole answer to a JSON-RPC request and returns its `result`.
pub fn judge(status: u16, body: &[u8]) -> Result<Value, Refusal> {
    check_status(status, body)?;
    let mut answer: Value = serde_json::from_slice(body).map_err(|_| Refusal::NotJson {
        body: excerpt(body),
    })?;
    let versioned = answer.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let result = answer
        .get_mut("result")
        .filter(|result| result.is_object())
        .map(Value::take);
    let Some(result) = result.filter(|_| versioned && answer.get("error").is_none()) else {
        return Err(Refusal::NoResult {
            body: excerpt(body),
        });
    };
    if result
        .get("isError")
        .is_some_and(|flag| flag != &Value::Bool(false))
    {
        return Err(Refusal::ToolError {
            body: excerpt(body),
        });
    }
    if says_generating(&result) {
        return Err(Refusal::Unfinished {
            body: excerpt(body),
        });
    }
    Ok(result)
}

/// Checks the answer of the hello server, which is not JSON-RPC.
pub fn judge_hello(status: u16, body: &[u8]) -> Result<(), Refusal> {
    check_status(status, body)?;
    if body == crate::hello::GREETING.as_bytes() {
        return Ok(());
    }
    Err(Refusal::Prefix {
        body: excerpt(body),
    })
}

/// What an answer to one request has to look like, learned from answers that were parsed in full.
#[derive(Debug, Clone)]
pub struct Expectation {
    prefix: Vec<u8>,
    length: RangeInclusive<usize>,
}

impl Expectation {
    /// Learns from sample bodies, each already judged a success.
    pub fn learn(samples: &[Vec<u8>]) -> Self {
        let first = samples.first().map_or(&[][..], Vec::as_slice);
        let shared = samples
            .iter()
            .fold(first.len().min(PREFIX_MAX), |shared, sample| {
                shared.min(first.iter().zip(sample).take_while(|(a, b)| a == b).count())
            });
        let shortest = samples.iter().map(Vec::len).min().unwrap_or(0);
        let longest = samples.iter().map(Vec::len).max().unwrap_or(0);
        Self {
            prefix: first.iter().take(shared).copied().collect(),
            length: shortest.saturating_sub(LENGTH_SLACK)..=longest + LENGTH_SLACK,
        }
    }

    /// The cheap check for every answer: status, length, beginning, and no `isError: true` inside.
    pub fn glance(&self, status: u16, body: &[u8]) -> Result<(), Refusal> {
        check_status(status, body)?;
        if memmem::find(body, b"\"isError\":true").is_some() {
            return Err(Refusal::ToolError {
                body: excerpt(body),
            });
        }
        if !body.starts_with(&self.prefix) {
            return Err(Refusal::Prefix {
                body: excerpt(body),
            });
        }
        if !self.length.contains(&body.len()) {
            return Err(Refusal::Length {
                expected: self.length.clone(),
                length: body.len(),
                body: excerpt(body),
            });
        }
        Ok(())
    }
}

fn check_status(status: u16, body: &[u8]) -> Result<(), Refusal> {
    if status == 200 {
        return Ok(());
    }
    Err(Refusal::Status {
        status,
        body: excerpt(body),
    })
}

/// A tool that gave up waiting says so in its structured content or in a JSON text block.
fn says_generating(result: &Value) -> bool {
    let generating =
        |value: &Value| value.get("status").and_then(Value::as_str) == Some("generating");
    let in_text = |block: &Value| {
        block
            .get("text")
            .and_then(Value::as_str)
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
            .is_some_and(|text| generating(&text))
    };
    result.get("structuredContent").is_some_and(generating)
        || result
            .get("content")
            .and_then(Value::as_array)
            .is_some_and(|blocks| blocks.iter().any(in_text))
}

fn excerpt(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).chars().take(300).collect();
    if text.len() < body.len() {
        format!("{text}...")
    } else {
        text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::{Expectation, Refusal, judge, judge_hello};

    const SUCCESS: &[u8] =
        br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{}"}]}}"#;
    const TOOL_ERROR: &[u8] =
        br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{}"}],"isError":true}}"#;

    #[test]
    fn a_result_is_a_success() {
        assert!(judge(200, SUCCESS).unwrap().get("content").is_some());
    }

    #[test]
    fn a_tool_error_is_refused_by_both_checks() {
        assert!(matches!(
            judge(200, TOOL_ERROR),
            Err(Refusal::ToolError { .. })
        ));
        let expectation = Expectation::learn(&[SUCCESS.to_vec()]);
        assert_eq!(expectation.glance(200, SUCCESS), Ok(()));
        assert!(matches!(
            expectation.glance(200, TOOL_ERROR),
            Err(Refusal::ToolError { .. })
        ));
    }

    #[test]
    fn failures_are_refused() {
        let error = br#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}"#;
        assert!(matches!(judge(200, error), Err(Refusal::NoResult { .. })));
        assert!(matches!(
            judge(401, SUCCESS),
            Err(Refusal::Status { status: 401, .. })
        ));
        assert!(matches!(
            judge(200, b"<html>"),
            Err(Refusal::NotJson { .. })
        ));
        assert!(matches!(
            judge(200, br#"{"id":1,"result":{}}"#),
            Err(Refusal::NoResult { .. })
        ));
    }

    #[test]
    fn a_handle_instead_of_an_image_is_refused() {
        let structured = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"status":"generating"}}}"#;
        assert!(matches!(
            judge(200, structured),
            Err(Refusal::Unfinished { .. })
        ));
        let text = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"status\":\"generating\"}"}]}}"#;
        assert!(matches!(judge(200, text), Err(Refusal::Unfinished { .. })));
    }

    #[test]
    fn an_answer_of_another_shape_is_refused_at_a_glance() {
        let samples = [vec![b'a'; 500], [vec![b'a'; 40], vec![b'b'; 470]].concat()];
        let expectation = Expectation::learn(&samples);
        assert_eq!(expectation.glance(200, &[b'a'; 500]), Ok(()));
        assert!(matches!(
            expectation.glance(200, &[b'a'; 50]),
            Err(Refusal::Length { length: 50, .. })
        ));
        assert!(matches!(
            expectation.glance(200, &[b'c'; 500]),
            Err(Refusal::Prefix { .. })
        ));
        assert!(matches!(
            expectation.glance(503, &[b'a'; 500]),
            Err(Refusal::Status { status: 503, .. })
        ));
    }

    #[test]
    fn only_the_greeting_is_a_hello() {
        assert_eq!(judge_hello(200, b"hello\n"), Ok(()));
        assert!(judge_hello(200, b"bye\n").is_err());
        assert!(judge_hello(500, b"hello\n").is_err());
    }
}
