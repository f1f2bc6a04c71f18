//! Learned scores of leads: learned on demand, watched every day, and told to leads that wait when another is published
//! (docs/decisions/0025-scores.md).

use std::time::Duration;

use anyhow::Context as _;
use forecourt_model::{
    command::{Action, Verdict},
    lead::LearnedScore,
    time::DAY_US,
};
use forecourt_query::Query;
use forecourt_score::{
    Learner, ScoreError, Settings,
    leads::{self, PastLead, Teaching, Watch, Wishes},
};
use forecourt_store::{
    Store,
    control::{Job, KeptScore, LEAD_SCORE_JOB, RESCORE_JOB},
};
use serde::Deserialize;
use tokio::{sync::watch, time::sleep};

use crate::{
    clock::now_us,
    history_job::{Desk, Interrupted, take_up},
};

const ACTOR: &str = "lead scores";
/// Where the reading of the past ends: a share of the job in per cent.
const READ_SHARE: u64 = 40;
/// Waiting leads that one command scores anew.
const RESCORED: u32 = 500;
const WATCH_EVERY_US: i64 = DAY_US;
/// The watch looks whether it is time.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What the jobs work with.
#[derive(Clone)]
pub struct ScoreJobs {
    pub desk: Desk,
    pub store: Store,
    pub query: Query,
}

/// How to learn, as it was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    learner: Option<Learner>,
    leave_out: Vec<String>,
    allow: Vec<String>,
    by: String,
}

/// The leads of the past, and the names of what their people did.
struct Past {
    leads: Vec<PastLead>,
    names: Vec<String>,
}

impl ScoreJobs {
    /// Takes up jobs until they are to stop.
    pub async fn run(self) {
        let this = &self;
        take_up("scores of leads wait", &self.desk, || this.take_up_all()).await;
    }

    async fn take_up_all(&self) -> anyhow::Result<()> {
        let this = self;
        this.desk.work_on(LEAD_SCORE_JOB, move |job| async move { this.learn(&job).await }).await?;
        this.desk.work_on(RESCORE_JOB, move |job| async move { this.rescore(&job).await }).await
    }

