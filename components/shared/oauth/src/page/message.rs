//! A page that says what happened: a refusal, a mistake, or that all is well.

use policy::types::HttpResponse;

use super::html::Html;
use super::shell::page;
use crate::display::cleaned;

const MAX_PARAGRAPH_CHARACTERS: usize = 600;
const MAX_CODE_CHARACTERS: usize = 80;

/// Says what happened, and what can be done about it.
#[derive(Clone, Copy, Debug)]
pub struct MessagePage<'a> {
    /// Status code.
    pub status: u16,
    /// What happened, in a few words of ours.
    pub title: &'a str,
    /// What it means and what to do. Foreign text is possible: it is cleaned, cut and escaped.
    pub paragraphs: &'a [&'a str],
    /// A stable code to look for in documents and logs.
    pub code: Option<&'a str>,
}

impl MessagePage<'_> {
    /// The page.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        let mut content = Html::default().raw("<h1>").text(self.title).raw("</h1>\n");
        for paragraph in self.paragraphs {
            let text = cleaned(paragraph, MAX_PARAGRAPH_CHARACTERS).unwrap_or_default();
            content = content.raw("<p>").text(&text).raw("</p>\n");
        }
        if let Some(code) = self.code {
            let code = cleaned(code, MAX_CODE_CHARACTERS).unwrap_or_default();
            content = content
                .raw("<p class=\"after\">For whoever runs this server: <code>")
                .text(&code)
                .raw("</code></p>\n");
        }
        page(self.status, self.title, content)
    }
}
