//! How well a text stands out from what is behind it.
//! Source: WCAG 2.2, contrast ratio and relative luminance.

/// Red, green, blue: 0 to 255.
pub(crate) type Color = [u8; 3];

/// A colour as styles write it; nothing for what lets something shine through or is not known.
pub(crate) fn parse(text: &str) -> Option<Color> {
    let text = text.trim().trim_end_matches("!important").trim().to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix('#') {
        let digit = |at: usize| hex.get(at..=at).and_then(|digit| u8::from_str_radix(digit, 16).ok());
        return match hex.len() {
            3 => Some([digit(0)? * 17, digit(1)? * 17, digit(2)? * 17]),
            6 => Some([digit(0)? * 16 + digit(1)?, digit(2)? * 16 + digit(3)?, digit(4)? * 16 + digit(5)?]),
            _ => None,
        };
    }
    if let Some(parts) = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) {
        let mut parts = parts.split([',', ' ']).filter(|part| !part.is_empty()).map(|part| part.parse::<u8>().ok());
        let color = [parts.next()??, parts.next()??, parts.next()??];
        return parts.next().is_none().then_some(color);
    }
    Some(match text.as_str() {
        "black" => [0, 0, 0],
        "white" => [255, 255, 255],
        "red" => [255, 0, 0],
        "green" => [0, 128, 0],
        "blue" => [0, 0, 255],
        "yellow" => [255, 255, 0],
        "orange" => [255, 165, 0],
        "gray" | "grey" => [128, 128, 128],
        "silver" | "lightgray" | "lightgrey" => {
            if text == "silver" {
                [192, 192, 192]
            } else {
                [211, 211, 211]
            }
        }
        "navy" => [0, 0, 128],
        _ => return None,
    })
}

/// From 1 (the same) to 21 (black on white).
pub(crate) fn ratio(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: Color) -> f64 {
    let [red, green, blue] = color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_standard() {
        let of = |a, b| (ratio(parse(a).unwrap(), parse(b).unwrap()) * 100.0).round() / 100.0;
        assert_eq!(of("#000", "white"), 21.0);
        assert_eq!(of("#777777", "#fff"), 4.48);
        assert_eq!(of("rgb(118, 118, 118)", "#FFFFFF"), 4.54);
        for unknown in ["", "transparent", "#12", "rgba(0,0,0,.5)", "url(a.png)", "#ggg", "#é12"] {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }
}
