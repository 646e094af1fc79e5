//! The time zones of the domain, held against those of Python's zoneinfo.
//!
//! `make zones` prints `transitions.txt`, from a pinned version of the package tzdata. The program has
//! the rules of another package, which may be of another version: zones that differ for that reason
//! stand in `differing.txt`, each with the reason.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta};
use jiff::tz::TimeZoneDatabase;
use medilink_domain::period::BookableTime;
use medilink_domain::schedule::{DayOfWeek, Hours, Schedule};
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::time_of_day::TimeOfDay;
use medilink_domain::zone::Zone;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// 2020-01-01 and 2038-01-01.
const SINCE: i64 = 1_577_836_800;
const UNTIL: i64 = 2_145_916_800;

/// What the oracle knows of a zone's clocks: by how many seconds they are ahead of UTC, and since when.
struct Clocks {
    ahead: Vec<(i64, i64)>,
}

impl Clocks {
    fn read(line: &str) -> (Vec<&str>, Self) {
        let (names, clocks) = line.split_once(": ").unwrap();
        let mut parts = clocks.split(' ');
        let first = (i64::MIN, parts.next().unwrap().parse().unwrap());
        let changes = parts.map(|change| {
            let (second, ahead) = change.split_once('=').unwrap();
            (second.parse().unwrap(), ahead.parse().unwrap())
        });
        (
            names.split(' ').collect(),
            Self { ahead: std::iter::once(first).chain(changes).collect() },
        )
    }

    /// Returns each change: when, and the seconds ahead before and after it.
    fn changes(&self) -> impl Iterator<Item = (i64, i64, i64)> {
        self.ahead.windows(2).map(|pair| (pair[1].0, pair[0].1, pair[1].1))
    }

    /// Returns the first second at which the clocks show a time, if they ever do.
    fn instant(&self, wall: i64) -> Option<i64> {
        let ends = self.ahead.iter().skip(1).map(|(since, _)| *since).chain([i64::MAX]);
        let shown = self.ahead.iter().zip(ends).filter_map(|((since, ahead), until)| {
            let second = wall - ahead;
            (*since <= second && second < until).then_some(second)
        });
        shown.min()
    }
}

/// Returns the zones of the oracle by their names.
fn oracle() -> Vec<(Vec<&'static str>, Clocks)> {
    let lines = include_str!("transitions.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(Clocks::read).collect()
}

/// Returns the names of the zones that may differ.
fn listed() -> BTreeSet<&'static str> {
    let lines = include_str!("differing.txt").lines().filter(|line| !line.starts_with('#'));
    let listed: Vec<_> = lines
        .map(|line| {
            let (name, reason) = line.split_once(": ").unwrap();
            assert!(10 < reason.len(), "{name} needs a reason");
            name
        })
        .collect();
    assert!(listed.len() <= 10, "too many zones differ: pin a newer tzdata in the Makefile");
    listed.into_iter().collect()
}

/// Splits a second of a clock on the wall into the day and the time of day.
fn on_the_wall(wall: i64) -> (Date, TimeOfDay) {
    let day = DateTime::from_timestamp(wall, 0).unwrap().date_naive();
    let minutes = u16::try_from(wall.rem_euclid(DAY) / 60).unwrap();
    let midnight = TimeOfDay::parse("00:00").unwrap();
    (Date::new(day).unwrap(), midnight.checked_add(minutes).unwrap())
}

/// Says where the domain's zone reads a clock otherwise than the oracle.
fn differs(zone: &Zone, clocks: &Clocks, walls: impl IntoIterator<Item = i64>) -> Option<String> {
    walls.into_iter().find_map(|wall| {
        let (day, time) = on_the_wall(wall);
        let read = zone.instant(day, time).unwrap().map(Timestamp::unix_seconds);
        let expected = clocks.instant(wall);
        (read != expected).then(|| format!("{day} {time} is {read:?}, not {expected:?}"))
    })
}

