//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::settings::{Allowed, Settings};

/// Everything of version 4 that is not the public network's (IANA's registry of special addresses), and what clouds answer
/// secrets at.
const NOT_PUBLIC_V4: &[Ipv4Net] = &[
    Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    // With it 169.254.169.254, where most clouds tell a machine its credentials.
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's host: a public number, answered by the machine's own hypervisor.
    Ipv4Net::new_assert(Ipv4Addr::new(168, 63, 129, 16), 32),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 0, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 2, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 88, 99, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15),
    Ipv4Net::new_assert(Ipv4Addr::new(198, 51, 100, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, broadcast.
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Global unicast; nothing else of version 6 is public.
const UNICAST_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Of those: protocol assignments (Teredo among them), documentation, 6to4, which carries any address of version 4.
const NOT_PUBLIC_V6: &[Ipv6Net] = &[
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// NAT64: the last 32 bits are an address of version 4.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether the address is the public network's, in whichever way it is written down.
pub fn is_public(address: IpAddr) -> bool {
    match plain(address) {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => UNICAST_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address)),
    }
}

/// The address of version 4 where one of version 6 only carries it.
fn plain(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if NAT64.contains(&v6) => Ipv4Addr::from_bits(v6.to_bits() as u32).into(),
        other => other,
    }
}

/// Public, or excepted by the administrator.
pub(crate) fn may_reach(settings: &Settings, address: IpAddr) -> bool {
    is_public(address) || is_excepted(settings, address)
}

pub(crate) fn is_excepted(settings: &Settings, address: IpAddr) -> bool {
    let address = plain(address);
    settings.allow.iter().any(|allowed| matches!(allowed, Allowed::Network(network) if network.contains(&address)))
}

pub(crate) fn is_excepted_host(settings: &Settings, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    settings.allow.iter().any(|allowed| matches!(allowed, Allowed::Host(name) if name.eq_ignore_ascii_case(host)))
}

/// Of what a name leads to, what may be connected to.
pub(crate) fn reachable(settings: &Settings, host: &str, found: &[IpAddr]) -> Vec<SocketAddr> {
    let trusted = is_excepted_host(settings, host);
    found.iter().filter(|address| trusted || may_reach(settings, **address)).map(|address| SocketAddr::new(*address, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    #[test]
    fn what_is_inside_is_not_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:a9fe:a9fe",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
    }

    #[test]
    fn the_rest_is() {
        for outside in
            ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "223.255.255.254", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(public(outside), "{outside}");
        }
    }

    #[test]
    fn exceptions_are_addresses_or_names() {
        let allow = ["10.2.0.0/16", "sms.internal"].map(|text| text.parse().unwrap_or_else(|error| panic!("{error}")));
        let settings = Settings { allow: allow.to_vec(), ..Settings::default() };
        let found =
            ["10.2.0.1", "10.3.0.1", "8.8.8.8", "::ffff:10.2.9.9"].map(|text| text.parse().unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(reachable(&settings, "other.example", &found).len(), 3);
        assert_eq!(reachable(&settings, "SMS.internal.", &found).len(), 4);
    }
}
