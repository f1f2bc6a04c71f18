//! Files in all their shapes become records of the log, or a refusal that says why.

mod import_files;

use std::io::Write as _;

use forecourt_collect::file::{
    ImportRun, Kind, Mapping, Progress, check_workbook, detect, import, import_until, preview, propose, propose_kind,
};
use forecourt_model::{Origin, RecordKind};
use import_files::{Desk, NOW_US};

const CONTACTS: &str =
    r#"{"external_ids": {"crm_id": {"column": "id"}}, "email": {"column": "email"}, "phone": {"column": "phone"}, "rest": "traits"}"#;

#[tokio::test]
async fn a_contact_list_in_cp1251_is_proposed_and_imported() {
    let desk = Desk::new();
    let text = "ФИО;Телефон;Почта;Город;Сумма покупок\r\n\
                Петрова Анна;8 (912) 345-67-89;ANA@example.com;Екатеринбург;1 234,50\r\n\
                Сидоров Иван;+7 913 345 67 80;;Новосибирск;200\r\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let path = desk.write("contacts.csv", bytes);

    let detected = detect(&path).expect("detected");
    assert_eq!(detected.format.to_string(), "CSV, windows-1251, delimiter ';', names in row 1");
    let mapping = propose(Kind::Profiles, &detected);
    let summary = import(desk.run(Kind::Profiles, &path, mapping), &desk.sink, |_| {}).await.expect("imported");

    assert_eq!((summary.rows, summary.accepted, summary.refused), (2, 2, 0));
    let records = desk.records();
    assert_eq!(desk.told()[0], "identified 2026-10-30T00:00:00 email:ana@example.com phone:+79123456789");
    assert_eq!(desk.told()[1], "identified 2026-10-30T00:00:00 phone:+79133456780");
    assert_eq!(records[0].item["traits"]["name"], "Петрова Анна");
    assert_eq!(records[0].item["traits"]["Город"], "Екатеринбург");
    assert_eq!(records[0].item["traits"]["Сумма покупок"], 1234.5);
    assert_eq!(records[0].origin, Origin::History);
}

#[tokio::test]
async fn a_workbook_with_merged_cells_dates_and_a_title_is_imported() {
    let desk = Desk::new();
    let path = desk.path("leads.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("Empty").expect("named");
    let sheet = book.add_worksheet().set_name("Leads").expect("named");
    let plain = rust_xlsxwriter::Format::new();
    let date = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy hh:mm");
    sheet.merge_range(0, 0, 0, 3, "Leads of the spring", &plain).expect("merged");
    for (column, name) in ["Dealer", "Lead ID", "Phone", "Created"].into_iter().enumerate() {
        sheet.write(2, column as u16, name).expect("written");
    }
    sheet.merge_range(3, 0, 4, 0, "North", &plain).expect("merged");
    for (row, (id, phone)) in [(1001.0, "89123456789"), (1002.0, "89123456780"), (1003.0, "89123456781")].into_iter().enumerate() {
        let row = row as u32 + 3;
        sheet.write(row, 1, id).expect("written");
        sheet.write(row, 2, phone).expect("written");
        let created = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 4, row as u8).and_then(|day| day.and_hms(9, 30, 0)).expect("a date");
        sheet.write_datetime_with_format(row, 3, created, &date).expect("written");
    }
    sheet.write(5, 0, "South").expect("written");
    book.save(&path).expect("saved");

    let detected = detect(&path).expect("detected");
    assert_eq!(detected.format.to_string(), "XLSX, sheet \"Leads\" of 2, names in row 3");
    let mapping = propose(Kind::Leads, &detected);
    let summary = import(desk.run(Kind::Leads, &path, mapping), &desk.sink, |_| {}).await.expect("imported");

    assert_eq!((summary.accepted, summary.refused), (3, 0), "{:?}", desk.rejected());
    assert_eq!(
        desk.told(),
        [
            "lead_created 2026-04-03T09:30:00 phone:+79123456789",
            "lead_created 2026-04-04T09:30:00 phone:+79123456780",
            "lead_created 2026-04-05T09:30:00 phone:+79123456781",
        ]
    );
    let dealers: Vec<_> = desk.records().iter().map(|record| record.item["properties"]["dealer"].clone()).collect();
    assert_eq!(dealers, ["North", "North", "South"]);
    assert_eq!(desk.records()[0].item["properties"]["lead_id"], "1001");
}

