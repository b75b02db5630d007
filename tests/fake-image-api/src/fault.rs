//! The ways to fail, named in a prompt: `[[fault:NAME]]` or `[[fault:NAME:ARGUMENT]]`, as many as
//! one likes. An administrator can set some for all prompts (`POST /__admin/faults`).
//!
//! | directive | what happens |
//! |---|---|
//! | `slow:MS` | the work takes that long, and progress can be seen where the API shows it |
//! | `429:N`, `429:N:MS` | the first N requests with this prompt are told to come back after MS (1) |
//! | `500:N`, `503:N` | the first N requests with this prompt fail so (without N: all) |
//! | `401`, `402`, `403`, `404`, `422`, `quota` | refused so |
//! | `moderation`, `moderation:output` | refused by the content policy, before or after the work |
//! | `blocked`, `blocked:candidate` | Gemini: `promptFeedback`, or a candidate without an image |
//! | `empty`, `text` | 200 without an image; with text instead of one |
//! | `drop` | the work is done and charged, and the connection ends without an answer |
//! | `cut` | the answer ends in the middle |
//! | `truncated`, `html` | 200 with half a JSON document; with a page |
//! | `huge:MB` | an answer that does not stop growing before that |
//! | `bomb` | a small PNG that claims to be 60000x60000 |
//! | `newlines`, `prefix` | base64 in lines; as a `data:` URL |
//! | `mismatch` | PNG bytes that are called JPEG, or the other way round |
//! | `url` | OpenAI: a URL instead of base64 |
//! | `redirect`, `private` | the URL of the result leads to, or is, `169.254.169.254` |
//! | `never` | polling finds it unfinished for ever |
//! | `format:NAME` | the image is a `png`, `jpeg`, `webp`, `gif` or `svg` whatever was asked for |

/// The directives of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<(String, Vec<String>)>);

impl Faults {
    /// Those in a prompt.
    #[must_use]
    pub fn of(prompt: &str) -> Self {
        let mut faults = Vec::new();
        let mut rest = prompt;
        while let Some((_, after)) = rest.split_once("[[fault:") {
            let Some((directive, tail)) = after.split_once("]]") else {
                break;
            };
            let mut words = directive.split(':').map(str::to_owned);
            let name = words.next().unwrap_or_default();
            faults.push((name, words.collect()));
            rest = tail;
        }
        Self(faults)
    }

    /// Whether the directive is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(one, _)| one == name)
    }

    /// The first argument of a directive; empty when it has none.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.nth(name, 0)
    }

    /// An argument of a directive by its position.
    #[must_use]
    pub fn nth(&self, name: &str, position: usize) -> Option<&str> {
        let (_, arguments) = self.0.iter().find(|(one, _)| one == name)?;
        Some(arguments.get(position).map_or("", String::as_str))
    }

    /// A number that is the argument of a directive.
    #[must_use]
    pub fn number(&self, name: &str, position: usize) -> Option<u64> {
        self.nth(name, position)?.parse().ok()
    }

    /// How long the work takes.
    #[must_use]
    pub fn duration(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.number("slow", 0).unwrap_or(0))
    }

    /// Also those of another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// A refusal: what every backend says in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key is wrong.
    Unauthorized,
    /// No credit.
    Payment,
    /// The key may not do this.
    Forbidden,
    /// The model is gone.
    Gone,
    /// A parameter is wrong.
    Invalid,
    /// Come back after so many milliseconds.
    RateLimited(u64),
    /// The quota is used up.
    Quota,
    /// The content policy, before the work.
    Moderated,
    /// It fails.
    Broken,
    /// It is overloaded.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_found_anywhere() {
        let faults = Faults::of("a [[fault:429:2:50]] fox[[fault:empty]] [[fault:open");
        assert!(faults.has("empty") && !faults.has("open"));
        assert_eq!(faults.number("429", 0), Some(2));
        assert_eq!(faults.number("429", 1), Some(50));
        assert_eq!(faults.argument("empty"), Some(""));
        assert_eq!(faults.argument("slow"), None);
    }
}
