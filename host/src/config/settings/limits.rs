//! Settings that bound what clients and components can use.

use super::{Kind, Setting, settings};

settings! {
    /// What clients and components can use.
    LIMITS {
        MAX_BODY_BYTES: Setting::host(Kind::Bytes { min: 1 << 10, max: 256 << 20 }).or("4194304"),
            "Largest request body; a larger one is answered with 413. The default is the limit of the official TypeScript SDK's server.";
        MAX_HEADER_BYTES: Setting::host(Kind::Bytes { min: 16 << 10, max: 1 << 20 }).or("32768"),
            "Largest head of a request; a larger one is answered with 431.";
        MAX_HEADERS: Setting::host(Kind::Number { min: 16, max: 1_000 }).or("100"),
            "Most header fields in a request; more are answered with 431.";
        HEADER_TIMEOUT_S: Setting::host(Kind::Seconds { min: 1, max: 600 }).or("10"),
            "How long a client may take to send the head of a request.";
        REQUEST_TIMEOUT_S: Setting::host(Kind::Seconds { min: 1, max: 3_600 }).or("60"),
            "How long until the answer to a request must have begun.";
        BACKGROUND_TIMEOUT_S: Setting::host(Kind::Seconds { min: 1, max: 86_400 }).or("600"),
            "How long an instance may go on, with its answer or with work after it. Not less than `REQUEST_TIMEOUT_S`.";
        MAX_CONNECTIONS: Setting::host(Kind::Number { min: 1, max: 100_000 }).or("1000"),
            "Most connections at a time.";
        MAX_INSTANCES: Setting::host(Kind::Number { min: 1, max: 1_000 }).or("64"),
            "Most instances of the tools at a time, and so most requests in progress. Times `INSTANCE_MEMORY_BYTES` it bounds the memory of all guests.";
        INSTANCE_MEMORY_BYTES: Setting::host(Kind::Bytes { min: 4 << 20, max: 4 << 30 }).or("268435456"),
            "Most memory of one instance.";
        ISOLATION: Setting::host(Kind::Choice(&["request", "subject"])).or("request"),
            "`request`: a fresh instance for every request. `subject`: an instance serves further requests of the same subject, one at a time.";
        SUBJECT_INSTANCES_MAX: Setting::host(Kind::Number { min: 1, max: 1_000 }).or_derived("`MAX_INSTANCES`"),
            "With `ISOLATION=subject`: most instances kept. Not more than `MAX_INSTANCES`.";
        SUBJECT_INSTANCE_MAX_AGE_S: Setting::host(Kind::Seconds { min: 1, max: 86_400 }).or("600"),
            "With `ISOLATION=subject`: how old an instance may become.";
        SUBJECT_INSTANCE_IDLE_S: Setting::host(Kind::Seconds { min: 1, max: 86_400 }).or("60"),
            "With `ISOLATION=subject`: how long an instance is kept without a request.";
        SUBJECT_INSTANCE_MAX_REQUESTS: Setting::host(Kind::Number { min: 1, max: 1_000_000 }).or("1000"),
            "With `ISOLATION=subject`: how many requests an instance may serve.";
        SHUTDOWN_GRACE_S: Setting::host(Kind::Seconds { min: 0, max: 600 }).or("10"),
            "How long requests in progress may take to end after SIGTERM.";
    }
}
