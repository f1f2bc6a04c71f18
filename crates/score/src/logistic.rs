//! Logistic regression with a quadratic penalty, by limited-memory BFGS: the baseline that wins while there is little to learn from.

/// One row: places and values; the intercept is not among them.
pub(crate) type Sparse = Vec<(u32, f64)>;

const STEPS_MAX: usize = 300;
const MEMORY: usize = 10;

/// The intercept, and a weight for each place.
///
/// * `penalty`: of the sum of the squared weights, halved.
pub(crate) fn fit(rows: &[Sparse], won: &[bool], places: usize, penalty: f64) -> (f64, Vec<f64>) {
    // The intercept is last, and not penalised.
    let mut weights = vec![0.0; places + 1];
    let positives = won.iter().filter(|won| **won).count() as f64;
    weights[places] = (positives / (won.len() as f64 - positives)).ln();
    let (mut loss, mut gradient) = look(rows, won, &weights, penalty);
    let mut past: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..STEPS_MAX {
        let direction = direction(&gradient, &past);
        let descent = dot(&direction, &gradient);
        if descent > -1e-10 {
            break;
        }
        let mut step = if past.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let found = loop {
            let tried: Vec<f64> = weights.iter().zip(&direction).map(|(weight, to)| weight + step * to).collect();
            let (tried_loss, tried_gradient) = look(rows, won, &tried, penalty);
            if tried_loss <= loss + 1e-4 * step * descent {
                break Some((tried, tried_loss, tried_gradient));
            }
            step *= 0.5;
            if step < 1e-12 {
                break None;
            }
        };
        let Some((next, next_loss, next_gradient)) = found else { break };
        let moved: Vec<f64> = next.iter().zip(&weights).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &turned);
        if 1e-12 < curvature {
            past.push((moved, turned, 1.0 / curvature));
            if MEMORY < past.len() {
                past.remove(0);
            }
        }
        let gained = loss - next_loss;
        (weights, loss, gradient) = (next, next_loss, next_gradient);
        if gained.abs() < 1e-9 * loss.abs().max(1.0) {
            break;
        }
    }
    let intercept = weights.pop().unwrap_or(0.0);
    (intercept, weights)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn look(rows: &[Sparse], won: &[bool], weights: &[f64], penalty: f64) -> (f64, Vec<f64>) {
    let places = weights.len() - 1;
    let mut gradient: Vec<f64> = weights[..places].iter().map(|weight| penalty * weight).collect();
    gradient.push(0.0);
    let mut loss = weights[..places].iter().map(|weight| weight * weight).sum::<f64>() * penalty / 2.0;
    for (row, won) in rows.iter().zip(won) {
        let raw = row.iter().fold(weights[places], |sum, (at, value)| sum + weights[*at as usize] * value);
        let signed = if *won { raw } else { -raw };
        // ln(1 + e^-x) without overflow.
        loss += if signed > 0.0 { (-signed).exp().ln_1p() } else { signed.exp().ln_1p() - signed };
        let residual = 1.0 / (1.0 + (-raw).exp()) - f64::from(u8::from(*won));
        for (at, value) in row {
            gradient[*at as usize] += residual * value;
        }
        gradient[places] += residual;
    }
    (loss, gradient)
}

fn direction(gradient: &[f64], past: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut alphas = Vec::new();
    for (moved, turned, rho) in past.iter().rev() {
        let alpha = rho * dot(moved, &q);
        q.iter_mut().zip(turned).for_each(|(q, turned)| *q -= alpha * turned);
        alphas.push(alpha);
    }
    if let Some((_, turned, rho)) = past.last() {
        let scale = 1.0 / (rho * dot(turned, turned));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((moved, turned, rho), alpha) in past.iter().zip(alphas.iter().rev()) {
        let beta = rho * dot(turned, &q);
        q.iter_mut().zip(moved).for_each(|(q, moved)| *q += (alpha - beta) * moved);
    }
    q.iter_mut().for_each(|q| *q = -*q);
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of known odds: the intercept and the weight are their logarithms.
    #[test]
    fn the_odds_of_two_groups_come_back() {
        let mut rows = Vec::new();
        let mut won = Vec::new();
        for (group, of, wins) in [(0, 1_000, 100), (1, 1_000, 400)] {
            for n in 0..of {
                rows.push(if group == 1 { vec![(0, 1.0)] } else { vec![] });
                won.push(n < wins);
            }
        }
        let (intercept, weights) = fit(&rows, &won, 1, 1e-6);
        let (low, high) = ((100.0_f64 / 900.0).ln(), (400.0_f64 / 600.0).ln());
        assert!((intercept - low).abs() < 1e-3 && (weights[0] - (high - low)).abs() < 1e-3, "{intercept} {weights:?}");
    }
}
