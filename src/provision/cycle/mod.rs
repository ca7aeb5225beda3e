//! A provisioning cycle as a pure state machine: it says what it wants done ([`Effect`])
//! and takes what came of it ([`Outcome`]). No I/O, no clock, no chance: time is an
//! argument. The [`Job`] may be stored between any two effects; a cycle made from it again
//! goes on where it was. Requests are sent at least once: a create whose reply was lost is
//! found by its match query, a delete of what is gone is a success, and every update is
//! compared with what the target holds now.
//!
//! `job` what is remembered · `effect` the two languages · `world` the seam to the planner
//! · `state` the cycle under way · `machine` its steps · `evaluate` one object's `turn` · `refer` the
//! second phase · `ending` quarantine and what else is decided at the end · `escrow`,
//! `quarantine`, `reply`, `record`.
//!
//! It uses `plan` and what stands below it.

mod clock;
mod effect;
mod empty;
mod ending;
pub mod escrow;
mod evaluate;
pub mod job;
mod machine;
pub mod quarantine;
mod record;
mod refer;
mod reply;
mod settings;
mod state;
mod status;
mod turn;
mod world;

pub use effect::{Effect, Exchange, Outcome, Purpose};
pub use job::{Job, Scope};
pub use machine::MEMBERS_ON_DEMAND;
pub use settings::{Absent, Settings};
pub use state::Cycle;
pub use status::status;
