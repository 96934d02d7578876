import { describeBuildEngine } from '../describe-build-engine-spec.js';
import { FakeEngine } from './fake-engine.js';

describeBuildEngine(FakeEngine.name, (scenario) => new FakeEngine(scenario.script));
