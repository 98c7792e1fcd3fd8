// What the flights example is about: "will this flight arrive more than 15 minutes late?", asked one hour before departure.

import {
  age,
  alertFrom,
  auc,
  between,
  byTime,
  count,
  days,
  entity,
  featureView,
  holds,
  hours,
  latest,
  logLoss,
  matches,
  mean,
  minutes,
  model,
  monitor,
  oneOf,
  parquet,
  retrain,
  share,
  t,
  unique,
  xgboost,
} from "slipway";

// --- Where rows come from -------------------------------------------------------------------------------------------

/** One row per scheduled flight, also those cancelled later; `t` is one hour before departure, when we are asked. */
export const scheduledFlights = parquet("scheduled_flights", {
  path: "data/scheduled_flights.parquet",
  columns: {
    key: t.string(),
    t: t.timestamp(),
    carrier: t.string(),
    origin: t.string(),
    dest: t.string(),
    tailnum: t.string().optional(),
    distance: t.int32(),
    sched_elapsed_min: t.int32(),
    hour_local: t.int32(),
    minute_of_day_local: t.int32(),
    dow: t.int32(),
    year: t.int32(),
  },
  id: "key",
  eventTime: "t",
});

export const departures = parquet("departures", {
  path: "data/departures.parquet",
  columns: {
    key: t.string(),
    carrier: t.string(),
    origin: t.string(),
    tailnum: t.string().optional(),
    dep_delay: t.int32(),
    departed_at: t.timestamp(),
  },
  id: "key",
  eventTime: "departed_at",
  expect: [
    between("dep_delay", -120, 2000),
    oneOf("origin", ["EWR", "JFK", "LGA"]),
    matches("tailnum", /^[A-Z]\d{1,5}[A-Z]{0,4}$/),
  ],
});

export const arrivals = parquet("arrivals", {
  path: "data/arrivals.parquet",
  columns: {
    key: t.string(),
    origin: t.string(),
    dest: t.string(),
    tailnum: t.string().optional(),
    arr_delay: t.int32(),
    arrived_at: t.timestamp(),
  },
  id: "key",
  eventTime: "arrived_at",
  expect: [between("arr_delay", -180, 2000), oneOf("origin", ["EWR", "JFK", "LGA"])],
});

/** A row holds observations up to minute 51 of its hour, so it is known only when the hour is over. */
export const weather = parquet("weather", {
  path: "data/weather.parquet",
  columns: {
    origin: t.string(),
    observed_at: t.timestamp(),
    known_at: t.timestamp(),
    temp: t.float64().optional(),
    humid: t.float64().optional(),
    wind_speed: t.float64().optional(),
    wind_gust: t.float64().optional(),
    precip: t.float64().optional(),
    pressure: t.float64().optional(),
    visib: t.float64().optional(),
  },
  eventTime: "observed_at",
  createdAt: "known_at",
  expect: [
    // One wind speed of 1048 is in the data as it was published, and is left there.
    between("wind_speed", 0, 120).orWarn(),
    between("humid", 0, 100),
    unique(["origin", "observed_at"]),
    (row) => holds("known after it was observed", row.known_at.ge(row.observed_at)),
  ],
});

export const planes = parquet("planes", {
  path: "data/planes.parquet",
  columns: { tailnum: t.string(), year: t.int32().optional(), seats: t.int32().optional() },
});

// --- What features are about ----------------------------------------------------------------------------------------

export const carrier = entity("carrier", { carrier: t.string() });
export const origin = entity("origin", { origin: t.string() });
export const route = entity("route", { origin: t.string(), dest: t.string() });
export const aircraft = entity("aircraft", { tailnum: t.string().optional() });

// --- Features -------------------------------------------------------------------------------------------------------

const departedLate = departures.dep_delay.gt(15);
const arrivedLate = arrivals.arr_delay.gt(15);

export const carrierDepartures = featureView("carrier_departures", {
  entity: carrier,
  source: departures,
  description: "How late a carrier has been leaving lately, anywhere",
  owner: "airline-operations",
  tags: { domain: "delays" },
  features: {
    carrier_dep_count_3h: count().over(hours(3)),
    carrier_dep_delay_mean_3h: mean(departures.dep_delay).over(hours(3)),
    carrier_dep_late_share_3h: share(departedLate).over(hours(3)),
    carrier_dep_count_24h: count().over(hours(24)),
    carrier_dep_delay_mean_24h: mean(departures.dep_delay).over(hours(24)),
    carrier_dep_late_share_24h: share(departedLate).over(hours(24)),
    carrier_dep_count_7d: count().over(days(7)),
    carrier_dep_delay_mean_7d: mean(departures.dep_delay).over(days(7)),
    carrier_dep_late_share_7d: share(departedLate).over(days(7)),
  },
});

