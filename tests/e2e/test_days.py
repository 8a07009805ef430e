# SPDX-License-Identifier: Apache-2.0
"""Dates of deadlines, against Python's datetime, and holidays against python3-holidays (until 2020,
what that version knows) and the published list of later years."""
import calendar
import random
import subprocess
from datetime import date, timedelta

import holidays
import pytest
from conftest import BUILD

PEER = BUILD / "tests/oracle/days/day-peer"


def ask(lines):
    p = subprocess.run([PEER], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, timeout=300)
    out = p.stdout.splitlines()
    assert len(out) == len(lines)
    return out


def add_months(d, n):
    m = d.year * 12 + d.month - 1 + n
    y, m = divmod(m, 12)
    return date(y, m + 1, min(d.day, calendar.monthrange(y, m + 1)[1]))


def test_calendar_arithmetic_as_datetime():
    rng = random.Random(17)
    lines, want = [], []
    for _ in range(50000):
        d = date.fromordinal(rng.randint(date(1583, 1, 1).toordinal(), date(2900, 12, 31).toordinal()))
        n, unit = rng.randint(1, 2000), rng.choice("DWMY")
        lines.append(f"{d} P{n}{unit}")
        want.append(str({"D": lambda: d + timedelta(n), "W": lambda: d + timedelta(7 * n), "M": lambda: add_months(d, n),
                         "Y": lambda: add_months(d, 12 * n)}[unit]()))
    assert ask(lines) == want


def test_every_day_of_four_centuries_is_read():
    days = [date.fromordinal(o) for o in range(date(1900, 1, 1).toordinal(), date(2300, 1, 1).toordinal())]
    assert [line.split()[1] for line in ask([f"{d} ?" for d in days])] == [str(d.weekday()) for d in days]
    bad = [f"{y}-02-29" for y in range(1900, 2300) if not calendar.isleap(y)] + ["2024-04-31", "2024-13-01"]
    assert set(ask([b + " ?" for b in bad])) == {"bad"}


def test_holidays_as_python_holidays_until_2020():
    us = holidays.UnitedStates(years=range(1986, 2021), observed=True)
    days = [date.fromordinal(o) for o in range(date(1986, 1, 1).toordinal(), date(2020, 12, 31).toordinal())]
    got = {d for d, line in zip(days, ask([f"{d} ?" for d in days])) if d.weekday() < 5 and line[0] == "0"}
    assert got == {d for d in days if d.weekday() < 5 and d in us}


@pytest.mark.parametrize("year,off", [
    (2021, "0101 0118 0215 0531 0618 0705 0906 1011 1111 1125 1224 1231"),
    (2022, "0117 0221 0530 0620 0704 0905 1010 1111 1124 1226"),
    (2023, "0102 0116 0220 0529 0619 0704 0904 1009 1110 1123 1225"),
    (2024, "0101 0115 0219 0527 0619 0704 0902 1014 1111 1128 1225"),
    (2025, "0101 0120 0217 0526 0619 0704 0901 1013 1111 1127 1225"),
    (2026, "0101 0119 0216 0525 0619 0703 0907 1012 1111 1126 1225"),
])
def test_holidays_as_published(year, off):
    days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
    got = [d for d, line in zip(days, ask([f"{d} ?" for d in days])) if d.weekday() < 5 and line[0] == "0"]
    assert [f"{d.month:02}{d.day:02}" for d in got] == off.split()


def test_business_days_by_counting():
    us = holidays.UnitedStates(years=range(1986, 2021), observed=True)
    rng, lines, want = random.Random(3), [], []
    for _ in range(5000):
        d = date.fromordinal(rng.randint(date(1986, 1, 1).toordinal(), date(2019, 12, 1).toordinal()))
        n, at = rng.randint(1, 60), d
        lines.append(f"{d} B{n}")
        while n:
            at += timedelta(1)
            n -= at.weekday() < 5 and at not in us
        want.append(str(at))
    assert ask(lines) == want
