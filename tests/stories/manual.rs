//! The manual and the shells' completions know every command.

use std::{fs, process::Command};

use crate::installation::BINARY;

fn said(arguments: &[&str]) -> String {
    let output = Command::new(BINARY).args(arguments).output().expect("the program");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What `--help` lists.
fn commands() -> Vec<String> {
    let help = said(&["--help"]);
    let (_, listed) = help.split_once("Commands:\n").expect("commands");
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    named.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn completions_and_manual_name_every_command() {
    let commands = commands();
    for wanted in ["serve", "backup", "restore", "doctor", "replay", "bench", "completions", "man"] {
        assert!(commands.iter().any(|command| command == wanted), "{wanted} is not in {commands:?}");
    }
    let pages = tempfile::tempdir().expect("a temporary folder");
    said(&["man", "--to", &pages.path().to_string_lossy()]);
    let page = said(&["man"]);
    assert!(page.contains(".TH forecourt 1"), "{page}");
    let scripts = ["bash", "zsh", "fish"].map(|shell| (shell, said(&["completions", shell])));
    for command in &commands {
        for (shell, script) in &scripts {
            assert!(script.contains(command.as_str()), "{shell} does not complete `{command}`");
        }
        assert!(page.contains(&format!("forecourt\\-{command}(1)")), "the manual does not name `{command}`");
        let own = fs::read_to_string(pages.path().join(format!("forecourt-{command}.1")));
        assert!(own.is_ok_and(|text| text.contains("NAME")), "`{command}` has no page of its own");
    }
}
