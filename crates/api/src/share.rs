//! Shares of people, and how far apart two of them are.

/// Of the normal distribution: nineteen times in twenty.
const Z: f64 = 1.96;

/// `None` of nobody.
pub(crate) fn rate((part, whole): (i64, i64)) -> Option<f64> {
    (0 < whole).then(|| part as f64 / whole as f64)
}

/// Newcombe's interval for the difference of two shares, out of the two Wilson intervals: low, difference, high.
pub(crate) fn difference(one: (i64, i64), other: (i64, i64)) -> Option<(f64, f64, f64)> {
    let (p, q) = (rate(one)?, rate(other)?);
    let ((p_low, p_high), (q_low, q_high)) = (wilson(p, one.1 as f64), wilson(q, other.1 as f64));
    let middle = p - q;
    let low = middle - ((p - p_low).powi(2) + (q_high - q).powi(2)).sqrt();
    let high = middle + ((p_high - p).powi(2) + (q - q_low).powi(2)).sqrt();
    Some((low, middle, high))
}

fn wilson(p: f64, n: f64) -> (f64, f64) {
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    ((middle - half) / whole, (middle + half) / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Newcombe's paper of 1998: 56 of 70 against 48 of 80, method 10.
    #[test]
    fn the_interval_is_the_published_one() {
        let (low, middle, high) = difference((56, 70), (48, 80)).expect("both have people");
        assert!((middle - 0.2).abs() < 1e-12);
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
        assert_eq!(difference((0, 0), (1, 2)), None);
    }
}
