//! DKIM: a domain's word that a mail is its own and was not changed (RFC 6376, and RFC 8463 for Ed25519).
//!
//! Both parts are canonicalised `relaxed`: what relays do to spaces and line breaks harms no signature.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use sha2::{Digest as _, Sha256};

/// What is signed where a mail has it, in this order. The first three are signed once more than they are there, so that none can be added.
const SIGNED: [&str; 13] = [
    "from",
    "to",
    "subject",
    "reply-to",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "auto-submitted",
];
const SEALED: usize = 3;
const FOLD: usize = 72;

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Signs for one domain with one key.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signer({}._domainkey.{})", self.selector, self.domain)
    }
}

impl Signer {
    /// * `pem`: an RSA key (PKCS #1 or #8), or an Ed25519 key (PKCS #8).
    ///
    /// Errors: what to mend about the key.
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self, String> {
        let told = |why: &str| format!("the DKIM key of {domain} {why}: make one with `openssl genrsa 2048`");
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = BASE64.decode(body).map_err(|_| told("is no PEM"))?;
        let key = if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            Key::Ed25519(Box::new(key))
        } else {
            let read = if pem.contains("BEGIN RSA PRIVATE KEY") { RsaKeyPair::from_der(&der) } else { RsaKeyPair::from_pkcs8(&der) };
            Key::Rsa(Box::new(read.map_err(|_| told("is neither RSA of at least 2048 bits nor Ed25519"))?))
        };
        Ok(Self { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), key })
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What to publish as TXT under `selector._domainkey.domain`.
    pub fn record(&self) -> String {
        match &self.key {
            Key::Rsa(key) => format!("v=DKIM1; k=rsa; p={}", BASE64.encode(public_info(key.public_key().as_ref()))),
            Key::Ed25519(key) => format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(key.public_key().as_ref())),
        }
    }

    /// The `DKIM-Signature` header of a mail, with the line break behind it. It goes before the other headers.
    ///
    /// * `mail`: headers and body as they travel.
    /// * `now_s`: seconds since 1970 UTC.
    pub fn header(&self, mail: &[u8], now_s: i64) -> Result<String, String> {
        let (headers, body) = parts(mail);
        let headers = fields(headers);
        let mut names = Vec::new();
        let mut signed = Vec::new();
        for (at, wanted) in SIGNED.iter().enumerate() {
            // From the last one up, as a verifier takes them.
            for (name, value) in headers.iter().rev().filter(|(name, _)| name == wanted) {
                names.push(*wanted);
                signed.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
            }
            if at < SEALED {
                names.push(*wanted);
            }
        }
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let body_hash = BASE64.encode(Sha256::digest(relaxed_body(body)));
        let (domain, selector) = (&self.domain, &self.selector);
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector}; t={now_s};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
            names.join(":\r\n\t "),
        );
        signed.extend_from_slice(format!("dkim-signature:{}", relaxed(&unsigned)).as_bytes());
        let signature = self.sign(&signed)?;
        let folded: Vec<&str> = signature.as_bytes().chunks(FOLD).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        Ok(format!("DKIM-Signature: {unsigned}{}\r\n", folded.join("\r\n\t ")))
    }

    fn sign(&self, signed: &[u8]) -> Result<String, String> {
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let made = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature);
                made.map_err(|_| "the mail could not be signed".to_owned())?;
                Ok(BASE64.encode(signature))
            }
            // RFC 8463: the hash is what is signed.
            Key::Ed25519(key) => Ok(BASE64.encode(key.sign(&Sha256::digest(signed)).as_ref())),
        }
    }
}

/// The public key as DNS carries it: `SubjectPublicKeyInfo` around PKCS #1.
fn public_info(pkcs1: &[u8]) -> Vec<u8> {
    fn tagged(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match body.len() {
            length @ 0..=127 => out.push(length as u8),
            length @ 128..=255 => out.extend([0x81, length as u8]),
            length => out.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        out.extend_from_slice(body);
        out
    }
    // rsaEncryption, without parameters.
    const ALGORITHM: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let key = tagged(0x03, &[&[0], pkcs1].concat());
    tagged(0x30, &[&ALGORITHM, key.as_slice()].concat())
}

/// Headers and body, parted by the first empty line.
fn parts(mail: &[u8]) -> (&[u8], &[u8]) {
    match mail.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => (&mail[..at + 2], &mail[at + 4..]),
        None => (mail, &[]),
    }
}

/// Names in lower case, and values as they are signed.
fn fields(headers: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(headers);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.to_owned()));
        }
    }
    fields.iter_mut().for_each(|(_, value)| *value = relaxed(value));
    fields
}

/// One line, runs of spaces as one, none at the ends.
fn relaxed(value: &str) -> String {
    let unfolded = value.replace("\r\n", "");
    unfolded.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|window| window == b"\r\n").unwrap_or(rest.len());
        let mut is_space = false;
        for byte in &rest[..end] {
            if matches!(byte, b' ' | b'\t') {
                is_space = true;
                continue;
            }
            if is_space {
                out.push(b' ');
            }
            is_space = false;
            out.push(*byte);
        }
        out.extend_from_slice(b"\r\n");
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    // Empty lines at the end do not count.
    while out.ends_with(b"\r\n\r\n") || out == b"\r\n" {
        out.truncate(out.len() - 2);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6376, 3.4.5.
    #[test]
    fn what_is_signed_is_the_standards_example() {
        assert_eq!(fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n"), [("a".into(), "X".into()), ("b".into(), "Y Z".into())]);
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"a\r\n\r\nb"), b"a\r\n\r\nb\r\n");
        assert_eq!(relaxed_body(b""), b"");
    }

    #[test]
    fn a_key_that_is_none_says_so() {
        assert!(Signer::new("aurora.example", "s1", "nonsense").unwrap_err().contains("openssl genrsa"));
    }
}
