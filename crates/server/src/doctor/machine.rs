//! The machine: its disk, its clock, who may read the folder, the port.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{Findings, size};
use crate::{
    clock::now_us,
    disk::{self, Noted, Space},
};

/// Below this share of the disk, or these bytes, it is nearly full.
const FREE_SHARE_MIN: f64 = 0.05;
const FREE_BYTES_MIN: u64 = 1 << 30;
/// A disk that is full so soon needs somebody now; one that is full so soon is worth knowing.
const DAYS_LEFT_PROBLEM: f64 = 3.0;
const DAYS_LEFT_ADVICE: f64 = 30.0;

/// * `notes`: what the server noted of earlier hours.
pub fn disk(findings: &mut Findings, root: &Path, notes: &[Noted]) {
    match disk::space(root) {
        Ok(space) => tell_space(findings, space, notes),
        Err(error) => findings.problem("disk", format!("the space is not known: {error}"), "look whether the disk is mounted"),
    }
}

fn tell_space(findings: &mut Findings, space: Space, notes: &[Noted]) {
    let share = space.free_bytes as f64 / space.total_bytes.max(1) as f64;
    let per_day = disk::bytes_per_day(notes);
    let days_left = per_day.filter(|bytes| *bytes < 0.0).map(|bytes| space.free_bytes as f64 / -bytes);
    let trend = match (per_day, days_left) {
        (None, _) => "no trend yet: the server notes it every hour".to_owned(),
        (Some(_), None) => "not shrinking".to_owned(),
        (Some(bytes), Some(days)) => format!("{} a day less, full in {days:.0} days", size(-bytes as u64)),
    };
    let told = format!("{} of {} free ({:.0} %), {trend}", size(space.free_bytes), size(space.total_bytes), share * 100.0);
    const ADVICE: &str =
        "free space or give it a larger disk; `checkpoint.log_bytes_max` lets the log be trimmed, `backup.keep` says how many backups stay";
    if space.free_bytes < FREE_BYTES_MIN || days_left.is_some_and(|days| days < DAYS_LEFT_PROBLEM) {
        findings.problem("disk", told, ADVICE);
    } else if share < FREE_SHARE_MIN || days_left.is_some_and(|days| days < DAYS_LEFT_ADVICE) {
        findings.advise("disk", told, ADVICE);
    } else {
        findings.ok("disk", told);
    }
}

/// Whether we may write, and nobody else may read what is secret.
pub fn permissions(findings: &mut Findings, root: &Path) {
    let probe = root.join(format!("doctor-{}.probe", std::process::id()));
    let written = fs::write(&probe, "").and_then(|()| fs::remove_file(&probe));
    if let Err(error) = written {
        findings.problem(
            "permissions",
            format!("the folder is not writable for this account: {error}"),
            format!("run as the account that owns it, or `chown -R` {} to the account that runs the server", root.display()),
        );
        return;
    }
    let secrets = root.join("secrets");
    let mut open = Vec::new();
    for path in
        fs::read_dir(&secrets).into_iter().flatten().flatten().map(|entry| entry.path()).chain([secrets.clone(), root.join("server.json")])
    {
        if fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
            open.push(path.display().to_string());
        }
    }
    if !open.is_empty() {
        let advice = format!("chmod go= {}; then rotate what was secret, if others have been on this machine", open.join(" "));
        findings.problem("permissions", format!("others may read {}", open.join(", ")), advice);
        return;
    }
    let ours = fs::metadata("/proc/self").map(|found| found.uid());
    match (fs::metadata(root), ours) {
        (Ok(found), Ok(ours)) if found.uid() != ours => {
            let told = format!("the folder belongs to account {}, this is account {ours}", found.uid());
            findings.advise(
                "permissions",
                told,
                "run the commands as the account that runs the server, else files of two owners get mixed",
            );
        }
        (Ok(found), _) if found.permissions().mode() & 0o007 != 0 => {
            findings.advise("permissions", "others may look into the data folder", format!("chmod o= {}", root.display()));
        }
        _ => findings.ok("permissions", "the folder is ours alone"),
    }
}

