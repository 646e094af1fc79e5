"""Prints when the clocks of every time zone change from 2020 to 2037, as Python's zoneinfo has it.

The rules come from the package tzdata, never from the machine. A line names the zones that share their
clocks, then the seconds by which they are ahead of UTC, then every change: when, in seconds since 1970,
and the new seconds ahead. What `tests/zones/mod.rs` makes of such a line is tried here first, on every
clock time around each change.
"""

import importlib.metadata
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta

FIRST = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2038, 1, 1, tzinfo=UTC).timestamp())
# No zone has ever changed its clocks twice within so little time.
STEP = 6 * 3600
EPOCH = datetime(1970, 1, 1)


def offset(zone, second):
    ahead = datetime.fromtimestamp(second, zone).utcoffset()
    return int(ahead.total_seconds())


def changes(zone):
    """Returns the offset at the start, and every change as (second, offset)."""
    at = FIRST
    first = now = offset(zone, at)
    found = []
    while at < END:
        later = min(at + STEP, END)
        if offset(zone, later) != now:
            before, after = at, later
            while after - before > 1:
                middle = (before + after) // 2
                if offset(zone, middle) == now:
                    before = middle
                else:
                    after = middle
            later, now = after, offset(zone, after)
            found.append((later, now))
        at = later
    return first, tuple(found)


def instant(table, wall):
    """Returns the first instant at which the clocks show a time, or nothing."""
    first, found = table
    ahead = [first, *(offset for _, offset in found)]
    since = [float("-inf"), *(second for second, _ in found)]
    until = [*(second for second, _ in found), float("inf")]
    shown = [
        wall - offset
        for offset, start, end in zip(ahead, since, until)
        if start <= wall - offset < end
    ]
    return min(shown, default=None)


def zoneinfo_instant(zone, wall):
    naive = EPOCH + timedelta(seconds=wall)
    aware = naive.replace(tzinfo=zone, fold=0)
    second = int(aware.timestamp())
    shown = datetime.fromtimestamp(second, zone).replace(tzinfo=None)
    return second if shown == naive else None


def check(name, zone, table):
    first, found = table
    before = first
    for second, after in found:
        low, high = second + min(before, after), second + max(before, after)
        for wall in range(low - 3600, high + 3600 + 1, 300):
            if instant(table, wall) != zoneinfo_instant(zone, wall):
                sys.exit(f"{name}: {EPOCH + timedelta(seconds=wall)} is read in two ways")
        before = after


def main():
    zoneinfo.reset_tzpath(to=[])
    groups = {}
    for name in sorted(zoneinfo.available_timezones()):
        groups.setdefault(changes(zoneinfo.ZoneInfo(name)), []).append(name)
    version = importlib.metadata.version("tzdata")
    print("# When the clocks of every time zone change, 2020 to 2037. Printed by `make zones`, with")
    print(f"# Python's zoneinfo and tzdata {version}; tests/zones/oracle.py says how to read it.")
    for table, names in groups.items():
        check(names[0], zoneinfo.ZoneInfo(names[0]), table)
        first, found = table
        line = [str(first), *(f"{second}={offset}" for second, offset in found)]
        print(f"{' '.join(names)}: {' '.join(line)}")


main()
