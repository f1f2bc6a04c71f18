use axum::http::Uri;

/// The parameters of a query string, decoded, in order. What does not decode as UTF-8 gets replacement characters.
pub(crate) fn parameters(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    pairs(uri.query().unwrap_or_default())
}

/// The pairs of a form as browsers send it, decoded, in order.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = match byte {
            b'%' => bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(hex),
            b'+' => Some((b' ', 1)),
            _ => None,
        };
        let (byte, taken) = escaped.unwrap_or((byte, 1));
        out.push(byte);
        at += taken;
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex(digits: &str) -> Option<(u8, usize)> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok()?;
    plain.then_some((byte, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_broken_ones_left() {
        let uri: Uri = "/x?a=1%20+2&b=%D0%B0&c&=d&e=%zz%&f=%ff".parse().unwrap_or_default();
        let pairs: Vec<(String, String)> = parameters(&uri).collect();
        let expected = [("a", "1  2"), ("b", "а"), ("c", ""), ("", "d"), ("e", "%zz%"), ("f", "\u{fffd}")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
