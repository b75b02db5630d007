//! What a sealed or signed thing is for. Each purpose has keys of its own, so nothing that was made
//! for one can be passed off as another.

/// What an artefact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// The id of a client that registered itself.
    Client,
    /// A sign-in under way: the `state` of the request to the provider.
    Transaction,
    /// An authorization code.
    Code,
    /// The signature of an access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// The answer that parallel refreshes of one token share.
    RefreshAnswer,
    /// What binds a sign-in to the browser that began it.
    Browser,
    /// What a person has consented to before.
    Consent,
    /// The hidden field of a form.
    Form,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 9] = [
        Self::Client,
        Self::Transaction,
        Self::Code,
        Self::AccessToken,
        Self::RefreshToken,
        Self::RefreshAnswer,
        Self::Browser,
        Self::Consent,
        Self::Form,
    ];

    /// The name from which its keys are derived. Never changes: old artefacts would be lost.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Transaction => "transaction",
            Self::Code => "code",
            Self::AccessToken => "access-token",
            Self::RefreshToken => "refresh-token",
            Self::RefreshAnswer => "refresh-answer",
            Self::Browser => "browser",
            Self::Consent => "consent",
            Self::Form => "form",
        }
    }
}
