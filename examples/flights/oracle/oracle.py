"""The flights features once more, in plain Python and straight from the CSV files.

Written from the definitions and apart from Slipway, so that two readings of the same words can be compared value by value.
It shares no code with the preparation of the Parquet files: a wrong time zone there shows here as well.
Usage: python3 oracle.py CSV_DIR OUT.jsonl (--all | --sample N [--seed S] | --keys FILE) [--until 2013-03-01T00:00:00Z]
A sample always has the trap cases added; each line says in `cases` which traps its row is.
"""

import argparse
import csv
import json
import random
import sys
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from traps import trap_cases

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
WINDOWS = {"3h": (3 * HOUR, 5 * MINUTE), "24h": (24 * HOUR, HOUR), "7d": (168 * HOUR, HOUR)}
WEATHER = ("temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib")
MISSING_ZONES = {
    "BQN": "America/Puerto_Rico",
    "PSE": "America/Puerto_Rico",
    "SJU": "America/Puerto_Rico",
    "STT": "America/St_Thomas",
}


def micros(instant):
    return (instant - EPOCH) // timedelta(microseconds=1)


def utc(text):
    instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)


def number(text, kind=int):
    return None if text == "NA" else kind(text)


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def scheduled_arrival(sched_dep, clock, zone):
    """The first instant after departure when the destination's clock shows the reading, and whether it is the next day."""
    day = sched_dep.astimezone(zone).date()
    for local_date in (day, day + timedelta(days=1)):
        midnight = datetime(local_date.year, local_date.month, local_date.day)
        local = midnight + timedelta(hours=clock // 100, minutes=clock % 100)
        instant = local.replace(tzinfo=zone).astimezone(timezone.utc)
        if instant > sched_dep:
            return instant, local_date > day
    raise ValueError(f"no arrival after {sched_dep} at {clock} in {zone}")


def read_flights(csv_dir):
    names = {row["faa"]: row["tzone"] for row in rows_of(csv_dir / "airports.csv")} | MISSING_ZONES
    zones = {airport: ZoneInfo(name) for airport, name in names.items() if name != "NA"}
    flights = []
    for row in rows_of(csv_dir / "flights.csv"):
        local_date = date(int(row["year"]), int(row["month"]), int(row["day"]))
        sched_dep = utc(row["time_hour"]) + timedelta(minutes=int(row["minute"]))
        sched_arr, overnight = scheduled_arrival(sched_dep, int(row["sched_arr_time"]), zones[row["dest"]])
        dep_delay, arr_delay = number(row["dep_delay"]), number(row["arr_delay"])
        departs, arrives = micros(sched_dep), micros(sched_arr)
        flights.append(
            {
                "key": f"{row['carrier']}-{row['flight']}-{row['origin']}-{local_date.isoformat()}",
                "carrier": row["carrier"],
                "flight": int(row["flight"]),
                "origin": row["origin"],
                "dest": row["dest"],
                "tailnum": number(row["tailnum"], str),
                "date": local_date,
                "hour": int(row["hour"]),
                "minute": int(row["minute"]),
                "distance": int(row["distance"]),
                "dep_delay": dep_delay,
                "arr_delay": arr_delay,
                "t": departs - HOUR,
                "sched_dep": departs,
                "sched_arr": arrives,
                "overnight": overnight,
                "departed_at": None if dep_delay is None else departs + dep_delay * MINUTE,
                "arrived_at": None if arr_delay is None else arrives + arr_delay * MINUTE,
            }
        )
    return flights


class Events:
    """One stream's events of one key, in time order."""

    def __init__(self, events):
        events.sort()
        self.times = [time for time, _ in events]
        self.delays = [delay for _, delay in events]
        self.late = bytes(delay > 15 for delay in self.delays)

    def window(self, tail, t):
        """Count, mean and late share of the events with tail <= event < t."""
        first, last = bisect_left(self.times, tail), bisect_left(self.times, t)
        count = last - first
        if count == 0:
            return 0, None, None
        return count, sum(self.delays[first:last]) / count, self.late.count(1, first, last) / count

    def latest(self, t, ttl):
        """Delay and age in minutes of the newest event with t - ttl <= event <= t."""
        index = bisect_right(self.times, t) - 1
        if index < 0 or self.times[index] < t - ttl:
            return None, None
        assert index == 0 or self.times[index - 1] < self.times[index], "a tie that the definition would have to break"
        return self.delays[index], (t - self.times[index]) // MINUTE


NO_EVENTS = Events([])


def streams(flights, key_of, time, delay):
    by_key = defaultdict(list)
    for flight in flights:
        if flight[delay] is not None and key_of(flight) is not None:
            by_key[key_of(flight)].append((flight[time], flight[delay]))
    return {key: Events(events) for key, events in by_key.items()}


def read_weather(csv_dir):
    by_origin = defaultdict(list)
    for row in rows_of(csv_dir / "weather.csv"):
        observed = micros(utc(row["time_hour"]))
        by_origin[row["origin"]].append((observed, observed + HOUR, [number(row[name], float) for name in WEATHER]))
    for rows in by_origin.values():
        rows.sort(key=lambda row: row[0])
    return by_origin


def latest_weather(rows, t, ttl):
    """The newest row with observed <= t, known <= t and observed >= t - ttl."""
    index = bisect_right(rows, t, key=lambda row: row[0]) - 1
    while index >= 0 and rows[index][1] > t:
        index -= 1
    if index < 0 or rows[index][0] < t - ttl:
        return [None] * len(WEATHER), None
    return rows[index][2], (t - rows[index][0]) // MINUTE


class Oracle:
    """Every feature of a flight, by the definitions."""

    def __init__(self, csv_dir):
        self.flights = read_flights(csv_dir)
        self.weather = read_weather(csv_dir)
        self.planes = {
            row["tailnum"]: (number(row["year"]), number(row["seats"])) for row in rows_of(csv_dir / "planes.csv")
        }
        departures, arrivals = ("departed_at", "dep_delay"), ("arrived_at", "arr_delay")
        self.groups = {
            name: (key_of, streams(self.flights, key_of, *stream))
            for name, key_of, stream in (
                ("carrier_dep", lambda flight: flight["carrier"], departures),
                ("origin_dep", lambda flight: flight["origin"], departures),
                ("route_arr", lambda flight: (flight["origin"], flight["dest"]), arrivals),
            )
        }
        self.tail_departures = streams(self.flights, lambda flight: flight["tailnum"], *departures)
        self.tail_arrivals = streams(self.flights, lambda flight: flight["tailnum"], *arrivals)

    def features(self, flight):
        t, row = flight["t"], {}
        for group, (key_of, events) in self.groups.items():
            of_key = events.get(key_of(flight), NO_EVENTS)
            for name, (width, hop) in WINDOWS.items():
                tail = (t - width) // hop * hop
                count, mean, share = of_key.window(tail, t)
                row[f"{group}_count_{name}"] = count
                row[f"{group}_delay_mean_{name}"] = mean
                row[f"{group}_late_share_{name}"] = share
        for name, events in (("dep", self.tail_departures), ("arr", self.tail_arrivals)):
            delay, age = events.get(flight["tailnum"], NO_EVENTS).latest(t, 24 * HOUR)
            row[f"tail_last_{name}_delay"], row[f"tail_last_{name}_age_min"] = delay, age
        values, age = latest_weather(self.weather[flight["origin"]], t, 3 * HOUR)
        row.update({f"wx_{name}": value for name, value in zip(WEATHER, values)})
        row["wx_age_min"] = age
        built, seats = self.planes.get(flight["tailnum"], (None, None))
        row["plane_age_years"] = None if built is None else flight["date"].year - built
        row["plane_seats"] = seats
        row["carrier"], row["origin"], row["dest"] = flight["carrier"], flight["origin"], flight["dest"]
        row["distance"] = flight["distance"]
        row["sched_elapsed_min"] = (flight["sched_arr"] - flight["sched_dep"]) // MINUTE
        row["hour_local"] = flight["hour"]
        row["minute_of_day_local"] = flight["hour"] * 60 + flight["minute"]
        row["dow"] = flight["date"].isoweekday()
        return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv_dir", type=Path)
    parser.add_argument("out", type=Path)
    rows = parser.add_mutually_exclusive_group(required=True)
    rows.add_argument("--all", action="store_true")
    rows.add_argument("--sample", type=int)
    rows.add_argument("--keys", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", help="only rows with t before it; a label known at it or later is null")
    options = parser.parse_args()

    oracle = Oracle(options.csv_dir)
    until = micros(utc(options.until)) if options.until else float("inf")
    flights = [flight for flight in oracle.flights if flight["t"] < until]
    cases = trap_cases(oracle, flights)
    if options.sample is not None:
        chance = random.Random(options.seed)
        chosen = {flight["key"] for flight in chance.sample(flights, min(options.sample, len(flights)))}
        for keys in cases.values():
            chosen.update(chance.sample(keys, min(60, len(keys))))
    elif options.keys is not None:
        chosen = set(options.keys.read_text(encoding="utf-8").split())
    else:
        chosen = {flight["key"] for flight in flights}
    cases_of = defaultdict(list)
    for name, keys in cases.items():
        print(f"{name}: {sum(key in chosen for key in keys)} of {len(keys)} rows", file=sys.stderr)
        for key in keys:
            cases_of[key].append(name)

    with open(options.out, "w", encoding="utf-8") as file:
        for flight in flights:
            if flight["key"] not in chosen:
                continue
            known_at = flight["arrived_at"]
            known = known_at is not None and known_at < until
            row = {"key": flight["key"], "t": flight["t"], **oracle.features(flight)}
            row["label"] = flight["arr_delay"] > 15 if known else None
            row["label_known_at"] = known_at if known else None
            row["cases"] = cases_of[flight["key"]]
            file.write(json.dumps(row) + "\n")
    print(f"{len(chosen)} rows in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
