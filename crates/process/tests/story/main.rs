//! The fold's stories, on SQLite and on PostgreSQL, through the log and the store only.

#[path = "../../../store/tests/postgres/mod.rs"]
mod postgres;

mod app;
mod batching;
mod call_back;
mod channels;
mod erase;
mod identity;
mod journey_templates;
mod journeys;
mod journeys_agree;
mod kept;
mod lead_scores;
mod leads;
mod leads_month;
mod messages;
mod order;
mod owners;
mod people;
mod replayed;
mod ring;
mod segments;
