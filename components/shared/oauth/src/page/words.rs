//! Scopes in the words of whoever is asked to grant them.

use super::html::Html;
use crate::display::cleaned;

const MAX_SCOPE_CHARACTERS: usize = 60;
/// Nobody reads more, and no deployment has more.
const MAX_SCOPES: usize = 12;

/// A list of what a client will be able to do.
pub(super) fn list(scopes: &[String]) -> Html {
    let mut list =
        Html::default().raw("<ul>\n<li>Use the image tools of this server in your name</li>\n");
    for scope in scopes.iter().take(MAX_SCOPES) {
        list = list.raw("<li>").piece(item(scope)).raw("</li>\n");
    }
    if scopes.len() > MAX_SCOPES {
        list = list.raw("<li>and more</li>\n");
    }
    list.raw("</ul>\n")
}

fn item(scope: &str) -> Html {
    match scope {
        "openid" => Html::default().raw("Know which account is yours"),
        "profile" => Html::default().raw("See your name"),
        "email" => Html::default().raw("See your e-mail address"),
        "groups" => Html::default().raw("See which groups you are in"),
        "offline_access" => Html::default().raw("Stay connected while you are away"),
        other => Html::default()
            .raw("The permission <code>")
            .text(&cleaned(other, MAX_SCOPE_CHARACTERS).unwrap_or_default())
            .raw("</code>"),
    }
}
