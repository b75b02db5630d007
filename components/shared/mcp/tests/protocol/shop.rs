//! The server under test: it sells fruit, and says what the protocol library told it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use mcp::model::{
    CallToolResult, ClientCapabilities, CompleteRequestParams, CompletionInfo, ContentBlock,
    ErrorCode, ErrorData, GetPromptResult, Implementation, InputRequests, JsonObject, MetaObject,
    Prompt, PromptMessage, ReadResourceResult, Resource, ResourceContents, ResourceTemplate, Role,
    Tool,
};
use mcp::{
    CacheHint, CacheScope, Denial, Exchange, Features, Flow, List, LogLevel, Operation, Page,
    ParameterHeader, Reply, Server, ToolFacts, ToolReply, check_arguments, invalid_cursor,
    only_page,
};
use serde_json::{Value, json};

/// A server whose caller, policy and offer can be set.
pub struct Shop {
    pub features: Features,
    pub caller: &'static str,
    pub state_key: Option<&'static [u8]>,
    pub denial: Option<Denial>,
    /// Operations that the policy was asked about.
    pub asked: RefCell<Vec<(String, String, bool)>>,
    /// Calls that reached a handler.
    pub calls: Cell<usize>,
    /// How often a tool could go on after it had something to say.
    pub steps: Cell<usize>,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            features: Features {
                tools: true,
                resources: true,
                prompts: true,
                completions: true,
                logging: true,
                legacy_subscriptions: true,
                ..Features::default()
            },
            caller: "alice",
            state_key: Some(b"0123456789abcdef0123456789abcdef"),
            denial: None,
            asked: RefCell::default(),
            calls: Cell::default(),
            steps: Cell::default(),
        }
    }
}

impl Shop {
    /// A shop that offers nothing.
    pub fn closed() -> Self {
        Self {
            features: Features::default(),
            ..Self::default()
        }
    }
}

/// The schema of the tool `buy`.
fn buy_schema() -> JsonObject {
    object(json!({
        "type": "object",
        "properties": {
            "fruit": {"type": "string", "x-mcp-header": "Fruit"},
            "count": {"type": "integer", "x-mcp-header": "Count", "minimum": 1},
            "gift": {"type": "boolean", "x-mcp-header": "Gift"},
        },
        "required": ["fruit"],
    }))
}