export const originDepartures = featureView("origin_departures", {
  entity: origin,
  source: departures,
  description: "How late flights have been leaving an airport lately",
  owner: "airport-operations",
  tags: { domain: "delays" },
  features: {
    origin_dep_count_3h: count().over(hours(3)),
    origin_dep_delay_mean_3h: mean(departures.dep_delay).over(hours(3)),
    origin_dep_late_share_3h: share(departedLate).over(hours(3)),
    origin_dep_count_24h: count().over(hours(24)),
    origin_dep_delay_mean_24h: mean(departures.dep_delay).over(hours(24)),
    origin_dep_late_share_24h: share(departedLate).over(hours(24)),
    origin_dep_count_7d: count().over(days(7)),
    origin_dep_delay_mean_7d: mean(departures.dep_delay).over(days(7)),
    origin_dep_late_share_7d: share(departedLate).over(days(7)),
  },
});

export const routeArrivals = featureView("route_arrivals", {
  entity: route,
  source: arrivals,
  description: "How late flights have been arriving on a route lately",
  owner: "airline-operations",
  tags: { domain: "delays" },
  features: {
    route_arr_count_3h: count().over(hours(3)),
    route_arr_delay_mean_3h: mean(arrivals.arr_delay).over(hours(3)),
    route_arr_late_share_3h: share(arrivedLate).over(hours(3)),
    route_arr_count_24h: count().over(hours(24)),
    route_arr_delay_mean_24h: mean(arrivals.arr_delay).over(hours(24)),
    route_arr_late_share_24h: share(arrivedLate).over(hours(24)),
    route_arr_count_7d: count().over(days(7)),
    route_arr_delay_mean_7d: mean(arrivals.arr_delay).over(days(7)),
    route_arr_late_share_7d: share(arrivedLate).over(days(7)),
  },
});

export const aircraftDeparture = featureView("aircraft_departure", {
  entity: aircraft,
  source: departures,
  ttl: hours(24),
  description: "When and how late an aircraft last left",
  owner: "fleet",
  tags: { domain: "aircraft" },
  features: { tail_last_dep_delay: latest(departures.dep_delay), tail_last_dep_age_min: age(minutes(1)) },
});

export const aircraftArrival = featureView("aircraft_arrival", {
  entity: aircraft,
  source: arrivals,
  ttl: hours(24),
  description: "When and how late an aircraft last arrived",
  owner: "fleet",
  tags: { domain: "aircraft" },
  features: { tail_last_arr_delay: latest(arrivals.arr_delay), tail_last_arr_age_min: age(minutes(1)) },
});

export const originWeather = featureView("origin_weather", {
  entity: origin,
  source: weather,
  ttl: hours(3),
  description: "The newest weather at an airport that was known",
  owner: "airport-operations",
  tags: { domain: "weather" },
  features: {
    wx_temp: latest(weather.temp),
    wx_humid: latest(weather.humid),
    wx_wind_speed: latest(weather.wind_speed),
    wx_wind_gust: latest(weather.wind_gust),
    wx_precip: latest(weather.precip),
    wx_pressure: latest(weather.pressure),
    wx_visib: latest(weather.visib),
    wx_age_min: age(minutes(1)),
  },
});

export const plane = featureView("plane", {
  entity: aircraft,
  source: planes,
  description: "What kind of aircraft it is",
  owner: "fleet",
  tags: { domain: "aircraft" },
  features: { plane_year: latest(planes.year), plane_seats: latest(planes.seats) },
});

// --- The model, its monitor and its retraining rule -----------------------------------------------------------------

export const flightDelay = model("flight_delay", {
  rows: scheduledFlights,
  features: [
    carrierDepartures,
    originDepartures,
    routeArrivals,
    aircraftDeparture,
    aircraftArrival,
    originWeather,
    plane.features.plane_seats,
  ],
  request: {
    carrier: t.string(),
    origin: t.string(),
    dest: t.string(),
    distance: t.int32(),
    sched_elapsed_min: t.int32(),
    hour_local: t.int32(),
    minute_of_day_local: t.int32(),
    dow: t.int32(),
  },
  context: { year: t.int32() },
  derived: { plane_age_years: ({ context }) => context.year.minus(plane.features.plane_year) },
  label: arrivals.arr_delay.gt(15),
  trainer: xgboost({ objective: "binary:logistic", learningRate: 0.2, earlyStoppingRounds: 15, oneHotUpTo: 200 }),
  split: byTime({ validateFrom: "2013-09-01", testFrom: "2013-10-01" }),
  metrics: [auc(), logLoss()],
  slices: {
    long_haul: scheduledFlights.distance.gt(1500),
    origin: scheduledFlights.origin,
    carrier: scheduledFlights.carrier,
  },
  // Telling somebody in vain costs less than a delay that nobody was told of.
  cost: { falsePositive: 1, falseNegative: 3 },
  // A version that ranks hardly better than a coin would never answer, whoever wants it to.
  promotion: { gates: [{ metric: auc(), atLeast: 0.6 }] },
});

export const delayHealth = monitor("delay_health", { model: flightDelay, every: hours(24) });

export const delayRetrain = retrain("delay_retrain", {
  model: flightDelay,
  when: [alertFrom(delayHealth)],
  promote: { better: "auc" },
});
