//! The house rules that carry weight: arrows between crates, file names, links, no test that is switched off, no machine's own paths.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use toml::Table;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// The project's own files: nothing built, nothing installed.
fn files() -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') && name != ".ci" && name != ".gitignore" && name != ".config";
            if hidden || ["target", "node_modules", "dist", "forecourt-demo", "forecourt-data"].contains(&name.as_str()) {
                continue;
            }
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                walk(&entry.path(), found);
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort();
    assert!(200 < found.len(), "only {} files: the walk is broken", found.len());
    found
}

fn texts() -> impl Iterator<Item = (PathBuf, String)> {
    files().into_iter().filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text)))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The arrows as `ARCHITECTURE.md` draws them: crate → the crates that it may name.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let (_, drawn) = text.split_once("Arrows, all down:").expect("the arrows");
    let (drawn, _) = drawn.split_once("A test reads").expect("their end");
    let mut arrows = BTreeMap::new();
    for line in drawn.replace('\n', " ").split(';') {
        let Some((from, to)) = line.split_once('→') else { continue };
        let names = |text: &str| text.split(',').map(|name| name.split('(').next().unwrap_or(name)).map(name_of).collect();
        arrows.insert(name_of(from), names(to));
    }
    arrows
}

fn name_of(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_lowercase() || *letter == '_').collect()
}

/// Our crates that a manifest names for its own code; tests may reach where they like.
fn named(manifest: &Table) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let targets =
        manifest.get("target").and_then(|target| target.as_table()).into_iter().flatten().filter_map(|(_, table)| table.as_table());
    for table in std::iter::once(manifest).chain(targets) {
        for section in ["dependencies", "build-dependencies"] {
            let keys = table.get(section).and_then(|section| section.as_table()).into_iter().flatten().map(|(key, _)| key);
            named.extend(keys.filter_map(|key| key.strip_prefix("forecourt-")).map(str::to_owned));
        }
    }
    named
}

#[test]
fn crates_name_only_what_is_below_them() {
    let arrows = arrows();
    assert!(arrows.len() >= 8 && arrows["api"].contains("query"), "the arrows are not understood: {arrows:?}");
    let mut below_server: BTreeSet<String> = arrows["server"].clone();
    // The binary wires everything: what its own crates may name, it may too.
    below_server.extend(arrows["server"].iter().filter_map(|name| arrows.get(name)).flatten().cloned());
    let mut seen = 0;
    for entry in fs::read_dir(root().join("crates")).expect("crates").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        let manifest: Table = text.parse().expect("a manifest");
        let mut allowed = if name == "server" { below_server.clone() } else { arrows.get(&name).cloned().unwrap_or_default() };
        if name != "model" {
            allowed.insert("model".into());
        }
        // Bytes only: it is read from by programs that know no model.
        if name == "log" || name == "features" {
            allowed.clear();
        }
        // Chooses third-party features, and holds nothing.
        if name != "features" {
            allowed.insert("features".into());
        }
        let astray: Vec<String> = named(&manifest).difference(&allowed).cloned().collect();
        assert!(astray.is_empty(), "`{name}` names {astray:?}, and ARCHITECTURE.md draws no such arrow");
        seen += 1;
    }
    assert!(10 <= seen, "only {seen} crates");
}

#[test]
fn files_are_named_by_what_they_are() {
    let shapeless = ["util", "utils", "common", "helper", "helpers", "misc", "shared", "stuff"];
    for path in files() {
        let inside = path.strip_prefix(root()).expect("inside").to_owned();
        let named = inside.iter().map(|piece| piece.to_string_lossy().split('.').next().unwrap_or_default().to_lowercase());
        for piece in named {
            assert!(!shapeless.contains(&piece.as_str()), "{}: name it by the concept it holds", inside.display());
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let root = root();
    let (mut checked, mut dead) = (0, Vec::new());
    for (path, text) in texts().filter(|(path, _)| has_extension(path, "md")) {
        for target in links(&text).into_iter().filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
            checked += 1;
            if !leads_somewhere(&path, &target) {
                dead.push(format!("{}: {target}", path.strip_prefix(&root).unwrap_or(&path).display()));
            }
        }
    }
    assert!(5 < checked, "only {checked} links: they are not understood");
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn each_line_on_security_names_a_test_that_exists_or_a_reason() {
    let text = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    let code: String = texts().filter(|(path, _)| has_extension(path, "rs")).map(|(_, text)| text).collect();
    let (mut lines, mut named) = (0, 0);
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| id |") && !line.starts_with("| fault |")) {
        lines += 1;
        let last = line.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let words = last.split('`').skip(1).step_by(2).filter(|word| 2 < word.matches('_').count());
        let tests: Vec<&str> =
            words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).collect();
        assert!(!tests.is_empty() || last.contains("reason:") || last.contains("rules beside the code"), "neither test nor reason: {line}");
        for test in tests {
            assert!(code.contains(&format!("fn {test}(")), "there is no test `{test}`: {line}");
            named += 1;
        }
    }
    assert!(60 < lines && 40 < named, "{lines} lines, {named} tests: they are not understood");
}

fn leads_somewhere(page: &Path, target: &str) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let aim = if file.is_empty() { page.to_owned() } else { page.parent().expect("a folder").join(file) };
    if anchor.is_empty() || !has_extension(&aim, "md") {
        return aim.exists();
    }
    let Ok(text) = fs::read_to_string(&aim) else { return false };
    text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor)
}

#[test]
fn the_files_that_the_architecture_names_are_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|code| code.contains('/') && code.ends_with(".rs")).collect();
    assert!(6 <= named.len(), "the walk of one event names six files: {named:?}");
    for name in named {
        assert!(
            root().join(name).exists() || root().join("crates").join(name).exists(),
            "ARCHITECTURE.md names {name}, which is not there"
        );
    }
}

/// Targets of `[text](target)`, outside code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
        let mut rest = &*prose;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            found.push(target.trim().to_owned());
            rest = after;
        }
    }
    found
}

/// The anchor that a heading gets.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || letter == '-' || letter == '_' => Some(letter),
            _ => None,
        })
        .collect()
}

#[test]
fn no_test_is_switched_off() {
    // Put together here, so that this file does not find itself.
    let switches = [format!("#[{}]", "ignore"), format!("#[{} =", "ignore"), format!(".{}(", "skip_test")];
    let web = [
        format!("it.{}(", "skip"),
        format!("test.{}(", "skip"),
        format!("describe.{}(", "skip"),
        format!("it.{}(", "only"),
        format!("test.{}(", "only"),
    ];
    for (path, text) in texts() {
        let looked_for: &[String] = if has_extension(&path, "rs") {
            &switches
        } else if has_extension(&path, "ts") || has_extension(&path, "tsx") || has_extension(&path, "mjs") {
            &web
        } else {
            continue;
        };
        for switch in looked_for {
            assert!(!text.contains(switch), "{} contains `{switch}`", path.display());
        }
    }
}

#[test]
fn no_machines_own_paths_are_in_the_project() {
    let own = [
        format!("/{}/main", "work"),
        format!("/{}/shared", "work"),
        format!("/{}/brief", "tmp"),
        format!("/{}/.cache", "root"),
        format!("/{}/user", "home"),
    ];
    for (path, text) in texts() {
        for place in &own {
            assert!(!text.contains(place), "{} names `{place}`: a path of one machine", path.display());
        }
    }
}
