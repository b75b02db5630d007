//! The page that asks whether a client may act for whoever reads it.
//!
//! It is posted with `Referrer-Policy: no-referrer`, so the `Origin` of the form is `null`; what
//! tells that it came from this page is `Sec-Fetch-Site` and what is in the hidden fields.

use policy::types::HttpResponse;

use super::html::Html;
use super::shell::page;
use super::{APPROVE, DECISION, DENY, words};
use crate::client::{Client, Origin};
use crate::display::{MAX_NAME_CHARACTERS, cleaned};
use crate::redirect::{Kind, RedirectUri, document_host, is_loopback_only};

const TITLE: &str = "Allow this app?";

/// Asks whether a client may act for whoever reads it.
#[derive(Clone, Copy, Debug)]
pub struct ConsentPage<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the answer goes.
    pub redirect_uri: &'a RedirectUri,
    /// What for.
    pub scopes: &'a [String],
    /// The URL to which the form is posted, with [`DECISION`] and the hidden fields.
    pub action: &'a str,
    /// Hidden fields of the form: name and value.
    pub hidden: &'a [(&'a str, &'a str)],
}

impl ConsentPage<'_> {
    /// The page.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        let content = Html::default()
            .raw("<h1>")
            .raw(TITLE)
            .raw("</h1>\n<p>An app asks to use this server")
            .piece(self.server())
            .raw(" in your name. If you allow it, you sign in next.</p>\n")
            .raw("<div class=\"facts\">\n")
            .piece(self.name())
            .piece(self.destination())
            .raw(
                "<section aria-labelledby=\"powers\">\n<h2 id=\"powers\">It will be able to</h2>\n",
            )
            .piece(words::list(self.scopes))
            .raw("</section>\n</div>\n")
            .piece(self.caution())
            .piece(self.form());
        page(200, TITLE, content)
    }

    fn server(&self) -> Html {
        let host = self.action.split_once("://").map(|(_, rest)| rest);
        match host.and_then(|rest| rest.split(['/', '?']).next()) {
            Some(host) if !host.is_empty() => Html::default()
                .raw(", <strong>")
                .text(host)
                .raw("</strong>,"),
            _ => Html::default(),
        }
    }

    fn name(&self) -> Html {
        let is_configured = self.client.origin == Origin::Configured;
        let heading = if is_configured {
            "App"
        } else {
            "It calls itself"
        };
        let name = self
            .client
            .name
            .as_deref()
            .and_then(|name| cleaned(name, MAX_NAME_CHARACTERS));
        let start = Html::default()
            .raw("<section aria-labelledby=\"name\">\n<h2 id=\"name\">")
            .raw(heading)
            .raw("</h2>\n<p class=\"value\">");
        let named = match &name {
            Some(name) => start.raw("<bdi>").text(name).raw("</bdi>"),
            None if is_configured => start.text(&self.client.id),
            None => start.raw("Nothing: it has given no name"),
        };
        named
            .raw("</p>\n<p class=\"note\">")
            .piece(self.provenance())
            .raw("</p>\n</section>\n")
    }

    /// How much the name is worth.
    fn provenance(&self) -> Html {
        match self.client.origin {
            Origin::Configured => Html::default().raw("Set up by whoever runs this server."),
            Origin::Registered => Html::default().raw("Not verified: any app can choose any name."),
            Origin::Document => match document_host(&self.client.id) {
                Some(host) => Html::default()
                    .raw("Not verified. The app is described by <strong class=\"address\">")
                    .text(&host.to_ascii_lowercase())
                    .raw("</strong>."),
                None => Html::default().raw("Not verified."),
            },
        }
    }

    fn destination(&self) -> Html {
        let host = self.redirect_uri.display_host();
        let note = match self.redirect_uri.kind() {
            Kind::Loopback => "A program on this device.",
            Kind::Application => "The app on this device that opens such links.",
            Kind::Web if host.split('.').any(|label| label.starts_with("xn--")) => {
                "This name has letters outside the Latin alphabet and is shown in its technical spelling."
            }
            Kind::Web => "Check that this is the site you came from.",
        };
        Html::default()
            .raw("<section aria-labelledby=\"destination\">\n<h2 id=\"destination\">The answer goes to</h2>\n<p class=\"value address\">")
            .text(&host)
            .raw("</p>\n<p class=\"note\">")
            .raw(note)
            .raw("</p>\n</section>\n")
    }

    /// Anything that runs on the device can pretend to be an app on it.
    fn caution(&self) -> Html {
        let (heading, text) = if is_loopback_only(&self.client.redirect_uris)
            || self.redirect_uri.kind() == Kind::Loopback
        {
            (
                "Did you just start this yourself?",
                "This app runs on your own device, where any program could pose as it. Allow it only if you are connecting it right now.",
            )
        } else if self.redirect_uri.kind() == Kind::Application {
            (
                "Did you just start this yourself?",
                "The answer goes to an app on your device, and another one could claim such links. Allow it only if you are connecting it right now.",
            )
        } else {
            (
                "Did somebody send you here?",
                "Allow only what you have started yourself. If a link in a message brought you here, choose “Don’t allow”.",
            )
        };
        Html::default()
            .raw("<aside class=\"caution\" aria-labelledby=\"caution\">\n<h2 id=\"caution\">")
            .raw(heading)
            .raw("</h2>\n<p>")
            .raw(text)
            .raw("</p>\n</aside>\n")
    }

    fn form(&self) -> Html {
        let mut form = Html::default()
            .raw("<form method=\"post\" action=\"")
            .text(self.action)
            .raw("\">\n");
        for (name, value) in self.hidden {
            form = form
                .raw("<input type=\"hidden\" name=\"")
                .text(name)
                .raw("\" value=\"")
                .text(value)
                .raw("\">\n");
        }
        form.raw("<div class=\"buttons\">\n")
            .piece(button(DENY, "", "Don’t allow"))
            .piece(button(APPROVE, " class=\"primary\"", "Allow"))
            .raw("</div>\n</form>\n")
    }
}

fn button(value: &'static str, class: &'static str, label: &'static str) -> Html {
    Html::default()
        .raw("<button type=\"submit\"")
        .raw(class)
        .raw(" name=\"")
        .raw(DECISION)
        .raw("\" value=\"")
        .raw(value)
        .raw("\">")
        .raw(label)
        .raw("</button>\n")
}
