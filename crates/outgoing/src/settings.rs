//! What the administrator decides of outgoing requests.

use std::{net::IpAddr, str::FromStr, time::Duration};

use ipnet::IpNet;

/// Limits of outgoing requests, and the exceptions from the guard.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Destinations inside the own network that may be reached, on any port.
    pub allow: Vec<Allowed>,
    /// Ports of all other destinations.
    pub ports: Vec<u16>,
    /// For a whole request, from looking up the name to the end of the answer.
    pub timeout: Duration,
    /// The most of an answer's body that is read, in bytes.
    pub response_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { allow: Vec::new(), ports: vec![80, 443, 8080, 8443], timeout: Duration::from_secs(10), response_bytes_max: 256 << 10 }
    }
}

/// A destination that may be reached though the guard would refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// `10.2.0.0/16`, `127.0.0.1`, `fd00::/8`.
    Network(IpNet),
    /// `sms.internal`: wherever the name leads.
    Host(String),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no destination: write an address (`10.1.2.3`), a range (`10.1.0.0/16`) or a host (`sms.internal`), without a port")]
pub struct BadSetting(String);

impl FromStr for Allowed {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let text = text.trim().trim_matches(['[', ']']);
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let is_host = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
            // A number with dots was meant to be an address.
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_host { Ok(Self::Host(text.trim_end_matches('.').to_ascii_lowercase())) } else { Err(BadSetting(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read_and_nonsense_is_told() {
        for network in ["10.0.0.0/8", "127.0.0.1", "fd00::/8", "[::1]"] {
            assert!(matches!(network.parse(), Ok(Allowed::Network(_))), "{network}");
        }
        assert_eq!("SMS.Internal.".parse(), Ok(Allowed::Host("sms.internal".into())));
        for nonsense in ["", "10.0.0.0/33", "10.0.0", "host:8080", "http://host", "a b"] {
            assert!(nonsense.parse::<Allowed>().is_err(), "{nonsense}");
        }
    }
}
