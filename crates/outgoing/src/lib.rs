//! Every request that leaves this installation for an address that somebody typed in goes through here: one guard, checked
//! when the connection is made.
//!
//! A server inside a company's network must not become the way in for whoever may type a webhook's address. So addresses are
//! looked up by our own resolver, and what it returns is what is connected to: a name that answers differently the second
//! time gains nothing. Redirects are never followed, proxies of the environment are not used.

mod guard;
mod resolver;
mod send;
mod settings;

pub use guard::is_public;
pub use reqwest::{
    Method, StatusCode,
    header::{self, HeaderMap},
};
pub use resolver::{Lookup, system_lookup};
pub use send::{Outgoing, OutgoingError, Request, Response};
pub use settings::{Allowed, BadSetting, Settings};
