//! One classified request: everything known about it before its method is looked at.

use rmcp::model::Implementation;

use crate::http::HttpRequest;
use crate::input::Input;
use crate::log_level::LogLevel;
use crate::message::Id;
use crate::meta::Meta;
use crate::method::Method;
use crate::server::{Features, Server};
use crate::version::{Era, Version};

/// A request whose era is settled, whose headers are true, and whose method exists.
pub(crate) struct Call<'a> {
    pub(crate) http: &'a HttpRequest<'a>,
    pub(crate) component: &'a Component<'a>,
    pub(crate) id: Id,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) meta: Meta,
    pub(crate) input: Input,
}

/// The server of the component, and what it says about itself.
pub(crate) struct Component<'a> {
    pub(crate) server: &'a dyn Server,
    pub(crate) features: Features,
    pub(crate) implementation: Implementation,
}

impl<'a> Component<'a> {
    pub(crate) fn new(server: &'a dyn Server) -> Self {
        Self {
            server,
            features: server.features(),
            implementation: server.implementation(),
        }
    }
}

impl<'a> Call<'a> {
    pub(crate) fn server(&self) -> &'a dyn Server {
        self.component.server
    }

    pub(crate) fn era(&self) -> Era {
        self.version.era()
    }

    /// Whether a log message may be sent. A modern client names the level or gets none. A legacy
    /// client set it in a session that we do not keep, so it gets what an operator reads.
    pub(crate) fn wants_log(&self, level: LogLevel) -> bool {
        let wanted = match self.era() {
            Era::Modern => self.meta.log_level,
            Era::Legacy => Some(LogLevel::Info),
        };
        self.component.features.logging && wanted.is_some_and(|wanted| level >= wanted)
    }
}
