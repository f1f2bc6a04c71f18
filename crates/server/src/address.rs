//! Where a request really comes from: trusted proxies are seen through.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use forecourt_api::{ByHttps, ClientAddress};
use forecourt_collect::Network;

/// Puts the client's address on the request, and whether it came to a trusted proxy by HTTPS.
pub async fn note_client(proxies: Vec<Network>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let peer = peer.ip().to_canonical();
        let client = client(peer, request.headers(), &proxies);
        request.extensions_mut().insert(ClientAddress(client));
        if is_by_https(peer, request.headers(), &proxies) {
            request.extensions_mut().insert(ByHttps);
        }
    }
    next.run(request).await
}

/// The last hop that is none of ours: what stands before it is hearsay.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let is_ours = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut client = peer;
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        if !is_ours(client) {
            break;
        }
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        client = hop.to_canonical();
    }
    client
}

/// What the proxy next to us says of how it was reached; nobody else is believed.
fn is_by_https(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> bool {
    let told = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    let is_https = told.and_then(|told| told.rsplit(',').next()).is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    is_https && proxies.iter().any(|network| network.contains(peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_are_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "198.51.100.7, 203.0.113.9, 10.2.2.2".parse().unwrap());
        let ours: Vec<Network> = vec!["10.0.0.0/8".parse().unwrap()];
        let seen = |peer: &str, proxies: &[Network]| client(peer.parse().unwrap(), &headers, proxies).to_string();
        assert_eq!(seen("10.0.0.1", &ours), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("192.0.2.1", &ours), "192.0.2.1");
    }

    #[test]
    fn https_is_believed_of_our_proxies_only() {
        let ours: Vec<Network> = vec!["10.0.0.0/8".parse().unwrap()];
        let seen = |peer: &str, told: &str| {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-proto", told.parse().unwrap());
            is_by_https(peer.parse().unwrap(), &headers, &ours)
        };
        assert!(seen("10.0.0.1", "https") && seen("10.0.0.1", "http, HTTPS"));
        assert!(!seen("10.0.0.1", "http") && !seen("10.0.0.1", "https, http") && !seen("192.0.2.1", "https"));
    }
}
