//! Addresses that nothing is sent to: those that bounced for good, whose people complained, or that somebody listed.

use std::collections::BTreeMap;

use forecourt_model::message::MessageChannel;

use crate::{Row, Store, StoreError, Value, store::FoldTx};

/// A message channel's address.
pub type AddressKey = (MessageChannel, String);

/// Why and since when nothing is sent to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedAddress {
    /// `bounced`, `complained`, or a person's own words.
    pub reason: String,
    /// E-mail of the user, the token's name, or empty for what came of a message.
    pub actor: String,
    pub at_us: i64,
}

const COLUMNS: &str = "message_channel, address, reason, actor, at_us";

fn read(row: &Row) -> Result<Option<(AddressKey, SuppressedAddress)>, StoreError> {
    let suppressed = SuppressedAddress { reason: row.text(2)?, actor: row.text(3)?, at_us: row.int(4)? };
    Ok(MessageChannel::parse(&row.text(0)?).zip(row.text(1).ok()).map(|key| (key, suppressed)))
}

impl FoldTx {
    /// Which of these addresses are on the list.
    pub async fn suppressed_addresses(&mut self, addresses: &[String]) -> Result<Vec<(AddressKey, SuppressedAddress)>, StoreError> {
        let keys = addresses.iter().map(|address| address.as_str().into()).collect();
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM suppressed_addresses WHERE address IN"), "", keys).await?;
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }

    /// Puts addresses on the list, or takes them off.
    pub async fn save_suppressed_addresses(&mut self, changes: &BTreeMap<AddressKey, Option<SuppressedAddress>>) -> Result<(), StoreError> {
        const TAIL: &str =
            "ON CONFLICT (message_channel, address) DO UPDATE SET reason = excluded.reason, actor = excluded.actor, at_us = excluded.at_us";
        let rows = changes.iter().filter_map(|((channel, address), now)| now.as_ref().map(|now| (channel, address, now)));
        let parameters: Vec<Value> = rows
            .flat_map(|(channel, address, now)| {
                let SuppressedAddress { reason, actor, at_us } = now;
                [channel.as_str().into(), address.as_str().into(), reason.as_str().into(), actor.as_str().into(), (*at_us).into()]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO suppressed_addresses ({COLUMNS})"), TAIL, 5, parameters).await?;
        for ((channel, address), _) in changes.iter().filter(|(_, now)| now.is_none()) {
            const SQL: &str = "DELETE FROM suppressed_addresses WHERE message_channel = $1 AND address = $2";
            self.tx.execute(SQL, vec![channel.as_str().into(), address.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Forgets addresses of an erased person.
    pub async fn forget_suppressed_addresses(&mut self, addresses: &[String]) -> Result<(), StoreError> {
        for address in addresses {
            self.tx.execute("DELETE FROM suppressed_addresses WHERE address = $1", vec![address.as_str().into()]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// A page of the list, by channel and address, of addresses that contain `words`.
    ///
    /// * `after`: the last of the page before.
    pub async fn list_suppressed_addresses(
        &self,
        words: &str,
        after: Option<&AddressKey>,
        limit: u32,
    ) -> Result<Vec<(AddressKey, SuppressedAddress)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM suppressed_addresses WHERE (message_channel > $1 OR (message_channel = $1 AND address > $2)) AND address LIKE $3
             ORDER BY message_channel, address LIMIT $4"
        );
        let (channel, address) = after.map_or(("", ""), |(channel, address)| (channel.as_str(), address.as_str()));
        let pattern = format!("%{}%", words.trim().to_lowercase().replace(['%', '_'], ""));
        let parameters = vec![channel.into(), address.into(), pattern.as_str().into(), i64::from(limit).into()];
        self.db.query(&sql, parameters).await?.iter().filter_map(|row| read(row).transpose()).collect()
    }

    pub async fn suppressed_address(&self, channel: MessageChannel, address: &str) -> Result<Option<SuppressedAddress>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM suppressed_addresses WHERE message_channel = $1 AND address = $2");
        let rows = self.db.query(&sql, vec![channel.as_str().into(), address.into()]).await?;
        Ok(rows.first().map(read).transpose()?.flatten().map(|(_, suppressed)| suppressed))
    }
}
