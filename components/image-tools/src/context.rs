//! What every tool and resource has in hand.

use std::time::Duration;

use guest::Capabilities;

use crate::gallery::Gallery;
use crate::gallery::jobs::Jobs;
use crate::styles::Styles;
use crate::time::iso;

/// The capabilities of one request, and the settings that more than one tool asks for. Nothing
/// is read before somebody asks: every setting is a call to the host.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the host gives us.
    pub capabilities: Capabilities<'a>,
}

impl<'a> Context<'a> {
    /// The images.
    pub fn gallery(self) -> Gallery<'a> {
        Gallery::new(self.capabilities)
    }

    /// The generations under way.
    pub fn jobs(self) -> Jobs<'a> {
        Jobs::new(self.capabilities)
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

    #[test]
    fn only_a_clear_no_opens_writing() {
        for text in ["false", "FALSE", "0", "no", "off"] {
            let memory = Memory::new().with_setting("READ_ONLY", text);
            assert!(
                !Context {
                    capabilities: memory.capabilities()
                }
                .is_read_only(),
                "{text}"
            );
        }
        for text in ["true", "flase", "n", "nein", "f"] {
            let memory = Memory::new().with_setting("READ_ONLY", text);
            assert!(
                Context {
                    capabilities: memory.capabilities()
                }
                .is_read_only(),
                "{text}"
            );
        }
        assert!(
            Context {
                capabilities: Memory::new().capabilities()
            }
            .is_read_only()
        );
    }
}
