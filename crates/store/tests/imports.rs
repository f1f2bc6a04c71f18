//! Imports and their jobs, on both databases: queued, claimed, paused, gone on with, ended, forgotten.

mod postgres;

use forecourt_model::time::{DAY_US, SECOND_US};
use forecourt_store::{
    Database,
    control::{Control, FileState, ImportMapping, ImportPlan, ImportProgress, JobState, Keyring, NewImport, Wanted},
};

const NOON_US: i64 = 1_767_268_800 * SECOND_US;
const LEASE_US: i64 = 30 * SECOND_US;
const KINDS: [&str; 2] = ["import", "import_check"];

/// Runs a story on an empty database of each kind.
async fn on_both(story: impl AsyncFn(Control)) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sqlite = Database::sqlite(&dir.path().join("control.sqlite"), 2).await.expect("SQLite");
    let postgres = Database::postgres(&postgres::url().await, "imports").await.expect("PostgreSQL");
    for database in [sqlite, postgres] {
        let control = Control::open(database, Keyring::random()).await.expect("opened");
        story(control.clone()).await;
        control.close().await;
    }
}

fn plan(kind: &str) -> ImportPlan {
    ImportPlan { kind: kind.into(), mapping: "{}".into(), source: "import".into(), live: false }
}

fn file(name: &str) -> NewImport {
    NewImport { name: name.into(), bytes: 10, file: FileState::Here, plan: plan("leads"), created_by: "ana@example.com".into() }
}

fn far(rows: u64) -> ImportProgress {
    ImportProgress { rows, accepted: rows, refused: 0 }
}

#[tokio::test]
async fn a_job_has_one_worker_until_its_lease_ends_or_the_server_starts_anew() {
    on_both(async |control| {
        let id = control.add_import(&file("leads.csv"), NOON_US).await.unwrap();
        assert!(control.claim_job(&KINDS, NOON_US + LEASE_US, NOON_US).await.unwrap().is_none(), "a draft waits for its owner");
        let job = control.queue_import(&id, false, NOON_US).await.unwrap().expect("queued");
        assert!(control.queue_import(&id, false, NOON_US).await.unwrap().is_none(), "once");

        let claimed = control.claim_job(&KINDS, NOON_US + LEASE_US, NOON_US).await.unwrap().expect("a job");
        assert_eq!((claimed.id.as_str(), claimed.state), (job.as_str(), JobState::Running));
        assert!(control.claim_job(&KINDS, NOON_US + 2 * LEASE_US, NOON_US + 1).await.unwrap().is_none(), "somebody works on it");
        let wanted = control.note_import(&job, (5, 10, "bytes"), far(7), NOON_US + 2 * LEASE_US, NOON_US + LEASE_US).await.unwrap();
        assert_eq!(wanted, Wanted::Run);
        let later = NOON_US + LEASE_US + 1;
        assert!(control.claim_job(&KINDS, later + LEASE_US, later).await.unwrap().is_none(), "its lease was renewed");
        let silent = NOON_US + 2 * LEASE_US;
        assert!(control.claim_job(&KINDS, silent + LEASE_US, silent).await.unwrap().is_some(), "its worker is gone");

        assert_eq!(control.interrupt_jobs(silent + 1).await.unwrap(), 0, "it is taken up again, and not given up");
        assert!(control.claim_job(&KINDS, silent + LEASE_US, silent + 1).await.unwrap().is_some(), "at once");
        let held = control.import(&id).await.unwrap().expect("the import");
        assert_eq!((held.progress, held.started_us), (far(7), Some(NOON_US)));
    })
    .await;
}

