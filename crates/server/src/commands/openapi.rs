//! `forecourt openapi`: the description of the API that clients are generated from.

pub fn run() -> anyhow::Result<()> {
    println!("{}", forecourt_api::openapi().to_pretty_json()?);
    Ok(())
}
