//! Changed fragments, their evidence and their names, that wait to be written into their tables: one small row a batch instead of a
//! page a fragment.
//!
//! Fragments are keyed by hashes, so each one touched is a page of the table touched. While the fold is behind, it notes
//! its changes here, in the order they came, and writes them into the table in swathes (docs/decisions/0010-fold-behind.md).

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{FragmentId, ProfileId, Trust};

use crate::{
    Store, StoreError,
    fragment::{Evidence, FragmentRow},
    store::FoldTx,
};

/// What a number takes, and how many a row has.
const WIDTH: usize = 8;
const NUMBERS: usize = 7;
/// What a note begins with, where an earlier version had the number of its rows.
const LAYOUT: u64 = u64::MAX;
const SETTLED_AT_ONCE: usize = 20_000;

/// A word of a name, and the fragment that it is told of.
pub type NameWord = (String, FragmentId);

/// A row in as few bytes as a note of it has, for those who keep very many in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(Box<[u8]>);

impl Packed {
    pub fn of(row: &FragmentRow) -> Self {
        let mut body = Vec::with_capacity(NUMBERS * WIDTH + 12 + row.kind.len() + row.value.len() + row.state.len());
        put_row(&mut body, row);
        Self(body.into_boxed_slice())
    }

    pub fn row(&self) -> FragmentRow {
        row(&mut &*self.0).expect("what `of` packed reads back")
    }

    pub fn profile_id(&self) -> ProfileId {
        let mut rest = &self.0[WIDTH..];
        ProfileId(number(&mut rest).expect("what `of` packed reads back") as i64)
    }
}

impl FoldTx {
    /// Notes what the tables do not have yet, as of `end_offset`.
    pub async fn note_fragments<'a>(
        &mut self,
        end_offset: u64,
        rows: impl ExactSizeIterator<Item = &'a Packed>,
        evidence: &[Evidence],
        words: &[NameWord],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO fragment_changes (end_offset, body) VALUES ($1, $2)";
        self.tx.execute(sql, vec![end_offset.into(), encode(rows, evidence, words).into()]).await?;
        Ok(())
    }

    /// Forgets the notes up to `end_offset`, inclusive.
    pub async fn drop_noted_fragments(&mut self, end_offset: u64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM fragment_changes WHERE end_offset <= $1", vec![end_offset.into()]).await?;
        Ok(())
    }

    /// All that is noted, oldest first.
    async fn noted(&mut self) -> Result<Noted, StoreError> {
        let found = self.tx.query("SELECT body FROM fragment_changes ORDER BY end_offset", vec![]).await?;
        let mut all = Noted::default();
        for row in found {
            let noted = decode(&row.bytes(0)?).ok_or_else(damaged)?;
            // The last word on each.
            all.rows.extend(noted.rows);
            all.evidence.extend(noted.evidence);
            all.words.extend(noted.words);
        }
        Ok(all)
    }
}

#[derive(Debug, PartialEq, Default)]
struct Noted {
    rows: BTreeMap<FragmentId, FragmentRow>,
    evidence: Vec<Evidence>,
    words: BTreeSet<NameWord>,
}

impl Store {
    /// Writes into the table what is only noted. Whoever opens the store to fold, or takes a copy of it, begins so.
    pub async fn settle_fragments(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let Noted { rows, evidence, words } = tx.noted().await?;
        if rows.is_empty() && evidence.is_empty() && words.is_empty() {
            return Ok(());
        }
        tx.save_evidence(&evidence).await?;
        let mut rows = rows.into_values();
        loop {
            // Some at a time: as parameters they take several times their memory.
            let some: Vec<FragmentRow> = rows.by_ref().take(SETTLED_AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            tx.save_fragments(some).await?;
        }
        tx.save_name_words(words).await?;
        tx.drop_noted_fragments(i64::MAX as u64).await?;
        tx.commit().await
    }
}

fn damaged() -> StoreError {
    StoreError::Unreadable("a note of changed fragments does not read back: run `forecourt replay`, it folds the log anew".into())
}

/// The rows, after them the evidence, then the words: each part begins with how many there are. Numbers come first, then the
/// lengths of the texts, then the texts.
fn encode<'a>(rows: impl ExactSizeIterator<Item = &'a Packed>, evidence: &[Evidence], words: &[NameWord]) -> Vec<u8> {
    let mut out = Vec::with_capacity(WIDTH * 4 + rows.len() * 200 + evidence.len() * 72 + words.len() * 24);
    put_number(&mut out, LAYOUT);
    put_number(&mut out, rows.len() as u64);
    rows.for_each(|row| out.extend_from_slice(&row.0));
    put_number(&mut out, evidence.len() as u64);
    for Evidence { a, b, rule, log_offset, at_us, trust, first_us, last_day } in evidence {
        let (trust, last_day) = (trust.number() as u64, i64::from(*last_day) as u64);
        for number in [a.0 as u64, b.0 as u64, *log_offset, *at_us as u64, trust, *first_us as u64, last_day] {
            put_number(&mut out, number);
        }
        put_texts(&mut out, [rule]);
    }
    put_number(&mut out, words.len() as u64);
    for (word, fragment_id) in words {
        put_number(&mut out, fragment_id.0 as u64);
        put_texts(&mut out, [word]);
    }
    lz4_flex::compress_prepend_size(&out)
}

