/** What rows are put in folders by: the calendar unit of their time, in UTC, or nothing. */
export type PartitionUnit = "year" | "month" | "day" | "none";

/** Every unit. */
export const partitionUnits: readonly PartitionUnit[] = ["year", "month", "day", "none"];
