//! The same tools over standard input and output, where authentication has no effect.

use std::process::Stdio;
use std::time::Duration;

use e2e::settings::Settings;
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ReadResourceRequestParams};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

fn command(settings: &Settings) -> Command {
    let mut command = Command::from(settings.command());
    command
        .args(["serve", "--transport", "stdio"])
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn rmcp_does_the_job_over_pipes() {
    let settings = Settings::default();
    let client = ().serve(TokioChildProcess::new(command(&settings)).unwrap()).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert!(
        tools.iter().any(|tool| tool.name == "generate_image"),
        "{tools:?}"
    );

    let arguments = json!({"prompt": "a small boat in a pipe", "provider": "placeholder"});
    let call = CallToolRequestParams::new("generate_image")
        .with_arguments(arguments.as_object().unwrap().clone());
    let structured = client
        .call_tool(call)
        .await
        .unwrap()
        .structured_content
        .unwrap();
    assert_eq!(structured["status"], "completed");
    let uri = format!("image://{}/view", structured["image_id"].as_str().unwrap());

    let show = CallToolRequestParams::new("show_image")
        .with_arguments(json!({"uri": uri}).as_object().unwrap().clone());
    let shown = serde_json::to_value(client.call_tool(show).await.unwrap()).unwrap();
    assert!(
        shown["content"]
            .as_array()
            .unwrap()
            .iter()
            .any(|block| block["type"] == "image"),
        "{shown}"
    );
    let read = client
        .read_resource(ReadResourceRequestParams::new(format!("{uri}?width=32")))
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_value(&read.contents[0]).unwrap()["mimeType"],
        "image/png"
    );
    client.cancel().await.unwrap();
}

/// A server that speaks lines.
struct Session {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Session {
    fn start(settings: &Settings) -> Self {
        let mut child = command(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()).lines(),
        );
        Self {
            child,
            input,
            output,
        }
    }

    async fn send(&mut self, line: &str) {
        self.input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    /// Everything on standard output is a message.
    async fn receive(&mut self) -> Value {
        let line = timeout(Duration::from_secs(20), self.output.next_line())
            .await
            .expect("an answer")
            .unwrap()
            .expect("the server lives");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    async fn ask(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.send(
            &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string(),
        )
        .await;
        let answer = self.receive().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    async fn end(mut self) {
        drop(self.input);
        let status = timeout(Duration::from_secs(20), self.child.wait())
            .await
            .expect("it ends with its input")
            .unwrap();
        assert!(status.success(), "{status}");
    }
}

#[tokio::test]
async fn lines_in_lines_out() {
    let settings = Settings::default();
    let mut session = Session::start(&settings);
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "e2e", "version": "1"}});
    let answer = session.ask(1, "initialize", hello).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    session
        .send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        .await;
    let answer = session.ask(2, "tools/list", json!({})).await;
    assert!(
        answer["result"]["tools"].as_array().unwrap().len() >= 8,
        "{answer}"
    );
    let arguments = json!({"name": "generate_image", "arguments": {"prompt": "a kite on a line", "provider": "placeholder"}});
    let answer = session.ask(3, "tools/call", arguments).await;
    assert_eq!(
        answer["result"]["structuredContent"]["status"], "completed",
        "{answer}"
    );
    session.end().await;
}

#[tokio::test]
async fn bad_lines_do_not_end_the_session() {
    let settings = Settings::default();
    let mut session = Session::start(&settings);
    for (line, code) in [
        ("{", -32700),
        ("\u{0}", -32700),
        (r#""text""#, -32600),
        (r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, -32600),
        ("[]", -32600),
    ] {
        session.send(line).await;
        assert_eq!(session.receive().await["error"]["code"], code, "{line}");
    }
    session.send("").await;
    let answer = session.ask(4, "nonsense", json!({})).await;
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "e2e", "version": "1"}});
    assert_eq!(
        session.ask(5, "initialize", hello).await["result"]["protocolVersion"],
        "2025-06-18"
    );
    session.end().await;
}

/// A configuration for HTTP with authentication also starts here: nobody has to log in to a
/// process that they started.
#[tokio::test]
async fn authentication_has_no_effect() {
    let settings = Settings::default().with(
        "BEARER_TOKEN",
        "4f1c9a7be20d8836c5d2f0a9b7e61354c8d9e0f1a2b3c4d5",
    );
    let client = ().serve(TokioChildProcess::new(command(&settings)).unwrap()).await.unwrap();
    assert!(!client.list_all_tools().await.unwrap().is_empty());
    client.cancel().await.unwrap();
}
