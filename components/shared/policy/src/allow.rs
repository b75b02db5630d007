//! Which users of the provider may call: lists by e-mail address, e-mail domain, group and subject.
//!
//! A user who is on **any** of the lists that are set may call; with none set, everybody may whom
//! the provider signs in. The lists are about users of the provider, not about static tokens.
//!
//! What is compared, and what never matches:
//! * an e-mail address and its domain only when the provider says `email_verified: true` (a boolean);
//!   ASCII letters of either case are the same, nothing else is: `alice+x@` is not `alice@`, a
//!   subdomain is not its domain, and an address that is not ASCII is on no list;
//! * `groups`, an array of strings or one string (one group, never split). A provider that leaves
//!   groups out because there are too many (`_claim_names`, `hasgroups`) admits nobody by group;
//! * `sub`, byte for byte.

use serde_json::{Map, Value};

use crate::refusal::access_denied;
use crate::settings::Reader;
use crate::static_tokens::is_subject;
use crate::types::Denial;

const EMAILS: &str = "OIDC_ALLOWED_EMAILS";
const DOMAINS: &str = "OIDC_ALLOWED_DOMAINS";
const GROUPS: &str = "OIDC_ALLOWED_GROUPS";
const SUBJECTS: &str = "OIDC_ALLOWED_SUBJECTS";

/// The lists of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowLists {
    emails: Vec<String>,
    domains: Vec<String>,
    groups: Vec<String>,
    subjects: Vec<String>,
}

/// A user is on none of the lists. The text names no user: it says which claim was of no use, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("user_not_allowed {}", .0.join(" "))]
pub struct NotAllowed(Vec<&'static str>);

impl NotAllowed {
    /// 403 `access_denied`, without a challenge. Another scope would not help and neither would
    /// another token, so nothing here may send a client off to ask for one (RFC 6750, section 3.1,
    /// has no code for it; `insufficient_scope` makes clients ask for more in a loop).
    #[must_use]
    pub fn denial(&self) -> Denial {
        access_denied(self)
    }
}

impl AllowLists {
    /// Reads the four settings. A list that is set and has no usable entry is a fault.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let mut lists = Self {
            emails: list(reader, EMAILS, |entry| lower_case_address(entry).is_some()),
            domains: list(reader, DOMAINS, is_domain),
            groups: list(reader, GROUPS, is_subject),
            subjects: list(reader, SUBJECTS, is_subject),
        };
        for entry in lists.emails.iter_mut().chain(&mut lists.domains) {
            entry.make_ascii_lowercase();
        }
        lists
    }

    /// Whether no list is set, so that everybody may call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needs().is_empty()
    }

    /// The claims that the lists look at, so that whoever asks the provider can ask for them.
    #[must_use]
    pub fn needs(&self) -> Vec<&'static str> {
        let by_email = !(self.emails.is_empty() && self.domains.is_empty());
        let needs = [
            ("email", by_email),
            ("email_verified", by_email),
            ("groups", !self.groups.is_empty()),
            ("sub", !self.subjects.is_empty()),
        ];
        needs
            .into_iter()
            .filter_map(|(claim, needed)| needed.then_some(claim))
            .collect()
    }

    /// Lets a user pass who is on one of the lists.
    ///
    /// # Errors
    /// The user is on none of them, or the claims do not say.
    pub fn admit(&self, claims: &Map<String, Value>) -> Result<(), NotAllowed> {
        if self.is_empty() {
            return Ok(());
        }
        let verdicts = [
            self.by_subject(claims),
            self.by_email(claims),
            self.by_group(claims),
        ];
        let mut problems = Vec::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Admitted => return Ok(()),
                Verdict::NoList => {}
                Verdict::Not(problem) => problems.push(problem),
            }
        }
        Err(NotAllowed(problems))
    }

    fn by_subject(&self, claims: &Map<String, Value>) -> Verdict {
        if self.subjects.is_empty() {
            return Verdict::NoList;
        }
        match claims.get("sub") {
            Some(Value::String(subject)) if self.subjects.contains(subject) => Verdict::Admitted,
            Some(Value::String(_)) => Verdict::Not("sub_not_listed"),
            _ => Verdict::Not("sub_absent"),
        }
    }

    fn by_email(&self, claims: &Map<String, Value>) -> Verdict {
        if self.emails.is_empty() && self.domains.is_empty() {
            return Verdict::NoList;
        }
        let Some(email) = claims.get("email") else {
            return Verdict::Not("email_absent");
        };
        if claims.get("email_verified") != Some(&Value::Bool(true)) {
            return Verdict::Not("email_unverified");
        }
        let Some(address) = email.as_str().and_then(lower_case_address) else {
            return Verdict::Not("email_malformed");
        };
        let in_domain = |domain: &String| {
            let (_, of_address) = address.split_once('@').unwrap_or_default();
            of_address == domain
        };
        if self.emails.contains(&address) || self.domains.iter().any(in_domain) {
            Verdict::Admitted
        } else {
            Verdict::Not("email_not_listed")
        }
    }

    fn by_group(&self, claims: &Map<String, Value>) -> Verdict {
        if self.groups.is_empty() {
            return Verdict::NoList;
        }
        if claims.contains_key("_claim_names") || claims.contains_key("hasgroups") {
            return Verdict::Not("groups_elsewhere");
        }
        let groups: Option<Vec<&str>> = match claims.get("groups") {
            None => return Verdict::Not("groups_absent"),
            Some(Value::String(group)) => Some(vec![group]),
            Some(Value::Array(groups)) => groups.iter().map(Value::as_str).collect(),
            Some(_) => None,
        };
        match groups {
            None => Verdict::Not("groups_malformed"),
            Some(groups) if groups.iter().any(|group| self.has_group(group)) => Verdict::Admitted,
            Some(_) => Verdict::Not("groups_not_listed"),
        }
    }

    fn has_group(&self, group: &str) -> bool {
        self.groups.iter().any(|known| known == group)
    }
}

enum Verdict {
    NoList,
    Admitted,
    Not(&'static str),
}

fn list(reader: &mut Reader<'_>, name: &'static str, is_entry: fn(&str) -> bool) -> Vec<String> {
    let entries = reader.items(name);
    if entries.is_empty() && reader.text(name).is_some() {
        reader.fault(name, "has no entry");
    }
    for (position, _) in (1..).zip(&entries).filter(|(_, entry)| !is_entry(entry)) {
        reader.fault(name, format!("entry {position} is not {}", what_is(name)));
    }
    entries
}

fn what_is(name: &str) -> &'static str {
    match name {
        EMAILS => "an ASCII e-mail address (hint: `OIDC_ALLOWED_SUBJECTS` can name any user)",
        DOMAINS => "a plain ASCII domain, such as `example.com`",
        _ => "a name of 1 to 255 characters without control characters",
    }
}

/// An address of one plain local part and one domain, in lower case. RFC 5321 leaves the case of
/// the local part to the domain; providers treat it as the same address, and so does this.
fn lower_case_address(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let in_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let plain = !local.is_empty() && local.bytes().all(in_local) && is_domain(domain);
    plain.then(|| text.to_ascii_lowercase())
}

/// Labels of letters, digits and hyphens, with dots between them.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}