/// Returns clock times: around each change, and one every four weeks.
fn probes(clocks: &Clocks) -> impl Iterator<Item = i64> {
    let around = clocks.changes().flat_map(|(second, before, after)| {
        let (low, high) = (second + before.min(after), second + before.max(after));
        [low - 60, low, i64::midpoint(low, high).div_euclid(60) * 60, high - 60, high]
    });
    around.chain((SINCE + DAY..UNTIL).step_by(28 * 24 * 3600))
}

#[test]
fn every_zone_reads_its_clocks_as_the_oracle_does() {
    let mut differing = BTreeMap::new();
    let mut named = BTreeSet::new();
    for (names, clocks) in oracle() {
        for name in names {
            named.insert(name.to_owned());
            let difference = match Zone::parse(name) {
                Ok(zone) => differs(&zone, &clocks, probes(&clocks)),
                Err(_) => Some("the program does not know it".to_owned()),
            };
            differing.extend(difference.map(|it| (name.to_owned(), it)));
        }
    }
    assert!(500 < named.len());
    for name in TimeZoneDatabase::bundled().available() {
        if !named.contains(name.as_str()) {
            differing.insert(name.as_str().to_owned(), "the oracle does not know it".to_owned());
        }
    }

    let listed = listed();
    let unlisted: Vec<_> =
        differing.iter().filter(|(name, _)| !listed.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "not in differing.txt: {unlisted:#?}");
    let agreeing: Vec<_> = listed.iter().filter(|name| !differing.contains_key(**name)).collect();
    assert!(agreeing.is_empty(), "no longer differ: {agreeing:?}");
}

/// Zones that share their clocks are tried by the first of their names here.
#[test]
fn around_each_change_every_clock_time_is_read_as_the_oracle_does() {
    let listed = listed();
    for (names, clocks) in oracle() {
        let Some(name) = names.iter().find(|name| !listed.contains(**name)) else { continue };
        let around = clocks.changes().flat_map(|(second, before, after)| {
            let (low, high) = (second + before.min(after), second + before.max(after));
            (low - 2 * HOUR..=high + 2 * HOUR).step_by(300)
        });
        // Once a week in between, for changes that the oracle knows nothing of.
        let around = around.chain((SINCE + DAY..UNTIL).step_by(7 * 24 * 3600));
        let difference = differs(&Zone::parse(name).unwrap(), &clocks, around);
        assert_eq!(difference, None, "{name}");
    }
}

#[test]
fn on_a_day_of_a_change_a_schedule_is_what_the_clocks_of_the_oracle_show() {
    const MINUTES: i64 = 30;

    let listed = listed();
    let midnight = TimeOfDay::parse("00:00").unwrap();
    let hours = Hours::new(midnight, TimeOfDay::END).unwrap();
    let (mut gaps, mut folds) = (0, 0);
    for (names, clocks) in oracle() {
        let Some(name) = names.iter().find(|name| !listed.contains(**name)) else { continue };
        let zone = Zone::parse(name).unwrap();
        for (second, before, after) in clocks.changes() {
            let day = on_the_wall(second + before.min(after)).0;
            let days = (day, on_the_wall(second + before.max(after)).0);
            let schedule = Schedule::new(days, DayOfWeek::ALL, hours, MINUTES, Vec::new()).unwrap();
            for planned in schedule.plan(&zone).unwrap() {
                let midnight = planned.day.as_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
                let wall = midnight.timestamp() + 60 * i64::from(planned.from.minutes());
                let ends = [clocks.instant(wall), clocks.instant(wall + 60 * MINUTES)];
                let expected = slot(ends);
                let said = format!("{name} {} {}", planned.day, planned.from);
                assert_eq!(planned.time, expected, "{said}");
                gaps += usize::from(expected.is_none());
                let length = TimeDelta::minutes(MINUTES);
                folds += usize::from(expected.is_some_and(|it| length < it.period().length()));
            }
        }
    }
    assert!(1000 < gaps && 500 < folds, "{gaps} gaps and {folds} folds");
}

/// Makes a slot between two seconds. There is none if the clocks skip one of them.
fn slot([start, end]: [Option<i64>; 2]) -> Option<BookableTime> {
    let at = |second| Timestamp::new(DateTime::from_timestamp(second, 0).unwrap()).unwrap();
    BookableTime::between(at(start?), at(end?)).ok()
}