#[tokio::test]
async fn a_workbook_that_unpacks_without_end_is_refused() {
    let desk = Desk::new();
    let path = desk.path("bomb.xlsx");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("created"));
    zip.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).expect("started");
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..600 {
        zip.write_all(&zeros).expect("written");
    }
    zip.finish().expect("finished");
    let error = detect(&path).expect_err("refused").to_string();
    assert!(error.contains("unpack to more than 512 MiB"), "{error}");
}

#[tokio::test]
async fn bad_rows_go_to_a_file_with_the_reason_and_cost_no_others() {
    let desk = Desk::new();
    let path = desk.write(
        "contacts.csv",
        "id,email,phone,note\n\
         1,ana@example.com,,ok\n\
         ,,,nobody\n\
         0,undefined,12,blocked\n\
         4,bo@example.com,,one,cell too many\n\
         9.44E+18,,,rounded\n\
         6,,89123456789,\"quoted, and\nover two lines\"\n",
    );
    let summary = desk.import(Kind::Profiles, &path, CONTACTS).await.expect("imported");

    assert_eq!((summary.rows, summary.accepted, summary.refused), (6, 2, 4));
    assert_eq!(desk.told().len(), 2);
    let rejected = desk.rejected();
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!(lines[0], "rejected_row,rejected_code,rejected_reason,id,email,phone,note");
    assert!(lines[1].starts_with("3,no_identifier,") && lines[1].ends_with(",,,,nobody"), "{}", lines[1]);
    assert!(lines[2].starts_with("4,blocked_identifier,") && lines[2].contains("0`, `undefined`, `12"), "{}", lines[2]);
    assert!(lines[3].starts_with("5,wrong_type,") && lines[3].contains("5 cells where the header has 4"), "{}", lines[3]);
    assert!(lines[4].starts_with("6,blocked_identifier,"), "{}", lines[4]);
    let codes: Vec<_> = summary.warnings.iter().map(|warning| warning.code).collect();
    assert!(codes.contains(&"rounded_ids") && codes.contains(&"shifted_rows"), "{codes:?}");
    assert_eq!(summary.refused_file, Some(desk.path("rejected.csv")));
}

