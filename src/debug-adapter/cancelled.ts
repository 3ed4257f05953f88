/** The client no longer wants to know. */
export class Cancelled extends Error {}
