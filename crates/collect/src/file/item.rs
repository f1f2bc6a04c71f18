//! The bytes of an item: JSON written by hand, a member at a time, into a buffer that every row uses anew.

use forecourt_model::time;

use super::{block::Cell, number};

/// An object that is being written.
pub struct Members {
    first: bool,
}

impl Members {
    pub fn open(out: &mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { first: true }
    }

    pub fn close(self, out: &mut Vec<u8>) {
        out.push(b'}');
    }

    /// * `key`: without anything that JSON escapes.
    pub fn key(&mut self, out: &mut Vec<u8>, key: &str) {
        if !self.first {
            out.push(b',');
        }
        self.first = false;
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
    }

    pub fn text(&mut self, out: &mut Vec<u8>, key: &str, value: &str) {
        self.key(out, key);
        string(out, value);
    }

    pub fn time(&mut self, out: &mut Vec<u8>, key: &str, us: i64) {
        self.key(out, key);
        moment(out, us);
    }

    pub fn number(&mut self, out: &mut Vec<u8>, key: &str, value: f64) {
        self.key(out, key);
        float(out, value);
    }

    /// Writes a cell in its own type; text of a column of numbers as a number. Nothing at all for an empty one.
    pub fn cell(&mut self, out: &mut Vec<u8>, key: &str, cell: Cell<'_>, as_number: bool, decimal: Option<char>) {
        match cell {
            Cell::Empty => {}
            Cell::Bool(flag) => {
                self.key(out, key);
                out.extend_from_slice(if flag { b"true" } else { b"false" });
            }
            Cell::Int(value) => {
                self.key(out, key);
                integer(out, value);
            }
            Cell::Float(value) if value.is_finite() => self.number(out, key, value),
            Cell::Float(_) => {}
            Cell::Instant(us) => self.time(out, key, us),
            Cell::Json(json) => {
                self.key(out, key);
                out.extend_from_slice(json.as_bytes());
            }
            cell => {
                let Some(text) = cell.text() else { return };
                match if as_number && is_quantity(&text) { number::parse(&text, decimal) } else { None } {
                    Some(value) => self.number(out, key, value),
                    None => self.text(out, key, &text),
                }
            }
        }
    }
}

/// Whether text in figures is an amount, and not a code whose leading zeros or many figures matter.
fn is_quantity(text: &str) -> bool {
    let figures = text.trim_start_matches('-');
    let code = figures.len() > 1 && figures.starts_with('0') && !figures.starts_with("0.") && !figures.starts_with("0,");
    !code && !text.starts_with('+') && text.bytes().filter(u8::is_ascii_digit).count() <= 15
}

/// A JSON string. Most have nothing to escape and go in as they are.
pub fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => &[b'\\', b'u', b'0', b'0', HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]],
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(escaped);
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

fn float(out: &mut Vec<u8>, value: f64) {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return integer(out, value as i64);
    }
    // A finite number has a form in JSON.
    if let Ok(number) = serde_json::to_vec(&value) {
        out.extend_from_slice(&number);
    }
}

fn integer(out: &mut Vec<u8>, value: i64) {
    let mut figures = [0; 20];
    let mut at = figures.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        figures[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&figures[at..]);
}

/// `"2026-01-31T10:00:00.000Z"`, with microseconds where there are any.
pub fn moment(out: &mut Vec<u8>, us: i64) {
    let days = us.div_euclid(time::DAY_US);
    let of_day = us.rem_euclid(time::DAY_US);
    let (year, month, day) = date_of(days);
    if !(0..=9_999).contains(&year) {
        return string(out, &time::iso(us));
    }
    let (hour, minute) = (of_day / time::HOUR_US, of_day / time::MINUTE_US % 60);
    let (second, fraction) = (of_day / time::SECOND_US % 60, of_day % time::SECOND_US);
    let fraction = if fraction % 1_000 == 0 { (b'.', fraction / 1_000, 3) } else { (b'.', fraction, 6) };
    for (mark, number, width) in
        [(b'"', year, 4), (b'-', month, 2), (b'-', day, 2), (b'T', hour, 2), (b':', minute, 2), (b':', second, 2), fraction]
    {
        out.push(mark);
        for power in (0..width).rev() {
            out.push(b'0' + (number / 10_i64.pow(power) % 10) as u8);
        }
    }
    out.extend_from_slice(b"Z\"");
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar.
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_read_back(text in any::<String>()) {
            let mut out = Vec::new();
            string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).ok(), Some(text));
        }

        #[test]
        fn times_read_back(us in -30_000_000_000_000_000i64..200_000_000_000_000_000) {
            let mut out = Vec::new();
            moment(&mut out, us);
            let text = serde_json::from_slice::<String>(&out).unwrap_or_default();
            prop_assert_eq!(time::parse_us(&text), Some(us), "{}", text);
        }

        #[test]
        fn integers_read_back(value: i64) {
            let mut out = Vec::new();
            integer(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).ok(), Some(value.to_string()));
        }
    }

    #[test]
    fn codes_stay_text_and_amounts_become_numbers() {
        let written = |text: &str| {
            let mut out = Vec::new();
            let mut members = Members::open(&mut out);
            members.cell(&mut out, "v", Cell::Text(text.into()), true, None);
            members.close(&mut out);
            String::from_utf8(out).unwrap_or_default()
        };
        assert_eq!(written("1 234,5"), r#"{"v":1234.5}"#);
        assert_eq!(written("-36.4"), r#"{"v":-36.4}"#);
        assert_eq!(written("00123"), r#"{"v":"00123"}"#);
        assert_eq!(written("1234567890123456789"), r#"{"v":"1234567890123456789"}"#);
        assert_eq!(written(" "), "{}");
    }
}
