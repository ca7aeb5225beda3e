//! Attributes that a tenant has an index of, beside those that all tenants have.

use super::characteristic::Type;
use super::model::{Indexes, Registry};
use crate::scim::name::AttributePath;

/// Attributes with an index unless a tenant says otherwise, as [`Key::attribute`](crate::scim::directory::Key::attribute) writes them.
/// `id`, `members.value` and `meta.lastModified` need none.
pub const INDEXED: [&str; 5] = ["username", "externalid", "displayname", "emails.value", "active"];

/// Most attributes that a tenant may add.
pub const MAX_INDEXES: usize = 8;

impl Registry {
    /// The same, with indexes of these attributes beside the usual ones. Of `usable`, what is
    /// not written is left out.
    #[must_use]
    pub fn with_indexes(mut self, written: Vec<String>, mut usable: Vec<String>) -> Self {
        usable.retain(|path| written.contains(path));
        self.indexes = Indexes { written, usable };
        self
    }

    /// Reads the attributes that a tenant wants an index of, each as keys name it.
    ///
    /// # Errors
    /// A sentence that says which one cannot have an index, and why.
    pub fn read_indexes(&self, wanted: &[String]) -> Result<Vec<String>, String> {
        if wanted.len() > MAX_INDEXES {
            let number = wanted.len();
            return Err(format!("`indexes` names {number} attributes; there may be {MAX_INDEXES}"));
        }
        let mut paths: Vec<String> = Vec::with_capacity(wanted.len());
        for text in wanted {
            let path = self.index(text).map_err(|why| format!("`indexes`: `{text}` {why}"))?;
            if paths.contains(&path) {
                return Err(format!("`indexes`: `{text}` stands there twice"));
            }
            paths.push(path);
        }
        Ok(paths)
    }

    /// One attribute's path as keys name it, or why it can have no index.
    fn index(&self, text: &str) -> Result<String, String> {
        let unknown = || "is no attribute of any resource type here".to_owned();
        let path = AttributePath::parse(text, 0).map_err(|_| unknown())?;
        let found = self.resource_types.iter().find_map(|kind| self.resolve(kind, &path));
        let found = found.ok_or_else(unknown)?;
        let name = &found.attribute.name;
        let mut key = found.extension.map(|urn| format!("{urn}:")).unwrap_or_default();
        key.push_str(name);
        let attribute = found.sub.unwrap_or(found.attribute);
        if attribute.kind == Type::Complex {
            let sub = attribute.sub("value").or_else(|| attribute.sub_attributes.first());
            let sub = sub.map_or("value", |sub| sub.name.as_str());
            return Err(format!("is complex; name a sub-attribute such as `{text}.{sub}`"));
        }
        if let Some(sub) = found.sub {
            key.push('.');
            key.push_str(&sub.name);
        }
        key.make_ascii_lowercase();
        let is_core = found.extension.is_none();
        if INDEXED.contains(&key.as_str())
            || matches!(key.as_str(), "id" | "members.value" | "meta.lastmodified")
        {
            return Err("has an index already; leave it out".to_owned());
        }
        if is_core
            && ["meta", "members", "groups", "password", "schemas"]
                .contains(&name.to_ascii_lowercase().as_str())
        {
            return Err("cannot have an index: it is not kept in the resource itself".to_owned());
        }
        if !matches!(attribute.kind, Type::String | Type::Reference) {
            return Err(format!("is of type `{}`; only texts can have an index", attribute.kind.as_str()));
        }
        if found.sub.is_some_and(|sub| sub.multi_valued) {
            return Err("has several values inside one element; only one can have an index".to_owned());
        }
        Ok(key)
    }
}