    /// Looks once a day how the score in force does.
    pub async fn watch(self) {
        let mut stop = self.desk.stop.clone();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep(LOOK_EVERY) => {}
            }
            if let Err(error) = self.look(now_us()).await {
                tracing::warn!(error = format!("{error:#}"), "a look at the score of leads failed, the next is in a minute");
            }
        }
    }

    /// * `told`: the share that is read, in per cent of the job; nobody may be looking.
    async fn past(&self, told: watch::Sender<u64>) -> anyhow::Result<Past> {
        let parts = u64::from(forecourt_model::BUCKETS);
        let history = self
            .query
            .lead_history(now_us(), move |part| {
                told.send_replace(u64::from(part) * READ_SHARE / parts);
            })
            .await?;
        let past = history.leads.into_iter().map(|lead| PastLead {
            is_decided: lead.is_decided(),
            lead_id: lead.lead_id,
            created_us: lead.created_us,
            facts: lead.facts,
            won_us: lead.won_us,
            looks: lead.looks.into_iter().map(|look| (look.at_us, look.seen)).collect(),
        });
        Ok(Past { leads: past.collect(), names: history.names })
    }

    async fn learn(&self, job: &Job) -> anyhow::Result<String> {
        let mut progress = self.desk.progress(&job.id);
        let asked: Asked = job.message.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
        let (told, seen) = watch::channel(0);
        let (past, followed) = tokio::join!(self.past(told), progress.follow(seen));
        followed?;
        let Past { leads, names } = past?;
        if self.desk.is_stopping() {
            return Err(Interrupted::ServerStops.into());
        }
        progress.tell(READ_SHARE).await?;
        let teaching = leads::teaching(leads, now_us());
        enough(&teaching)?;
        let version = self.desk.control.next_lead_score().await?;
        let settings = Settings { learner: asked.learner.unwrap_or(Learner::Auto), ..Settings::default() };
        let wishes = Wishes { leave_out: asked.leave_out, allow: asked.allow };
        let (told, seen) = watch::channel(READ_SHARE);
        let learning = tokio::task::spawn_blocking(move || {
            let tell = |share: f64| {
                told.send_replace(READ_SHARE + (share * (100 - READ_SHARE) as f64) as u64);
            };
            leads::learn(&teaching, &names, version, &settings, &wishes, tell)
        });
        progress.follow(seen).await?;
        let (score, report) = learning.await.context("the learning broke off")??;
        let kept = KeptScore {
            version,
            made_us: now_us(),
            made_by: asked.by,
            made_from: None,
            report: serde_json::to_string(&report)?,
            watch: String::new(),
        };
        self.desk.control.keep_lead_score(&score, &kept).await?;
        Ok(format!("version {version}, of {} leads", report.leads))
    }

    /// Scores all leads that wait by what is in force now.
    async fn rescore(&self, job: &Job) -> anyhow::Result<String> {
        let mut progress = self.desk.progress(&job.id);
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let ids = self.store.waiting_leads(&after, RESCORED).await?;
            let Some(until) = ids.last().cloned() else { break };
            self.desk.let_others_first().await;
            if self.desk.is_stopping() {
                return Err(Interrupted::ServerStops.into());
            }
            self.desk.command(ACTOR, Action::RescoreLeads { after, until: until.clone() }).await?;
            count += ids.len();
            after = until;
            progress.maybe_tell(50).await?;
        }
        Ok(format!("{count} waiting leads were scored anew"))
    }

    /// Looks how the score in force does, if it was not looked at for a day; sets it right where that is wanted.
    async fn look(&self, at_us: i64) -> anyhow::Result<()> {
        let control = &self.desk.control;
        let Some(in_force) = self.store.lead_score().await?.map(|definition| definition.body) else { return Ok(()) };
        let kept = control.lead_scores().await?.into_iter().find(|kept| kept.version == in_force.version);
        let Some(kept) = kept else { return Ok(()) };
        let last: Option<Watch> = serde_json::from_str(&kept.watch).ok();
        let since_us = last.map_or(kept.made_us, |last| last.at_us);
        if at_us - since_us < WATCH_EVERY_US {
            return Ok(());
        }
        let Past { leads, names } = self.past(watch::channel(0).0).await?;
        let (score, made_us) = (in_force.clone(), kept.made_us);
        let recalibrates = control.lead_score_recalibrates().await?;
        let (watch, again) = tokio::task::spawn_blocking(move || {
            let watch = leads::watch(&score, made_us, leads.clone(), &names, at_us);
            let wanted = recalibrates && watch.is_off();
            let again = wanted.then(|| leads::recalibrate(&score, made_us, leads, &names, at_us));
            (watch, again)
        })
        .await
        .context("the look broke off")?;
        control.note_lead_score_watch(kept.version, &serde_json::to_string(&watch)?).await?;
        match again {
            Some(Ok(score)) => self.put_right(score, &kept, at_us).await,
            Some(Err(error)) => {
                tracing::warn!(%error, "the score of leads could not be set right: learn another");
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn put_right(&self, score: LearnedScore, of: &KeptScore, at_us: i64) -> anyhow::Result<()> {
        let score = LearnedScore { version: self.desk.control.next_lead_score().await?, ..score };
        let kept = KeptScore {
            version: score.version,
            made_us: at_us,
            made_by: String::new(),
            made_from: Some(of.version),
            report: of.report.clone(),
            watch: String::new(),
        };
        self.desk.control.keep_lead_score(&score, &kept).await?;
        let offset = self.desk.command(ACTOR, Action::PublishScore { score: Some(Box::new(score)) }).await?;
        if let Some(Verdict::Refused { reason }) = self.store.verdict(offset).await? {
            anyhow::bail!("the fold refused the score: {reason}");
        }
        Ok(())
    }
}

/// Says what is missing in words that a person can do something with.
fn enough(teaching: &Teaching) -> Result<(), ScoreError> {
    let Some((won, lost)) = leads::missing(&teaching.leads) else { return Ok(()) };
    let positives = teaching.leads.iter().filter(|lead| lead.won_us.is_some()).count();
    Err(ScoreError::TooFew { rows: teaching.leads.len(), positives, needed: forecourt_score::train::NEEDED, missing: won.max(lost) })
}
