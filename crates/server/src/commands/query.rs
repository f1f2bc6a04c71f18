//! `forecourt query "SQL"`.

use clap::Args;
use serde_json::{Map, Value, json};

use super::Place;
use crate::{
    client::Client,
    output::{Format, Output, plain},
};

#[derive(Debug, Args)]
pub struct QueryArgs {
    /// A statement that only reads.
    sql: String,
    /// Rows at most.
    #[arg(long, default_value_t = 1_000_000)]
    limit: u32,
    #[command(flatten)]
    output: Output,
}

pub async fn run(place: &Place, args: QueryArgs) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let answer = client.post("/api/query", &json!({ "sql": args.sql, "limit": args.limit })).await;
    client.close().await;
    let answer = answer?;
    let head: Vec<String> = list(&answer["columns"]).iter().map(|column| plain(&column["name"])).collect();
    let rows = list(&answer["rows"]);
    if args.output.format == Format::Json {
        let object = |row: &Value| head.iter().cloned().zip(list(row).iter().cloned()).collect::<Map<String, Value>>();
        println!("{}", Value::from(rows.iter().map(object).collect::<Vec<_>>()));
    } else {
        args.output.table(&head, rows.iter().map(|row| list(row).iter().map(plain).collect()).collect());
    }
    if answer["truncated"] == true {
        eprintln!("there are more rows than {}: raise `--limit`", args.limit);
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
