import type { ServiceState, ServiceStatus } from '../facts/service-status.ts'
import type { ServicePlan } from '../plan/service.ts'
import type { RunningServer } from '../run/server.ts'
import { Service } from '../run/service.ts'
import type { Services } from '../run/services.ts'

/** How many of its last lines are kept as evidence. */
const keptLines = 40

/** The dev server of a frontend: a service whose page is proven by whoever is told how it stands. */
export class DevServer extends Service {
  readonly #told: (status: ServiceStatus, said: readonly string[]) => void
  #server: RunningServer | undefined

  constructor(plan: ServicePlan, services: Services, told: (status: ServiceStatus, said: readonly string[]) => void) {
    super(plan, services)
    this.#told = told
  }

  protected override launched(server: RunningServer): void {
    this.#server = server
  }

  protected override become(state: ServiceState, why?: string): void {
    super.become(state, why)
    this.#told(this.status, this.#server?.lastLines().slice(-keptLines) ?? [])
  }
}
