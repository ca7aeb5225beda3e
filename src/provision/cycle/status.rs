//! A job's status in the shape of Graph's `synchronizationJob`.

use super::job::{Execution, Job, Schedule};
use crate::provision::values::timestamp;
use serde_json::{Value, json};

/// The job's status, progress and quarantine; `interval` is minutes between cycles.
#[must_use]
pub fn status(job: &Job, interval: u32, now: i64) -> Value {
    let head = &job.head;
    let code = match (head.schedule, &head.quarantine) {
        (Schedule::Paused | Schedule::Disabled, _) => "Paused",
        (_, Some(_)) => "Quarantine",
        (Schedule::Active, None) if head.cycles == 0 => "NotRun",
        (Schedule::Active, None) => "Active",
    };
    let (users, groups) = job.synchronized();
    let progress: Vec<Value> = head
        .running
        .iter()
        .map(|running| {
            let elapsed = now.saturating_sub(running.began);
            let left = running.total.saturating_sub(running.completed);
            let estimated = i64::try_from(left).ok().and_then(|left| {
                let done = i64::try_from(running.completed).ok().filter(|done| *done > 0)?;
                elapsed.checked_mul(left).map(|product| product / done / 1000)
            });
            json!({
                "completedUnits": running.completed, "totalUnits": running.total, "units": "objects",
                "phase": running.phase, "initial": running.initial, "counts": running.counts,
                "estimatedSecondsLeft": estimated, "progressObservationDateTime": timestamp(now),
            })
        })
        .collect();
    let quarantine = head.quarantine.as_ref().map(|quarantine| {
        json!({
            "currentBegan": timestamp(quarantine.current_began),
            "seriesBegan": timestamp(quarantine.series_began),
            "seriesCount": quarantine.series_count,
            "nextAttempt": timestamp(quarantine.next_attempt),
            "reason": quarantine.reason,
            "error": {"code": quarantine.error.0, "message": quarantine.error.1, "tenantActionable": true},
        })
    });
    json!({
        "id": head.id,
        "schedule": {"interval": format!("PT{interval}M"), "state": head.schedule, "expiration": Value::Null},
        "status": {
            "code": code,
            "countSuccessiveCompleteFailures": head.count_successive_complete_failures,
            "escrowsPruned": head.escrows_pruned,
            "lastExecution": head.last_execution.as_ref().map(execution),
            "lastSuccessfulExecution": head.last_successful_execution.as_ref().map(execution),
            "lastSuccessfulExecutionWithExports":
                head.last_successful_execution_with_exports.as_ref().map(execution),
            "progress": progress,
            "quarantine": quarantine,
            "steadyStateFirstAchievedTime": head.steady_state_first_achieved_time.map(timestamp),
            "steadyStateLastAchievedTime": head.steady_state_last_achieved_time.map(timestamp),
            "synchronizedEntryCountByType": [{"key": "User", "value": users}, {"key": "Group", "value": groups}],
        },
        "nextCycle": job.due().map(timestamp),
    })
}

fn execution(execution: &Execution) -> Value {
    let counts = &execution.counts;
    json!({
        "activityIdentifier": execution.activity_identifier,
        "state": execution.state,
        "countEntitled": counts.entitled,
        "countEntitledForProvisioning": counts.entitled,
        "countEscrowed": execution.escrowed,
        "countEscrowedRaw": execution.escrowed,
        "countExported": counts.exported(),
        "countExports": counts.exported(),
        "countImported": counts.imported,
        "counts": counts,
        "error": execution.error.as_ref().map(|(code, message)| json!({"code": code, "message": message})),
        "timeBegan": timestamp(execution.time_began),
        "timeEnded": timestamp(execution.time_ended),
    })
}
