//! How a request came in: from where, with what, and over what.

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{Extensions, HeaderMap, header, request::Parts},
};
use forecourt_store::control::Device;

use crate::Sessions;

/// Where a request comes from, once proxies are seen through. The listener puts it on each request.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// The request came by HTTPS: to our own listener, or to a trusted proxy that says so. The listener puts it on the request.
#[derive(Debug, Clone, Copy)]
pub struct ByHttps;

/// A request's origin, as handlers use it.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub device: Device,
    pub is_https: bool,
}

impl Arrival {
    pub fn of(extensions: &Extensions, headers: &HeaderMap, sessions: &Sessions) -> Self {
        let address = extensions.get::<ClientAddress>().map(|client| client.0.to_string()).unwrap_or_default();
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let is_https = sessions.secure_cookies || extensions.get::<ByHttps>().is_some();
        Self { device: Device { address, agent }, is_https }
    }

    /// What a cookie is called here. Over HTTPS the name itself makes browsers refuse one that another host, a path or plain HTTP
    /// has set.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.is_https { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The header that sets a cookie, for the browser alone, which sends it back only to us; an empty value removes it.
    pub fn set_cookie(&self, name: &str, value: &str, life_s: i64) -> String {
        let (name, secure) = (self.cookie_name(name), if self.is_https { "; Secure" } else { "" });
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={life_s}{secure}")
    }

    /// The value of a cookie that was set by [`Arrival::set_cookie`].
    pub fn cookie<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let wanted = self.cookie_name(name);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, value)| *name == wanted && !value.is_empty()).map(|(_, value)| value)
    }
}

impl<S> FromRequestParts<S> for Arrival
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers, &Sessions::from_ref(state)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_under_its_name_here() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; forecourt_session=abc; __Host-forecourt_session=def; b=2".parse().unwrap());
        let arrival = |is_https| Arrival { device: Device::default(), is_https };
        assert_eq!(arrival(false).cookie(&headers, "forecourt_session"), Some("abc"));
        assert_eq!(arrival(true).cookie(&headers, "forecourt_session"), Some("def"));
        assert_eq!(arrival(true).cookie(&headers, "other"), None);
        let set = arrival(true).set_cookie("forecourt_session", "x", 9);
        assert_eq!(set, "__Host-forecourt_session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=9; Secure");
    }
}
