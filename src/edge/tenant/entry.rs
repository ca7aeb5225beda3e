//! The list of tenants in KV: an entry a tenant. What the list shows stands beside it as metadata, so that
//! a page of the list is one operation, or two where entries of earlier versions are on it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::kv::{KvError, KvStore};

use super::placement::jurisdiction;

/// Where KV keeps the list of tenants.
const LIST: &str = "tenant/";
/// Most bytes of a name within the metadata, which may have 1 024 in all.
const MAX_NAME: usize = 500;
/// Entries that one operation reads.
const AT_ONCE: usize = 100;

/// A tenant as the list shows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::edge) struct Entry {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    pub tenant_url: String,
    /// `active`, `suspended` or `deleting`; empty in entries of earlier versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
}

impl Entry {
    /// The entry as an administrator sees it.
    pub fn show(&self) -> Value {
        let state = if self.state.is_empty() { "active" } else { &self.state };
        json!({
            "id": self.id, "name": self.name, "tenantUrl": self.tenant_url,
            "jurisdiction": jurisdiction(&self.id), "state": state,
        })
    }
}

/// Writes an entry, one put.
pub(in crate::edge) async fn write(kv: &KvStore, entry: &Entry) -> Result<(), KvError> {
    let mut beside = Entry { id: String::new(), ..entry.clone() };
    if beside.name.len() > MAX_NAME {
        let whole = beside.name.char_indices().take_while(|(at, c)| at + c.len_utf8() <= MAX_NAME);
        beside.name = whole.map(|(_, c)| c).chain(['…']).collect();
    }
    kv.put(&format!("{LIST}{}", entry.id), json!(entry).to_string())?.metadata(beside)?.execute().await
}

/// A tenant's entry, if there is one.
pub(in crate::edge) async fn read(kv: &KvStore, tenant: &str) -> Result<Option<Entry>, KvError> {
    let text = kv.get(&format!("{LIST}{tenant}")).text().await?;
    Ok(text.map(|text| of_text(tenant, &text)))
}

/// Takes a tenant out of the list.
pub(in crate::edge) async fn remove(kv: &KvStore, tenant: &str) -> Result<(), KvError> {
    kv.delete(&format!("{LIST}{tenant}")).await
}

/// A page of the list, and where the next one begins.
pub(in crate::edge) async fn page(
    kv: &KvStore,
    limit: usize,
    cursor: Option<String>,
) -> Result<(Vec<Entry>, Option<String>), KvError> {
    let mut list = kv.list().prefix(LIST.into()).limit(limit as u64);
    if let Some(cursor) = cursor {
        list = list.cursor(cursor);
    }
    let page = list.execute().await?;
    let mut entries: Vec<Entry> = Vec::with_capacity(page.keys.len());
    for key in page.keys {
        let beside: Option<Entry> = key.metadata.and_then(|beside| serde_json::from_value(beside).ok());
        let id = key.name.strip_prefix(LIST).unwrap_or_default().to_owned();
        entries.push(Entry { id, ..beside.unwrap_or_default() });
    }
    // Entries of earlier versions have nothing beside them.
    let mut bare: Vec<&mut Entry> = entries.iter_mut().filter(|entry| entry.tenant_url.is_empty()).collect();
    for bare in bare.chunks_mut(AT_ONCE) {
        let keys: Vec<String> = bare.iter().map(|entry| format!("{LIST}{}", entry.id)).collect();
        let texts = kv.get_bulk(&keys).text().await?;
        for (entry, key) in bare.iter_mut().zip(keys) {
            if let Some(text) = texts.get(&key).and_then(Option::as_ref) {
                **entry = of_text(&entry.id, text);
            }
        }
    }
    Ok((entries, page.cursor.filter(|_| !page.list_complete)))
}

fn of_text(tenant: &str, text: &str) -> Entry {
    Entry { id: tenant.to_owned(), ..serde_json::from_str(text).unwrap_or_default() }
}
