//! For how long an answer may be used again (RFC 9111, section 5.2.2), within our limits.

use policy::http::Response;

/// Bounds of `max-age`, and what holds without it, in seconds.
const MIN_FRESH: u64 = 5 * 60;
pub(super) const MAX_FRESH: u64 = 24 * 60 * 60;
const DEFAULT_FRESH: u64 = 60 * 60;

/// For how long an answer is fresh, in seconds.
pub(super) fn fresh_for(response: &Response) -> u64 {
    let directives: Vec<String> = response
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"))
        .flat_map(|(_, value)| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if directives
        .iter()
        .any(|directive| directive == "no-store" || directive.starts_with("no-cache"))
    {
        return MIN_FRESH;
    }
    directives
        .iter()
        .find_map(|directive| directive.strip_prefix("max-age="))
        .map_or(DEFAULT_FRESH, |seconds| {
            // What is not a number of seconds is stale (RFC 9111, section 4.2.1).
            seconds.parse().unwrap_or(0)
        })
        .clamp(MIN_FRESH, MAX_FRESH)
}
