//! Operations that the policy has allowed one caller, for as long as the caller is remembered.
//!
//! Kept for our own policies only: they judge the identity and the operation and nothing else.
//! Refusals are not kept.

use std::sync::{Mutex, PoisonError};

use crate::bindings::auth::Operation;

/// Operations that are kept for one caller. Clients use a handful of tools; resources have
/// endless addresses, and the ones that do not fit are simply asked for every time.
const MAX_OPERATIONS: usize = 32;

/// What one caller was allowed.
#[derive(Debug, Default)]
pub struct PermittedOperations(Mutex<Vec<Operation>>);

impl PermittedOperations {
    /// Whether the policy has allowed this operation.
    #[must_use]
    pub fn contains(&self, what: &Operation) -> bool {
        let permitted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        permitted.iter().any(|operation| is_same(operation, what))
    }

    /// Keeps an operation that the policy has just allowed.
    pub fn remember(&self, what: Operation) {
        let mut permitted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = permitted.iter().any(|operation| is_same(operation, &what));
        if !known && permitted.len() < MAX_OPERATIONS {
            permitted.push(what);
        }
    }
}

fn is_same(one: &Operation, other: &Operation) -> bool {
    one.writes == other.writes && one.method == other.method && one.target == other.target
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(target: &str, writes: bool) -> Operation {
        Operation {
            method: "tools/call".to_owned(),
            target: Some(target.to_owned()),
            writes,
        }
    }

    #[test]
    fn only_the_very_operation_is_remembered() {
        let permitted = PermittedOperations::default();
        permitted.remember(operation("show_image", false));
        assert!(permitted.contains(&operation("show_image", false)));
        assert!(!permitted.contains(&operation("show_image", true)));
        assert!(!permitted.contains(&operation("delete_image", false)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let permitted = PermittedOperations::default();
        for number in 0..1000 {
            permitted.remember(operation(&number.to_string(), false));
        }
        assert_eq!(permitted.0.lock().unwrap().len(), MAX_OPERATIONS);
    }
}