fn object(value: Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

fn text(text: impl Into<String>) -> Result<ToolReply, ErrorData> {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

impl Server for Shop {
    fn implementation(&self) -> Implementation {
        Implementation::new("shop", "1.2.3")
    }

    fn instructions(&self) -> Option<Cow<'_, str>> {
        Some("Buy fruit.".into())
    }

    fn features(&self) -> Features {
        self.features.clone()
    }

    fn authorize(&self, operation: &Operation<'_>) -> Result<(), Denial> {
        self.asked.borrow_mut().push((
            operation.method.to_owned(),
            operation.target.to_owned(),
            operation.writes,
        ));
        self.denial.clone().map_or(Ok(()), Err)
    }

    fn principal(&self) -> Cow<'_, str> {
        self.caller.into()
    }

    fn state_key(&self) -> Option<Cow<'_, [u8]>> {
        self.state_key.map(Cow::Borrowed)
    }

    fn cache_hint(&self, list: List) -> CacheHint {
        match list {
            List::Prompts => CacheHint {
                ttl_ms: 5000,
                scope: CacheScope::Public,
            },
            _ => CacheHint::default(),
        }
    }

    fn tools(&self, cursor: Option<&str>) -> Result<Page<Tool>, ErrorData> {
        let tool = |name: &'static str, schema| Tool::new(name, "A tool", Arc::new(schema));
        match cursor {
            None => {
                let mut count = tool("count", object(json!({"type": "object"})));
                count.output_schema = Some(Arc::new(object(json!({"type": "array"}))));
                Ok(Page::all(vec![tool("buy", buy_schema()), count]).with_next_cursor("2"))
            }
            Some("2") => Ok(Page::json(
                r#"[{"name":"say","inputSchema":{"type":"object"}}]"#,
            )),
            Some(_) => Err(invalid_cursor()),
        }
    }

    fn tool(&self, name: &str) -> Option<ToolFacts> {
        match name {
            "buy" => Some(ToolFacts {
                parameter_headers: ParameterHeader::of_schema(&buy_schema()),
                ..ToolFacts::writes()
            }),
            "no-such-tool" => None,
            _ => Some(ToolFacts::reads()),
        }
    }

    fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        exchange: &mut Exchange<'_>,
    ) -> Result<ToolReply, ErrorData> {
        self.calls.set(self.calls.get() + 1);
        let answer = match name {
            "arguments" => return text(Value::Object(arguments).to_string()),
            "era" => return text(exchange.version().as_str()),
            "buy" => match check_arguments(&buy_schema(), &arguments) {
                Ok(()) => return text("sold"),
                Err(errors) => return Ok(errors.into()),
            },
            "structured" => CallToolResult::structured(json!({"a": 1})),
            "written" => return Ok(ToolReply::Object(r#"{"a":"\u0022\n","b":[1]}"#.to_owned())),
            "list" => CallToolResult::structured(json!([1, 2])),
            "meta" => {
                let meta = object(json!({"own": 1, "io.modelcontextprotocol/serverInfo": "fake"}));
                CallToolResult::success(Vec::new()).with_meta(Some(MetaObject(meta)))
            }
            "fail" => CallToolResult::error(vec![ContentBlock::text("no fruit left")]),
            "error" => return Err(error(&arguments)),
            "spoil" => {
                let _ = exchange.progress(1.0, None, None);
                let required = ClientCapabilities::default();
                return Err(ErrorData::missing_required_client_capability(required));
            }
            "progress" => return self.work(exchange),
            "log" => return self.log(exchange),
            "wait" => return self.wait(exchange),
            "answer" => return self.answer(exchange),
            "ask" => return ask(&arguments, exchange),
            _ => return Err(ErrorData::internal_error("not in stock", None)),
        };
        Ok(answer.into())
    }

    fn resources(&self, cursor: Option<&str>) -> Result<Page<Resource>, ErrorData> {
        only_page(cursor)?;
        Ok(Page::all(vec![Resource::new("shop://price", "price")]))
    }

    fn resource_templates(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<ResourceTemplate>, ErrorData> {
        only_page(cursor)?;
        Ok(Page::all(vec![ResourceTemplate::new(
            "shop://{fruit}",
            "fruit",
        )]))
    }

    fn read_resource(
        &self,
        uri: &str,
        exchange: &mut Exchange<'_>,
    ) -> Result<Reply<ReadResourceResult>, ErrorData> {
        match uri {
            "shop://price" => {
                let contents = vec![ResourceContents::text("1 EUR", uri)];
                Ok(ReadResourceResult::new(contents).with_ttl_ms(70).into())
            }
            "shop://ask" => ask(&JsonObject::new(), exchange).map(asked_only),
            _ => Err(ErrorData::resource_not_found("no such fruit", None)),
        }
    }

    fn prompts(&self, cursor: Option<&str>) -> Result<Page<Prompt>, ErrorData> {
        only_page(cursor)?;
        Ok(Page::all(vec![Prompt::new("haggle", Some("Haggle"), None)]))
    }

    fn get_prompt(
        &self,
        name: &str,
        arguments: BTreeMap<String, String>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Reply<GetPromptResult>, ErrorData> {
        match name {
            "haggle" => {
                let message = PromptMessage::new_text(Role::User, format!("{arguments:?}"));
                Ok(GetPromptResult::new(vec![message]).into())
            }
            "ask" => ask(&JsonObject::new(), exchange).map(asked_only),
            _ => Err(ErrorData::invalid_params("no such prompt", None)),
        }
    }

    fn complete(&self, params: CompleteRequestParams) -> Result<CompletionInfo, ErrorData> {
        let mut info = CompletionInfo::default();
        info.values = vec![params.argument.value; 101];
        Ok(info)
    }
}

impl Shop {
    fn step(&self, flow: Flow) -> bool {
        self.steps
            .set(self.steps.get() + usize::from(flow == Flow::Continue));
        flow == Flow::Continue
    }

    fn work(&self, exchange: &mut Exchange<'_>) -> Result<ToolReply, ErrorData> {
        for progress in [1.0, 0.5, 1.0, f64::NAN, f64::INFINITY, 2.0] {
            if !self.step(exchange.progress(progress, Some(2.0), Some("peeling"))) {
                return text("nobody reads this");
            }
        }
        text("peeled")
    }

    fn log(&self, exchange: &mut Exchange<'_>) -> Result<ToolReply, ErrorData> {
        let _ = exchange.log(LogLevel::Debug, None, &"debug");
        let _ = exchange.log(LogLevel::Info, Some("till"), &json!({"sum": 3}));
        let _ = exchange.log(LogLevel::Error, None, &"error");
        text("logged")
    }

    fn wait(&self, exchange: &mut Exchange<'_>) -> Result<ToolReply, ErrorData> {
        for _ in 0..3 {
            if !self.step(exchange.tick()) {
                return text("nobody reads this");
            }
        }
        text("ripe")
    }

    fn answer(&self, exchange: &mut Exchange<'_>) -> Result<ToolReply, ErrorData> {
        let now = CallToolResult::success(vec![ContentBlock::text("at once")]);
        assert!(!exchange.is_answered());
        exchange.answer(now.clone());
        assert!(exchange.is_answered());
        exchange.answer(now);
        self.step(exchange.tick());
        self.step(exchange.progress(1.0, None, None));
        self.step(exchange.log(LogLevel::Error, None, &"too late"));
        Err(ErrorData::internal_error("too late", None))
    }
}

/// An error with the code that the arguments name.
fn error(arguments: &JsonObject) -> ErrorData {
    let code = arguments
        .get("code")
        .and_then(Value::as_i64)
        .and_then(|code| i32::try_from(code).ok())
        .unwrap_or(-32603);
    ErrorData::new(ErrorCode(code), "as you wish", None)
}

/// Asks for a name, keeps state, and tells both when it has them. The argument `by` says how.
fn ask(arguments: &JsonObject, exchange: &mut Exchange<'_>) -> Result<ToolReply, ErrorData> {
    if let Some(state) = exchange.request_state() {
        let state = String::from_utf8_lossy(state).into_owned();
        let answers = json!(exchange.input_responses());
        return text(format!("{state} {answers}"));
    }
    let form = json!({"method": "elicitation/create", "params": {
        "mode": "form",
        "message": "Who?",
        "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}},
    }});
    let url = json!({"method": "elicitation/create", "params": {
        "mode": "url", "message": "Pay", "url": "https://shop.example/pay", "elicitationId": "1",
    }});
    let sampling = json!({"method": "sampling/createMessage", "params": {
        "messages": [], "maxTokens": 5,
    }});
    let questions = match arguments.get("by").and_then(Value::as_str) {
        Some("nothing") => return Ok(exchange.request_input(InputRequests::new(), None)?.into()),
        Some("state") => json!({}),
        Some("url") => json!({"q": url}),
        Some("all") => json!({"q": form, "r": sampling, "s": {"method": "roots/list"}}),
        _ => json!({"q": form}),
    };
    let questions = serde_json::from_value(questions).unwrap();
    Ok(exchange.request_input(questions, Some(b"basket 7"))?.into())
}

/// The question of a tool for another kind of request.
fn asked_only<T>(reply: ToolReply) -> Reply<T> {
    match reply {
        ToolReply::InputRequired(asked) => Reply::InputRequired(asked),
        other => panic!("a question: {other:?}"),
    }
}
