//! One page of a list.

use std::borrow::Cow;

use rmcp::model::ErrorData;

/// One page of a list, and where the next one begins.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub(crate) items: Items<T>,
    pub(crate) next_cursor: Option<String>,
}

/// The items of a page, or their text.
#[derive(Clone, Debug)]
pub(crate) enum Items<T> {
    Values(Vec<T>),
    Json(Cow<'static, str>),
}

impl<T> Page<T> {
    /// A list that is one page. Pair it with [`only_page`] to refuse cursors.
    pub fn all(items: Vec<T>) -> Self {
        Self {
            items: Items::Values(items),
            next_cursor: None,
        }
    }

    /// A page whose items are JSON text already: a well-formed array that is copied into the
    /// answer as it is. For lists that never change, where building the values costs more than
    /// sending them. The text must suit every era.
    pub fn json(array: impl Into<Cow<'static, str>>) -> Self {
        Self {
            items: Items::Json(array.into()),
            next_cursor: None,
        }
    }

    /// Says where the next page begins.
    pub fn with_next_cursor(mut self, cursor: impl Into<String>) -> Self {
        self.next_cursor = Some(cursor.into());
        self
    }
}

/// Refuses any cursor, for a list that is always one page.
///
/// # Errors
///
/// `invalid_params` when there is a cursor, the empty one included: this server issued none.
pub fn only_page(cursor: Option<&str>) -> Result<(), ErrorData> {
    match cursor {
        None => Ok(()),
        Some(_) => Err(invalid_cursor()),
    }
}

/// The error for a cursor that this server did not issue (MCP, pagination: -32602).
pub fn invalid_cursor() -> ErrorData {
    ErrorData::invalid_params("unknown `cursor`", None)
}
