//! The right name nearest to a wrong one.

use super::{SECTIONS, keys};

/// `; did you mean NAME?` for a key that is none, by its full name.
pub(super) fn nearest_key(wrong: &str) -> String {
    let key = wrong.rsplit('.').next().unwrap_or(wrong);
    // The right key in the wrong section is near, too.
    let distance_to = |section: &str, name: &str| {
        let whole = distance(wrong, &format!("{section}.{name}"));
        match distance(key, name) {
            near if near <= key.chars().count() / 3 => whole.min(near + 1),
            _ => whole,
        }
    };
    let candidates = keys().map(|key| (distance_to(key.section, key.name), key.full_name()));
    hint(wrong, candidates)
}

/// The same for a section.
pub(super) fn nearest_section(wrong: &str) -> String {
    let candidates = SECTIONS
        .iter()
        .map(|section| (distance(wrong, section.name), format!("[{}]", section.name)));
    hint(wrong, candidates)
}

/// The same for a variable of the environment.
pub(super) fn nearest_variable(wrong: &str) -> String {
    let names = keys().map(super::declaration::Key::variable);
    hint(wrong, names.map(|name| (distance(wrong, &name), name)))
}

fn hint(wrong: &str, candidates: impl Iterator<Item = (usize, String)>) -> String {
    let near = wrong.chars().count() / 3 + 1;
    match candidates.min() {
        Some((distance, name)) if distance <= near => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour to make one
/// text of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = row[j] + usize::from(a != b);
            let mut least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                let two_before: &Vec<usize> = &before;
                least = least.min(two_before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_changes() {
        for (one, other, changes) in [
            ("", "", 0),
            ("a", "", 1),
            ("path", "path", 0),
            ("pth", "path", 1),
            ("paht", "path", 1),
            ("listne", "listen", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), changes, "{one} {other}");
            assert_eq!(distance(other, one), changes, "{other} {one}");
        }
    }

    #[test]
    fn a_wrong_name_finds_the_right_one() {
        assert_eq!(nearest_key("storage.pth"), "; did you mean storage.path?");
        assert_eq!(
            nearest_key("durability"),
            "; did you mean storage.durability?"
        );
        assert_eq!(
            nearest_key("server.durability"),
            "; did you mean storage.durability?"
        );
        assert_eq!(nearest_section("storrage"), "; did you mean [storage]?");
        assert_eq!(
            nearest_variable("REGISTRY_SERVER_LISEN"),
            "; did you mean REGISTRY_SERVER_LISTEN?"
        );
        assert_eq!(nearest_key("nothing.like.any.of.them"), "");
    }
}