fn put_row(out: &mut Vec<u8>, row: &FragmentRow) {
    let generations = u64::from(row.generation) << 32 | u64::from(row.marks);
    let numbers: [u64; NUMBERS] = [
        row.fragment_id.0 as u64,
        row.profile_id.0 as u64,
        generations,
        row.first_us as u64,
        row.last_us as u64,
        row.first_offset,
        row.events,
    ];
    numbers.into_iter().for_each(|number| put_number(out, number));
    put_texts(out, [&row.kind, &row.value, &row.state]);
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_texts<const N: usize>(out: &mut Vec<u8>, texts: [&String; N]) {
    for text in texts {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    }
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

fn decode(body: &[u8]) -> Option<Noted> {
    let plain = lz4_flex::decompress_size_prepended(body).ok()?;
    let mut rest = plain.as_slice();
    let head = number(&mut rest)?;
    let is_earlier = head != LAYOUT;
    let count = if is_earlier { head } else { number(&mut rest)? };
    let mut rows: BTreeMap<FragmentId, FragmentRow> =
        (0..count).map(|_| row(&mut rest).map(|row| (row.fragment_id, row))).collect::<Option<_>>()?;
    if is_earlier {
        // Something else stood where the marks are.
        rows.values_mut().for_each(|row| row.marks = 0);
    }
    // The first version noted rows only, the next no words.
    let count = if rest.is_empty() { 0 } else { number(&mut rest)? };
    let evidence = (0..count).map(|_| edge(&mut rest, is_earlier)).collect::<Option<_>>()?;
    let count = if rest.is_empty() { 0 } else { number(&mut rest)? };
    let words = (0..count).map(|_| word(&mut rest)).collect::<Option<_>>()?;
    Some(Noted { rows, evidence, words })
}

fn word(rest: &mut &[u8]) -> Option<NameWord> {
    let fragment_id = FragmentId(number(rest)? as i64);
    let length = length(rest)?;
    Some((text(rest, length)?, fragment_id))
}

fn edge(rest: &mut &[u8], is_earlier: bool) -> Option<Evidence> {
    let [a, b, log_offset, at_us] = [number(rest)?, number(rest)?, number(rest)?, number(rest)?];
    let [trust, first_us, last_day] =
        if is_earlier { [Trust::Event.number() as u64, at_us, 0] } else { [number(rest)?, number(rest)?, number(rest)?] };
    let rule = length(rest)?;
    Some(Evidence {
        a: FragmentId(a as i64),
        b: FragmentId(b as i64),
        rule: text(rest, rule)?,
        log_offset,
        at_us: at_us as i64,
        trust: Trust::from_number(trust as i64),
        first_us: first_us as i64,
        last_day: last_day as i32,
    })
}

fn row(rest: &mut &[u8]) -> Option<FragmentRow> {
    let mut numbers = [0; NUMBERS];
    for held in &mut numbers {
        *held = number(rest)?;
    }
    let [fragment, profile, generations, first, last, first_offset, events] = numbers;
    let lengths = [length(rest)?, length(rest)?, length(rest)?];
    let [kind, value, state] = [text(rest, lengths[0])?, text(rest, lengths[1])?, text(rest, lengths[2])?];
    Some(FragmentRow {
        fragment_id: FragmentId(fragment as i64),
        profile_id: ProfileId(profile as i64),
        kind,
        value,
        generation: (generations >> 32) as u32,
        marks: generations as u32,
        first_us: first as i64,
        last_us: last as i64,
        first_offset,
        events,
        state,
    })
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (head, tail) = rest.split_first_chunk::<WIDTH>()?;
    *rest = tail;
    Some(u64::from_le_bytes(*head))
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(u32::from_le_bytes(*head) as usize)
}

fn text(rest: &mut &[u8], length: usize) -> Option<String> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    String::from_utf8(head.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_and_a_cut_body_does_not() {
        let row = FragmentRow {
            fragment_id: FragmentId(7),
            profile_id: ProfileId(5),
            kind: "phone".into(),
            value: "+79161234567".into(),
            generation: 2,
            marks: 3,
            first_us: -1,
            last_us: i64::MAX,
            first_offset: 9,
            events: 11,
            state: r#"{"t":{"имя":["Ана",1,2,"s"]}}"#.into(),
        };
        let other = FragmentRow { fragment_id: FragmentId(9), value: String::new(), ..row.clone() };
        let edge = Evidence {
            a: FragmentId(3),
            b: FragmentId(7),
            rule: "signed_in".into(),
            log_offset: 9,
            at_us: -4,
            trust: Trust::Login,
            first_us: -5,
            last_day: 20_000,
        };
        let packed = [Packed::of(&row), Packed::of(&other)];
        assert_eq!(packed[0].row(), row);
        assert_eq!(packed[0].profile_id(), row.profile_id);
        let words = vec![("ана".to_owned(), FragmentId(7))];
        let body = encode(packed.iter(), std::slice::from_ref(&edge), &words);
        assert_eq!(decode(&body[..body.len() - 3]), None);
        let rows = [row.clone(), other].map(|row| (row.fragment_id, row)).into();
        assert_eq!(decode(&body).unwrap(), Noted { rows, evidence: vec![edge], words: words.into_iter().collect() });
        assert_eq!(decode(&encode([].iter(), &[], &[])).unwrap(), Noted::default());
        for earlier in [&[0; 8][..], &[0; 16]] {
            assert_eq!(decode(&lz4_flex::compress_prepend_size(earlier)).unwrap(), Noted::default(), "as an earlier version wrote it");
        }
        let earlier = [&1u64.to_le_bytes()[..], &packed[0].0, &0u64.to_le_bytes()].concat();
        let unmarked = FragmentRow { marks: 0, ..row };
        let read = decode(&lz4_flex::compress_prepend_size(&earlier)).unwrap();
        assert_eq!(read.rows.into_values().collect::<Vec<_>>(), [unmarked], "which had a generation where the marks are");
    }
}
