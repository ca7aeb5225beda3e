//! What dear requests cost, natively, on one core: `cargo bench --bench effort`. A step of `Effort` is
//! meant to be about 50 ns, so that the default budget of 40 000 000 ends within some two seconds: the
//! last column says how far each request is from that. Wasm takes up to twice as long.

#[path = "../tests/support/dear.rs"]
mod dear;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

fn main() {
    println!("{:<34}{:>7}{:>12}{:>14}{:>12}{:>10}", "request", "status", "ms", "steps", "KB", "ns/step");
    for (mut tenant, dear) in dear::all() {
        let body = if dear.body.is_null() { String::new() } else { dear.body.to_string() };
        let start = Instant::now();
        let reply = tenant.ask(dear.method, &dear.target, &[], &body);
        let time = start.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "steps are far below 2^53")]
        let (steps, kilobytes) = (tenant.spent as f64, reply.body.len() as f64 / 1e3);
        println!(
            "{:<34}{:>7}{:>12.1}{steps:>14.0}{kilobytes:>12.0}{:>10.1}",
            dear.name,
            reply.status,
            time * 1e3,
            time * 1e9 / steps
        );
    }
}
