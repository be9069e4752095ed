//! The links of all Markdown files to files and headings of this project.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Component, Path, PathBuf};

/// Links that lead nowhere.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    gather(root, &mut files);
    assert!(files.len() > 10, "{files:?}");
    let (mut faults, mut followed) = (Vec::new(), 0);
    for file in files {
        let text = prose(&read_to_string(&file).expect("UTF-8"));
        for (line, target) in links(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let place = if path.is_empty() { file.clone() } else { flat(&file.parent().expect("a folder").join(path)) };
            let there = place.starts_with(root) && place.exists();
            let found = there && (anchor.is_empty() || headings(&place).contains(anchor));
            if !found {
                let file = file.strip_prefix(root).unwrap_or(&file).display();
                faults.push(format!("{file}:{line}: nothing is at {target}"));
            }
        }
    }
    assert!(followed > 30, "{followed}");
    faults
}

/// The Markdown files of the project: not what is built, hidden, or kept by a service.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && !name.starts_with("target") && !name.ends_with("-data") {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

/// The text with its code left out, line by line.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        let fence = line.starts_with("```");
        fenced ^= fence;
        if !fenced && !fence {
            let outside = line.split('`').enumerate().map(|(i, part)| if i % 2 == 0 { part } else { "`" });
            kept.extend(outside);
        }
        kept.push('\n');
    }
    kept
}

/// `[…](target)` with the line it is in.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for rest in line.split("](").skip(1) {
            if let Some((target, _)) = rest.split_once(')') {
                links.push((number, target.to_owned()));
            }
        }
    }
    links
}

/// The anchors that a reader of Markdown makes of headings.
fn headings(file: &Path) -> BTreeSet<String> {
    let text = read_to_string(file).unwrap_or_default();
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !fenced) {
            let letters = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = letters.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    anchors
}

/// A path without `..`.
fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                flat.pop();
            }
            Component::CurDir => {}
            part => flat.push(part),
        }
    }
    flat
}
