//! Who is who: the adversarial cases of the field, one by one, as they come in through the log.
//!
//! The numbers are those of the list of cases that peers are known to get wrong.

use forecourt_model::{
    IdentitySettings, Scope,
    command::{Action, Verdict},
};
use forecourt_store::identity::LedgerFilter;

use crate::app::{App, for_each_backend};

/// A contact of another system's file: record, name, e-mail, phone, day of birth; empty for none.
fn contact(crm: &str, name: &str, email: &str, phone: &str, born: &str) -> String {
    let traits: Vec<String> = [("firstName", name), ("email", email), ("phone", phone), ("birthday", born)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!(r#""{name}":"{value}""#))
        .collect();
    format!(r#"{{"type":"identify","traits":{{{}}},"context":{{"externalIds":[{{"id":"{crm}","type":"crm_id"}}]}}}}"#, traits.join(","))
}

fn lead(name: &str, email: &str, phone: &str, device: &str) -> String {
    let part = |name: &str, value: &str| if value.is_empty() { String::new() } else { format!(r#""{name}":"{value}","#) };
    let device = part("anonymousId", device);
    format!(r#"{{"type":"identify",{device}"traits":{{{}{}"firstName":"{name}"}}}}"#, part("email", email), part("phone", phone),)
}

impl App {
    async fn people(&self) -> usize {
        self.store.profiles_page(-1, 10_000).await.expect("read").len()
    }

    /// Whether two identifiers are one person's.
    async fn are_one(&self, one: &str, other: &str) -> bool {
        let (one, other) = (self.find(one).await, self.find(other).await);
        assert!(one.len() == 1 && other.len() == 1, "{one:?} {other:?}");
        one == other
    }

    async fn ledger(&self, act: &str) -> Vec<String> {
        let filter = LedgerFilter { act: Some(act.to_owned()), ..LedgerFilter::default() };
        self.store.ledger(&filter, 10_000).await.expect("read").into_iter().map(|line| format!("{} {}", line.rule, line.why)).collect()
    }

    async fn counted(&self, what: &str) -> i64 {
        let totals = self.store.totals(i32::MIN, i32::MAX).await.expect("read");
        totals.iter().filter(|total| total.metric == "identity" && total.dimension == what).map(|total| total.count).sum()
    }

    async fn import(&mut self, row: u32, json: &str) -> &mut Self {
        self.send_as(&format!("import:{row}"), json).await
    }

    async fn part(&mut self, one: &str, other: &str) -> Verdict {
        let view = self.profile(one).await;
        let id = |value: &str| view.fragments.iter().find(|row| row.value == value).map(|row| row.fragment_id).expect("an identifier");
        let action = Action::PartProfiles { one: id(one), other: id(other) };
        self.command(action).await
    }

    async fn merge(&mut self, one: &str, other: &str) -> Verdict {
        let (one, other) = (self.profile(one).await.summary.profile_id, self.profile(other).await.summary.profile_id);
        self.command(Action::MergeProfiles { one, other, probability: None }).await
    }
}

#[tokio::test]
async fn case_1_a_test_address_joins_nobody() {
    for_each_backend(async |mut app| {
        for n in 0..60 {
            app.send(&lead("Ana", "test@test.com", "", &format!("dev-{n}"))).await;
        }
        assert_eq!(app.people().await, 60);
        assert_eq!(app.counted("names_nobody:email").await, 60);
    })
    .await;
}

#[tokio::test]
async fn case_2_what_is_no_identifier_makes_none() {
    for_each_backend(async |mut app| {
        for (n, nothing) in
            ["null", "None", "NaN", "undefined", "[object Object]", "-", "000-00", "-1", "anonymous", "\\u00a0", "\\u200b", " "]
                .into_iter()
                .enumerate()
        {
            app.send(&format!(r#"{{"type":"track","event":"seen","anonymousId":"dev-{n}","userId":"{nothing}"}}"#)).await;
        }
        assert_eq!(app.people().await, 12, "the events are kept, each with its device alone");
        assert!(app.profiles().await.lines().all(|line| line.ends_with("seen 1 00:00")), "{}", app.profiles().await);
    })
    .await;
}

#[tokio::test]
async fn cases_3_to_13_spellings() {
    for_each_backend(async |mut app| {
        // 3, 4, 6: one mailbox. 5, 7: two.
        for (n, (one, other, is_one)) in [
            ("Ivan@Mail.RU ", "ivan@mail.ru", true),
            ("i.van+bmw@gmail.com", "ivan@googlemail.com", true),
            ("i.van@mail.ru", "iv.an@mail.ru", false),
            ("ivan+bmw@yandex.ru", "ivan@yandex.ru", false),
            ("user@пример.рф", "user@xn--e1afmkfd.xn--p1ai", true),
            ("аlex@mail.ru", "alex@mail.ru", false),
        ]
        .into_iter()
        .enumerate()
        {
            app.send(&lead("", one, "", &format!("m{n}-a"))).await.send(&lead("", other, "", &format!("m{n}-b"))).await;
            assert_eq!(app.are_one(&format!("m{n}-a"), &format!("m{n}-b")).await, is_one, "{one} {other}");
        }
        // 8, 9, 11, 12
        for (n, (one, other, is_one)) in [
            ("8 (912) 345-67-89", "9123456789", true),
            ("+7 912 345 67 90", "79123456790", true),
            ("8 701 234 5678", "+77012345678", true),
            ("8 (495) 123-45-67 доб. 12", "8 (495) 123-45-67 доб. 34", false),
            ("+79123456701; +74951234502", "+79123456701", false),
        ]
        .into_iter()
        .enumerate()
        {
            app.send(&lead("", "", one, &format!("p{n}-a"))).await.send(&lead("", "", other, &format!("p{n}-b"))).await;
            assert_eq!(app.are_one(&format!("p{n}-a"), &format!("p{n}-b")).await, is_one, "{one} {other}");
        }
        // 13
        for (n, phone) in ["+7 000 000-00-00", "1111111", "1234567890", "+1 212 867-5309"].into_iter().enumerate() {
            for side in ["a", "b"] {
                app.send(&lead("", "", phone, &format!("x{n}-{side}"))).await;
            }
            assert!(!app.are_one(&format!("x{n}-a"), &format!("x{n}-b")).await, "{phone}");
        }
        // 16
        for (device, vin) in [("v-a", "wvwzzz1jzow000001"), ("v-b", "WVWZZZ1JZ0W000001")] {
            let with_car =
                format!(r#"{{"type":"identify","userId":"{device}","context":{{"externalIds":[{{"id":"{vin}","type":"vin"}}]}}}}"#);
            app.send(&with_car).await;
        }
        assert!(!app.are_one("v-a", "v-b").await, "a car has had several owners");
    })
    .await;
}

#[tokio::test]
async fn case_17_28_a_family_tablet() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"page","anonymousId":"tablet"}"#).await;
        app.at("09:10").send(r#"{"type":"identify","anonymousId":"tablet","userId":"ana"}"#).await;
        app.at("09:20").send(r#"{"type":"track","event":"car_viewed","anonymousId":"tablet"}"#).await;
        app.at("10:00").send(r#"{"type":"identify","anonymousId":"tablet","userId":"bob"}"#).await;
        app.at("10:10").send(r#"{"type":"track","event":"offer_viewed","anonymousId":"tablet"}"#).await;
        app.at("11:00").send(r#"{"type":"identify","anonymousId":"tablet","userId":"ana"}"#).await;
        app.at("11:10").send(r#"{"type":"track","event":"test_drive_asked","anonymousId":"tablet"}"#).await;
        // 34: late, from the time when bob had it.
        app.at("12:00").send(r#"{"type":"track","event":"late","anonymousId":"tablet","timestamp":"2026-03-02T10:30:00Z"}"#).await;
        let (ana, bob) = (app.profile("ana").await, app.profile("bob").await);
        let of = |view: &forecourt_store::profile::ProfileView| view.state.counts.keys().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(of(&ana), "car_viewed identified page_viewed test_drive_asked");
        assert_eq!(of(&bob), "identified late offer_viewed");
    })
    .await;
}

#[tokio::test]
async fn case_18_a_showroom_device_is_nobodys() {
    for_each_backend(async |mut app| {
        for n in 0..30 {
            app.send(&format!(r#"{{"type":"identify","anonymousId":"ipad","userId":"c{n}","traits":{{"email":"c{n}@mail.ru"}}}}"#)).await;
        }
        app.send(r#"{"type":"page","anonymousId":"ipad"}"#).await;
        assert_eq!(app.people().await, 31);
        assert!(!app.are_one("ipad", "c0").await && !app.are_one("ipad", "c29").await);
    })
    .await;
}

#[tokio::test]
async fn cases_19_20_53_a_phone_or_an_address_of_everybody() {
    for_each_backend(async |mut app| {
        let names = ["Ivan", "Olga", "Petr", "Maria", "Sergey", "Tatiana", "Boris", "Yana", "Kirill", "Zoya"];
        for n in 0..50_u32 {
            app.import(n, &contact(&format!("k{n}"), names[n as usize % 10], &format!("k{n}@mail.ru"), "+74951234567", "")).await;
        }
        assert_eq!(app.people().await, 51, "50 people, and the phone that is nobody's");
        assert_eq!(app.find("+74951234567").await.len(), 1);
        assert!(app.counted("refused:shared").await > 0);
        for n in 0..12_u32 {
            app.import(
                100 + n,
                &contact(&format!("w{n}"), names[n as usize % 10], "seller@dealer.example", &format!("+7912345{n:04}"), ""),
            )
            .await;
        }
        assert_eq!(app.people().await, 51 + 13);
    })
    .await;
}

#[tokio::test]
async fn cases_21_to_26_relatives_and_namesakes() {
    for_each_backend(async |mut app| {
        // 21: a couple with one address.
        app.import(1, &contact("1", "Ivan", "ivanov.family@mail.ru", "+79120000101", "1980-01-02")).await;
        app.at("00:10").import(2, &contact("2", "Olga", "ivanov.family@mail.ru", "+79120000102", "1983-05-06")).await;
        assert!(!app.are_one("crm_id:1", "crm_id:2").await);
        assert!(app.are_one("crm_id:1", "ivanov.family@mail.ru").await, "the first who told of it has it");
        // 22: a parent's phone on a child's lead.
        app.send(&lead("Anton", "anton@mail.ru", "+79120000201", "")).await;
        app.send(&lead("Vera", "vera@mail.ru", "+79120000201", "")).await;
        assert!(!app.are_one("anton@mail.ru", "vera@mail.ru").await);
        // 23: a fleet's mailbox.
        for n in 0..5 {
            app.import(10 + n, &contact(&format!("f{n}"), "", "info@firm.ru", &format!("+7912000030{n}"), "")).await;
        }
        assert!(!app.are_one("crm_id:f0", "crm_id:f1").await);
        // 24, 25: nothing but a name, a day, an address in common.
        app.import(20, &contact("n1", "Petr", "n1@mail.ru", "", "1970-02-03")).await;
        app.import(21, &contact("n2", "Petr", "n2@mail.ru", "", "1970-02-03")).await;
        assert!(!app.are_one("crm_id:n1", "crm_id:n2").await);
        // 26: twins with their mother's phone.
        app.send(&format!(
            r#"{{"type":"identify","traits":{{"email":"t1@mail.ru","phone":"+79120000401","firstName":"Gleb","birthday":"2001-01-05"}}}}"#
        ))
        .await;
        app.send(&format!(
            r#"{{"type":"identify","traits":{{"email":"t2@mail.ru","phone":"+79120000401","firstName":"Oleg","birthday":"2001-01-05"}}}}"#
        ))
        .await;
        assert!(!app.are_one("t1@mail.ru", "t2@mail.ru").await);
    })
    .await;
}

#[tokio::test]
async fn cases_29_to_33_time_and_corrections() {
    for_each_backend(async |mut app| {
        // 29: a recycled number.
        app.at("2024-02-01T10:00:00Z").send(&lead("Ivan", "old@mail.ru", "+79120000501", "")).await;
        app.at("2026-03-02T10:00:00Z").send(&lead("Zoya", "new@mail.ru", "+79120000501", "")).await;
        assert!(!app.are_one("old@mail.ru", "new@mail.ru").await);
        // 30, 31: a typo that the system of record corrects; the address is somebody else's.
        app.at("2026-03-03T10:00:00Z").import(1, &contact("17", "Ivan", "ivan@gmial.com", "", "")).await;
        assert!(app.are_one("crm_id:17", "ivan@gmial.com").await);
        app.at("2026-03-05T10:00:00Z").import(2, &contact("17", "Ivan", "ivan@gmail.com", "", "")).await;
        assert!(!app.are_one("crm_id:17", "ivan@gmial.com").await, "the record tells another address now");
        assert!(app.are_one("crm_id:17", "ivan@gmail.com").await);
        app.at("2026-03-06T10:00:00Z").send(r#"{"type":"identify","userId":"u9","traits":{"email":"ivan@gmial.com"}}"#).await;
        assert!(!app.are_one("u9", "crm_id:17").await && app.are_one("u9", "ivan@gmial.com").await);
        // 32: a marriage.
        let woman = |email: &str, surname: &str| {
            format!(r#"{{"type":"identify","traits":{{"email":"{email}","phone":"+79120000601","firstName":"Anna","lastName":"{surname}","birthday":"1990-04-05"}}}}"#)
        };
        app.send(&woman("petrova@mail.ru", "Petrova")).await.send(&woman("sidorova@mail.ru", "Sidorova")).await;
        assert!(app.are_one("petrova@mail.ru", "sidorova@mail.ru").await);
        // 33: the sixth address of a year.
        for n in 0..6 {
            app.send(&format!(r#"{{"type":"identify","userId":"collector","traits":{{"email":"six{n}@mail.ru"}}}}"#)).await;
        }
        assert!(app.are_one("collector", "six4@mail.ru").await && !app.are_one("collector", "six5@mail.ru").await);
        assert!(app.ledger("refused").await.contains(&"same_event limit".to_owned()), "{:?}", app.ledger("refused").await);
    })
    .await;
}

#[tokio::test]
async fn case_35_a_late_sign_in_takes_back_what_was_before_the_first() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"page","anonymousId":"laptop"}"#).await;
        app.at("10:00").send(r#"{"type":"identify","anonymousId":"laptop","userId":"ana"}"#).await;
        app.at("10:10").send(r#"{"type":"track","event":"anas","anonymousId":"laptop"}"#).await;
        assert!(app.are_one("laptop", "ana").await);
        app.at("11:00").send(r#"{"type":"identify","anonymousId":"laptop","userId":"bob","timestamp":"2026-03-02T08:00:00Z"}"#).await;
        assert!(app.are_one("laptop", "bob").await && !app.are_one("laptop", "ana").await);
        assert!(app.profile("ana").await.state.counts.contains_key("anas"), "her own interval stays hers");
    })
    .await;
}

#[tokio::test]
async fn cases_40_45_46_the_graph() {
    for_each_backend(async |mut app| {
        // 40: a circle.
        app.send(r#"{"type":"identify","userId":"a","traits":{"email":"a@mail.ru"}}"#).await;
        app.send(r#"{"type":"identify","traits":{"email":"a@mail.ru","phone":"+79120000701"}}"#).await;
        app.send(r#"{"type":"identify","userId":"a","traits":{"phone":"+79120000701"}}"#).await;
        assert_eq!((app.people().await, app.profile("a").await.evidence.len()), (1, 3));
        // 45: with itself.
        let id = app.profile("a").await.summary.profile_id;
        assert!(matches!(app.command(Action::MergeProfiles { one: id, other: id, probability: None }).await, Verdict::Refused { .. }));
        // 46: two records of one system.
        app.import(1, &contact("1", "", "two@mail.ru", "", "")).await;
        app.at("00:10").import(2, &contact("2", "", "two@mail.ru", "", "")).await;
        assert!(!app.are_one("crm_id:1", "crm_id:2").await);
        assert!(
            app.ledger("refused").await.contains(&"imported unique".to_owned()),
            "{:?} {:?}",
            app.ledger("refused").await,
            app.ledger("merged").await
        );
        let refused = app.merge("crm_id:1", "crm_id:2").await;
        assert!(matches!(&refused, Verdict::Refused { reason } if reason.contains("crm_id")), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn cases_41_48_a_chain_stops_at_the_cap() {
    for_each_backend(async |mut app| {
        let mut settings = IdentitySettings { identifiers_per_profile_max: 100, ..IdentitySettings::default() };
        settings.kinds.entry("email".into()).and_modify(|email| email.limit = None);
        settings.people_per_contact_max = 1_000;
        assert_eq!(app.command(Action::SetIdentity { settings }).await, Verdict::Done);
        for n in (0..99).rev() {
            app.send(&format!(r#"{{"type":"identify","traits":{{"email":"n{n}@mail.ru"}},"context":{{"externalIds":[{{"id":"n{}@mail.ru","type":"email"}}]}}}}"#, n + 1)).await;
        }
        assert_eq!(app.people().await, 1, "a chain of 100, told from its end");
        app.at("00:30").send(r#"{"type":"identify","traits":{"email":"n99@mail.ru"},"context":{"externalIds":[{"id":"more@mail.ru","type":"email"}]}}"#).await;
        assert_eq!(app.people().await, 2);
        assert!(app.ledger("refused").await.contains(&"same_event size".to_owned()), "{:?}", app.ledger("refused").await);
        app.send(r#"{"type":"track","event":"goes_on","properties":{"email":"n50@mail.ru"}}"#).await;
        assert!(app.profile("n50@mail.ru").await.state.counts.contains_key("goes_on"));
    })
    .await;
}

#[tokio::test]
async fn case_49_rules_are_tightened_and_loosened() {
    for_each_backend(async |mut app| {
        for n in 0..4 {
            app.send(&format!(r#"{{"type":"identify","userId":"u","traits":{{"email":"e{n}@mail.ru"}}}}"#)).await;
        }
        assert_eq!(app.people().await, 1);
        let mut tight = IdentitySettings::default();
        tight
            .kinds
            .entry("email".into())
            .and_modify(|email| email.limit = email.limit.map(|limit| forecourt_model::identity::Limit { values: 2, ..limit }));
        let forecast = forecourt_process::forecast(&app.store, &tight, |_| true).await.expect("read").expect("not stopped");
        assert_eq!((forecast.profiles_before, forecast.profiles_after, forecast.parted, forecast.joined), (1, 3, 1, 0));
        assert_eq!(forecast.examples.len(), 1);
        let everything = Action::DecideIdentity { after: -1, until: i64::MAX };
        app.command(Action::SetIdentity { settings: tight }).await;
        assert_eq!(app.people().await, 1, "what was before stays until it is decided anew");
        app.command(everything.clone()).await;
        assert_eq!(app.people().await, 3);
        assert_eq!(app.store.profiles_count().await.expect("read"), 3);
        app.command(Action::SetIdentity { settings: IdentitySettings::default() }).await;
        app.command(everything).await;
        assert_eq!((app.people().await, app.store.profiles_count().await.expect("read")), (1, 1));
        assert_eq!(app.profile("u").await.state.counts["identified"].count, 4);
    })
    .await;
}

#[tokio::test]
async fn cases_54_to_56_an_unmerge_holds() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"identify","userId":"ana","traits":{"email":"ana@mail.ru"}}"#).await;
        app.at("09:05").send(&lead("", "other@mail.ru", "+79120000801", "")).await;
        app.at("09:10").send(&lead("", "ana@mail.ru", "+79120000801", "")).await;
        assert_eq!(app.people().await, 1);
        let kept = app.profile("ana").await.summary.profile_id;
        assert_eq!(app.part("ana@mail.ru", "+79120000801").await, Verdict::Done);
        assert!(!app.are_one("ana", "other@mail.ru").await);
        assert!(app.are_one("+79120000801", "other@mail.ru").await, "what is nearer goes with it");
        // The same once more does not join them again, nor does a stronger word of a machine.
        app.at("09:20").send(&lead("", "ana@mail.ru", "+79120000801", "")).await;
        app.at("09:30").send(r#"{"type":"identify","userId":"ana","traits":{"phone":"+79120000801"}}"#).await;
        assert!(!app.are_one("ana", "other@mail.ru").await);
        assert!(app.ledger("refused").await.iter().any(|line| line.ends_with("not_same")));
        // Whichever id a link has, it leads to somebody who is there.
        let view = app.store.profile(&Scope::Everything, kept).await.expect("read").expect("there");
        assert!(
            [app.profile("ana").await, app.profile("other@mail.ru").await]
                .iter()
                .any(|side| side.summary.profile_id == view.summary.profile_id)
        );
        // A person's word takes it back.
        assert_eq!(app.merge("ana", "other@mail.ru").await, Verdict::Done);
        assert_eq!(app.people().await, 1);
    })
    .await;
}

#[tokio::test]
async fn case_62_two_installations_have_nothing_in_common() {
    let email = forecourt_model::Identifier { kind: forecourt_model::IdentifierKind::Email, value: "ana@mail.ru".into() };
    let ids = [[1; 32], [2; 32]].map(|key| email.fragment_id(&forecourt_model::HashKey(key), 0));
    assert_ne!(ids[0], ids[1]);
}
