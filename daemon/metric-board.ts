/**
 * The series of one process for Prometheus: gauges and counters that are read when somebody asks. Each starts empty at each
 * reading, so that what is no more is not told any longer. prom-client is loaded with this file.
 */
import { Counter, Gauge, Registry } from 'prom-client'

export interface Metrics {
  readonly contentType: string
  render(): Promise<string>
}

export class MetricBoard implements Metrics {
  /** For what is counted as it happens. */
  readonly registry = new Registry()

  get contentType(): string {
    return this.registry.contentType
  }

  render(): Promise<string> {
    return this.registry.metrics()
  }

  /** @param name without `podpeer_` @param collect sets what holds now */
  gauge(name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void): void {
    const made: Gauge = new Gauge({
      name: `podpeer_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect: () => {
        made.reset()
        collect(made)
      },
    })
  }

  /** @param name without `podpeer_` and `_total` @param collect adds what was counted elsewhere, from zero */
  counter(name: string, help: string, labelNames: readonly string[], collect: (counter: Counter) => void): void {
    const made: Counter = new Counter({
      name: `podpeer_${name}_total`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect: () => {
        made.reset()
        collect(made)
      },
    })
  }
}
