//! Attempts on both databases: what a crash leaves behind is unknown, and the first word on a message stands.

mod postgres;

use forecourt_model::message::MessageState;
use forecourt_store::{
    Database,
    attempts::{Attempt, Attempts, Ending, Note, Settled},
};

async fn for_each_database(story: impl AsyncFn(Attempts)) {
    let dir = tempfile::tempdir().expect("a folder");
    let sqlite = Database::sqlite(&dir.path().join("attempts.sqlite"), 2).await.expect("SQLite");
    story(Attempts::open(sqlite).await.expect("attempts")).await;
    let postgres = Database::postgres(&postgres::url().await, "forecourt_attempts").await.expect("PostgreSQL");
    story(Attempts::open(postgres).await.expect("attempts")).await;
}

fn begun(message_id: &str, number: i64) -> Note {
    Note::Begun(Attempt {
        message_id: message_id.into(),
        round: 0,
        number,
        message_channel: "sms".into(),
        started_us: 10 * number,
        ended_us: None,
        result: None,
        status: None,
        detail: None,
        request: "POST https://sms.example".into(),
        answer: None,
        provider_id: None,
        retry_us: None,
    })
}

fn settled(message_id: &str, state: MessageState) -> Settled {
    Settled { message_id: message_id.into(), round: 0, state, reason: String::new(), is_permanent: false, at_us: 50, told: false }
}

fn ended(message_id: &str, number: i64, settled: Option<Settled>) -> Note {
    let ending = Ending {
        ended_us: 10 * number + 5,
        result: if settled.is_some() { "sent" } else { "failed" },
        status: Some(503),
        detail: "busy".into(),
        answer: Some("later".into()),
        provider_id: settled.as_ref().map(|_| format!("gw-{message_id}")),
        retry_us: Some(99),
    };
    Note::Ended { key: (message_id.into(), 0), number, ending, settled }
}

fn key(message_id: &str) -> (String, i64) {
    (message_id.to_owned(), 0)
}

#[tokio::test]
async fn what_a_crash_cuts_off_is_unknown_and_the_first_word_stands() {
    for_each_database(async |attempts| {
        let sent = Some(settled("msg_a", MessageState::Sent));
        let notes = [begun("msg_a", 1), ended("msg_a", 1, None), begun("msg_a", 2), ended("msg_a", 2, sent), begun("msg_b", 1)];
        attempts.record(&notes).await.expect("recorded");
        // Nobody begins the same attempt twice, and nothing of what came with it is written.
        assert!(attempts.record(&[begun("msg_c", 1), begun("msg_b", 1)]).await.is_err());

        assert_eq!(attempts.settle_cut_off(70).await.expect("settled"), 1);
        assert_eq!(attempts.settle_cut_off(80).await.expect("settled"), 0);
        let untold = attempts.untold().await.expect("read");
        let states: Vec<(&str, MessageState)> = untold.iter().map(|settled| (settled.message_id.as_str(), settled.state)).collect();
        assert_eq!(states, [("msg_a", MessageState::Sent), ("msg_b", MessageState::Unknown)]);

        let later = [Note::Settled(settled("msg_b", MessageState::Failed)), Note::Told(key("msg_a"))];
        attempts.record(&later).await.expect("recorded");
        let progress = attempts.progress(&[key("msg_a"), key("msg_b"), key("msg_c")]).await.expect("read");
        assert_eq!((progress[&key("msg_a")].attempts, progress[&key("msg_a")].retry_us), (2, Some(99)));
        assert_eq!(progress[&key("msg_b")].settled.as_ref().map(|settled| settled.state), Some(MessageState::Unknown));
        assert!(!progress.contains_key(&key("msg_c")));
        assert_eq!(attempts.untold().await.expect("read").len(), 1);

        assert_eq!(attempts.message_of_provider("gw-msg_a").await.expect("read"), Some(key("msg_a")));
        assert_eq!(attempts.message_of_provider("gw-none").await.expect("read"), None);
        let shown = attempts.of_message("msg_a").await.expect("read");
        assert_eq!(shown.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
        attempts.drop_before(1_000).await.expect("dropped");
        assert!(attempts.of_message("msg_a").await.expect("read").is_empty());
    })
    .await;
}