#[tokio::test]
async fn people_pause_go_on_and_cancel() {
    on_both(async |control| {
        let id = control.add_import(&file("leads.csv"), NOON_US).await.unwrap();
        let job = control.queue_import(&id, false, NOON_US).await.unwrap().expect("queued");
        let state = async || control.import(&id).await.unwrap().expect("the import").job.expect("its job").state;

        assert!(control.want_job(&job, Wanted::Pause, NOON_US).await.unwrap());
        assert_eq!(state().await, JobState::Paused, "nobody works on it: at once");
        assert!(control.claim_job(&KINDS, NOON_US + LEASE_US, NOON_US).await.unwrap().is_none());
        assert!(control.want_job(&job, Wanted::Run, NOON_US).await.unwrap());
        control.claim_job(&KINDS, NOON_US + LEASE_US, NOON_US).await.unwrap().expect("the job");
        assert!(control.want_job(&job, Wanted::Pause, NOON_US).await.unwrap());
        assert_eq!(control.note_import(&job, (1, 2, "rows"), far(1), NOON_US + LEASE_US, NOON_US).await.unwrap(), Wanted::Pause);
        control.end_import(&job, JobState::Paused, far(3), None, None, NOON_US).await.unwrap();
        assert!(control.want_job(&job, Wanted::Run, NOON_US).await.unwrap());
        let again = control.claim_job(&KINDS, NOON_US + LEASE_US, NOON_US).await.unwrap().expect("the job");
        assert_eq!((again.wanted, control.import_of_job(&job).await.unwrap().expect("it").progress), (Wanted::Run, far(3)));

        assert!(control.want_job(&job, Wanted::Cancel, NOON_US).await.unwrap());
        control.end_import(&job, JobState::Cancelled, far(4), Some("{}"), None, NOON_US + 9).await.unwrap();
        for wanted in [Wanted::Run, Wanted::Pause, Wanted::Cancel] {
            assert!(!control.want_job(&job, wanted, NOON_US).await.unwrap(), "it is over");
        }
        let held = control.import(&id).await.unwrap().expect("the import");
        assert_eq!((held.ended_us, held.summary.as_deref(), held.progress), (Some(NOON_US + 9), Some("{}"), far(4)));
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_counts_for_its_own_plan_and_leaves_a_draft() {
    on_both(async |control| {
        let id = control.add_import(&file("leads.csv"), NOON_US).await.unwrap();
        let job = control.queue_import(&id, true, NOON_US).await.unwrap().expect("queued");
        assert!(!control.import(&id).await.unwrap().expect("it").is_draft(), "not while it is tried");
        control.claim_job(&KINDS, NOON_US + LEASE_US, NOON_US).await.unwrap().expect("the job");
        control.end_import(&job, JobState::Done, far(9), Some("{\"rows\":9}"), None, NOON_US).await.unwrap();
        let held = control.import(&id).await.unwrap().expect("the import");
        assert!(held.is_draft() && held.checked.is_some() && held.summary.is_none());
        assert!(control.jobs(10).await.unwrap().is_empty(), "dry runs are shown with their import");

        control.plan_import(&id, &plan("leads")).await.unwrap();
        assert!(control.import(&id).await.unwrap().expect("it").checked.is_some(), "the same plan");
        control.plan_import(&id, &plan("orders")).await.unwrap();
        assert!(control.import(&id).await.unwrap().expect("it").checked.is_none(), "another plan");

        control.queue_import(&id, false, NOON_US).await.unwrap().expect("queued");
        let held = control.import(&id).await.unwrap().expect("the import");
        assert_eq!((held.progress, held.is_draft()), (far(0), false));
    })
    .await;
}

#[tokio::test]
async fn files_are_forgotten_and_commands_that_fell_silent_have_failed() {
    on_both(async |control| {
        let draft = control.add_import(&file("draft.csv"), NOON_US).await.unwrap();
        let waiting = control.add_import(&file("waiting.csv"), NOON_US + 1).await.unwrap();
        control.queue_import(&waiting, false, NOON_US + 1).await.unwrap();
        let outside = NewImport { file: FileState::Command, ..file("outside.csv") };
        let outside = control.add_import(&outside, NOON_US + 2).await.unwrap();
        control.begin_import(&outside, "bytes", NOON_US + 2).await.unwrap();

        let names = |imports: Vec<forecourt_store::control::Import>| imports.into_iter().map(|held| held.name).collect::<Vec<_>>();
        assert_eq!(names(control.imports(i64::MAX, 10).await.unwrap()), ["outside.csv", "waiting.csv", "draft.csv"]);
        assert_eq!(names(control.imports(NOON_US + 1, 10).await.unwrap()), ["draft.csv"], "the page after");
        assert_eq!(names(control.imports_to_forget(NOON_US + DAY_US).await.unwrap()), ["draft.csv"], "what waits is needed");
        control.remove_import(&draft).await.unwrap();
        assert!(control.import(&draft).await.unwrap().is_none());

        assert_eq!(control.break_off_silent_imports(NOON_US, NOON_US + 9).await.unwrap(), 0);
        assert_eq!(control.break_off_silent_imports(NOON_US + 3, NOON_US + 9).await.unwrap(), 1);
        let job = control.import(&outside).await.unwrap().expect("the import").job.expect("its job");
        assert!(job.state == JobState::Failed && job.message.is_some_and(|told| told.contains("run it again")));
    })
    .await;
}

#[tokio::test]
async fn mappings_are_kept_by_name() {
    on_both(async |control| {
        let mapping = |name: &str, kind: &str| ImportMapping {
            name: name.into(),
            kind: kind.into(),
            mapping: "{}".into(),
            updated_by: "ana@example.com".into(),
            updated_us: NOON_US,
        };
        control.put_import_mapping(&mapping("Monthly", "leads")).await.unwrap();
        control.put_import_mapping(&mapping("Monthly", "orders")).await.unwrap();
        assert_eq!(control.import_mappings().await.unwrap(), [mapping("Monthly", "orders")]);
        assert!(control.put_import_mapping(&mapping(" ", "leads")).await.is_err());
        assert!(control.remove_import_mapping("Monthly").await.unwrap() && !control.remove_import_mapping("Monthly").await.unwrap());
    })
    .await;
}
