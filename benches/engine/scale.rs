//! The page and the picture that `BENCH_MILLION=1` leaves in `docs`: whether the cost grows
//! as the population does.

use super::Cost;

/// A number in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The table, in Markdown.
pub fn page(costs: &[Cost]) -> String {
    let mut text = "# Scale\n\nWritten by `BENCH_MILLION=1 cargo bench --features cli --bench engine`, which measures each size in a process of\nits own: so many source users, 38 mappings, as many target resources, files read in chunks; seconds of one core.\n\n| users | read, s | plan, s | planned again, s | one mapping edited, s | µs a user, read and planned | peak, MB | bytes a user |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n".to_owned();
    for cost in costs {
        text.push_str(&format!(
            "| {} | {:.2} | {:.2} | {:.2} | {:.3} | {:.1} | {:.0} | {:.0} |\n",
            grouped(cost.people),
            cost.read,
            cost.plan,
            cost.again,
            cost.edited,
            cost.each(),
            cost.peak,
            cost.peak * 1024.0 * 1024.0 / cost.people as f64
        ));
    }
    text.push_str("\n![Seconds and megabytes by users, both scales logarithmic](scale.svg)\n");
    text
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;

/// Both scales logarithmic, so that growth in proportion is a straight line of slope one,
/// drawn dashed through the first point.
pub fn plot(costs: &[Cost]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#555\">\n<title>Seconds to read and plan, and peak memory, by number of users</title>\n"
    );
    svg.push_str(&panel("read and planned, seconds", 50.0, costs, "#2563eb", |cost| cost.read + cost.plan));
    svg.push_str(&panel("peak memory, megabytes", 370.0, costs, "#c2410c", |cost| cost.peak));
    svg.push_str("</svg>\n");
    svg
}

fn panel(title: &str, left: f64, costs: &[Cost], colour: &str, value: impl Fn(&Cost) -> f64) -> String {
    let (width, top, bottom) = (240.0, 30.0, 225.0);
    let values: Vec<f64> = costs.iter().map(value).collect();
    let people: Vec<f64> = costs.iter().map(|cost| (cost.people as f64).log10()).collect();
    let (least, most) =
        (people.first().copied().unwrap_or_default(), people.last().copied().unwrap_or_default());
    let lows = values.iter().copied().fold(f64::INFINITY, f64::min).log10().floor();
    let highs = values.iter().copied().fold(0.0, f64::max).log10().ceil();
    let x = |log: f64| left + (log - least) / (most - least) * width;
    let y = |log: f64| bottom - (log - lows) / (highs - lows) * (bottom - top);
    let mut out = format!("<text x=\"{left}\" y=\"16\" fill=\"#111\">{title}</text>\n");
    let mut tick = lows;
    while tick <= highs {
        let at = y(tick);
        out.push_str(&format!(
            "<path d=\"M{left} {at:.1}h{width}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            left - 4.0,
            at + 4.0,
            10_f64.powf(tick)
        ));
        tick += 1.0;
    }
    for (log, cost) in people.iter().zip(costs) {
        let at = x(*log);
        out.push_str(&format!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            bottom + 16.0,
            grouped(cost.people)
        ));
    }
    let points: Vec<(f64, f64)> =
        people.iter().zip(&values).map(|(log, value)| (x(*log), y(value.log10()))).collect();
    if let Some(first) = values.first() {
        let end = (first.log10() + most - least).min(highs);
        out.push_str(&format!(
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#999\" stroke-dasharray=\"4 3\"/>\n",
            x(least),
            y(first.log10()),
            x(least + end - first.log10()),
            y(end)
        ));
    }
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    out.push_str(&format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
        line.join(" ")
    ));
    for ((x, y), value) in points.iter().zip(&values) {
        let shown = if *value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        out.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{colour}\">{shown}</text>\n",
            y - 8.0
        ));
    }
    out
}
