//! How the installation is reached: its own address, and the proxies in front of it.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, header, request},
};

/// The address that senders use, and whose word about a sender's address counts.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// `https://cdp.example.com`; `None` to take what each request names as its host.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-…` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether our own listener speaks TLS.
    pub tls: bool,
    /// `/x`: under it the tracker and its events have names that no list of trackers knows; `None` for no such path.
    pub first_party_path: Option<String>,
}

/// An address or a range of them: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: u128,
    prefix_bits: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write an address (`10.0.0.7`, `::1`) or a range (`10.0.0.0/8`)")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let own_bits = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(own_bits);
        if own_bits < bits {
            return Err(wrong());
        }
        let prefix_bits = 128 - own_bits + bits;
        Ok(Self { first: number(address) & mask(prefix_bits), prefix_bits })
    }
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        number(address) & mask(self.prefix_bits) == self.first
    }
}

/// IPv4 addresses stand within IPv6, as a socket for both sees them.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => Ipv6Addr::to_bits(address),
    }
}

fn mask(prefix_bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix_bits).unwrap_or(0)
}

impl Reach {
    /// The address that a request came from: the socket's, or the last one in `X-Forwarded-For` that no trusted proxy has.
    pub(crate) fn sender(&self, head: &request::Parts) -> Option<IpAddr> {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        let mut sender = peer;
        for hop in forwarded_for(&head.headers).rev() {
            let Ok(hop) = hop.parse::<IpAddr>() else { break };
            sender = hop.to_canonical();
            if !self.trusts(sender) {
                break;
            }
        }
        Some(sender)
    }

    /// Protocol and host under which the sender reached us: (`https`, `cdp.example.com`).
    pub(crate) fn address(&self, head: &request::Parts) -> (String, String) {
        if let Some((protocol, host)) = self.public_url.as_deref().and_then(|url| url.trim_end_matches('/').split_once("://")) {
            return (protocol.to_owned(), host.to_owned());
        }
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let proxied = peer.is_some_and(|peer| self.trusts(peer));
        let text = |name: &str| head.headers.get(name)?.to_str().ok()?.split(',').next().map(|text| text.trim().to_owned());
        let forwarded = |name: &str| text(name).filter(|_| proxied);
        let protocol = forwarded("x-forwarded-proto").filter(|protocol| protocol == "http" || protocol == "https");
        let protocol = protocol.unwrap_or_else(|| if self.tls { "https" } else { "http" }.to_owned());
        let host = forwarded("x-forwarded-host").or_else(|| text(header::HOST.as_str()));
        let host = host.filter(|host| is_host(host)).or_else(|| head.uri.authority().map(|authority| authority.to_string()));
        (protocol, host.unwrap_or_else(|| "localhost".to_owned()))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }
}

fn forwarded_for(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = &str> {
    headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim)
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && host.len() <= 255 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn head(peer: &str, headers: &[(&str, &str)]) -> request::Parts {
        let mut builder = Request::builder().uri("/");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (mut head, ()) = builder.body(()).map(Request::into_parts).unwrap_or_else(|error| panic!("{error}"));
        let peer: SocketAddr = peer.parse().unwrap_or_else(|error| panic!("{error}"));
        head.extensions.insert(ConnectInfo(peer));
        head
    }

    fn behind(proxies: &[&str]) -> Reach {
        let trusted_proxies = proxies.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{error}"))).collect();
        Reach { trusted_proxies, ..Reach::default() }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let sender = |reach: &Reach, peer, forwarded| {
            reach.sender(&head(peer, &[("x-forwarded-for", forwarded)])).map(|address| address.to_string()).unwrap_or_default()
        };
        let (none, proxied) = (Reach::default(), behind(&["10.0.0.0/8", "::1"]));
        assert_eq!(sender(&none, "10.0.0.1:99", "203.0.113.9"), "10.0.0.1");
        assert_eq!(sender(&proxied, "203.0.113.1:99", "203.0.113.9"), "203.0.113.1");
        assert_eq!(sender(&proxied, "10.0.0.1:99", "198.51.100.7, 203.0.113.9, 10.2.2.2"), "203.0.113.9");
        assert_eq!(sender(&proxied, "[::ffff:10.0.0.1]:99", "203.0.113.9"), "203.0.113.9");
        assert_eq!(sender(&proxied, "[::1]:99", "nonsense"), "::1");
    }

    #[test]
    fn networks_are_read_and_nonsense_is_told() {
        let contains = |network: &str, address: &str| {
            network.parse::<Network>().map(|network| address.parse().is_ok_and(|address| network.contains(address)))
        };
        assert_eq!(contains("10.1.0.0/16", "10.1.255.3"), Ok(true));
        assert_eq!(contains("10.1.0.0/16", "10.2.0.1"), Ok(false));
        assert_eq!(contains("0.0.0.0/0", "10.2.0.1"), Ok(true));
        assert_eq!(contains("::/0", "10.2.0.1"), Ok(true));
        assert_eq!(contains("fd00::/8", "fd12::1"), Ok(true));
        for nonsense in ["", "10.0.0.0/33", "10.0.0/8", "host", "::1/129", "10.0.0.1/x"] {
            assert!(nonsense.parse::<Network>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn the_address_is_the_configured_one_or_the_requests() {
        let address = |reach: &Reach, headers: &[(&str, &str)]| {
            let (protocol, host) = reach.address(&head("10.0.0.1:99", headers));
            format!("{protocol}://{host}")
        };
        let own = Reach { public_url: Some("https://cdp.example.com/".into()), ..Reach::default() };
        assert_eq!(address(&own, &[("host", "other:80")]), "https://cdp.example.com");
        assert_eq!(address(&Reach::default(), &[("host", "localhost:8080"), ("x-forwarded-proto", "https")]), "http://localhost:8080");
        let forwarded = [("host", "inner"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "cdp.example.com")];
        assert_eq!(address(&behind(&["10.0.0.1"]), &forwarded), "https://cdp.example.com");
        assert_eq!(address(&Reach::default(), &[("host", "a\"b")]), "http://localhost");
    }
}
