//! The forms of a page, read as far as these tests need it: inputs and buttons with quoted
//! attributes.

use reqwest::Method;
use url::Url;

use crate::network::Message;

/// A form, with what would be sent.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent to.
    pub action: Url,
    /// `GET` or `POST`.
    pub method: Method,
    /// Names and values of its inputs.
    pub fields: Vec<(String, String)>,
    /// Its buttons that submit it.
    pub buttons: Vec<Button>,
}

/// A button that submits a form.
#[derive(Clone, Debug)]
pub struct Button {
    /// The field that pressing it adds.
    pub field: Option<(String, String)>,
    /// What is written on it.
    pub label: String,
}

impl Form {
    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a field, which must be there.
    pub fn fill(&mut self, name: &str, value: &str) {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        field.unwrap_or_else(|| panic!("no field {name}")).1 = value.into();
    }

    /// The button that says yes on the consent page of a server under test.
    pub fn agreeing(&self) -> &Button {
        self.button("approve")
    }

    /// The button that says no there.
    pub fn refusing(&self) -> &Button {
        self.button("deny")
    }

    fn button(&self, answer: &str) -> &Button {
        let says = |button: &&Button| button.field.iter().any(|(_, value)| value == answer);
        self.buttons
            .iter()
            .find(says)
            .unwrap_or_else(|| panic!("no button says `{answer}`: {self:?}"))
    }

    /// What is sent when a button is pressed.
    pub fn submission(&self, button: Option<&Button>) -> Message {
        let pressed = button.and_then(|button| button.field.clone());
        let fields: Vec<_> = self.fields.iter().cloned().chain(pressed).collect();
        if self.method == Method::POST {
            return Message::form(self.action.clone(), &fields);
        }
        let mut url = self.action.clone();
        url.query_pairs_mut().clear().extend_pairs(fields);
        Message::get(url)
    }
}

/// All forms of a page.
pub fn forms(html: &str, page: &Url) -> Vec<Form> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<form") {
        let (inside, next) = after.split_once("</form>").unwrap_or((after, ""));
        found.push(form(inside, page));
        rest = next;
    }
    found
}

fn form(text: &str, page: &Url) -> Form {
    let (tag, inside) = text.split_once('>').unwrap_or((text, ""));
    let action = attribute(tag, "action").unwrap_or_default();
    let is_post =
        attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
    let mut form = Form {
        action: page.join(&action).unwrap(),
        method: if is_post { Method::POST } else { Method::GET },
        fields: Vec::new(),
        buttons: Vec::new(),
    };
    for part in inside.split('<').skip(1) {
        let (tag, label) = part.split_once('>').unwrap_or((part, ""));
        let named =
            attribute(tag, "name").map(|name| (name, attribute(tag, "value").unwrap_or_default()));
        let kind = attribute(tag, "type").unwrap_or_default();
        if tag.starts_with("button") || (tag.starts_with("input") && kind == "submit") {
            form.buttons.push(Button {
                field: named,
                label: label.trim().to_owned(),
            });
        } else if tag.starts_with("input") && (kind != "checkbox" || tag.contains(" checked")) {
            form.fields.extend(named);
        }
    }
    form
}

/// The value of an attribute, without its escapes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.replace('\n', " ");
    let start = format!(" {name}=\"");
    let (_, after) = tag.split_once(&start)?;
    let (value, _) = after.split_once('"')?;
    Some(unescape(value))
}

/// What `&...;` stand for, as far as they matter in an attribute.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (escape, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(escape, character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_browser_would_send() {
        let page = Url::parse("https://a.example/consent?x=1").unwrap();
        let html = r#"<p>no</p><form action="/go?a=b&amp;c=d" method="post">
            <input type="hidden" name="t" value="&lt;1&gt;"><input type="checkbox" name="keep" value="1">
            <input type="checkbox" name="kept" value="1" checked>
            <button name="answer" value="deny">Do not allow</button>
            <button name="answer" value="approve">Allow</button></form>"#;
        let [form] = &forms(html, &page)[..] else {
            panic!("one form")
        };
        assert_eq!(form.action.as_str(), "https://a.example/go?a=b&c=d");
        assert_eq!((form.value("t"), form.value("keep")), (Some("<1>"), None));
        assert_eq!(form.agreeing().label, "Allow");
        let sent = form.submission(Some(form.refusing()));
        assert_eq!(
            String::from_utf8(sent.body).unwrap(),
            "t=%3C1%3E&kept=1&answer=deny"
        );
    }
}
