/** One invocation of a deployed function, as its platform measured it. */
export interface Observation {
  readonly requestId: string;
  /** Of its end, in milliseconds since the epoch. */
  readonly endMs: number;
  /** That ran: a published one, or `$LATEST`. */
  readonly version: string;
  /** Without initialisation. */
  readonly durationMs: number;
  /** Only of a cold start. */
  readonly initMs?: number;
  readonly maxMemoryMb?: number;
  /** The function threw, ran out of time or memory, or ended its process. */
  readonly failed: boolean;
}
