//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write};

use super::Buckets;

/// Figures in the text format of Prometheus, as they are written.
///
/// ```
/// use registry_server::Exposition;
///
/// let mut page = Exposition::default();
/// let mut jobs = page.counter("jobs_total", "Jobs done.");
/// jobs.count(&[("kind", "nightly")], 3);
/// assert_eq!(
///     page.text(),
///     "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total{kind=\"nightly\"} 3\n"
/// );
/// ```
#[derive(Debug, Default)]
pub struct Exposition(String);

/// Who has figures to tell. What it does may block for a moment, no longer than a look at a disk takes.
///
/// Each family of figures belongs to one teller, because a page has a family once. No name that a client
/// chose is a label: figures must not grow with what is kept.
pub trait Gather: Send + Sync {
    /// Writes its figures.
    fn gather(&self, page: &mut Exposition);
}

/// Figures of one name.
#[derive(Debug)]
pub struct Family<'a> {
    page: &'a mut String,
    name: &'static str,
}

/// A label's name and value.
type Label<'a> = (&'static str, &'a str);

impl Exposition {
    /// Begins figures that only grow. By custom the name ends in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "counter")
    }

    /// Begins figures that rise and fall.
    pub fn gauge(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "gauge")
    }

    /// Begins figures that are spread over buckets.
    pub fn histogram(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "histogram")
    }

    /// What was written so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn family(&mut self, name: &'static str, help: &'static str, kind: &str) -> Family<'_> {
        let page = &mut self.0;
        // Writing to a string does not fail.
        let _ = write!(page, "# HELP {name} ");
        escape(page, help, false);
        let _ = write!(page, "\n# TYPE {name} {kind}\n");
        Family { page, name }
    }
}

impl Family<'_> {
    /// A whole number.
    pub fn count(&mut self, labels: &[Label<'_>], value: u64) -> &mut Self {
        self.line("", labels, None, value)
    }

    /// Any number.
    pub fn value(&mut self, labels: &[Label<'_>], value: f64) -> &mut Self {
        self.line("", labels, None, value)
    }

    /// A spread of observations.
    pub fn spread(&mut self, labels: &[Label<'_>], buckets: &Buckets) -> &mut Self {
        let mut below = 0;
        for (bound, count) in buckets.bounds.iter().zip(&buckets.counts) {
            below += count;
            self.line("_bucket", labels, Some(&bound.to_string()), below);
        }
        let all = buckets.counts.iter().sum::<u64>();
        self.line("_bucket", labels, Some("+Inf"), all);
        self.line("_sum", labels, None, buckets.sum);
        self.line("_count", labels, None, all)
    }

    fn line(
        &mut self,
        suffix: &str,
        labels: &[Label<'_>],
        bound: Option<&str>,
        value: impl Display,
    ) -> &mut Self {
        let _ = write!(self.page, "{}{suffix}", self.name);
        let bound = bound.map(|bound| ("le", bound));
        let mut before = "{";
        for (name, value) in labels.iter().copied().chain(bound) {
            let _ = write!(self.page, "{before}{name}=\"");
            escape(self.page, value, true);
            self.page.push('"');
            before = ",";
        }
        let after = if before == "," { "}" } else { "" };
        let _ = writeln!(self.page, "{after} {value}");
        self
    }
}

fn escape(page: &mut String, text: &str, quoted: bool) {
    for character in text.chars() {
        match character {
            '\\' => page.push_str("\\\\"),
            '\n' => page.push_str("\\n"),
            '"' if quoted => page.push_str("\\\""),
            other => page.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_escaped() {
        let mut page = Exposition::default();
        let mut family = page.gauge("a", "line\nnext \\ \"quoted\"");
        family.value(&[("b", "x\"\\\ny")], 0.5);
        assert_eq!(
            page.text(),
            "# HELP a line\\nnext \\\\ \"quoted\"\n# TYPE a gauge\na{b=\"x\\\"\\\\\\ny\"} 0.5\n"
        );
    }

    #[test]
    fn buckets_count_all_that_is_below_their_bound() {
        let mut page = Exposition::default();
        let buckets = Buckets {
            bounds: &[0.5, 1.0],
            counts: vec![1, 2, 4],
            sum: 9.5,
        };
        page.histogram("a", "A.").spread(&[("b", "c")], &buckets);
        let lines: Vec<_> = page.text().lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "a_bucket{b=\"c\",le=\"0.5\"} 1",
                "a_bucket{b=\"c\",le=\"1\"} 3",
                "a_bucket{b=\"c\",le=\"+Inf\"} 7",
                "a_sum{b=\"c\"} 9.5",
                "a_count{b=\"c\"} 7",
            ]
        );
    }
}
