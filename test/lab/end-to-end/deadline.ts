/** For what a lab does by itself within a second or two, on a machine that has much else to do. Milliseconds. */
export const DEADLINE = 60_000
