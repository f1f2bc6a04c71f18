//! Templates that mean harm are refused soon, in little memory, with the line named. One test in a program of its own: it counts
//! what the allocator gives out.
#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use forecourt_render::{Limits, RenderError, html, text, uses};
use serde_json::json;

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: each call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(HELD.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The time that this thread has worked: others on the machine do not count.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().expect("seconds"), time.tv_nsec.try_into().expect("nanoseconds"))
}

/// Bytes at the worst moment beyond those held before, and the time.
fn measure<T>(work: impl FnOnce() -> T) -> (T, usize, Duration) {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let started = worked();
    let done = work();
    (done, PEAK.load(Relaxed) - before, worked() - started)
}

const BYTES_MAX: usize = 64 << 20;
const TIME_MAX: Duration = Duration::from_millis(200);

/// Name, template, line that the refusal names; 0 where there is none to name.
fn templates() -> Vec<(&'static str, String, u32)> {
    let repeat = |piece: &str, times: usize| piece.repeat(times);
    vec![
        ("an endless loop by recursion", "{% for x in l recursive %}{{ loop(l) }}{% endfor %}".into(), 1),
        ("nested loops", format!("\n{}x{}", repeat("{% for a in l %}", 8), repeat("{% endfor %}", 8)), 2),
        ("nested loops over a text", format!("\n{}x{}", repeat("{% for a in s %}", 8), repeat("{% endfor %}", 8)), 2),
        ("loops without output", format!("{}{}", repeat("{% for a in l %}", 9), repeat("{% endfor %}", 9)), 1),
        ("a range", "{% for a in range(1000000000) %}{% endfor %}".into(), 1),
        (
            "doubling by set in a loop over a namespace",
            "{% set n = namespace(s='aa') %}\n{% for a in l %}{% set n.s = n.s ~ n.s %}{% endfor %}".into(),
            1,
        ),
        ("doubling by set in a row", format!("{{% set s = 'aaaaaaaa' %}}{}{{{{ s }}}}", repeat("\n{% set s = s ~ s %}", 60)), 22),
        ("doubling by with", format!("{}{{{{ s }}}}{}", repeat("{% with s = s ~ s %}\n", 60), repeat("{% endwith %}", 60)), 14),
        (
            "doubling by loops over a list of one",
            format!("{}{{{{ s }}}}{}", repeat("{% for s in [s ~ s] %}\n", 60), repeat("{% endfor %}", 60)),
            13,
        ),
        ("doubling by plus", format!("{}{{{{ s }}}}", repeat("{% set s = s + s %}\n", 60)), 1),
        ("doubling by join", format!("{}{{{{ s }}}}", repeat("{% set s = [s, s] | join %}\n", 60)), 13),
        ("doubling by replace", format!("{}{{{{ s }}}}", repeat("{% set s = s | replace('a', 'aa') %}\n", 60)), 11),
        ("squaring by replace", format!("{}{{{{ s }}}}", repeat("{% set s = s | replace('a', s) %}\n", 60)), 2),
        ("doubling lists", format!("{{% set t = [1] %}}{}{{{{ t | length }}}}", repeat("\n{% set t = [t, t] %}", 60)), 17),
        ("doubling lists by plus", format!("{{% set t = [1] %}}{}{{{{ t | length }}}}", repeat("\n{% set t = t + t %}", 60)), 2),
        (
            "comparing lists that share",
            format!("{{% set t = [1] %}}{}{{{{ t == t }}}}", repeat("{% set t = [t, t] %}", 14))
                + &repeat("\n{% if t == t %}{% endif %}", 2000),
            2,
        ),
        ("lists that lie deep", format!("{{% set t = [1] %}}{}", repeat("\n{% set t = [t] %}", 9000)), 33),
        ("doubling by a macro", "{% macro m(s) %}{{ s }}{{ s }}{% endmacro %}{{ m(m(m('a'))) }}".into(), 1),
        ("recursion of a macro", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".into(), 1),
        ("doubling by captured blocks", repeat("{% set s %}{{ s }}{{ s }}{% endset %}\n", 60), 1),
        ("a filter around a block", "{% filter upper %}{{ s }}{% endfilter %}".into(), 1),
        ("including itself", "{% include 'template' %}".into(), 1),
        ("extending itself", "{% extends 'template' %}".into(), 1),
        ("importing", "{% import 'template' as t %}".into(), 1),
        ("a text times a number", "{{ 'a' * 100000000 }}".into(), 1),
        ("a joined text times a number", "{{ ('a' ~ 'b') * 100000000 }}".into(), 1),
        ("a variable times a number", "{{ s * 100000000 }}".into(), 1),
        ("a list times a number", "{{ ([1] * 100000000) | length }}".into(), 1),
        ("a variable list times a number", "{{ (l * 100000000) | length }}".into(), 1),
        ("a number times a text", "{{ 100000000 * s }}".into(), 1),
        ("a power", "\n{{ 9 ** 9 ** 9 ** 9 }}".into(), 2),
        ("a huge width", "{{ '%1000000000s' | format(1) }}".into(), 1),
        ("centring", "{{ s | center(1000000000) }}".into(), 1),
        ("indenting", "{{ s | indent(1000000000) }}".into(), 1),
        (
            "a huge filler of truncate",
            format!(
                "{{% for a in l %}}{{{{ s | truncate(1, s) }}}}{{% endfor %}}\n{}",
                repeat("{% for a in l %}{% for b in l %}{{ s | truncate(2, s) }}{% endfor %}{% endfor %}", 40)
            ),
            2,
        ),
        ("a long output", "{% for a in l %}{% for b in l %}{% for c in l %}\n{{ s }}{% endfor %}{% endfor %}{% endfor %}".into(), 2),
        (
            "a long output of the template's own text",
            format!("{{% for a in l %}}{{% for b in l %}}{}{{% endfor %}}{{% endfor %}}", repeat("x", 200_000)),
            1,
        ),
        (
            "searching again and again",
            "{% for a in l %}{% for b in l %}{% for c in l %}{% if 'b' in s %}{% endif %}{% endfor %}{% endfor %}{% endfor %}".into(),
            1,
        ),
        (
            "sorting again and again",
            "{% for a in l %}{% for b in l %}{% for c in l %}{% set x = l | sort %}{% endfor %}{% endfor %}{% endfor %}".into(),
            1,
        ),
        (
            "slicing again and again",
            format!("{{{{ [{}] | length }}}}", repeat("s[0:],", 70)) + &repeat("\n{% set x = [s[0:], s[1:], s[2:], s[3:]] %}", 3000),
            0,
        ),
        ("many copies", (0..4000).map(|n| format!("{{% set x{n} = s | upper | lower | title %}}\n")).collect::<String>(), 0),
        (
            "many copies of a filler",
            (0..20).map(|n| format!("{{% set s = s ~ s %}}{{% set e{n} = s %}}")).take(10).collect::<String>()
                + &(0..300).map(|n| format!("{{% set x{n} = 'ab' | truncate(1, s) %}}")).collect::<String>(),
            1,
        ),
        ("brackets that nest", format!("{{{{ {}1{} }}}}", repeat("(", 20_000), repeat(")", 20_000)), 1),
        ("brackets that nest in other tags", format!("{{{{ {}1{} }}}}", repeat("[", 140), repeat("]", 140)), 0),
        ("signs that nest", format!("{{{{ {}1 }}}}", repeat("-", 50_000)), 1),
        ("a long sum", format!("{{{{ 1{} }}}}", repeat("+1", 50_000)), 1),
        ("a long chain of filters", format!("{{{{ s{} }}}}", repeat("|upper", 30_000)), 1),
        ("a long path", format!("{{{{ s{} }}}}", repeat(".a", 60_000)), 1),
        ("a long condition", format!("{{% if s{} %}}{{% endif %}}", repeat(" or s", 40_000)), 1),
        ("many branches", format!("{{% if s %}}{}{{% endif %}}", repeat("{% elif s %}", 20_000)), 1),
        ("conditions that nest", format!("{}{}", repeat("{% if s %}", 9_000), repeat("{% endif %}", 9_000)), 1),
        ("a template that is too long", repeat("x", 300 << 10), 0),
        ("an error in the middle", "one\ntwo {{ s | }}\nthree".into(), 2),
        ("an open tag", "one\ntwo {{ s".into(), 2),
        ("a call of a method", "{{ s.upper() }}".into(), 1),
        ("a call of a value", "{{ (s)() }}".into(), 1),
        ("arguments out of a list", "{{ s | default(*l) }}".into(), 1),
        ("a named argument", "{{ s | default(value=1) }}".into(), 1),
        ("the engine's own names", "{{ s | safe }}".into(), 1),
        ("a list put out", "a\n{{ l }}".into(), 2),
        ("a list joined with a text", "a\n{{ l ~ 'x' }}".into(), 2),
        ("a group put out", "a\n{{ m }}".into(), 2),
    ]
}

#[test]
fn hostile_templates_are_refused_soon_and_in_little_memory() {
    let variables = json!({ "s": "a".repeat(1000), "l": (0..200).collect::<Vec<i32>>(), "m": { "a": 1 } });
    // What is made once is not a template's.
    html("{{ m.a }}", &variables, Limits::EMAIL).expect("a plain template");
    let (mut worst_bytes, mut worst_time, mut astray) = (0, Duration::ZERO, Vec::new());
    for (name, template, line) in templates() {
        let (outcome, bytes, time) = measure(|| html(&template, &variables, Limits::EMAIL).map(|text| text.len()));
        match outcome {
            Ok(length) => astray.push(format!("{name}: filled, {length} bytes")),
            Err(RenderError { line: found, message, .. }) => {
                if line != 0 && found != Some(line) {
                    astray.push(format!("{name}: line {found:?} and not {line}: {message}"));
                }
                if message.is_empty() || message.len() > 600 {
                    astray.push(format!("{name}: {message}"));
                }
            }
        }
        // Reading for names meets the same templates.
        let (_, names_bytes, names_time) = measure(|| uses(&[&template]));
        let (bytes, time) = (bytes.max(names_bytes), time.max(names_time));
        if bytes > BYTES_MAX || time > TIME_MAX {
            astray.push(format!("{name}: {} KiB, {time:?}", bytes >> 10));
        }
        (worst_bytes, worst_time) = (worst_bytes.max(bytes), worst_time.max(time));
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
    println!("worst: {} KiB, {worst_time:?}", worst_bytes >> 10);
    assert_eq!(text("still {{ m.a }}", &variables, Limits::TEXT).as_deref(), Ok("still 1"));
}

#[test]
fn hostile_variables_are_refused() {
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let cases = [json!({ "deep": deep }), json!({ "long": "x".repeat(2 << 20) }), json!([1]), json!({ "many": vec![1; 200_000] })];
    for variables in cases {
        assert!(text("x", &variables, Limits::TEXT).is_err());
    }
}
