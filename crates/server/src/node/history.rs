//! The workers that go through all that came so far.

use axum::extract::FromRef as _;
use forecourt_api::AdGates;
use tokio::sync::watch;

use super::{Node, lasting};
use crate::{
    ad_gate,
    broadcasts::BroadcastJob,
    channels::ChannelJob,
    duplicates::DuplicatesJob,
    erasure::{Eraser, Register},
    history_job::Desk,
    identity::IdentityJobs,
    lead_scores::ScoreJobs,
    segments::SegmentJob,
    workers::Workers,
};

impl Node {
    pub(super) fn add_history_jobs(&self, workers: &mut Workers, stop: &watch::Receiver<bool>) {
        let desk = Desk { control: self.control.clone(), log: self.log.clone(), folded: self.folded(), stop: stop.clone() };
        let store = || self.store.clone();
        let channels = ChannelJob { desk: desk.clone(), store: store(), lake: self.lake.clone() };
        workers.add("channels", move || lasting(channels.clone().run()));
        let identity = IdentityJobs { desk: desk.clone(), store: store() };
        workers.add("identity", move || lasting(identity.clone().run()));
        let duplicates = DuplicatesJob { desk: desk.clone(), store: store() };
        workers.add("duplicates", move || lasting(duplicates.clone().run()));
        let segments = SegmentJob { desk: desk.clone(), store: store(), lake: self.lake.clone(), query: self.api.query.clone() };
        workers.add("segments", move || lasting(segments.clone().run()));
        let scores = ScoreJobs { desk: desk.clone(), store: store(), query: self.api.query.clone() };
        let watched = scores.clone();
        workers.add("lead scores", move || lasting(scores.clone().run()));
        workers.add("watch over lead scores", move || lasting(watched.clone().watch()));
        let broadcasts = BroadcastJob { desk: desk.clone(), store: store() };
        workers.add("broadcasts", move || lasting(broadcasts.clone().run()));
        let (gates, stopping) = (AdGates::from_ref(&self.api), stop.clone());
        workers.add("ad gate", move || lasting(ad_gate::run(gates.clone(), stopping.clone())));
        let root = self.folder.root();
        let eraser = Eraser {
            desk,
            store: store(),
            lake: self.lake.clone(),
            attempts: self.attempts.clone(),
            checkpoints: self.checkpoints.clone(),
            copying: self.copying.clone(),
            register: Register::new(self.config.backup_plan(root).dir, root),
            hash_key: self.hash_key,
            region: self.config.installation.phone_region.clone(),
        };
        workers.add("erasure", move || lasting(eraser.clone().run()));
    }
}
