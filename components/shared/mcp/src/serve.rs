//! The story of a request: check the head, parse the body, classify each message, run it, answer.

use serde_json::{Map, Value};

use crate::call::{Call, Component};
use crate::classify;
use crate::fault::Fault;
use crate::headers;
use crate::http::{HttpRequest, Responder};
use crate::input::Input;
use crate::message::{Message, Request};
use crate::meta::Meta;
use crate::method::Method;
use crate::methods::{self, Outcome};
use crate::output::{Accepts, Output};
use crate::server::Server;
use crate::version::{Era, Version};

/// Messages that a batch may hold. A request is what the host admits and meters; a batch must not
/// be a way to have hundreds of calls counted as one.
const MAX_BATCH: usize = 32;

/// Answers one request to the MCP endpoint, whatever it contains. Every answer but 202 has a
/// body, and every body that is not a result is a JSON-RPC error.
pub fn serve(server: &dyn Server, request: &HttpRequest<'_>, responder: &mut dyn Responder) {
    if let Err(fault) = answer(server, request, responder) {
        fault.send(responder, fault.body(None));
    }
}

/// # Errors
///
/// What concerns the HTTP request as a whole; nothing has been sent then.
fn answer(
    server: &dyn Server,
    http: &HttpRequest<'_>,
    responder: &mut dyn Responder,
) -> Result<(), Fault> {
    let accepts = check_head(http)?;
    let work = match strict_json::parse(http.body).map_err(|error| Fault::parse(&error))? {
        Value::Array(values) => batch(http, values)?,
        value => single(http, value)?,
    };
    let mut output = match work {
        Work::Nothing => {
            responder.respond(202, &[], Vec::new());
            return Ok(());
        }
        Work::Single(_) => Output::single(accepts),
        Work::Batch(ref requests) => Output::batch(accepts, requests.len()),
    };
    let component = Component::new(server);
    let mut turn = Turn {
        http,
        component: &component,
        output: &mut output,
    };
    match work {
        Work::Nothing => {}
        Work::Single(request) => {
            let version = classify::request(http, &request.method, &request.params);
            turn.run(*request, version, responder);
        }
        Work::Batch(requests) => {
            for request in requests {
                let version = classify::request_of_batch(&request.method);
                turn.run(request, version, responder);
            }
        }
    }
    Ok(())
}

fn check_head(http: &HttpRequest<'_>) -> Result<Accepts, Fault> {
    if http.method != "POST" {
        return Err(Fault::method_not_allowed());
    }
    let media = http.header("content-type").unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(Fault::unsupported_media_type());
    }
    let accepts = Accepts::of(http);
    if !accepts.json && !accepts.events {
        return Err(Fault::not_acceptable());
    }
    Ok(accepts)
}

/// What a body asks for.
enum Work {
    /// There is nothing to answer.
    Nothing,
    Single(Box<Request>),
    /// At least one.
    Batch(Vec<Request>),
}

fn single(http: &HttpRequest<'_>, value: Value) -> Result<Work, Fault> {
    match Message::parse(value).map_err(Fault::shape)? {
        Message::Notification(notification) => {
            classify::notification(http, &notification.params)?;
            Ok(Work::Nothing)
        }
        Message::Response => {
            classify::response(http)?;
            Ok(Work::Nothing)
        }
        Message::Request(request) => Ok(Work::Single(Box::new(request))),
    }
}

/// Nothing of a batch runs when one of its members is no message at all.
fn batch(http: &HttpRequest<'_>, values: Vec<Value>) -> Result<Work, Fault> {
    classify::batch(http, &values)?;
    if values.is_empty() {
        return Err(Fault::bad_request("the batch is empty"));
    }
    if values.len() > MAX_BATCH {
        let text = format!("a batch may hold {MAX_BATCH} messages: {}", values.len());
        return Err(Fault::bad_request(text));
    }
    let mut requests = Vec::new();
    for value in values {
        if let Message::Request(request) = Message::parse(value).map_err(Fault::shape)? {
            requests.push(request);
        }
    }
    if requests.is_empty() {
        return Ok(Work::Nothing);
    }
    Ok(Work::Batch(requests))
}

/// What the requests of one body share while each has its turn.
struct Turn<'a> {
    http: &'a HttpRequest<'a>,
    component: &'a Component<'a>,
    output: &'a mut Output,
}

impl Turn<'_> {
    /// Runs one request and hands its answer to the output.
    fn run(
        &mut self,
        request: Request,
        version: Result<Version, Fault>,
        responder: &mut dyn Responder,
    ) {
        let Request {
            id,
            method,
            mut params,
        } = request;
        let ready = version.and_then(|version| {
            let method = self.check(version, &method, &params)?;
            let meta = Meta::take(version.era(), &mut params)?;
            Ok((version, method, meta))
        });
        let (version, method, meta) = match ready {
            Ok(ready) => ready,
            Err(fault) => return self.output.deliver_fault(responder, Some(&id), &fault),
        };
        let mut call = Call {
            http: self.http,
            component: self.component,
            id,
            method,
            version,
            meta,
            input: Input::default(),
        };
        match methods::run(&mut call, params, self.output, responder) {
            Ok(Outcome::Answer(body)) => self.output.deliver(responder, body),
            Ok(Outcome::Answered) => {}
            Err(fault) => self.output.deliver_fault(responder, Some(&call.id), &fault),
        }
    }

    /// The headers first: a request whose headers are untrue is not the one a proxy let through.
    fn check(
        &self,
        version: Version,
        method: &str,
        params: &Map<String, Value>,
    ) -> Result<Method, Fault> {
        let era = version.era();
        if era == Era::Modern {
            headers::check(self.http, method, params)?;
        }
        Method::parse(method)
            .filter(|method| method.exists(era, &self.component.features))
            .ok_or_else(|| Fault::unknown_method(era, method))
    }
}
