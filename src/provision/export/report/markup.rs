//! HTML that is escaped by type: markup is text of this source alone, all else goes in as text.

use std::fmt::Write;

/// Finished HTML.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds a form: each `{}` in it is a part's place, between tags or between double quotes.
    pub fn add(&mut self, form: &'static str, parts: &[&dyn Part]) {
        let mut parts = parts.iter();
        for (at, markup) in form.split("{}").enumerate() {
            if at > 0
                && let Some(part) = parts.next()
            {
                part.write(&mut self.0);
            }
            self.0.push_str(markup);
        }
    }

    /// Its text.
    pub fn finish(self) -> String {
        self.0
    }
}

/// A form with its parts.
pub(super) fn html(form: &'static str, parts: &[&dyn Part]) -> Html {
    let mut html = Html::default();
    html.add(form, parts);
    html
}

/// A heading within an operation or the configuration.
pub(super) fn titled(text: &mut Html, title: &str) {
    text.add("<h3>{}</h3>", &[&title]);
}

/// A table up to its body.
pub(super) fn heads(text: &mut Html, heads: &[&str]) {
    text.add("<table><thead><tr>", &[]);
    heads.iter().for_each(|head| text.add("<th>{}</th>", &[head]));
    text.add("</tr></thead><tbody>", &[]);
}

/// What may stand in a place of a form.
pub(super) trait Part {
    /// Writes it, as HTML.
    fn write(&self, out: &mut String);
}

impl Part for Html {
    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

impl Part for &str {
    fn write(&self, out: &mut String) {
        for letter in self.chars() {
            match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                other => out.push(other),
            }
        }
    }
}

impl Part for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl Part for usize {
    fn write(&self, out: &mut String) {
        // A `String` takes whatever is written.
        let _ = write!(out, "{self}");
    }
}

impl Part for u64 {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}
