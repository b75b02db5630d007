//! What requests and instances may cost.

use std::time::Duration;

use super::fault::{Problem, Report};
use super::settings::{self, Setting};
use super::values::Values;

/// Bounds of one request and of all instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body.
    pub max_body_bytes: usize,
    /// How long until the answer must have begun.
    pub request_timeout: Duration,
    /// How long an instance may go on; not less than `request_timeout`.
    pub background_timeout: Duration,
    /// Most instances of the tools at a time.
    pub max_instances: usize,
    /// Most memory of one instance.
    pub instance_memory_bytes: usize,
}

/// Whether an instance of the tools may serve more than one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Isolation {
    /// A fresh instance for every request.
    Request,
    /// One instance serves requests of one subject of one tenant, one at a time.
    Subject(SubjectInstances),
}

/// Bounds of reused instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectInstances {
    /// Most instances kept; not more than `max_instances`.
    pub max: usize,
    /// How old one may become.
    pub max_age: Duration,
    /// How long one is kept without a request.
    pub idle: Duration,
    /// How many requests one may serve.
    pub max_requests: u64,
}

impl Limits {
    pub(super) fn resolve(values: &Values, report: &mut Report) -> Self {
        let limits = Self {
            max_body_bytes: values.count(&settings::MAX_BODY_BYTES),
            request_timeout: values.seconds(&settings::REQUEST_TIMEOUT_S),
            background_timeout: values.seconds(&settings::BACKGROUND_TIMEOUT_S),
            max_instances: values.count(&settings::MAX_INSTANCES),
            instance_memory_bytes: values.count(&settings::INSTANCE_MEMORY_BYTES),
        };
        if limits.background_timeout < limits.request_timeout {
            let problem = Problem::new(format!(
                "less than `REQUEST_TIMEOUT_S`: {} is less than {}",
                limits.background_timeout.as_secs(),
                limits.request_timeout.as_secs(),
            ));
            report.fault(values.place(&settings::BACKGROUND_TIMEOUT_S), problem);
        }
        limits
    }
}

impl Isolation {
    pub(super) fn resolve(values: &Values, limits: &Limits, report: &mut Report) -> Self {
        if values.text(&settings::ISOLATION) != Some("subject") {
            for setting in SUBJECT_SETTINGS
                .iter()
                .filter(|setting| values.is_set(setting))
            {
                report.warn(format!(
                    "{}: no effect without `ISOLATION=subject`",
                    values.place(setting)
                ));
            }
            return Self::Request;
        }
        let max = match values.given(&settings::SUBJECT_INSTANCES_MAX) {
            Some(_) => values.count(&settings::SUBJECT_INSTANCES_MAX),
            None => limits.max_instances,
        };
        if max > limits.max_instances {
            let problem = Problem::new(format!(
                "more than `MAX_INSTANCES`: {max} is more than {}",
                limits.max_instances
            ));
            report.fault(values.place(&settings::SUBJECT_INSTANCES_MAX), problem);
        }
        Self::Subject(SubjectInstances {
            max,
            max_age: values.seconds(&settings::SUBJECT_INSTANCE_MAX_AGE_S),
            idle: values.seconds(&settings::SUBJECT_INSTANCE_IDLE_S),
            max_requests: values.number(&settings::SUBJECT_INSTANCE_MAX_REQUESTS),
        })
    }
}

const SUBJECT_SETTINGS: &[Setting] = &[
    settings::SUBJECT_INSTANCES_MAX,
    settings::SUBJECT_INSTANCE_MAX_AGE_S,
    settings::SUBJECT_INSTANCE_IDLE_S,
    settings::SUBJECT_INSTANCE_MAX_REQUESTS,
];
