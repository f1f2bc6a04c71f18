//! Passwords that guessing begins with.

use std::{collections::HashSet, sync::LazyLock};

/// Where it is from stands in its head.
const LIST: &str = include_str!("guessed_passwords.txt");

/// What people put behind a word when they are asked for a longer password.
const TAIL_CHARS_MAX: usize = 6;

struct Guessed {
    whole: HashSet<&'static str>,
    stems: HashSet<&'static str>,
}

static GUESSED: LazyLock<Guessed> = LazyLock::new(|| {
    let (mut guessed, mut in_stems) = (Guessed { whole: HashSet::new(), stems: HashSet::new() }, false);
    for line in LIST.lines() {
        if line.starts_with('#') {
            in_stems = line == "# Stems:";
            continue;
        }
        let words = line.split_whitespace();
        if in_stems { guessed.stems.extend(words) } else { guessed.whole.extend(words) }
    }
    guessed
});

/// Whether a lower-cased password is on the list, is one of its words with a few digits or signs behind it or said twice, or is
/// a run of characters.
pub(super) fn is_guessed_first(lower: &str) -> bool {
    let closed: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    GUESSED.whole.contains(closed.as_str()) || is_run(lower) || is_stem(&closed)
}

/// `p@ssw0rd` is `password`.
fn without_disguise(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '3' => 'e',
        '1' | '!' => 'i',
        '$' | '5' => 's',
        c => c,
    }
}

fn is_stem(text: &str) -> bool {
    let word = text.trim_end_matches(|c: char| !c.is_alphabetic());
    let tail_chars = text.chars().count() - word.chars().count();
    let plain: String = word.chars().map(without_disguise).collect();
    let is_known = |word: &str| {
        let half = word.len() / 2;
        let twice = word.is_char_boundary(half) && word[..half] == word[half..] && GUESSED.stems.contains(&word[..half]);
        GUESSED.stems.contains(word) || twice
    };
    tail_chars <= TAIL_CHARS_MAX && (is_known(word) || is_known(&plain))
}

/// `aaaaaaaaaa`, `abcdefghij`, `9876543210`: each character follows from the one before it.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let mut steps = codes.windows(2).map(|pair| pair[1] - pair[0]);
    let Some(first) = steps.next() else { return true };
    first.abs() <= 1 && steps.all(|step| step == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_whole() {
        assert!(1_000 < GUESSED.whole.len() && 2_500 < GUESSED.stems.len(), "{} {}", GUESSED.whole.len(), GUESSED.stems.len());
        assert!(GUESSED.whole.iter().chain(&GUESSED.stems).all(|word| *word == word.to_lowercase()));
    }

    #[test]
    fn what_people_take_first_is_known() {
        let taken = [
            "password123",
            "p@ssw0rd2026",
            "qwertyuiop",
            "1qaz2wsx3edc",
            "dragon12345!",
            "monkeymonkey",
            "aaaaaaaaaaaa",
            "abcdefghijkl",
            "0123456789",
            "woaini1314",
            "администратор",
            "correct horse battery staple",
        ];
        for password in taken {
            assert!(is_guessed_first(password), "{password}");
        }
        for password in ["correct horse", "tram-fiddle-ochre", "9f2k7xq0vm", "длинный пароль про кота", "x"] {
            assert_eq!(is_guessed_first(password), password == "x", "{password}");
        }
    }
}
