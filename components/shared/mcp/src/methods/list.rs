//! What the four lists have in common: a cursor in, a page out.

use rmcp::model::ErrorData;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::fault::Fault;
use crate::page::{Items, Page};
use crate::server::List;
use crate::wire::{self, Body, Head};

/// Takes the cursor out of the parameters. The empty string is a cursor like any other.
pub(super) fn cursor(params: &mut Map<String, Value>) -> Result<Option<String>, Fault> {
    match params.remove("cursor") {
        None => Ok(None),
        Some(Value::String(cursor)) => Ok(Some(cursor)),
        Some(_) => Err(Fault::invalid_params("`cursor` is not a string")),
    }
}

/// Writes a page as the member `name` of the result.
pub(super) fn answer<T: Serialize>(
    call: &Call<'_>,
    list: List,
    name: &'static str,
    page: Result<Page<T>, ErrorData>,
) -> Result<Vec<u8>, Fault> {
    let page = page.map_err(|error| Fault::of_handler(call.era(), error))?;
    let head = Head::cached(call.server().cache_hint(list));
    Ok(wire::result(call, &head, &PageBody { name, page }))
}

struct PageBody<T> {
    name: &'static str,
    page: Page<T>,
}

impl<T: Serialize> Body for PageBody<T> {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        out.push(b'{');
        serde_json::to_writer(&mut *out, self.name)?;
        out.push(b':');
        match &self.page.items {
            Items::Values(items) => serde_json::to_writer(&mut *out, items)?,
            Items::Json(array) => out.extend_from_slice(array.as_bytes()),
        }
        if let Some(cursor) = &self.page.next_cursor {
            out.extend_from_slice(br#","nextCursor":"#);
            serde_json::to_writer(&mut *out, cursor)?;
        }
        out.push(b'}');
        Ok(())
    }
}