/// * `last_at_us`: time of the last record in the log.
pub fn clock(findings: &mut Findings, last_at_us: Option<i64>) {
    const LOOK_FOR: Duration = Duration::from_millis(300);
    const AHEAD_MAX_US: i64 = 60_000_000;
    let (began, wall_us) = (Instant::now(), now_us());
    std::thread::sleep(LOOK_FOR);
    let drift_us = (now_us() - wall_us) - began.elapsed().as_micros() as i64;
    let ahead_us = last_at_us.map_or(0, |last| last - now_us());
    if drift_us.abs() > 100_000 {
        let told = format!("the clock was set by {} ms while it was looked at", drift_us / 1000);
        findings.problem("clock", told, "let one program set the clock, in small steps: chrony or systemd-timesyncd");
    } else if ahead_us > AHEAD_MAX_US {
        let told = format!("the newest record is {} s in the future: the clock has been set back since", ahead_us / 1_000_000);
        findings.problem("clock", told, "set the clock right; new records wait at the newest one's time until it is reached");
    } else {
        match is_synchronised() {
            Some(true) => findings.ok("clock", "runs evenly, synchronised"),
            None => findings.ok("clock", "runs evenly; whether it is synchronised is not known here"),
            Some(false) => findings.advise(
                "clock",
                "runs evenly, but nothing synchronises it",
                "install chrony or switch on systemd-timesyncd (`timedatectl set-ntp true`)",
            ),
        }
    }
}

/// What systemd says of it; `None` where there is none to ask.
fn is_synchronised() -> Option<bool> {
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output().ok()?;
    match asked.stdout.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

/// Whether a server could listen where it is to; to be asked only when none runs.
pub fn port(findings: &mut Findings, listen: SocketAddr) {
    match TcpListener::bind(listen) {
        Ok(_) => findings.ok("port", format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => findings.advise(
            "port",
            format!("another program listens on {listen}"),
            "stop it, or name another address by `--listen` or `server.listen`",
        ),
        Err(error) => {
            findings.advise("port", format!("{listen} cannot be listened on: {error}"), "name another address by `server.listen`")
        }
    }
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::HOUR_US;

    use super::*;
    use crate::doctor::Level;

    fn told(free_bytes: u64, notes: &[Noted]) -> (Level, String) {
        let mut findings = Findings::default();
        tell_space(&mut findings, Space { free_bytes, total_bytes: 100 << 30 }, notes);
        (findings.0[0].level, findings.0[0].told.clone())
    }

    #[test]
    fn a_disk_that_fills_is_told_before_it_is_full() {
        let losing = |gib_a_day: u64| -> Vec<Noted> {
            (0..48).map(|hour| Noted { at_us: hour * HOUR_US, free_bytes: (90 << 30) - gib_a_day * (1 << 30) * hour as u64 / 24 }).collect()
        };
        assert_eq!(told(50 << 30, &[]).0, Level::Ok);
        assert_eq!(told(50 << 30, &losing(1)).0, Level::Ok);
        assert_eq!(
            told(20 << 30, &losing(1)),
            (Level::Advice, "20.0 GiB of 100.0 GiB free (20 %), 1.0 GiB a day less, full in 20 days".into())
        );
        assert_eq!(told(20 << 30, &losing(10)).0, Level::Problem);
        assert_eq!(told(4 << 30, &[]).0, Level::Advice);
        assert_eq!(told(1 << 29, &[]).0, Level::Problem);
    }

    #[test]
    fn secrets_that_others_may_read_are_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = dir.path().join("secrets");
        fs::create_dir(&secrets).unwrap();
        fs::write(secrets.join("hash.key"), "x").unwrap();
        fs::set_permissions(secrets.join("hash.key"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o700)).unwrap();
        let mut findings = Findings::default();
        permissions(&mut findings, dir.path());
        assert_eq!(findings.problems(), 1);
        assert!(
            findings.0[0].told.ends_with("hash.key") && findings.0[0].advice.as_ref().unwrap().starts_with("chmod go="),
            "{findings:?}"
        );
        fs::set_permissions(secrets.join("hash.key"), fs::Permissions::from_mode(0o600)).unwrap();
        let mut findings = Findings::default();
        permissions(&mut findings, dir.path());
        assert_eq!(findings.problems(), 0, "{findings:?}");
    }

    #[test]
    fn a_clock_that_was_set_back_is_a_problem() {
        let mut findings = Findings::default();
        clock(&mut findings, Some(now_us() + 3_600_000_000));
        assert_eq!(findings.problems(), 1, "{findings:?}");
    }

    #[test]
    fn a_port_in_use_is_told() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut findings = Findings::default();
        port(&mut findings, taken.local_addr().unwrap());
        assert!(findings.0[0].told.contains("another program"), "{findings:?}");
    }
}
