"""Finds the rows on which a plausible but wrong implementation differs from the definitions.

Each case is a list of keys. Bounds are the main thing: an event at exactly t or at exactly a window's tail, a value at
exactly its ttl, a weather row that becomes known at exactly t; then the gaps, the nulls and the clock changes.
"""

from bisect import bisect_left, bisect_right
from datetime import date

MINUTE = 60_000_000
HOUR = 60 * MINUTE
WINDOWS = (("3h", 3 * HOUR, 5 * MINUTE), ("24h", 24 * HOUR, HOUR), ("7d", 168 * HOUR, HOUR))
CLOCK_CHANGES = {date(2013, month, day) for month, days in ((3, (9, 10, 11)), (11, (2, 3, 4))) for day in days}
FAR_ZONES = {"BQN", "PSE", "SJU", "STT", "PHX", "HNL", "ANC"}


def newest(events, t):
    index = bisect_right(events.times, t) - 1
    return events.times[index] if index >= 0 else None


def newest_known(rows, t):
    """Age in minutes of the newest weather row that is known at t, up to a day."""
    index = bisect_right(rows, t, key=lambda row: row[1]) - 1
    age = None if index < 0 else (t - rows[index][0]) / MINUTE
    return None if age is None or age > 1440 else age


def event_cases(oracle, flight):
    t = flight["t"]
    for group, (key_of, streams) in oracle.groups.items():
        events = streams.get(key_of(flight))
        if events is None:
            continue
        times, end = events.times, bisect_left(events.times, t)
        if end < len(times) and times[end] == t:
            yield f"{group}: event at t"
        for name, width, hop in WINDOWS:
            tail = (t - width) // hop * hop
            first = bisect_left(times, tail)
            if first < len(times) and times[first] == tail:
                yield f"{group}: event at the tail of {name}"
            if first < end and times[first] < t - width:
                yield f"{group}: event between the tail of {name} and t - {name}"
            if first == end:
                yield f"{group}: empty {name}"
    for name, streams in (("departure", oracle.tail_departures), ("arrival", oracle.tail_arrivals)):
        events = streams.get(flight["tailnum"])
        last = newest(events, t) if events else None
        if last == t:
            yield f"tail: {name} at t"
        if last == t - 24 * HOUR:
            yield f"tail: {name} at the ttl"
        if last is not None and t - 24 * HOUR - 5 * MINUTE <= last < t - 24 * HOUR:
            yield f"tail: {name} just past the ttl"


def weather_cases(oracle, flight):
    age = newest_known(oracle.weather[flight["origin"]], flight["t"])
    if age is None:
        yield "weather: none in the last day"
    elif age == 60:
        yield "weather: known at t"
    elif age == 180:
        yield "weather: newest at the ttl"
    elif age > 180:
        yield "weather: past the ttl"
    elif age >= 120:
        yield "weather: newest is 2 h old or more"


def other_cases(oracle, flight):
    tailnum, local_date = flight["tailnum"], flight["date"]
    if tailnum is None:
        yield "aircraft: null tailnum"
    elif tailnum not in oracle.planes:
        yield "aircraft: absent"
    elif oracle.planes[tailnum][0] is None:
        yield "aircraft: no year"
    if local_date in CLOCK_CHANGES:
        yield f"clock change: {local_date}"
    if local_date <= date(2013, 1, 2):
        yield "first two days"
    if flight["overnight"]:
        yield "scheduled arrival after midnight"
    if flight["dest"] in FAR_ZONES:
        yield f"zone of {flight['dest']}"
    if flight["dep_delay"] is None:
        yield "cancelled"
    elif flight["arr_delay"] is None:
        yield "diverted"
    elif flight["arr_delay"] in (15, 16):
        yield f"label: delay {flight['arr_delay']}"
    if tailnum == "N710TW" and date(2013, 4, 17) <= local_date <= date(2013, 4, 20):
        yield "aircraft: two arrivals at once"


def double_numbers(flights):
    seen = {}
    for flight in flights:
        seen.setdefault((flight["carrier"], flight["flight"], flight["date"]), []).append(flight["key"])
    return [key for keys in seen.values() if len(keys) > 1 for key in keys]


def trap_cases(oracle, flights):
    """Keys by the name of their case."""
    cases = {"double flight number": double_numbers(flights)}
    for flight in flights:
        for find in (event_cases, weather_cases, other_cases):
            for name in find(oracle, flight):
                cases.setdefault(name, []).append(flight["key"])
    return cases
