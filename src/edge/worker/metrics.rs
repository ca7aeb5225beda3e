//! Counts and latencies: to Analytics Engine where it is bound, and for everyone to the
//! tenant's object, which keeps them for Prometheus.
//!
//! The Worker gathers what it saw for a few seconds and then tells the object in one
//! request, which writes one row: watching costs next to nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use worker::{AnalyticsEngineDataPointBuilder, Context, Delay, Env};

use crate::edge::object::client::command;
use crate::edge::object::command::{Command, Metrics};
use crate::edge::platform::log;
use crate::edge::tenant::tally::{BUCKETS, Observation, Tally};

/// How long the Worker gathers.
const GATHER: Duration = Duration::from_secs(3);
thread_local! {
    /// What this isolate saw and has not told yet, by tenant.
    static GATHERED: RefCell<HashMap<String, Tally>> = RefCell::new(HashMap::new());
}

/// Takes note of a request. What belongs to no tenant goes to Analytics Engine alone.
pub(super) fn observe(env: &Env, context: &Context, tenant: Option<String>, seen: Observation) {
    if let Ok(dataset) = env.analytics_engine("METRICS") {
        let name = tenant.as_deref().unwrap_or("");
        let status = seen.status.to_string();
        let point = AnalyticsEngineDataPointBuilder::new()
            .indexes([name])
            .blobs([seen.method.as_str(), seen.route, status.as_str()])
            .doubles([seen.milliseconds]);
        if let Err(error) = point.write_to(&dataset) {
            log::failure("analytics", "", &error);
        }
    }
    let Some(tenant) = tenant.filter(|_| !seen.route.starts_with("/admin/") && seen.route != "/metrics")
    else {
        return;
    };
    let is_first = GATHERED.with_borrow_mut(|gathered| {
        let is_first = !gathered.contains_key(&tenant);
        gathered.entry(tenant.clone()).or_default().add(&seen);
        is_first
    });
    if is_first {
        let env = env.clone();
        context.wait_until(async move {
            Delay::from(GATHER).await;
            tell(&env, &tenant).await;
        });
    }
}

/// Tells a tenant's object what was gathered for it.
pub(in crate::edge) async fn tell(env: &Env, tenant: &str) {
    let Some(tally) = GATHERED.with_borrow_mut(|gathered| gathered.remove(tenant)) else { return };
    if let Err(error) = command(env, "", tenant, &Command::Observe(tally)).await {
        log::failure("metrics", "", &error);
    }
}

/// The page that Prometheus reads (text format 0.0.4), of several tenants: each by its id and what its object
/// tells.
pub(in crate::edge) fn page(tenants: &[(String, Metrics)]) -> String {
    let mut page = String::new();
    let head = |page: &mut String, name: &str, kind: &str, help: &str| {
        let _ = write!(page, "# HELP provisor_{name} {help}\n# TYPE provisor_{name} {kind}\n");
    };
    head(&mut page, "requests_total", "counter", "Requests that were answered.");
    for (tenant, told) in tenants {
        for (name, number) in &told.tally.requests {
            let mut parts = name.splitn(3, ' ');
            let mut part = || parts.next().unwrap_or_default();
            let (method, route, status) = (part(), part(), part());
            let _ = writeln!(
                page,
                "provisor_requests_total{{tenant=\"{tenant}\",method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {number}"
            );
        }
    }
    head(
        &mut page,
        "request_duration_seconds",
        "histogram",
        "Time spent waiting for storage; the clock stands still while the Worker computes.",
    );
    for (tenant, Metrics { tally, .. }) in tenants {
        let mut below = 0;
        for (bound, number) in BUCKETS.iter().zip(tally.buckets) {
            below += number;
            let bound = bound / 1000.0;
            let _ = writeln!(
                page,
                "provisor_request_duration_seconds_bucket{{tenant=\"{tenant}\",le=\"{bound}\"}} {below}"
            );
        }
        let all: u64 = tally.buckets.iter().sum();
        let _ = writeln!(
            page,
            "provisor_request_duration_seconds_bucket{{tenant=\"{tenant}\",le=\"+Inf\"}} {all}\n\
             provisor_request_duration_seconds_sum{{tenant=\"{tenant}\"}} {}\n\
             provisor_request_duration_seconds_count{{tenant=\"{tenant}\"}} {all}",
            tally.milliseconds / 1000.0
        );
    }
    let gauge = |page: &mut String, name: &str, help: &str, number: fn(&Metrics) -> u64| {
        head(page, name, "gauge", help);
        for (tenant, told) in tenants {
            let _ = writeln!(page, "provisor_{name}{{tenant=\"{tenant}\"}} {}", number(told));
        }
    };
    gauge(&mut page, "users", "Users in the directory.", |told| told.users);
    gauge(&mut page, "groups", "Groups in the directory.", |told| told.groups);
    gauge(&mut page, "unpublished", "Copies that are not yet written to KV.", |told| told.unpublished);
    gauge(&mut page, "storage_bytes", "Bytes that the tenant's object stores.", |told| told.storage.bytes);
    gauge(&mut page, "storage_limit_bytes", "Bytes that it may store.", |told| told.storage.limit);
    page
}
