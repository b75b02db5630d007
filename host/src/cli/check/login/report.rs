//! What was found, a line for each thing, as it is found.

/// Lines for the operator, and whether anything is to be mended.
pub(super) struct Report {
    say: Box<dyn FnMut(&str) + Send>,
    /// What was told already: one fault can show at several steps.
    problems: Vec<String>,
}

impl Report {
    pub(super) fn new(say: impl FnMut(&str) + Send + 'static) -> Self {
        Self {
            say: Box::new(say),
            problems: Vec::new(),
        }
    }

    /// Something works.
    pub(super) fn fine(&mut self, text: impl AsRef<str>) {
        (self.say)(&format!("ok: {}", printable(text.as_ref())));
    }

    /// Something that the operator should know and that breaks nothing.
    pub(super) fn note(&mut self, text: impl AsRef<str>) {
        (self.say)(&format!("note: {}", printable(text.as_ref())));
    }

    /// Something that the operator has to do now.
    pub(super) fn ask(&mut self, text: impl AsRef<str>) {
        (self.say)(text.as_ref());
    }

    /// Something is to be mended, and how.
    pub(super) fn problem(&mut self, text: impl AsRef<str>, remedy: impl AsRef<str>) {
        let (text, remedy) = (printable(text.as_ref()), printable(remedy.as_ref()));
        if !self.problems.contains(&text) {
            (self.say)(&format!("problem: {text}\nhint: {remedy}"));
            self.problems.push(text);
        }
    }

    /// The last line. Whether signing in works.
    pub(super) fn conclude(mut self) -> bool {
        match self.problems.len() {
            0 => (self.say)("signing in works"),
            1 => (self.say)("signing in does not work as it should: 1 problem"),
            count => (self.say)(&format!(
                "signing in does not work as it should: {count} problems"
            )),
        }
        self.problems.is_empty()
    }
}

/// What a provider wrote cannot move the cursor of a terminal or pretend to be another line.
fn printable(text: &str) -> String {
    crate::capabilities::log::printable(text)
}
