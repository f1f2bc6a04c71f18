//! Whole names of people, in any order, script and length.

use super::romanised::romanised;
use crate::{similarity::jaro_winkler, text::folded};

/// Words of one name that are compared; longer names are cut.
const WORDS_MAX: usize = 12;
/// Forms of address, which belong to no name.
const TITLES: [&str; 14] =
    ["mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "hon", "gospodin", "gospozha", "herr", "frau", "mme"];
/// The part of the likeness that hangs on the word that has the least like: one name of two is another person's.
const WORST_WORD: f64 = 0.6;
/// The part that is lost for letters that only one name has: a patronymic or second surname is often left out.
const LEFT_OUT: f64 = 0.2;
/// What an initial is worth of the word that it may stand for.
const INITIAL: f64 = 0.9;

/// How alike two names of people are, 0 to 1, whatever their script, order of words and punctuation.
///
/// Words are paired one to one, best first. What counts is how much of the shorter name the longer one has, spelt alike, romanised alike, or as
/// an initial; a word that has no like on either side speaks for two persons more than a word that one side leaves out.
pub fn similarity(left: &str, right: &str) -> f64 {
    folded_similarity(&folded(left), &folded(right))
}

pub(super) fn level(left: &str, right: &str) -> u8 {
    let mut words: [Vec<&str>; 2] = [left.split(' ').collect(), right.split(' ').collect()];
    words.iter_mut().for_each(|words| words.sort_unstable());
    if words[0] == words[1] {
        return 1;
    }
    match folded_similarity(left, right) {
        alike if 0.93 <= alike => 2,
        alike if 0.85 <= alike => 3,
        alike if 0.70 <= alike => 4,
        _ => 5,
    }
}

fn folded_similarity(left: &str, right: &str) -> f64 {
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    if left == right {
        return 1.0;
    }
    let (left, right) = (Name::new(left), Name::new(right));
    let by_words = left.by_words(&right);
    let in_one = jaro_winkler(left.joined.as_bytes(), right.joined.as_bytes());
    if 0.97 <= in_one { by_words.max(in_one) } else { by_words }
}

/// A name's words, as they are and romanised to one spelling.
struct Name {
    words: Vec<(String, String)>,
    joined: String,
}

impl Name {
    fn new(folded: &str) -> Self {
        let named = |word: &&str| !TITLES.contains(word);
        let mut words: Vec<&str> = folded.split(' ').filter(named).take(WORDS_MAX).collect();
        if words.is_empty() {
            words.push(folded);
        }
        let joined = words.concat();
        Self { words: words.into_iter().map(|word| (word.to_owned(), romanised(word))).collect(), joined: romanised(&joined) }
    }

    fn by_words(&self, other: &Self) -> f64 {
        let paired = paired(&self.words, &other.words);
        let letters = |words: &[(String, String)]| words.iter().map(|word| weight(&word.0)).sum::<f64>();
        let (shorter, longer) = (letters(&self.words).min(letters(&other.words)), letters(&self.words).max(letters(&other.words)));
        let met: f64 = paired.iter().map(|pair| pair.alike * pair.weight).sum();
        let total: f64 = paired.iter().map(|pair| pair.weight).sum();
        let worst = paired.iter().map(|pair| pair.alike).fold(1.0, f64::min);
        let left_out = ((longer - shorter) / longer).max(0.0);
        (met / total) * (1.0 - WORST_WORD * (1.0 - worst)) * (1.0 - LEFT_OUT * left_out)
    }
}

struct Pair {
    alike: f64,
    weight: f64,
}

/// The words of the name that has fewer, each with its like in the other; best pairs first.
fn paired(left: &[(String, String)], right: &[(String, String)]) -> Vec<Pair> {
    let mut open: Vec<(f64, usize, usize)> = Vec::with_capacity(left.len() * right.len());
    for (at, word) in left.iter().enumerate() {
        open.extend(right.iter().enumerate().map(|(other_at, other)| (alike(word, other), at, other_at)));
    }
    open.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut taken, mut other_taken) = ([false; WORDS_MAX], [false; WORDS_MAX]);
    let mut pairs = Vec::with_capacity(left.len().min(right.len()));
    for (alike, at, other_at) in open {
        if !taken[at] && !other_taken[other_at] {
            (taken[at], other_taken[other_at]) = (true, true);
            pairs.push(Pair { alike, weight: (weight(&left[at].0) + weight(&right[other_at].0)) / 2.0 });
        }
    }
    pairs
}

/// Short words (particles, initials) say less.
fn weight(word: &str) -> f64 {
    word.len() as f64
}

fn alike(left: &(String, String), right: &(String, String)) -> f64 {
    let as_written = jaro_winkler(left.0.as_bytes(), right.0.as_bytes());
    let as_romanised = jaro_winkler(left.1.as_bytes(), right.1.as_bytes());
    let initial = left.0.len().min(right.0.len()) == 1 && left.0.as_bytes()[0] == right.0.as_bytes()[0];
    let alike = as_written.max(0.99 * as_romanised);
    if initial { alike.max(INITIAL) } else { alike }
}
