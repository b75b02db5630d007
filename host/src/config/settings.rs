//! Every setting of the server as data: the one source of names, defaults, grants and documents.
//!
//! Parsing (`raw`), grants to components (`grants`) and the published table (`markdown_table`) all
//! read these rows; nothing else names a setting. It holds no values.

mod auth;
mod later;
mod limits;
mod oauth;
mod providers;
mod server;
mod table;
mod tools;

pub use auth::*;
pub use later::*;
pub use limits::*;
pub use oauth::*;
pub use providers::*;
pub use server::*;
pub use table::markdown_table;
pub use tools::*;

use super::kind::Kind;

/// What every environment variable of this server begins with.
pub const PREFIX: &str = "IMAGE_GENERATION_MCP_";

/// One row: a setting that an operator can make.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The name without [`PREFIX`]; also the name under which a component reads it.
    pub name: &'static str,
    /// What it does, one or two sentences of Markdown.
    pub doc: &'static str,
    /// Whose setting it is.
    pub owner: Owner,
    /// Which values it can have.
    pub kind: Kind,
    /// What holds when it is not set.
    pub default: Unset,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Whether this version acts on it.
    pub status: Status,
    /// Whether both components may read it although the host owns it.
    pub shared: bool,
    /// Other variables that set it; the setting's own variable wins.
    pub aliases: &'static [Alias],
}

/// Who acts on a setting, and therefore who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The native host.
    Host,
    /// The auth policy, for one kind of credential.
    Policy(Credential),
    /// The tools component.
    Tools,
}

/// The kinds of credential that policies know. A mode grants only the settings of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Bearer tokens written in the configuration.
    Static,
    /// Access tokens of an OpenID provider.
    Oidc,
    /// What only an OAuth server in front of the provider needs.
    OidcProxy,
}

/// What holds for a setting that is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// This value, as one would write it.
    Value(&'static str),
    /// Whatever these words of Markdown say.
    Derived(&'static str),
    /// Nothing.
    Nothing,
}

/// Whether this version acts on a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Effective,
    /// Known by name and without effect: a warning when set.
    Inert,
    /// Known by name and without effect, although it restricts who may do what: a fault when
    /// set, since going on would be less safe than the operator believes.
    Unenforced,
}

/// Another environment variable for the same setting.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    /// The whole name of the variable.
    pub variable: &'static str,
    /// What the variable's value means, in words of this setting.
    pub meaning: Meaning,
}

/// How the value of an alias translates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It does not change.
    Same,
    /// It is a switch that stands for one of two values.
    Switch {
        /// The value when the switch is on.
        on: &'static str,
        /// The value when the switch is off.
        off: &'static str,
    },
}

impl Setting {
    const fn new(owner: Owner, kind: Kind) -> Self {
        Self {
            name: "",
            doc: "",
            owner,
            kind,
            default: Unset::Nothing,
            secret: false,
            status: Status::Effective,
            shared: false,
            aliases: &[],
        }
    }

    const fn host(kind: Kind) -> Self {
        Self::new(Owner::Host, kind)
    }

    const fn policy(credential: Credential, kind: Kind) -> Self {
        Self::new(Owner::Policy(credential), kind)
    }

    const fn tools(kind: Kind) -> Self {
        Self::new(Owner::Tools, kind)
    }

    const fn named(mut self, name: &'static str, doc: &'static str) -> Self {
        self.name = name;
        self.doc = doc;
        self
    }

    const fn or(mut self, value: &'static str) -> Self {
        self.default = Unset::Value(value);
        self
    }

    const fn or_derived(mut self, words: &'static str) -> Self {
        self.default = Unset::Derived(words);
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    const fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    const fn also(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The environment variable of this setting.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }
}

/// Makes a constant of each row, and the list of a group's rows.
macro_rules! settings {
    ($(#[$meta:meta])* $list:ident { $($name:ident: $setting:expr, $doc:literal;)* }) => {
        $(
            #[doc = $doc]
            pub const $name: Setting = $setting.named(stringify!($name), $doc);
        )*
        $(#[$meta])*
        pub const $list: &[Setting] = &[$($name),*];
    };
}
use settings;

/// The rows in the order of the documents, each group with its title.
pub const GROUPS: &[(&str, &[Setting])] = &[
    ("Server", SERVER),
    ("Authentication", AUTHENTICATION),
    ("OAuth server (mode `oidc-proxy`)", OAUTH),
    ("Tools", TOOLS),
    ("Providers", PROVIDERS),
    ("Limits", LIMITS),
    ("Reserved for later versions", LATER),
];

/// Every setting, in the order of the documents.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|(_, settings)| settings.iter())
}
