//! What was sent and what was promised: the book that the lake's rows are held against.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use crate::server::{Server, integer};

/// One request of a sender, to be repeated word for word.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: &'static str,
    pub body: Value,
    pub messages: Vec<Message>,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    /// Whose it is, as the story knows it.
    pub person: u32,
    /// Says that the person's device and account are one.
    pub joins: bool,
}

#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    sent: BTreeMap<String, Sent>,
    /// Sent, and no answer came: nobody knows.
    unanswered: Vec<Request>,
    acknowledged: Vec<Request>,
    /// Repeated after an acknowledgement, or with an answer that was lost.
    repeated: usize,
}

struct Sent {
    person: u32,
    joins: bool,
    acknowledged: bool,
}

/// What the lake holds of one message id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub message_id: String,
    pub profile_id: i64,
}

impl Ledger {
    /// Notes a request before it is sent.
    pub fn sending(&self, request: &Request) {
        let mut book = self.book();
        for message in &request.messages {
            let sent = Sent { person: message.person, joins: message.joins, acknowledged: false };
            if book.sent.contains_key(&message.id) {
                book.repeated += 1;
            } else {
                book.sent.insert(message.id.clone(), sent);
            }
        }
    }

    pub fn acknowledged(&self, request: Request) {
        let mut book = self.book();
        for message in &request.messages {
            if let Some(sent) = book.sent.get_mut(&message.id) {
                sent.acknowledged = true;
            }
        }
        book.acknowledged.push(request);
    }

    pub fn unanswered(&self, request: Request) {
        self.book().unanswered.push(request);
    }

    /// A request without an answer, to be sent again.
    pub fn take_unanswered(&self) -> Option<Request> {
        self.book().unanswered.pop()
    }

    /// A request that was answered long ago, which a careless sender repeats.
    pub fn an_acknowledged(&self, choice: usize) -> Option<Request> {
        let book = self.book();
        book.acknowledged.get(choice % book.acknowledged.len().max(1)).cloned()
    }

    pub fn acknowledged_count(&self) -> usize {
        self.book().sent.values().filter(|sent| sent.acknowledged).count()
    }

    /// In words, for the story's printed record.
    pub fn told(&self) -> String {
        let book = self.book();
        let acknowledged = book.sent.values().filter(|sent| sent.acknowledged).count();
        format!("{} messages sent, {acknowledged} acknowledged, {} sent again", book.sent.len(), book.repeated)
    }

    /// Asserts that `rows` hold every acknowledged message once and every other at most once, and that a person whose
    /// device and account were joined is one profile.
    pub fn check(&self, rows: &[Row]) {
        if let Some(told) = self.outstanding(rows) {
            panic!("{told}");
        }
    }

    /// What `rows` still lack, in words: an acknowledged message, or a merge that is not carried out yet.
    ///
    /// Panics on what no waiting makes good: a row twice, a row that nobody sent.
    pub fn outstanding(&self, rows: &[Row]) -> Option<String> {
        let book = self.book();
        let mut found: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for row in rows {
            found.entry(&row.message_id).or_default().push(row.profile_id);
        }
        let invented: Vec<&&str> = found.keys().filter(|id| !book.sent.contains_key(**id)).collect();
        assert!(invented.is_empty(), "in the lake but never sent: {invented:?}");
        let doubled: Vec<_> = found.iter().filter(|(_, rows)| 1 < rows.len()).take(20).collect();
        assert!(doubled.is_empty(), "more than once in the lake: {doubled:?}");

        let is_missing = |(id, sent): &(&String, &Sent)| sent.acknowledged && !found.contains_key(id.as_str());
        let missing: Vec<&String> = book.sent.iter().filter(is_missing).map(|(id, _)| id).collect();
        if !missing.is_empty() {
            let some = &missing[..missing.len().min(20)];
            return Some(format!("{} acknowledged messages are not in the lake: {some:?} …", missing.len()));
        }
        book.unmerged(&found)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// People who are known to be one and are not, or two who are; `None` if there are none.
    fn unmerged(&self, found: &BTreeMap<&str, Vec<i64>>) -> Option<String> {
        let joined: BTreeSet<u32> = self.sent.values().filter(|sent| sent.acknowledged && sent.joins).map(|sent| sent.person).collect();
        let mut profiles: BTreeMap<u32, BTreeSet<i64>> = BTreeMap::new();
        for (id, rows) in found {
            let person = self.sent[*id].person;
            if joined.contains(&person) {
                profiles.entry(person).or_default().extend(rows);
            }
        }
        let split: Vec<_> = profiles.iter().filter(|(_, profiles)| profiles.len() != 1).take(20).collect();
        if !split.is_empty() {
            return Some(format!("people whose rows are on several profiles: {split:?}"));
        }
        let distinct: BTreeSet<i64> = profiles.values().flatten().copied().collect();
        (distinct.len() != profiles.len()).then(|| "two people share a profile".to_owned())
    }
}

/// All rows whose message id begins with one of `prefixes`, as SQL answers.
pub async fn rows(server: &Server, prefixes: &[String]) -> Vec<Row> {
    let mut rows = Vec::new();
    for prefix in prefixes {
        let sql = format!("SELECT message_id, profile_id FROM events WHERE message_id LIKE '{prefix}%' ORDER BY message_id");
        rows.extend(
            server
                .query(&sql)
                .await
                .iter()
                .map(|row| Row { message_id: row[0].as_str().expect("a message id").to_owned(), profile_id: integer(&row[1]) }),
        );
    }
    rows
}
