//! Tells people from programs, as far as that is possible without bothering people.

use std::net::{IpAddr, Ipv6Addr};

use forecourt_model::{HashKey, time::HOUR_US};
use uuid::Uuid;

/// A page may stay open over a day before its form is filled in.
const TOKEN_LIFE_US: i64 = 26 * HOUR_US;
/// The field that people do not see.
pub(crate) const TRAP: &str = "website";

#[derive(Debug)]
pub(crate) struct Guard {
    key: [u8; 32],
    fill_time_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// No token, or none that was made here for this form.
    NoToken,
    /// Filled in faster than a person can.
    TooFast {
        wait_us: i64,
    },
    Expired,
}

impl Guard {
    pub fn new(key: &HashKey, fill_time_us: i64) -> Self {
        Self { key: blake3::derive_key("forecourt 2026-11 form token", &key.0), fill_time_us }
    }

    /// A token that says when the form was shown. No two are the same.
    pub fn token(&self, form_id: &str, now_us: i64) -> String {
        let said = format!("{now_us:x}.{}", &Uuid::new_v4().simple().to_string()[..12]);
        let mac = self.mac(form_id, &said);
        format!("{said}.{mac}")
    }

    pub fn check(&self, form_id: &str, token: &str, now_us: i64) -> Result<(), Doubt> {
        let (said, mac) = token.rsplit_once('.').ok_or(Doubt::NoToken)?;
        // Equal hashes of both sides: the time of the comparison says nothing.
        if blake3::hash(mac.as_bytes()) != blake3::hash(self.mac(form_id, said).as_bytes()) {
            return Err(Doubt::NoToken);
        }
        let shown_us = said.split('.').next().and_then(|text| i64::from_str_radix(text, 16).ok()).ok_or(Doubt::NoToken)?;
        let age_us = now_us - shown_us;
        if TOKEN_LIFE_US < age_us {
            return Err(Doubt::Expired);
        }
        if age_us < self.fill_time_us {
            return Err(Doubt::TooFast { wait_us: self.fill_time_us - age_us });
        }
        Ok(())
    }

    fn mac(&self, form_id: &str, said: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(form_id.as_bytes());
        hasher.update(&[0]);
        hasher.update(said.as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// Whom a limit counts for: an address, or the network that one subscriber has of version 6.
pub(crate) fn counted(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V6(v6)) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).to_string(),
        Some(v4) => v4.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_when_and_for_which_form() {
        let guard = Guard::new(&HashKey([1; 32]), 1_500);
        let token = guard.token("a", 1_000_000);
        assert_eq!(guard.check("a", &token, 1_000_100), Err(Doubt::TooFast { wait_us: 1_400 }));
        assert_eq!(guard.check("a", &token, 1_001_500), Ok(()));
        assert_eq!(guard.check("b", &token, 1_001_500), Err(Doubt::NoToken));
        assert_eq!(guard.check("a", &token, 1_000_001 + TOKEN_LIFE_US), Err(Doubt::Expired));
        let forged = token.replacen('f', "0", 1).replacen("4", "5", 1);
        for nonsense in ["", ".", "x.y.z", forged.as_str()] {
            assert!(nonsense == token || guard.check("a", nonsense, 1_001_500) == Err(Doubt::NoToken), "{nonsense}");
        }
        assert_ne!(token, guard.token("a", 1_000_000));
        let v6 = |text: &str| counted(text.parse().ok());
        assert_eq!(v6("2001:db8:1:2:aaaa::1"), v6("2001:db8:1:2:bbbb::9"));
        assert_ne!(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1"));
    }
}