#[tokio::test]
async fn a_mended_file_of_rejected_rows_is_imported_as_it_is() {
    let desk = Desk::new();
    let path = desk.write("contacts.csv", "id,email,phone,city\n,,,Perm\n");
    desk.import(Kind::Profiles, &path, CONTACTS).await.expect("imported");
    let mended = desk.write("mended.csv", desk.rejected().replace(",,,,Perm", ",7,,,Perm"));
    let summary = desk.import(Kind::Profiles, &mended, CONTACTS).await.expect("imported");
    assert_eq!((summary.accepted, summary.refused), (1, 0), "{}", desk.rejected());
    assert_eq!(desk.records()[0].item["traits"].to_string(), r#"{"city":"Perm"}"#);
}

#[tokio::test]
async fn a_wrong_mapping_is_told_before_anything_is_read() {
    let desk = Desk::new();
    let path = desk.write("contacts.csv", "ID,Email\n1,ana@example.com\n");
    let cases = [
        (Kind::Profiles, r#"{"user_id": {"column": "id"}}"#, "Did you mean `ID`? Its columns are: ID, Email"),
        (Kind::Profiles, r#"{"user_id": {"column": "ID", "value": 1}}"#, "only one"),
        (Kind::Profiles, r#"{"user": {"column": "ID"}}"#, "profiles have no field `user`"),
        (Kind::Profiles, r#"{"user_id": {"colum": "ID"}}"#, "unknown field `colum`"),
        (Kind::Events, r#"{"user_id": {"column": "ID"}, "timestamp": {"value": "2026-01-01"}}"#, "events need `event`"),
        (Kind::Leads, r#"{"lead_id": {"column": "ID"}}"#, "leads need `timestamp`"),
        (Kind::Costs, r#"{"day": {"column": "ID"}, "channel": {"value": "cpc"}}"#, "costs need `cost`"),
        (Kind::Events, r#"{"event": {"value": "e"}, "timestamp": {"column": "ID", "unit": "weeks"}}"#, "use s, ms, us, ns or days"),
        (Kind::Profiles, r#"{"user_id": {"join": {"file": "../secrets", "key": "ID", "column": "b"}}}"#, "a file's name alone"),
        (Kind::Profiles, r#"{"read": {"encoding": "martian"}}"#, "use a label such as utf-8"),
        (Kind::Profiles, "{", "does not read"),
    ];
    for (kind, mapping, expected) in cases {
        let error = desk.import(kind, &path, mapping).await.expect_err(mapping).to_string();
        assert!(error.contains(expected), "{mapping}: {error}");
    }
    assert!(desk.told().is_empty());
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why() {
    let desk = Desk::new();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty.csv", b"", "holds no rows"),
        ("blank.csv", b"\xef\xbb\xbf \n \n", "holds no rows"),
        ("array.json", b"[{\"a\":1}]", "one JSON array"),
        ("old.xls", &[0xd0, 0xcf, 0x11, 0xe0, 0, 0], "save it as .xlsx"),
        ("broken.xlsx", b"PK\x03\x04 and nothing more", "cannot be read as a workbook"),
        ("broken.parquet", b"PAR1 and nothing more", "cannot be read as Parquet"),
    ];
    for (name, bytes, expected) in cases {
        let error = detect(&desk.write(name, bytes)).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
    let error = detect(&desk.path("absent.csv")).expect_err("absent").to_string();
    assert!(error.contains("cannot open"), "{error}");
}

#[tokio::test]
async fn json_lines_are_read_by_dotted_paths_and_bad_lines_refused() {
    let desk = Desk::new();
    let lines = [
        r#"{"who":{"id":"u1","mail":"ana@example.com"},"what":"car_viewed","at":1769853600000,"car":{"model":"Aster","price":31000.5},"tags":["a","b"]}"#,
        "not json",
        "[1,2]",
        r#"{"who":{"id":"u2"},"what":"car_viewed","at":1769853601000,"big":9223372036854775808}"#,
    ];
    let path = desk.path("events.jsonl.gz");
    let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&path).expect("created"), flate2::Compression::fast());
    gz.write_all(lines.join("\n").as_bytes()).expect("written");
    gz.finish().expect("finished");

    let mapping = r#"{"user_id": {"column": "who.id"}, "email": {"column": "who.mail"}, "event": {"column": "what"},
        "timestamp": {"column": "at", "unit": "ms"}, "model": {"column": "car.model"}, "rest": "properties"}"#;
    let summary = desk.import(Kind::Events, &path, mapping).await.expect("imported");

    assert_eq!((summary.accepted, summary.refused), (2, 2));
    assert_eq!(desk.told()[0], "car_viewed 2026-01-31T10:00:00 user_id:u1 email:ana@example.com");
    let records = desk.records();
    assert_eq!(records[0].item["properties"]["car.price"], 31000.5);
    assert_eq!(records[0].item["properties"]["tags"].to_string(), r#"["a","b"]"#);
    assert_eq!(records[1].item["properties"]["big"], "9223372036854775808");
    let rejected = desk.rejected();
    assert!(
        rejected.contains("2,wrong_type,the line is not JSON") && rejected.contains("3,wrong_type,the line is not a JSON object"),
        "{rejected}"
    );
}

#[tokio::test]
async fn equal_events_count_each_and_a_second_import_gives_the_same_message_ids() {
    let desk = Desk::new();
    let row = "u1,click,2026-01-31 10:00:00\n";
    let path = desk.write("clicks.csv", format!("user,event,time\n{row}{row}u2,click,2026-01-31 10:00:00\n"));
    let mapping = r#"{"user_id": {"column": "user"}, "event": {"column": "event"}, "timestamp": {"column": "time"}}"#;
    for _ in 0..2 {
        desk.import(Kind::Events, &path, mapping).await.expect("imported");
    }
    let ids: Vec<String> = desk.records().into_iter().map(|record| record.message_id).collect();
    assert_eq!(ids[..3], ids[3..]);
    assert!(ids.iter().all(|id| id.starts_with("import:")));
    assert_eq!(ids[..3].iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn a_dry_run_counts_and_shows_and_writes_nothing_to_the_log() {
    let desk = Desk::new();
    let path = desk.write("orders.csv", "order;user;sum;day\nA1;u1;1 200,50;31.01.2026\nA2;u1;oops;01.02.2026\nA3;u2;;03.02.2026\n");
    let mapping = r#"{"order_id": {"column": "order"}, "user_id": {"column": "user"}, "value": {"column": "sum"}, "currency": {"value": "EUR"},
        "timestamp": {"column": "day"}}"#;
    let mut run = desk.run(Kind::Orders, &path, Mapping::parse(mapping).expect("a mapping"));
    run.dry_run = true;
    let seen = std::sync::Mutex::new(Progress::default());
    let summary = import(run, &desk.sink, |at| *seen.lock().expect("one thread") = at).await.expect("ran");

    assert_eq!((summary.rows, summary.accepted, summary.refused, summary.people, summary.live), (3, 2, 1, 2, 0));
    assert_eq!(summary.reasons.get("wrong_type"), Some(&1));
    assert_eq!(forecourt_model::time::iso(summary.from_us.unwrap_or(0)), "2026-01-31T00:00:00.000Z");
    assert_eq!(forecourt_model::time::iso(summary.to_us.unwrap_or(0)), "2026-02-03T00:00:00.000Z");
    assert_eq!(
        summary.samples[0].get(),
        r#"{"type":"track","event":"order_completed","timestamp":"2026-01-31T00:00:00.000Z","properties":{"value":1200.5,"currency":"EUR","order_id":"A1"},"userId":"u1"}"#
    );
    assert!(desk.told().is_empty());
    let seen = *seen.lock().expect("one thread");
    assert_eq!((seen.rows, seen.done, seen.total), (3, seen.total, seen.total));
}

#[tokio::test]
async fn costs_become_ad_costs_by_day() {
    let desk = Desk::new();
    let path = desk.write(
        "costs.csv",
        "Дата;Канал;Кампания;Расход;Показы;Клики\n01.03.2026;cpc;Весна;1 500,25;10 000;120\n02.03.2026;cpc;Весна;-5;;\n",
    );
    let mapping = propose(Kind::Costs, &detect(&path).expect("detected"));
    let summary = import(desk.run(Kind::Costs, &path, mapping), &desk.sink, |_| {}).await.expect("imported");
    assert_eq!((summary.accepted, summary.refused), (1, 1));
    let records = desk.records();
    assert_eq!(records[0].kind, RecordKind::AdCost as u8);
    let cost: forecourt_model::entity::AdCost = serde_json::from_value(records[0].item.clone()).expect("a cost");
    assert_eq!((cost.day.as_str(), cost.channel.as_str(), cost.campaign.as_str()), ("2026-03-01", "cpc", "Весна"));
    assert_eq!((cost.cost, cost.impressions, cost.clicks), (1500.25, 10_000, 120));
}

#[tokio::test]
async fn leads_without_a_person_stand_for_one_and_joins_look_beside_the_file() {
    let desk = Desk::new();
    desk.write("leads.csv", "mql_id,origin\nm1,paid_search\nm2,social\n");
    let path = desk.write("deals.csv", "mql_id,won,revenue\nm1,2026-02-01,10\nm3,2026-02-02,\n,2026-02-03,5\n");
    let mapping = r#"{"order_id": {"column": "mql_id"}, "external_ids": {"mql_id": {"column": "mql_id"}}, "timestamp": {"column": "won"},
        "value": {"column": "revenue"}, "channel": {"join": {"file": "leads.csv", "key": "mql_id", "column": "origin"}, "default": "unknown"}}"#;
    let summary = desk.import(Kind::Orders, &path, mapping).await.expect("imported");
    assert_eq!((summary.accepted, summary.refused), (2, 1));
    assert_eq!(summary.reasons.get("no_key"), Some(&1));
    let channels: Vec<_> = desk.records().iter().map(|record| record.item["properties"]["channel"].clone()).collect();
    assert_eq!(channels, ["paid_search", "unknown"]);

    let nobody = desk.write("leads2.csv", "lead,phone,at\nL1,,2026-01-01\nL2,12,2026-01-02\n");
    let mapping = r#"{"lead_id": {"column": "lead"}, "phone": {"column": "phone"}, "timestamp": {"column": "at"}}"#;
    desk.import(Kind::Leads, &nobody, mapping).await.expect("imported");
    assert_eq!(desk.told()[2..], ["lead_created 2026-01-01T00:00:00 lead_id:L1", "lead_created 2026-01-02T00:00:00 lead_id:L2"]);

    let no_ids = desk.write("calls.csv", "at,result\n2026-01-01,answered\n2026-01-02,missed\n");
    desk.import(Kind::Calls, &no_ids, r#"{"timestamp": {"column": "at"}, "result": {"column": "result"}}"#).await.expect("imported");
    let calls: Vec<String> = desk.records()[4..].iter().map(|record| record.item["properties"]["call_id"].to_string()).collect();
    assert!(calls.iter().all(|id| id.starts_with("\"import-")) && calls[0] != calls[1], "{calls:?}");
}

#[tokio::test]
async fn parquet_types_become_json_types() {
    use arrow::{
        array::{
            ArrayRef, BooleanArray, Date32Array, Float64Array, Int16Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
        },
        datatypes::Int32Type,
    };
    use std::sync::Arc;

    let desk = Desk::new();
    let folder = desk.path("events");
    std::fs::create_dir(&folder).expect("made");
    for part in 0..2_i64 {
        let columns: [(&str, ArrayRef); 9] = [
            ("profile_id", Arc::new(Int64Array::from(vec![part * 10 + 1, part * 10 + 2]))),
            ("ts", Arc::new(Int64Array::from(vec![1_767_225_600_123, 1_767_225_601_000]))),
            ("event", Arc::new(["page_viewed", "contract_signed"].into_iter().collect::<arrow::array::DictionaryArray<Int32Type>>())),
            ("region", Arc::new(Int16Array::from(vec![Some(7), None]))),
            ("value", Arc::new(Float64Array::from(vec![None, Some(31_000.5)]))),
            ("ok", Arc::new(BooleanArray::from(vec![true, false]))),
            ("seen", Arc::new(TimestampMillisecondArray::from(vec![0, 1_500]).with_timezone("UTC"))),
            ("born", Arc::new(Date32Array::from(vec![Some(1), None]))),
            ("note", Arc::new(StringArray::from(vec![Some("a \"b\""), None]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let file = std::fs::File::create(folder.join(format!("bucket={part:02}.parquet"))).expect("created");
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
        writer.write(&batch).expect("written");
        writer.close().expect("closed");
    }
    let mapping = r#"{"type": "track", "user_id": {"column": "profile_id"}, "timestamp": {"column": "ts", "unit": "ms"}, "event": {"column": "event"},
        "region": {"column": "region"}, "value": {"column": "value"}, "rest": "properties"}"#;
    let summary = desk.import(Kind::Events, &folder, mapping).await.expect("imported");
    assert_eq!((summary.accepted, summary.refused), (4, 0));
    assert_eq!(desk.told()[3], "contract_signed 2026-01-01T00:00:01 user_id:12");
    let records = desk.records();
    assert_eq!(records[0].item["timestamp"], "2026-01-01T00:00:00.123Z");
    let properties = records[0].item["properties"].to_string();
    assert_eq!(properties, r#"{"born":"1970-01-02","note":"a \"b\"","ok":true,"region":"7","seen":"1970-01-01T00:00:00.000Z"}"#);
    assert_eq!(records[1].item["properties"].to_string(), r#"{"ok":false,"seen":"1970-01-01T00:00:01.500Z","value":31000.5}"#);
}

#[tokio::test]
async fn an_import_waits_for_the_fold() {
    let desk = Desk::new();
    let rows: String = (0..30_000).map(|row| format!("u{row},2026-01-01\n")).collect();
    let path = desk.write("many.csv", format!("user,at\n{rows}"));
    let mapping = r#"{"user_id": {"column": "user"}, "event": {"value": "e"}, "timestamp": {"column": "at"}}"#;
    let forecourt_collect::file::Sink::Log { log, .. } = &desk.sink else { panic!("a sink to the log") };
    let (fold, folded) = tokio::sync::watch::channel(0);
    let sink = forecourt_collect::file::Sink::Log { log: log.clone(), folded: Some(folded) };
    let run = desk.run(Kind::Events, &path, Mapping::parse(mapping).expect("a mapping"));
    let importing = tokio::spawn(async move { import(run, &sink, |_| {}).await });

    // The fold stands still: only the first blocks go in. It then follows, a step behind, until the end.
    log.wait_past(9_999).await;
    let mut widest = 0;
    while !importing.is_finished() {
        let end = log.end_offset();
        widest = widest.max(end - *fold.borrow());
        fold.send_replace(end);
        tokio::task::yield_now().await;
    }
    let summary = importing.await.expect("no panic").expect("imported");
    assert_eq!((summary.accepted, log.end_offset()), (30_000, 30_000));
    assert!(widest < 30_000, "the import ran {widest} records ahead");
}

#[tokio::test]
async fn damaged_ids_and_cut_off_sheets_are_warned_of() {
    let desk = Desk::new();
    let path = desk
        .write("visits.csv", "visitor,code,name,at\n9.44E+18,A-1,ÐÐ½Ð½Ð°,2026-01-01\n9.45E+18,A-2,Bo,01.02.2026\nv3,1-Feb,Cy,2026-01-03\n");
    let detected = detect(&path).expect("detected");
    let codes: Vec<_> = detected.warnings.iter().map(|warning| (warning.code, warning.column.clone().unwrap_or_default())).collect();
    for (code, column) in [("rounded_ids", "visitor"), ("retyped_dates", "code"), ("mojibake", "name"), ("mixed_dates", "at")] {
        assert!(codes.contains(&(code, column.to_owned())), "{code}: {codes:?}");
    }
    let mapping = r#"{"user_id": {"column": "visitor"}, "event": {"value": "visit"}, "timestamp": {"column": "at"}}"#;
    let summary = desk.import(Kind::Events, &path, mapping).await.expect("imported");
    assert_eq!((summary.accepted, summary.refused), (1, 2), "two strangers must not become one person");

    let rows: String = (0..65_535).map(|row| format!("u{row}\n")).collect();
    let path = desk.write("cut.csv", format!("user\n{rows}"));
    let summary = desk.import(Kind::Profiles, &path, r#"{"user_id": {"column": "user"}}"#).await.expect("imported");
    assert!(summary.warnings.iter().any(|warning| warning.code == "cut_off"));
}

#[tokio::test]
async fn times_in_the_future_are_counted() {
    let desk = Desk::new();
    let later = forecourt_model::time::iso(NOW_US + 1_000_000);
    let path = desk.write("events.csv", format!("user,at\nu1,{later}\nu2,1970-01-01\nu3,03/04/2026\nu4,\nu5,9999-12-31\n"));
    let mapping = r#"{"user_id": {"column": "user"}, "event": {"value": "e"}, "timestamp": {"column": "at"}}"#;
    let summary = desk.import(Kind::Events, &path, mapping).await.expect("imported");
    assert_eq!((summary.accepted, summary.reasons.get("invalid_timestamp")), (1, Some(&4)));
    let codes: Vec<_> = summary.warnings.iter().map(|warning| warning.code).collect();
    assert!(codes.contains(&"future_dates") && codes.contains(&"mixed_dates"), "{codes:?}");
}

/// Whatever a file holds, the answer is a count or a reason: never a panic, and never a row that the fold does not take.
mod any_file {
    use proptest::prelude::*;

    use super::*;

    fn runs(bytes: &[u8], kind: Kind) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let desk = Desk::new();
            let path = desk.write("any", bytes);
            let Ok(detected) = detect(&path) else { return };
            let result = import(desk.run(kind, &path, propose(kind, &detected)), &desk.sink, |_| {}).await;
            match result {
                Ok(summary) => {
                    assert_eq!(summary.rows, summary.accepted + summary.refused);
                    // Reading the log back, each event is parsed as the fold parses it.
                    assert_eq!(desk.records().len() as u64, summary.accepted);
                }
                Err(error) => assert!(!error.to_string().contains("inner fault"), "{error}"),
            }
        });
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        proptest::sample::select(Kind::ALL.to_vec())
    }

    /// Cells that imports meet: good ones, and those that have broken importers.
    fn cells() -> impl Strategy<Value = String> {
        let known = [
            "",
            "u1",
            "0",
            "null",
            "undefined",
            "9.44E+18",
            "ana@example.com",
            "a@b",
            "89123456789",
            "12",
            "2026-01-31",
            "31.01.2026",
            "03/04/2026",
            "9999-12-31",
            "-1",
            "1 234,50",
            "NaN",
            "\"",
            "\"open",
            "a;b",
            "é\u{fffd}",
            "\u{0}",
            "=1+1",
            "call",
        ];
        prop_oneof![8 => proptest::sample::select(known.map(str::to_owned).to_vec()), 1 => "\\PC{0,12}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: if std::env::var_os("FORECOURT_PROVE").is_some() { 3_000 } else { 100 }, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600), head in proptest::sample::select(vec!["", "{", "PK\u{3}\u{4}", "PAR1", "user_id;event;timestamp\n"]), kind in kinds()) {
            let bytes = [head.as_bytes(), &bytes].concat();
            runs(&bytes, kind);
        }

        #[test]
        fn of_any_cells(rows in proptest::collection::vec(proptest::collection::vec(cells(), 9..=10), 0..20), kind in kinds()) {
            let head = "user_id,email,phone,timestamp,event,value,channel,lead_id,order_id,call_id";
            let text = rows.iter().fold(head.to_owned(), |text, row| format!("{text}\n{}", row.join(",")));
            runs(text.as_bytes(), kind);
        }

        #[test]
        fn of_any_json(lines in proptest::collection::vec((cells(), cells(), any::<f64>()), 0..20), kind in kinds()) {
            let line = |(id, time, number): &(String, String, f64)| {
                serde_json::json!({"user_id": id, "timestamp": time, "event": "e", "value": number, "deep": {"a": [id]}}).to_string()
            };
            runs(lines.iter().map(line).collect::<Vec<_>>().join("\n").as_bytes(), kind);
        }
    }
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_and_makes_the_same_records() {
    const ROWS: usize = 20_000;
    let desk = Desk::new();
    let mut text = String::from("id,email,value\n");
    for row in 0..ROWS {
        text += &format!("{row},{},{}\n", if row % 1_000 == 7 { String::new() } else { format!("p{row}@example.com") }, row % 9);
    }
    let path = desk.write("people.csv", text);
    let mapping = Mapping::parse(r#"{"email": {"column": "email"}, "rest": "traits"}"#).expect("a mapping");
    let whole = Desk::new();
    import(whole.run(Kind::Profiles, &path, mapping.clone()), &whole.sink, |_| {}).await.expect("imported");

    let (told, telling) = tokio::sync::watch::channel(0);
    let mut halted = telling.clone();
    let halt = async move { drop(halted.wait_for(|rows| 0 < *rows).await) };
    let stopped = import_until(desk.run(Kind::Profiles, &path, mapping.clone()), &desk.sink, halt, |at| {
        told.send_replace(at.rows);
    });
    let stopped = stopped.await.expect("stopped");
    assert!(stopped.halted && 0 < stopped.rows && stopped.rows < ROWS as u64, "{stopped:?}");
    assert_eq!(desk.records().len() as u64, stopped.accepted, "what it counts is in the log");

    let rest = ImportRun { done_rows: stopped.rows, ..desk.run(Kind::Profiles, &path, mapping) };
    let rest = import(rest, &desk.sink, |_| {}).await.expect("gone on with");
    assert_eq!((rest.rows, rest.accepted, rest.refused, rest.halted), (ROWS as u64, 19_980, 20, false));
    let ids = |desk: &Desk| desk.records().into_iter().map(|taken| taken.message_id).collect::<Vec<_>>();
    assert_eq!(ids(&desk), ids(&whole), "no row twice, none missing");
    assert_eq!(desk.rejected(), whole.rejected());
}

#[tokio::test]
async fn a_file_of_rejected_rows_is_safe_to_open_and_reads_back() {
    let desk = Desk::new();
    let path = desk.write("people.csv", "id,phone,note\n1,+7 912 345-67-89,=1+1\n,,-2+3\n");
    let mapping = r#"{"external_ids": {"crm_id": {"column": "id"}}, "phone": {"column": "phone"}, "rest": "traits"}"#;
    desk.import(Kind::Profiles, &path, mapping).await.expect("imported");
    assert!(desk.rejected().ends_with(",,,'-2+3\n"), "{}", desk.rejected());
    let mended = desk.rejected().replace(",,,'-2+3", ",2,'+7 912 345-67-80,'-2+3");
    let path = desk.write("mended.csv", mended);
    desk.import(Kind::Profiles, &path, mapping).await.expect("imported");
    let last = &desk.records()[1].item;
    assert_eq!((&last["traits"]["note"], &last["traits"]["phone"]), (&"-2+3".into(), &"+7 912 345-67-80".into()));
}

#[test]
fn what_the_rows_are_is_guessed_by_the_columns() {
    let desk = Desk::new();
    let guessed = |text: &str| propose_kind(&detect(&desk.write("file.csv", text)).expect("detected"));
    assert_eq!(guessed("Дата,Канал,Расход,Показы,Клики\n2026-01-01,cpc,10,100,5\n"), Kind::Costs);
    assert_eq!(guessed("call id,date,duration,phone\nC1,2026-01-01,60,+79123456789\n"), Kind::Calls);
    assert_eq!(guessed("order number,date,phone\nO1,2026-01-01,+79123456789\n"), Kind::Orders);
    assert_eq!(guessed("线索编号,手机号,创建时间\nL1,+8613800138000,2026-01-01\n"), Kind::Leads);
    assert_eq!(guessed("event,ts,user id\npage_viewed,2026-01-01,u1\n"), Kind::Events);
    assert_eq!(guessed("ФИО,Телефон\nАнна,+79123456789\n"), Kind::Profiles);
}

#[test]
fn a_preview_shows_the_first_rows_and_those_that_would_be_refused() {
    let desk = Desk::new();
    let mut text = String::from("id,when\n");
    for row in 0..30 {
        text += &format!("L{row},{}\n", if row == 25 { "never" } else { "2026-01-01" });
    }
    let detected = detect(&desk.write("leads.csv", text)).expect("detected");
    let mapping = Mapping::parse(r#"{"lead_id": {"column": "id"}, "timestamp": {"column": "when"}}"#).expect("a mapping");
    let shown = preview(Kind::Leads, &mapping, &detected, "RU", NOW_US, 3).expect("a preview");
    assert_eq!((shown.looked_at, shown.refused), (30, 1));
    let numbers: Vec<u64> = shown.rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [2, 3, 4, 27]);
    let problem = shown.rows[3].problem.as_ref().expect("a problem");
    assert_eq!((problem.code, problem.column.as_deref()), ("invalid_timestamp", Some("when")));
    assert!(shown.rows[0].item.is_some() && shown.rows[3].item.is_none());
}

#[test]
fn merged_cells_are_told_and_bombs_are_refused() {
    let desk = Desk::new();
    let path = desk.path("merged.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["dealer", "email"].into_iter().enumerate() {
        sheet.write(0, column as u16, name).expect("written");
    }
    sheet.merge_range(1, 0, 2, 0, "North", &rust_xlsxwriter::Format::new()).expect("merged");
    sheet.write(1, 1, "ana@example.com").expect("written");
    sheet.write(2, 1, "bo@example.com").expect("written");
    book.save(&path).expect("saved");
    check_workbook(&path).expect("a workbook");
    let detected = detect(&path).expect("detected");
    let told: Vec<&str> =
        detected.warnings.iter().filter(|warning| warning.code == "merged_cells").map(|warning| warning.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("A2:A3"), "{told:?}");

    let bomb = |text: &[u8]| {
        let path = desk.path("bomb.xlsx");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
        let packed =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).compression_level(Some(9));
        zip.start_file("xl/worksheets/sheet1.xml", packed).expect("a part");
        for _ in 0..8 {
            zip.write_all(text).expect("written");
        }
        zip.finish().expect("finished");
        check_workbook(&path).expect_err("a bomb").to_string()
    };
    let long_cell = bomb(&vec![b'x'; 1 << 20]);
    let rows = b"<c/>".repeat(5 << 20);
    let many_cells = bomb(&rows);
    assert!([&long_cell, &many_cells].iter().all(|told| told.contains("save the sheet as CSV")), "{long_cell} {many_cells}");
}
