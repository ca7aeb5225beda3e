//! A tenant's settings for the protocol.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::scim::compat::Profile;

const PATCH_REPLY: &str = "patchReply";
const UNKNOWN_MEMBERS: &str = "acceptsUnknownMembers";
/// What said before how a group's PATCH is answered.
const GROUP_BODY: &str = "groupPatchReturnsBody";

/// A tenant's settings for the protocol: its compatibility profile.
///
/// Directories and conformance suites ask for opposite things, so each tenant may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, remote = "Self")]
pub struct Settings {
    /// What is read beside RFC 7644: `"default"`, `"strict"`, `"microsoft"` or single flags. `strict: true`
    /// still says so.
    #[serde(alias = "strict")]
    pub profile: Profile,
    /// How a PATCH is answered. What is not sent of it is as the profile has it.
    pub patch_reply: PatchReply,
    /// Let a group have members that are no resource here; else refuse them. Where it is not sent, it is as
    /// the profile has it.
    pub accepts_unknown_members: bool,
    /// Largest page, and the default page size.
    pub max_results: usize,
    /// Rows a filter without an index may look at before `tooMany`.
    pub row_budget: u64,
    /// Steps that a request may cost before `tooMany` or 413, of about 50 ns each
    /// ([`Effort`]): the default is about two seconds; `docs/limits.md` tells what was measured.
    pub step_budget: u64,
    /// Requests a second that the tenant may send, with as many again in a burst; 0 for no limit.
    /// Entra asks for at least 25.
    pub requests_per_second: u32,
    /// Attributes that filters look up beside the usual ones, eight at most, of texts only:
    /// `title`, `phoneNumbers.value`, `urn:…:User:employeeNumber`. The shell makes its
    /// registry with them ([`Registry::with_indexes`]).
    pub indexes: Vec<String>,
    /// Days that entries of the journal are kept; `None` for ever. The shell cuts them.
    pub journal_days: Option<u32>,
    /// Compare user names as RFC 8265 does; the shell makes its registry so
    /// ([`Registry::with_prepared_names`]). May change only while nobody is there.
    pub prepared_user_names: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::DEFAULT,
            patch_reply: PatchReply::of(Profile::DEFAULT),
            accepts_unknown_members: accepts_unknown_members(Profile::DEFAULT),
            max_results: 100,
            row_budget: 2_000_000,
            step_budget: 40_000_000,
            requests_per_second: 500,
            indexes: Vec::new(),
            journal_days: None,
            prepared_user_names: false,
        }
    }
}

impl Settings {
    /// These settings as JSON with what an administrator sent of them: what was not sent stays, but for
    /// what is as the profile has it where another profile was sent.
    pub fn merged(&self, sent: &Map<String, Value>) -> Map<String, Value> {
        let mut all = object(self);
        let another_profile = sent.contains_key("profile") || sent.contains_key("strict");
        if another_profile && self.patch_reply == PatchReply::of(self.profile) {
            all.shift_remove(PATCH_REPLY);
        }
        if another_profile && self.accepts_unknown_members == accepts_unknown_members(self.profile) {
            all.shift_remove(UNKNOWN_MEMBERS);
        }
        if sent.contains_key("strict") {
            // Its other name.
            all.shift_remove("profile");
        }
        for (name, value) in sent {
            match (name.as_str(), value) {
                (PATCH_REPLY, Value::Object(parts)) => joined(&mut all, parts.clone()),
                (GROUP_BODY, Value::Bool(body)) => {
                    let status = if *body { Status::Resource } else { Status::Nothing };
                    joined(&mut all, Map::from_iter([("groups".to_owned(), json!(status))]));
                }
                _ => {
                    all.insert(name.clone(), value.clone());
                }
            }
        }
        all
    }

    /// Whether requests are read to the letter of RFC 7644.
    pub fn is_strict(&self) -> bool {
        self.profile.is_strict()
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// What is not there is as the profile has it. Settings of before said how a group's PATCH is answered by
/// `groupPatchReturnsBody`, and always both, so that `false` there is what nobody chose.
impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sent = Map::deserialize(deserializer)?;
        let profile = match sent.get("profile").or_else(|| sent.get("strict")) {
            Some(profile) => Profile::deserialize(profile).map_err(Error::custom)?,
            None => Profile::default(),
        };
        let mut reply = object(&PatchReply::of(profile));
        match sent.shift_remove(PATCH_REPLY) {
            None => {}
            Some(Value::Object(parts)) => {
                for (name, status) in parts {
                    if reply.insert(name.clone(), status).is_none() {
                        let detail = format!("`{PATCH_REPLY}` has no `{name}`; send `users` and `groups`");
                        return Err(Error::custom(detail));
                    }
                }
            }
            Some(other) => {
                let detail =
                    format!("`{PATCH_REPLY}` is `{other}`; send `{{\"users\": 200, \"groups\": 204}}`");
                return Err(Error::custom(detail));
            }
        }
        match sent.shift_remove(GROUP_BODY) {
            None => {}
            Some(Value::Bool(body)) => {
                if body {
                    reply.insert("groups".into(), json!(Status::Resource));
                }
                if sent.get(UNKNOWN_MEMBERS) == Some(&false.into()) {
                    sent.shift_remove(UNKNOWN_MEMBERS);
                }
            }
            Some(other) => {
                return Err(Error::custom(format!("`{GROUP_BODY}` is `{other}`; send `true` or `false`")));
            }
        }
        sent.insert(PATCH_REPLY.into(), reply.into());
        sent.entry(UNKNOWN_MEMBERS).or_insert_with(|| accepts_unknown_members(profile).into());
        Self::deserialize(Value::Object(sent)).map_err(Error::custom)
    }
}

/// How a PATCH is answered that succeeded and said nothing of it (`Prefer: return=…`, `attributes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchReply {
    /// Of users, and of all types but groups.
    pub users: Status,
    /// Of groups.
    pub groups: Status,
}

impl PatchReply {
    /// As the profile has it. Entra asks for 204 for groups, whose members would be much to send;
    /// Microsoft's collection of requests for 204 throughout.
    pub fn of(profile: Profile) -> Self {
        let users = if profile.is_for_microsoft() { Status::Nothing } else { Status::Resource };
        Self { users, groups: Status::Nothing }
    }

    /// For resources of a type.
    pub fn for_kind(self, kind: &str) -> Status {
        if kind == "Group" { self.groups } else { self.users }
    }
}

/// A status that a PATCH succeeds with (RFC 7644 §3.5.2); as JSON its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 200, with the resource.
    Resource,
    /// 204, without a body.
    Nothing,
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(match self {
            Self::Resource => 200,
            Self::Nothing => 204,
        })
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sent = Value::deserialize(deserializer)?;
        match sent.as_u64() {
            Some(200) => Ok(Self::Resource),
            Some(204) => Ok(Self::Nothing),
            _ => Err(Error::custom(format!(
                "a PATCH is not answered with `{sent}`; send `200` for the resource or `204` for nothing"
            ))),
        }
    }
}

/// Whether members that nobody is are kept, as the profile has it.
fn accepts_unknown_members(profile: Profile) -> bool {
    profile.is_for_microsoft()
}

/// Adds parts of how a PATCH is answered; the others stay.
fn joined(all: &mut Map<String, Value>, parts: Map<String, Value>) {
    match all.get_mut(PATCH_REPLY) {
        Some(Value::Object(known)) => known.extend(parts),
        _ => {
            all.insert(PATCH_REPLY.into(), parts.into());
        }
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
