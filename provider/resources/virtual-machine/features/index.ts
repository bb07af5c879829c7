import type { MachineFeature } from "./feature.js";
import { titleFeature, titleShape } from "./title.js";
import { watchdogFeature, watchdogShape } from "./watchdog.js";

/** The inputs of all features. */
export const featureShapes = { ...titleShape, ...watchdogShape };

/** In the order in which they set the model. */
export const features: readonly MachineFeature[] = [titleFeature, watchdogFeature];
