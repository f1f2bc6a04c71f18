//! Changed fragments that wait to be written into their table: one small row a batch instead of a page a fragment.
//!
//! Fragments are keyed by hashes, so each one touched is a page of the table touched. While the fold is behind, it notes
//! its changes here, in the order they came, and writes them into the table in swathes (docs/decisions/0010-fold-behind.md).

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

impl FoldTx {
    /// Notes rows and evidence that the tables do not have yet, as of `end_offset`.
    pub async fn note_fragments(&mut self, end_offset: u64, rows: &[&FragmentRow], evidence: &[Evidence]) -> Result<(), StoreError> {
        let sql = "INSERT INTO fragment_changes (end_offset, body) VALUES ($1, $2)";
        self.tx.execute(sql, vec![end_offset.into(), encode(rows, evidence).into()]).await?;
        Ok(())
    }

    /// Forgets the notes up to `end_offset`, inclusive.
    pub async fn drop_noted_fragments(&mut self, end_offset: u64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM fragment_changes WHERE end_offset <= $1", vec![end_offset.into()]).await?;
        Ok(())
    }

    async fn noted(&mut self) -> Result<(Vec<FragmentRow>, Vec<Evidence>), StoreError> {
        let found = self.tx.query("SELECT body FROM fragment_changes ORDER BY end_offset", vec![]).await?;
        let (mut rows, mut evidence) = (Vec::new(), Vec::new());
        for row in found {
            let noted = decode(&row.bytes(0)?).ok_or_else(damaged)?;
            rows.extend(noted.0);
            evidence.extend(noted.1);
        }
        Ok((rows, evidence))
    }
}

impl Store {
    /// Writes into the table what is only noted. Whoever opens the store to fold, or takes a copy of it, begins so.
    pub async fn settle_fragments(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let (noted, evidence) = tx.noted().await?;
        if noted.is_empty() {
            return Ok(());
        }
        tx.save_evidence(&evidence).await?;
        // The last word on each.
        let latest: std::collections::BTreeMap<FragmentId, FragmentRow> = noted.into_iter().map(|row| (row.fragment_id, row)).collect();
        tx.save_fragments(latest.into_values().collect()).await?;
        tx.drop_noted_fragments(i64::MAX as u64).await?;
        tx.commit().await
    }
}

fn damaged() -> StoreError {
    StoreError::Unreadable("a note of changed fragments does not read back: run `forecourt replay`, it folds the log anew".into())
}

/// Numbers in little-endian columns, then the lengths of the texts, then the texts; after the rows the evidence, in the same way.
fn encode(rows: &[&FragmentRow], evidence: &[Evidence]) -> Vec<u8> {
    let texts: usize = rows.iter().map(|row| row.kind.len() + row.value.len() + row.state.len()).sum();
    let mut out = Vec::with_capacity(WIDTH + rows.len() * (NUMBERS * WIDTH + 12) + texts);
    out.extend_from_slice(&LAYOUT.to_le_bytes());
    out.extend_from_slice(&(rows.len() as u64).to_le_bytes());
    for row in rows {
        let generations = u64::from(row.generation) << 32 | u64::from(row.marks);
        let lengths = [row.kind.len(), row.value.len(), row.state.len()];
        let numbers: [u64; NUMBERS] = [
            row.fragment_id.0 as u64,
            row.profile_id.0 as u64,
            generations,
            row.first_us as u64,
            row.last_us as u64,
            row.first_offset,
            row.events,
        ];
        for number in numbers {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for length in lengths {
            out.extend_from_slice(&(length as u32).to_le_bytes());
        }
        for text in [&row.kind, &row.value, &row.state] {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.extend_from_slice(&(evidence.len() as u64).to_le_bytes());
    for Evidence { a, b, rule, log_offset, at_us, trust, first_us, last_day } in evidence {
        let (trust, last_day) = (trust.number() as u64, i64::from(*last_day) as u64);
        for number in [a.0 as u64, b.0 as u64, *log_offset, *at_us as u64, trust, *first_us as u64, last_day] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&(rule.len() as u32).to_le_bytes());
        out.extend_from_slice(rule.as_bytes());
    }
    lz4_flex::compress_prepend_size(&out)
}

fn decode(body: &[u8]) -> Option<(Vec<FragmentRow>, Vec<Evidence>)> {
    let plain = lz4_flex::decompress_size_prepended(body).ok()?;
    let mut rest = plain.as_slice();
    let head = number(&mut rest)?;
    let is_earlier = head != LAYOUT;
    let count = if is_earlier { head } else { number(&mut rest)? };
    let mut rows = (0..count).map(|_| row(&mut rest)).collect::<Option<Vec<_>>>()?;
    if is_earlier {
        // It had a device's generation there.
        rows.iter_mut().for_each(|row| row.marks = 0);
    }
    // The first version noted rows only.
    let count = if rest.is_empty() { 0 } else { number(&mut rest)? };
    let evidence = (0..count).map(|_| edge(&mut rest, is_earlier)).collect::<Option<_>>()?;
    Some((rows, evidence))
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
        let other = FragmentRow { value: String::new(), ..row.clone() };
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
        let body = encode(&[&row, &other], std::slice::from_ref(&edge));
        assert_eq!(decode(&body[..body.len() - 3]), None);
        assert_eq!(decode(&body).unwrap(), (vec![row, other], vec![edge]));
        assert_eq!(decode(&encode(&[], &[])).unwrap(), (vec![], vec![]));
        assert_eq!(decode(&lz4_flex::compress_prepend_size(&[0; 8])).unwrap(), (vec![], vec![]), "as an earlier version wrote it");
    }
}
