//! One spelling for the ways in which languages write the same sounds in Latin letters.

/// Sounds and what they are written as; longer spellings come first.
const SPELLINGS: [(&str, &str); 44] = [
    ("shch", "s"),
    ("tsch", "c"),
    ("sch", "s"),
    ("tch", "c"),
    ("dzh", "j"),
    ("kh", "h"),
    ("gh", "g"),
    ("zh", "j"),
    ("sh", "s"),
    ("ch", "c"),
    ("cz", "c"),
    ("sz", "s"),
    ("th", "t"),
    ("dh", "d"),
    ("ph", "f"),
    ("ck", "k"),
    ("ts", "c"),
    ("tz", "c"),
    ("dj", "j"),
    ("ks", "x"),
    ("iya", "ia"),
    ("iy", "i"),
    ("yy", "i"),
    ("yi", "i"),
    ("ij", "i"),
    ("yj", "i"),
    ("ya", "ia"),
    ("ja", "ia"),
    ("yu", "iu"),
    ("ju", "iu"),
    ("yo", "io"),
    ("ye", "e"),
    ("ie", "e"),
    ("je", "e"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ei", "ai"),
    ("ey", "ai"),
    ("ay", "ai"),
    ("w", "v"),
    ("q", "k"),
    ("y", "i"),
    ("z", "s"),
];

/// A word of lower-case Latin letters in that one spelling; doubled letters are written once.
pub(super) fn romanised(word: &str) -> String {
    let mut spelt = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(letter) = rest.chars().next() {
        let (sound, taken) = match SPELLINGS.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
            Some((spelling, sound)) => (*sound, spelling.len()),
            None => (&rest[..letter.len_utf8()], letter.len_utf8()),
        };
        let doubled = sound.len() == 1 && spelt.ends_with(sound);
        if !doubled {
            spelt.push_str(sound);
        }
        rest = &rest[taken..];
    }
    spelt
}

#[cfg(test)]
mod tests {
    use super::romanised;

    #[test]
    fn spellings_of_one_name_are_one() {
        assert_eq!(romanised("aleksandr"), romanised("alexandr"));
        assert_eq!(romanised("mohammed"), romanised("mohamed"));
        assert_eq!(romanised("dmitriy"), romanised("dmitrii"));
        assert_eq!(romanised("iwanow"), romanised("ivanov"));
    }
}
