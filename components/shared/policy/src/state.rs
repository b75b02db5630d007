//! Small values with compare-and-set and a time to live: `imagegen:store/state` as a trait.
//!
//! A component implements it with its import, a test with a table. Rules for keys and values are in
//! `wit/store/state.wit`.

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes as written.
    pub value: Vec<u8>,
    /// For [`Expect::Version`].
    pub version: u64,
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Anything,
    /// There is no value, or it has expired.
    Absent,
    /// The value still has this version.
    Version(u64),
}

/// The outcome of a write that could be attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, and this is the version now.
    Done(u64),
    /// The expectation does not hold; nothing changed.
    Conflict,
}

/// The store could not do it. The text is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StateError(pub String);

/// The values of one policy of one tenant.
pub trait State {
    /// The value of a key; `None` when there is none or it has expired.
    ///
    /// # Errors
    /// The store cannot answer: refuse, do not guess.
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError>;

    /// Writes a value that expires after `ttl_seconds`.
    ///
    /// # Errors
    /// The store cannot answer: it may or may not have been written.
    #[allow(
        clippy::too_many_arguments,
        reason = "the parameters of the interface, one for one"
    )]
    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError>;

    /// Removes a value.
    ///
    /// # Errors
    /// The store cannot answer.
    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError>;
}

impl<T: State + ?Sized> State for &T {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        (**self).value(key)
    }

    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        (**self).put(key, value, expected, ttl_seconds)
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError> {
        (**self).delete(key, expected)
    }
}
