//! JSON-RPC answers as bytes. What the protocol adds to a result is written first and the result
//! is spliced in behind it, so that nothing is copied into a tree on the way.

use rmcp::model::{
    CallToolResult, ContentBlock, ErrorData, Implementation, InputRequiredResult, MetaObject,
};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::call::Call;
use crate::message::Id;
use crate::meta::SERVER_INFO;
use crate::server::{CacheHint, CacheScope};
use crate::version::Era;

/// What the protocol adds to a result in the modern era; a legacy result goes as it is.
#[derive(Default)]
pub(crate) struct Head {
    /// `None`: the result says it itself.
    pub(crate) result_type: Option<&'static str>,
    pub(crate) cache: Option<CacheHint>,
    /// The `_meta` of the result, taken out of it.
    pub(crate) meta: Option<MetaObject>,
}

impl Head {
    pub(crate) fn complete() -> Self {
        Self {
            result_type: Some("complete"),
            ..Self::default()
        }
    }

    pub(crate) fn cached(hint: CacheHint) -> Self {
        Self {
            cache: Some(hint),
            ..Self::complete()
        }
    }

    /// Takes over the `_meta` of a result, if this era merges it.
    pub(crate) fn with_meta(mut self, era: Era, meta: &mut Option<MetaObject>) -> Self {
        if era == Era::Modern {
            self.meta = meta.take();
        }
        self
    }
}

/// A result that can be written as one JSON object.
pub(crate) trait Body {
    /// Appends the object.
    ///
    /// # Errors
    ///
    /// When it has no JSON form.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;
}

/// A value that serialises as an object.
pub(crate) struct Object<T>(pub(crate) T);

impl<T: Serialize> Body for Object<T> {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(out, &self.0)
    }
}

/// The answer to a request.
pub(crate) fn result(call: &Call<'_>, head: &Head, body: &impl Body) -> Vec<u8> {
    encode_result(call, head, body).unwrap_or_else(|_| {
        let text = "the result cannot be written as JSON";
        error(Some(&call.id), &ErrorData::internal_error(text, None))
    })
}

/// The answer to `tools/call`. Legacy eras know objects as structured content only, so anything
/// else goes as text there.
pub(crate) fn tool_result(call: &Call<'_>, mut result: CallToolResult) -> Vec<u8> {
    result.result_type = None;
    if call.era() == Era::Legacy
        && let Some(value) = result
            .structured_content
            .take_if(|value| !value.is_object())
        && result.content.is_empty()
    {
        result.content.push(ContentBlock::text(value.to_string()));
    }
    let head = Head::complete().with_meta(call.era(), &mut result.meta);
    self::result(call, &head, &Object(result))
}

/// The answer to `tools/call` that is one JSON object, already written.
pub(crate) fn tool_object(call: &Call<'_>, json: &str) -> Vec<u8> {
    result(call, &Head::complete(), &ToolObject(json))
}

struct ToolObject<'a>(&'a str);

impl Body for ToolObject<'_> {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        // Once as a string with its quotes escaped, once as it is.
        out.reserve(self.0.len().saturating_mul(2).saturating_add(128));
        out.extend_from_slice(br#"{"content":[{"type":"text","text":"#);
        serde_json::to_writer(&mut *out, self.0)?;
        out.extend_from_slice(br#"}],"structuredContent":"#);
        out.extend_from_slice(self.0.as_bytes());
        out.extend_from_slice(br#","isError":false}"#);
        Ok(())
    }
}

/// The answer that asks for input, which only the modern era has.
pub(crate) fn input_required(call: &Call<'_>, mut asked: InputRequiredResult) -> Vec<u8> {
    if call.era() == Era::Legacy {
        let text = "this protocol version has no questions in results";
        return error(Some(&call.id), &ErrorData::internal_error(text, None));
    }
    let head = Head::default().with_meta(call.era(), &mut asked.meta);
    result(call, &head, &Object(asked))
}

/// A JSON-RPC error. Without an `id` when the request had none that could be read (MCP schema:
/// optional, never null).
pub(crate) fn error(id: Option<&Id>, error: &ErrorData) -> Vec<u8> {
    #[derive(Serialize)]
    struct ErrorMessage<'a> {
        jsonrpc: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a Value>,
        error: &'a ErrorData,
    }
    let message = ErrorMessage {
        jsonrpc: "2.0",
        id: id.map(Id::as_value),
        error,
    };
    // A tree of JSON values always has a text.
    serde_json::to_vec(&message).unwrap_or_default()
}

fn encode_result(
    call: &Call<'_>,
    head: &Head,
    body: &impl Body,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    serde_json::to_writer(&mut out, call.id.as_value())?;
    out.extend_from_slice(br#","result":"#);
    if call.era() == Era::Modern {
        let implementation = &call.component.implementation;
        serde_json::to_writer(&mut out, &ModernHead::new(head, implementation))?;
        splice(&mut out, body)?;
    } else {
        body.write(&mut out)?;
    }
    out.push(b'}');
    Ok(out)
}

/// Adds the members of `body` to the object that `out` ends with. Both have some: every modern
/// result says what it is, and only legacy ones are empty.
fn splice(out: &mut Vec<u8>, body: &impl Body) -> Result<(), serde_json::Error> {
    out.pop();
    let start = out.len();
    body.write(out)?;
    if let Some(brace) = out.get_mut(start) {
        *brace = b',';
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModernHead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    #[serde(rename = "_meta")]
    meta: ResultMeta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_scope: Option<&'static str>,
}

impl<'a> ModernHead<'a> {
    fn new(head: &'a Head, implementation: &'a Implementation) -> Self {
        Self {
            result_type: head.result_type,
            meta: ResultMeta {
                own: head.meta.as_ref(),
                implementation,
            },
            ttl_ms: head.cache.map(|hint| hint.ttl_ms),
            cache_scope: head.cache.map(|hint| match hint.scope {
                CacheScope::Private => "private",
                CacheScope::Public => "public",
            }),
        }
    }
}

/// The `_meta` of a result: what the handler put there, and who answers.
struct ResultMeta<'a> {
    own: Option<&'a MetaObject>,
    implementation: &'a Implementation,
}

impl Serialize for ResultMeta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.own.iter().flat_map(|meta| meta.iter()) {
            if key != SERVER_INFO {
                map.serialize_entry(key, value)?;
            }
        }
        map.serialize_entry(SERVER_INFO, self.implementation)?;
        map.end()
    }
}
