//! What every tool and resource has in hand.

use std::time::Duration;

use guest::Capabilities;

use crate::gallery::Gallery;
use crate::gallery::jobs::Jobs;
use crate::gallery::owner::{Owner, Subject};
use crate::spending::Spending;
use crate::styles::Styles;
use crate::time::iso;

/// Largest input, unless the deployment says otherwise: 20 MiB.
const DEFAULT_MAX_INPUT_BYTES: usize = 20 * 1024 * 1024;

/// The capabilities of one request, and the settings that more than one tool asks for. Nothing
/// is read before somebody asks: every setting is a call to the host.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the host gives us.
    pub capabilities: Capabilities<'a>,
    /// Who calls; `None` when the policy asks nobody who they are.
    pub subject: Option<Subject>,
    /// The gallery that a transfer link leads to; `None` for that of the caller.
    pub gallery_of: Option<Owner>,
}

/// Tools that make links.
const LINKS: [&str; 2] = ["create_download_link", "create_upload_link"];

/// Which tools a deployment offers: those that it allows, if it names any, without those that it
/// denies, and in read-only mode without those that write.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Whether tools that write are hidden.
    pub read_only: bool,
    /// Whether links to this server can be made.
    pub links: bool,
    /// The only tools on offer; `None` for all.
    pub allow: Option<Vec<String>>,
    /// Tools that are not on offer.
    pub deny: Vec<String>,
}

impl Offered {
    /// Whether a tool is on offer.
    pub fn has(&self, name: &str, writes: bool) -> bool {
        let is_in = |names: &[String]| names.iter().any(|one| one == name);
        !(self.read_only && writes)
            && (self.links || !LINKS.contains(&name))
            && self.allow.as_deref().is_none_or(is_in)
            && !is_in(&self.deny)
    }

    /// Every name that the deployment mentions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let allow = self.allow.iter().flatten();
        allow.chain(&self.deny).map(String::as_str)
    }
}

impl<'a> Context<'a> {
    /// The images that the caller sees.
    pub fn gallery(self) -> Gallery<'a> {
        Gallery::new(self.capabilities, self.owner())
    }

    /// The images of an owner whom the caller has proven to act for.
    pub fn gallery_of(self, owner: Owner) -> Gallery<'a> {
        Gallery::new(self.capabilities, owner)
    }

    /// What transfer links begin with; `None` where there can be none.
    pub fn links_base(self) -> Option<String> {
        let base = self.capabilities.settings.setting("BASE_URL")?;
        Some(base.trim_end_matches('/').to_owned())
    }

    /// Whose images the caller sees: their own, unless there is nobody to own them or the
    /// deployment clearly says that all share one gallery.
    pub fn owner(self) -> Owner {
        if let Some(owner) = self.gallery_of {
            return owner;
        }
        let Some(subject) = self.subject else {
            return Owner::Shared;
        };
        let setting = self.capabilities.settings.setting("GALLERY");
        if setting.is_some_and(|text| text.eq_ignore_ascii_case("shared")) {
            Owner::Shared
        } else {
            Owner::Own(subject)
        }
    }

    /// The generations under way.
    pub fn jobs(self) -> Jobs<'a> {
        Jobs::new(self.capabilities, self.owner())
    }

    /// The accounts of the caller.
    pub fn spending(self) -> Spending<'a> {
        Spending::new(self.capabilities, self.subject)
    }

    /// The largest image that is taken as input, in bytes.
    pub fn max_input_bytes(self) -> usize {
        let setting = self.capabilities.settings.setting("MAX_INPUT_IMAGE_BYTES");
        let bytes = setting.and_then(|text| text.trim().parse().ok());
        bytes.unwrap_or(DEFAULT_MAX_INPUT_BYTES)
    }

    /// The style library.
    pub fn styles(self) -> Styles<'a> {
        Styles::new(self.capabilities)
    }

    /// Whether tools that write are hidden. They are unless `READ_ONLY` clearly says otherwise: a
    /// typing error must not open anything.
    pub fn is_read_only(self) -> bool {
        let setting = self.capabilities.settings.setting("READ_ONLY");
        let is_false = |text: &str| {
            ["false", "0", "no", "off"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word))
        };
        !setting.is_some_and(|text| is_false(&text))
    }

    /// Which tools the deployment offers.
    pub fn offered(self) -> Offered {
        let names = |setting: Option<String>| {
            setting.map(|text| {
                let names = text.split([',', ' ']).filter(|name| !name.is_empty());
                names.map(str::to_owned).collect()
            })
        };
        let settings = self.capabilities.settings;
        Offered {
            read_only: self.is_read_only(),
            links: self.links_base().is_some(),
            allow: names(settings.setting("TOOLS_ALLOW")),
            deny: names(settings.setting("TOOLS_DENY")).unwrap_or_default(),
        }
    }

    /// The name that the server gives itself.
    pub fn server_name(self) -> String {
        self.capabilities
            .settings
            .setting("SERVER_NAME")
            .unwrap_or_else(|| "image-generation-mcp".to_owned())
    }
}

/// Seconds since the Unix epoch as text.
pub fn iso_seconds(seconds: u64) -> String {
    iso(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    fn context(memory: &Memory) -> Context<'_> {
        Context {
            capabilities: memory.capabilities(),
            subject: None,
            gallery_of: None,
        }
    }

    #[test]
    fn only_a_clear_no_opens_writing() {
        for text in ["false", "FALSE", "0", "no", "off"] {
            let memory = Memory::new().with_setting("READ_ONLY", text);
            assert!(!context(&memory).is_read_only(), "{text}");
        }
        for text in ["true", "flase", "n", "nein", "f"] {
            let memory = Memory::new().with_setting("READ_ONLY", text);
            assert!(context(&memory).is_read_only(), "{text}");
        }
        assert!(context(&Memory::new()).is_read_only());
    }

    #[test]
    fn only_a_clear_word_shares_the_gallery_of_a_subject() {
        let subject = Subject::of("x");
        for (setting, owner) in [
            ("shared", Owner::Shared),
            ("Shared", Owner::Shared),
            ("subject", Owner::Own(subject)),
            ("share", Owner::Own(subject)),
        ] {
            let memory = Memory::new().with_setting("GALLERY", setting);
            let known = Context {
                subject: Some(subject),
                ..context(&memory)
            };
            assert_eq!(known.owner(), owner, "{setting}");
            assert_eq!(context(&memory).owner(), Owner::Shared);
        }
    }
}
