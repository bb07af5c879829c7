import { bootMenuFeature, bootMenuShape } from "./boot-menu.js";
import { channelsFeature, channelsShape } from "./channels.js";
import { clockFeature, clockShape } from "./clock.js";
import type { MachineFeature } from "./feature.js";
import { firmwareFeature, firmwareShape } from "./firmware.js";
import { graphicsFeature, graphicsShape } from "./graphics.js";
import { hostDevicesFeature, hostDevicesShape } from "./host-devices.js";
import { inputDevicesFeature, inputDevicesShape } from "./input-devices.js";
import { lifecycleActionsFeature, lifecycleActionsShape } from "./lifecycle-actions.js";
import { machineFeaturesFeature, machineFeaturesShape } from "./machine-features.js";
import { osFeature, osShape } from "./os.js";
import { rngFeature, rngShape } from "./rng.js";
import { serialPortsFeature, serialPortsShape } from "./serial-ports.js";
import { soundFeature, soundShape } from "./sound.js";
import { titleFeature, titleShape } from "./title.js";
import { tpmFeature, tpmShape } from "./tpm.js";
import { videoFeature, videoShape } from "./video.js";
import { watchdogFeature, watchdogShape } from "./watchdog.js";

/** The inputs of all features. */
export const featureShapes = {
  ...titleShape,
  ...osShape,
  ...firmwareShape,
  ...machineFeaturesShape,
  ...clockShape,
  ...tpmShape,
  ...graphicsShape,
  ...videoShape,
  ...soundShape,
  ...inputDevicesShape,
  ...serialPortsShape,
  ...watchdogShape,
  ...lifecycleActionsShape,
  ...rngShape,
  ...hostDevicesShape,
  ...channelsShape,
  ...bootMenuShape,
};

/** In the order in which they set the model. */
export const features: readonly MachineFeature[] = [
  titleFeature,
  osFeature,
  firmwareFeature,
  machineFeaturesFeature,
  clockFeature,
  tpmFeature,
  graphicsFeature,
  videoFeature,
  soundFeature,
  inputDevicesFeature,
  serialPortsFeature,
  watchdogFeature,
  lifecycleActionsFeature,
  rngFeature,
  hostDevicesFeature,
  channelsFeature,
  bootMenuFeature,
];
