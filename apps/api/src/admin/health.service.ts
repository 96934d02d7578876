import type { ReadinessDto } from './health.dto.js';

export abstract class HealthService {
  abstract readiness(demand: { needsBuilds: boolean }): Promise<ReadinessDto>;
}
